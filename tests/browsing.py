"""A real browser for tests: pages that tell on themselves, and a server in this process.

A module that imports the fixtures `browser` and `visit` defines its own `address`.
"""

from __future__ import annotations

import shutil
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import uvicorn

from rag.settings import Settings
from tests.serving import PLENTY
from ui.live import LiveAssistant
from ui.server import build_app

CHROMIUM = shutil.which("chromium")
MARKS = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium on the path"),
]
FLAGS = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
).split()
DESK, PHONE = {"width": 1200, "height": 850}, {"width": 360, "height": 740}
BOX = "#sanad-question textarea"
FINISHED = "#sanad-turn .sanad-turn[data-state=finished]"
KENYA = "How did Kenya structure its county action plans?"
# Contrast ratios (WCAG 2.2, 1.4.3) of what a selector finds.
CONTRAST = """
({selector, against}) => {
  const rgb = value => value.match(/[\\d.]+/g).map(Number);
  const light = colour => rgb(colour).slice(0, 3).map(v => v / 255)
    .map(v => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const back = element => {
    for (; element; element = element.parentElement) {
      const colour = getComputedStyle(element).backgroundColor;
      if ((rgb(colour)[3] ?? 1) > 0) return colour;
    }
    return "rgb(255, 255, 255)";
  };
  return [...document.querySelectorAll(selector)].map(e => {
    const [a, b] = [light(getComputedStyle(e).color), light(back(e))];
    return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
  });
}
"""


@pytest.fixture(scope="module", name="browser")
def open_browser():
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield found
        found.close()


@pytest.fixture(name="visit")
def visitor(browser, address):
    """Opens pages; at the end nothing may have left the server, failed, or spoken up."""
    pages, troubles = [], []

    def watch(page) -> None:
        page.on("pageerror", lambda error: troubles.append(f"error: {error}"))
        page.on("dialog", lambda dialog: (troubles.append("a dialog"), dialog.dismiss()))
        page.on(
            "console",
            lambda said: said.type == "error" and troubles.append(f"console: {said.text}"),
        )
        page.on(
            "request",
            lambda asked: (
                asked.url.startswith(("http://127.0.0.1:", "data:", "blob:"))
                or troubles.append(f"asked {asked.url}")
            ),
        )

    def open_page(path: str = "en/", size: dict[str, int] = DESK, at: str = "", **context):
        page = browser.new_page(viewport=size, **context)
        pages.append(page)
        watch(page)
        page.goto(f"{at or address}/{path}")
        page.wait_for_selector(BOX)
        return page

    yield open_page
    for page in pages:
        page.close()
    _forget_leaving(troubles)
    assert not troubles, troubles


def _forget_leaving(troubles: list[str]) -> None:
    """Take out the pair of lines that Gradio's client prints when a page is left or loaded
    anew before the server has closed the stream of its last answer; nobody can see them.
    The second line alone is a fault and stays."""
    for at in range(len(troubles) - 1, -1, -1):
        if "BodyStreamBuffer was aborted" in troubles[at]:
            if troubles[at + 1 : at + 2] == ["console: Unexpected error Connection errored out. "]:
                del troubles[at + 1]
            del troubles[at]


def ask(page, question: str) -> None:
    """Type a question that differs from the one before, and wait for the whole reply."""
    page.wait_for_selector("#sanad-scope p")
    page.fill(BOX, question)
    page.press(BOX, "Enter")
    page.wait_for_function(
        "asked => document.querySelector('#sanad-turn .sanad-turn[data-state=finished] h2')"
        "?.textContent.includes(asked)",
        arg=question,
    )


def overflow(page) -> int:
    """Pixels by which the page is wider than the window."""
    return page.evaluate("document.documentElement.scrollWidth - innerWidth")


@contextmanager
def served(settings: Settings, live: LiveAssistant) -> Iterator[str]:
    """The address of the application around an assistant, in a thread of this process."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        # All tests of a server come from one address, faster than any visitor asks.
        wide = {**PLENTY, "limit_session_hour": 100_000, "limit_address_at_once": 100}
        limits = {name: n for name, n in wide.items() if name not in settings.model_fields_set}
        app = build_app(settings.model_copy(update=limits), live)
        config = uvicorn.Config(app, log_level="error", timeout_graceful_shutdown=1)
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, args=([listening],), daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        server.should_exit = True
        thread.join(10)
