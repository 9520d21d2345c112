"""Retakes the pictures in docs/images from the real program.

    python docs/screenshots.py

Reads docs_corpus into a throw-away index, serves it, and asks the client's question
in a headless Chromium. Needs the `dev` extra and a chromium on the path.
"""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

ROOT = Path(__file__).resolve().parent.parent
IMAGES = ROOT / "docs" / "images"
SANAD = [sys.executable, "-m", "ui.cli"]
DESK, PHONE = (1180, 860), (360, 740)
ENGLISH = "How did Kenya structure its county action plans?"
ARABIC = "كيف نظّمت كينيا خطط عمل المقاطعات؟"
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
    server = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None
        yield server.stdout.readline().split()[-1]
    finally:
        server.terminate()
        server.wait(20)


def ask(page: Page, question: str) -> None:
    """Type a question and wait for its reply."""
    page.wait_for_selector("#sanad-scope p")
    page.fill("#sanad-question textarea", question)
    page.keyboard.press("Enter")
    page.wait_for_selector(".sanad-turn[data-state=finished]")
    page.wait_for_timeout(900)  # the page comes to rest


def take(browser: Browser, address: str) -> None:
    """Every picture, one fresh page each."""
    pictures = [
        ("start", DESK, "en/?__theme=light", "", ""),
        ("answer", DESK, "en/?__theme=light", ENGLISH, ""),
        ("passage", DESK, "en/?__theme=light", ENGLISH, ".sanad-cite"),
        ("answer-dark", DESK, "en/?__theme=dark", ENGLISH, ""),
        ("answer-arabic", DESK, "ar/?__theme=light", ARABIC, ""),
        ("passage-arabic-dark", DESK, "ar/?__theme=dark", ARABIC, ".sanad-cite"),
        ("answer-phone", PHONE, "en/?__theme=light", ENGLISH, ""),
        ("passage-phone", PHONE, "ar/?__theme=light", ARABIC, ".sanad-cite"),
        ("declined", DESK, "en/?__theme=light", UNANSWERED, ""),
    ]
    for name, (width, height), path, question, pressed in pictures:
        page = browser.new_page(viewport={"width": width, "height": height})
        page.goto(f"{address}/{path}")
        page.wait_for_selector("#sanad-scope p")
        if question:
            ask(page, question)
        if pressed:
            page.locator(pressed).first.click()
            page.wait_for_timeout(300)
        page.screenshot(path=IMAGES / f"{name}.png")
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
        take(browser, address)
        browser.close()
    for picture in sorted(IMAGES.glob("*.png")):
        sys.stdout.write(f"{picture.relative_to(ROOT)}  {picture.stat().st_size // 1024} kB\n")


if __name__ == "__main__":
    main()
