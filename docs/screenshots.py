"""Retakes the pictures in docs/images from the real program.

    make pictures

Reads docs_corpus into a throw-away index, serves it, and goes through its pages in a
headless Chromium. Needs the `dev` extra and a chromium on the path.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

ROOT = Path(__file__).resolve().parent.parent
IMAGES = ROOT / "docs" / "images"
SANAD = [sys.executable, "-m", "ui.cli"]
DESK, PHONE = (1280, 860), (360, 740)
ENGLISH = "How did Kenya structure its county action plans?"
ARABIC = "كيف نظّمت كينيا خطط عمل المقاطعات؟"
TABLE = "Compare Kenya and South Africa"
UNANSWERED = "How much does a kilo of mangoes cost in Lima?"
FLAGS = "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking"


@contextmanager
def serving(data_dir: Path) -> Iterator[str]:
    """The address of a server over an index of docs_corpus."""
    ingest = [*SANAD, "ingest", "docs_corpus", "--data-dir", str(data_dir)]
    subprocess.run(ingest, cwd=ROOT, check=True)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = str(free.getsockname()[1])
    command = [*SANAD, "serve", "--data-dir", str(data_dir), "--port", port]
    # All pictures ask from one address, more in a minute than a visitor may.
    given = {**os.environ, "SANAD_LIMIT_ADDRESS_MINUTE": "1000"}
    server = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, env=given)
    try:
        assert server.stdout is not None
        yield server.stdout.readline().split()[-1]
    finally:
        server.terminate()
        server.wait(20)


@dataclass(frozen=True, slots=True)
class Picture:
    """One page as it is photographed."""

    name: str
    path: str = "en/"
    size: tuple[int, int] = DESK
    theme: str = "light"
    asked: str = ""
    pressed: tuple[str, ...] = ()  # one after the other
    after: str = ""  # what comes then
    then: str = ""  # the page after that


CITED = {"pressed": (".sanad-turn .sanad-cite",), "after": "dialog[open] mark"}
READ = {
    "pressed": (".sanad-turn .sanad-cite", "dialog[open] a[data-quote]"),
    "after": ".sanad-panel mark",
}
KEPT = {"pressed": (".sanad-turn [data-act=keep]",), "then": "en/note"}
PICTURES = (
    Picture("answer", asked=ENGLISH),
    Picture("table", asked=TABLE),
    Picture("declined", asked=UNANSWERED),
    Picture("answer-dark", theme="dark", asked=ENGLISH),
    Picture("answer-arabic", "ar/", asked=ARABIC),
    Picture("answer-phone", "ar/", PHONE, asked=ARABIC),
    Picture("passage", asked=ENGLISH, **CITED),
    Picture("passage-phone", "en/", PHONE, asked=ENGLISH, **CITED),
    Picture("reader", asked=ENGLISH, **READ),
    Picture("reader-arabic-dark", "ar/", theme="dark", asked=ARABIC, **READ),
    Picture("library", "en/library"),
    Picture("coverage", "en/library?view=coverage"),
    Picture("note", asked=ENGLISH, **KEPT),
    # Last: questions to begin with are tried against the collection first, behind the page.
    Picture("start", after=".sanad-example"),
)


def ask(page: Page, question: str) -> None:
    """Type a question and wait for its reply."""
    page.wait_for_selector("#sanad-early", state="detached")
    page.fill("#sanad-question textarea", question)
    page.keyboard.press("Enter")
    page.wait_for_selector(".sanad-turn[data-state=finished]")
    page.wait_for_timeout(900)  # the page comes to rest


def take(browser: Browser, address: str, picture: Picture) -> None:
    """Photograph one page, from a fresh start."""
    width, height = picture.size
    scheme = "dark" if picture.theme == "dark" else "light"
    page = browser.new_page(viewport={"width": width, "height": height}, color_scheme=scheme)
    page.goto(f"{address}/{picture.path}")
    if picture.asked:
        ask(page, picture.asked)
    for button in picture.pressed:
        page.locator(button).first.click()
        page.wait_for_timeout(600)
    if picture.after:
        page.wait_for_selector(picture.after)
    if picture.then:
        page.goto(f"{address}/{picture.then}")
    page.evaluate("document.fonts.ready")
    page.wait_for_timeout(900)
    page.screenshot(path=IMAGES / f"{picture.name}.png")
    page.close()


def main() -> None:
    """Serve, take, and say what was written."""
    from playwright.sync_api import sync_playwright

    IMAGES.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as folder,
        serving(Path(folder)) as address,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=FLAGS.split()
        )
        for picture in PICTURES:
            take(browser, address, picture)
        browser.close()
    for old in {path.stem for path in IMAGES.glob("*.png")} - {each.name for each in PICTURES}:
        (IMAGES / f"{old}.png").unlink()
    for picture in sorted(IMAGES.glob("*.png")):
        sys.stdout.write(f"{picture.relative_to(ROOT)}  {picture.stat().st_size // 1024} kB\n")


if __name__ == "__main__":
    main()
