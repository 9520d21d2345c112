"""`make bench-widget`, or `python -m evals.bench.first_view [--rounds N]`

How soon a visitor with a slow connection can type a question: in the widget on another
site's page, on the chat page (in the box that is in the page as it is sent, and in the one
that Gradio draws), and in a plain `gradio.ChatInterface` served beside it. A real browser with
an empty cache, its network slowed by Chrome's own emulation, its processor not; rounds
alternate; medians.
"""

from __future__ import annotations

import argparse
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np

from evals.bench import machine
from evals.bench.load import PROXY, ROOT, ingested
from evals.bench.load_server import serving
from evals.bench.process import sanad

MEGABIT_S = 1.6
ROUND_TRIP_MS = 150
TIMES_SOONER = 3
LONGEST_MS = 120_000
SETTLING_MS = 500
FLAGS = "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking"
BOX = "textarea"
GRADIO_BOX = "#sanad-question textarea"
FIRST_BOX = f"#sanad-early textarea, {GRADIO_BOX}"  # whichever there is
WIDGET, GRADIO = "Widget", "Gradio's page"
CHAT, PLAIN = "The chat page", "gradio.ChatInterface"
PLAIN_PAGE = """
import sys, gradio
with gradio.Blocks() as page:
    gradio.ChatInterface(lambda message, history: message)
page.launch(server_name="127.0.0.1", server_port=int(sys.argv[1]), quiet=True, share=False)
"""
WORDS = "What do local prevention councils do?"


@dataclass(frozen=True, slots=True)
class View:
    """One visit, until the question box took what was typed; requests and bytes until
    `SETTLING_MS` after that."""

    seconds: float
    requests: int
    kilobytes: float  # 10^3 bytes as they came, headers included


class Site:
    """A page of somebody else's, with the widget's one line in it."""

    def __init__(self) -> None:
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(200)
                self.send_header("content-type", "text/html; charset=utf-8")
                self.end_headers()
                self.wfile.write(site.page.encode())

            def log_message(self, *_: Any) -> None:
                pass

        self.page = ""
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.origin = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def embed(self, address: str, key: str) -> None:
        """Put the widget into the page, open from the start."""
        line = f'<script src="{address}/widget.js" data-site="{key}" data-open async></script>'
        self.page = (
            '<!doctype html><html lang="en"><head><title>A site</title><link rel="icon" '
            f'href="data:,"></head><body><h1>A site</h1>{line}</body></html>'
        )

    def close(self) -> None:
        """Serve no more."""
        self._server.shutdown()
        self._server.server_close()


def view(browser: Any, address: str, box: Callable[[Any], Any], picture: Path | None) -> View:
    """Visit once. `box` finds the question box of a page."""
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    page = context.new_page()
    sent: list[str] = []
    lengths: list[float] = []
    try:
        wire = context.new_cdp_session(page)
        wire.on("Network.requestWillBeSent", lambda event: sent.append(event["request"]["url"]))
        wire.on("Network.loadingFinished", lambda event: lengths.append(event["encodedDataLength"]))
        wire.send("Network.enable")
        wire.send("Network.setCacheDisabled", {"cacheDisabled": True})
        bytes_s = MEGABIT_S * 1e6 / 8
        wire.send("Network.emulateNetworkConditions", {
            "offline": False, "latency": ROUND_TRIP_MS,
            "downloadThroughput": bytes_s, "uploadThroughput": bytes_s,
        })  # fmt: skip
        begun = time.perf_counter()
        page.goto(address, wait_until="commit", timeout=LONGEST_MS)
        found = box(page)
        found.wait_for(state="visible", timeout=LONGEST_MS)
        found.fill(WORDS, timeout=LONGEST_MS)
        if found.input_value() != WORDS:
            raise RuntimeError(f"the question box of {address} did not keep what was typed")
        seconds = time.perf_counter() - begun
        page.wait_for_timeout(SETTLING_MS)  # the browser tells of the last bytes a little later
        asked = [url for url in sent if url.startswith("http")]
        seen = View(seconds, len(asked), sum(lengths) / 1000)
        if picture is not None:
            page.screenshot(path=str(picture))
        return seen
    finally:
        context.close()


@contextmanager
def pages(folder: Path) -> Iterator[dict[str, tuple[str, Callable[[Any], Any]]]]:
    """What is visited: a server with a site, and the site's page. Name -> address, box."""
    data, site = ingested(folder), Site()
    command = sanad("site", "add", "A site", "--origin", site.origin, "--data-dir", str(data))
    added = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    try:
        with serving(data, PROXY) as served, plain_chat() as plain:
            site.embed(served.address, added.stdout.strip())
            yield {
                WIDGET: (site.origin, lambda page: page.frame_locator("iframe").locator(BOX)),
                GRADIO: (f"{served.address}/en/", lambda page: page.locator(GRADIO_BOX)),
                CHAT: (f"{served.address}/en/", lambda page: page.locator(FIRST_BOX).first),
                PLAIN: (plain, lambda page: page.locator(BOX).first),
            }
    finally:
        site.close()


@contextmanager
def plain_chat() -> Iterator[str]:
    """The address of Gradio's own chat page, which answers nothing of ours."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    quiet = {**os.environ, "GRADIO_ANALYTICS_ENABLED": "False"}
    process = subprocess.Popen([sys.executable, "-c", PLAIN_PAGE, str(port)], env=quiet)
    try:
        for _ in range(600):
            with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                break
            time.sleep(0.1)
        yield f"http://127.0.0.1:{port}/"
    finally:
        process.terminate()
        process.wait(20)


def rounds(number: int, picture: Path | None) -> dict[str, list[View]]:
    """All visits, by name; one of each before them fills the caches of the server."""
    from playwright.sync_api import sync_playwright

    seen: dict[str, list[View]] = {}
    with (
        tempfile.TemporaryDirectory(prefix="sanad-view-") as scratch,
        pages(Path(scratch)) as visited,
        sync_playwright() as playwright,
    ):
        chromium = shutil.which("chromium")
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS.split())
        for turn in range(number + 1):
            for name in sorted(visited, reverse=bool(turn % 2)):
                address, box = visited[name]
                shot = picture and picture / f"{name}.png"
                once = view(browser, address, box, None if turn else shot)
                if turn:
                    seen.setdefault(name, []).append(once)
        browser.close()
    return seen


def table(seen: dict[str, list[View]]) -> str:
    """Medians, and how many times sooner the widget is."""

    def median(name: str, what: str) -> float:
        return float(np.median([getattr(each, what) for each in seen[name]]))

    lines = ["| | Widget | Gradio's page | times | least to most |", "|---|--:|--:|--:|---|"]
    rows = (
        ("Question box takes text after, s", "seconds", 2), ("Requests", "requests", 0),
        ("Kilobytes", "kilobytes", 0),
    )  # fmt: skip
    for title, what, digits in rows:
        ours, peer = median(WIDGET, what), median(GRADIO, what)
        spread = "; ".join(_spread([getattr(each, what) for each in seen[name]], digits)
                           for name in (WIDGET, GRADIO))  # fmt: skip
        lines.append(
            f"| {title} | {ours:.{digits}f} | {peer:.{digits}f} | {peer / ours:.1f} | {spread} |"
        )
    met = median(GRADIO, "seconds") >= TIMES_SOONER * median(WIDGET, "seconds")
    lines.append(f"\nAt least {TIMES_SOONER} times sooner: {'yes' if met else '**no**'}")
    return "\n".join(lines)


def chat_table(seen: dict[str, list[View]]) -> str:
    """Medians of the chat page beside Gradio's own, and whether it is as soon."""
    lines = ["| | s until text is taken | least to most | requests | kilobytes |",
             "|---|--:|---|--:|--:|"]  # fmt: skip
    for name in (CHAT, GRADIO, PLAIN):
        seconds = [each.seconds for each in seen[name]]
        middle = (np.median([getattr(each, what) for each in seen[name]])
                  for what in ("requests", "kilobytes"))  # fmt: skip
        counts = " | ".join(f"{value:.0f}" for value in middle)
        lines.append(f"| {name} | {np.median(seconds):.2f} | {_spread(seconds, 2)} | {counts} |")
    ours, plain = (np.median([each.seconds for each in seen[name]]) for name in (CHAT, PLAIN))
    lines.append(f"\nNot slower than {PLAIN}: {'yes' if ours <= plain else '**no**'}")
    return "\n".join(lines)


def _spread(values: Sequence[float], digits: int) -> str:
    return f"{min(values):.{digits}f} to {max(values):.{digits}f}"


def main() -> int:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description="How soon a question can be typed.")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--pictures", type=Path, help="a folder for a screenshot of each")
    given = parser.parse_args()
    loads = [machine.load()[0]]
    seen = rounds(given.rounds, given.pictures)
    loads.append(machine.load()[0])
    about = machine.describe()
    sys.stdout.write(
        f"{table(seen)}\n\n{chat_table(seen)}\n\n{MEGABIT_S} Mbit/s, {ROUND_TRIP_MS} ms, "
        f"empty cache, {given.rounds} rounds; {about['processor']}, {about['cores']} cores, commit "
        f"{about['commit'] or 'unknown'}, load averages {loads[0]} to {loads[1]}\n"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
