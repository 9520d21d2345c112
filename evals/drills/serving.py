"""Drills on a running server: rows 9, 17, 18 and 19 of the table; row 25 is in `soaking`.

The server is `sanad serve` of its own over a copy of the drill's collection; the visitors are
threads of this process. Times are told, and fail a drill only where the table gives a limit.
"""

from __future__ import annotations

import json
import random
import signal
import socket
import statistics
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Self
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

from evals.bench.load_server import Served, serving
from evals.bench.process import sanad
from evals.drills.material import write_documents

DOCUMENTS = 8
QUESTIONS = (
    "What did the cities write about youth councils and safety?",
    "Which city wrote about county plans?",
    "What is said about urban planning?",
    "How does referral work?",
)
PLENTY = {
    "limit_address_minute": "1000000", "limit_address_hour": "1000000",
    "limit_light_minute": "1000000", "trusted_proxies": "127.0.0.1",
}  # fmt: skip
WAIT_S = 60.0
ASK, SEARCH, LIBRARY = "/api/v1/ask", "/api/v1/search?q=youth+councils", "/api/v1/documents"


@contextmanager
def served(folder: Path) -> Iterator[tuple[Served, Path, Path]]:
    """A server over eight documents; with the folders of documents and data."""
    docs, data = folder / "docs", folder / "data"
    write_documents(docs, dict.fromkeys(range(DOCUMENTS), 1))
    ingested(docs, data)
    with serving(data, PLENTY) as server:
        yield server, docs, data


def ingested(docs: Path, data: Path) -> None:
    """One `sanad ingest`, as an operator runs it."""
    command = sanad("ingest", str(docs), "--data-dir", str(data))
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def asked(address: str, question: str, visitor: int = 0) -> tuple[int, dict[str, Any], float]:
    """(status, body, seconds) of one question; 0 where no answer came at all. Each visitor has
    an address of its own, as a proxy on this machine would report it."""
    begun = time.monotonic()
    body = json.dumps({"question": question}).encode()
    headers = {
        "Content-Type": "application/json",
        "X-Forwarded-For": f"10.1.{visitor >> 8}.{visitor & 255}",
    }
    request = Request(f"{address}{ASK}", body, headers)
    try:
        with urlopen(request, timeout=WAIT_S) as reply:
            status, said = reply.status, json.load(reply)
    except HTTPError as error:
        status, said = error.code, {"retry": error.headers.get("Retry-After")}
    except (OSError, ValueError) as error:
        status, said = 0, {"lost": f"{type(error).__name__}: {error}"}
    return status, said, time.monotonic() - begun


class Crowd:
    """Visitors who ask again and again until told to stop."""

    def __init__(self, address: str, size: int, pause_s: float) -> None:
        self._address, self._pause_s = address, pause_s
        self._over = threading.Event()
        self._lock = threading.Lock()
        self.replies: list[tuple[int, dict[str, Any], float]] = []
        self._threads = [threading.Thread(target=self._visit, args=(n,)) for n in range(size)]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()

    def stop(self) -> None:
        """No new question from now on."""
        self._over.set()

    def ask(self, question: str, visitor: int) -> tuple[int, dict[str, Any], float]:
        """One question of a visitor."""
        return asked(self._address, question, visitor)

    def _visit(self, number: int) -> None:
        rng = random.Random(number)
        self._over.wait(rng.uniform(0, self._pause_s))
        while not self._over.is_set():
            reply = self.ask(rng.choice(QUESTIONS), number)
            with self._lock:
                self.replies.append(reply)
            self._over.wait(rng.uniform(0.5, 1.5) * self._pause_s)


def mixed(reply: dict[str, Any]) -> bool:
    """Whether an answer quotes two states of the collection: a run changes all documents."""
    quotes = [citation["quote"] for citation in reply.get("citations", ())]
    return len({q.split("version ")[1].split()[0] for q in quotes if "version " in q}) > 1


def ingest_under_load(folder: Path, few: bool) -> str:
    """Row 9: three ingestions while fifty visitors ask."""
    with served(folder) as (server, docs, data):
        with Crowd(server.address, 10 if few else 50, 5.0) as crowd:
            time.sleep(5 if few else 15)
            quiet = len(crowd.replies)
            for version in range(2, 3 if few else 5):
                write_documents(docs, dict.fromkeys(range(DOCUMENTS), version))
                ingested(docs, data)
            time.sleep(3)
        codes = Counter(status for status, _, _ in crowd.replies)
        assert set(codes) <= {200, 429}, f"other answers than 200 and 429: {dict(codes)}"
        assert not any(mixed(body) for _, body, _ in crowd.replies), "two states in one answer"
        after = asked(server.address, QUESTIONS[0])[1]
        shown = json.dumps(after)
        assert f"version {version}" in shown, "the last state is not served"
    seconds = [s for status, _, s in crowd.replies if status == 200]
    return (
        f"{dict(codes)}, no mixture; p95 {_p95(seconds[:quiet]):.2f} s before, "
        f"{_p95(seconds[quiet:]):.2f} s while ingesting"
    )


def _p95(seconds: list[float]) -> float:
    return statistics.quantiles(seconds, n=20)[-1] if len(seconds) > 1 else float("nan")


def leaving(folder: Path, few: bool) -> str:
    """Row 17: visitors who leave in the middle of an answer; nothing of them stays."""
    cycles = 40 if few else 1000
    with served(folder) as (server, _, _):
        for _ in range(20):  # what is made once is made before
            leave(server.address)
        before = server.sample()
        for _ in range(cycles):
            leave(server.address)
        status, _, seconds = asked(server.address, QUESTIONS[0])
        assert status == 200, f"after it a question got {status}"
        time.sleep(2)
        after = server.sample()
    assert after.handles <= before.handles + 10, f"handles {before.handles} -> {after.handles}"
    return (
        f"{cycles} left; handles {before.handles} -> {after.handles}, memory "
        f"{before.rss_mb:.0f} -> {after.rss_mb:.0f} MB, next answer in {seconds:.2f} s"
    )


def leave(address: str) -> None:
    """A visitor who asks and goes when the answer begins."""
    place = urlsplit(address)
    body = json.dumps({"question": QUESTIONS[0]}).encode()
    head = (
        f"POST {ASK} HTTP/1.1\r\nHost: {place.netloc}\r\nContent-Type: application/json\r\n"
        f"Accept: text/event-stream\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    with socket.create_connection((place.hostname or "", place.port or 80), timeout=WAIT_S) as line:
        line.sendall(head.encode() + body)
        line.recv(64)


def flood(folder: Path, few: bool) -> str:
    """Row 18: two hundred questions at once; the limit of questions under way is 8."""
    with served(folder) as (server, _, _):
        found: list[tuple[int, dict[str, Any], float]] = []
        threads = [
            threading.Thread(
                target=lambda n=n: found.append(asked(server.address, QUESTIONS[0], n))
            )
            for n in range(40 if few else 200)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        status, _, seconds = asked(server.address, QUESTIONS[1])
    codes = Counter(code for code, _, _ in found)
    assert set(codes) <= {200, 429, 503}, f"other answers: {dict(codes)}"
    assert all(body["retry"] for code, body, _ in found if code != 200), "no Retry-After"
    assert (status, seconds < 5) == (200, True), f"after it: {status} in {seconds:.1f} s"
    return f"{dict(codes)}, each refusal with Retry-After; next answer in {seconds:.2f} s"


def terminated(folder: Path, few: bool) -> str:
    """Row 19: SIGTERM while visitors are being answered."""
    with served(folder) as (server, _, _), Crowd(server.address, 5 if few else 20, 1.0) as crowd:
        time.sleep(5)
        begun = len(crowd.replies)
        process = server._root
        process.send_signal(signal.SIGTERM)
        told = time.monotonic()
        crowd.stop()
        ready = status_of(f"{server.address}/health/ready")
        with suppress(Exception):
            process.wait(20)
        ended = time.monotonic() - told
    cut = [status for status, _, _ in crowd.replies[begun:] if status not in (200, 429, 503)]
    assert ready != 200, "it said that it was ready"
    assert ended <= 10, f"it ended after {ended:.1f} s"
    return f"ended after {ended:.1f} s, not ready at once; {len(cut)} connections were refused"


def status_of(address: str, lost: list[str] | None = None) -> int:
    """The status of a page; 0 where no answer came, and why among `lost`."""
    try:
        with urlopen(address, timeout=WAIT_S) as reply:
            return int(reply.status)
    except HTTPError as error:
        return error.code
    except OSError as error:
        if lost is not None:
            lost.append(f"{address}: {type(error).__name__}: {error}")
        return 0
