"""Fails the N-th operation on a data folder: SQLite's way of testing, for every N in turn.

The work runs in a forked child. Python's own audit events (open, rename, remove, mkdir, rmdir,
sqlite3.connect) under one folder are counted there, with the stages the work reports; at the
N-th the child kills itself, or the operation fails with an error of the disk. What Chroma and
SQLite do in their own code makes no such event: `disk` and the drill of row 2 are for that.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

EVENTS = frozenset(
    {"open", "os.rename", "os.remove", "os.mkdir", "os.rmdir", "shutil.rmtree", "sqlite3.connect"}
)
TIMEOUT_S = 120.0
MAX_FILE = 256 * 2**20  # bytes: a damaged HNSW file was seen to grow without end
Stage = Callable[[str], None]
Work = Callable[[Stage], None]


@dataclass(frozen=True, slots=True)
class Outcome:
    """How the work ended."""

    code: int  # 0: it ended by itself; -9: killed; 1: an error
    error: str  # "TypeName: message" of what it raised
    points: tuple[str, ...]  # what was counted


def run(
    work: Work,
    folder: Path,
    at: int = 0,
    fault: int = 0,
    watch: Callable[[int], None] = lambda child: None,
) -> Outcome:
    """Run `work` in a child; at its operation number `at` (from 1; 0: none) kill it, or with
    `fault` (an errno) fail that operation. `watch` is called with its process id again and
    again while it runs. Raises TimeoutError when the child does not end.
    """
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        _in_child(work, _Counter(str(folder.absolute()), at, fault, writing), writing)
    os.close(writing)
    try:
        with os.fdopen(reading, "rb") as pipe:
            status = _waited(child, watch)
            lines = [json.loads(line) for line in pipe.read().splitlines()]
    except TimeoutError:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        raise
    said = [line["error"] for line in lines if "error" in line]
    points = tuple(line["point"] for line in lines if "point" in line)
    return Outcome(os.waitstatus_to_exitcode(status), "".join(said), points)


def _waited(child: int, watch: Callable[[int], None]) -> int:
    until = time.monotonic() + TIMEOUT_S
    while time.monotonic() < until:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return status
        watch(child)
        time.sleep(0.001)
    raise TimeoutError(f"the work did not end within {TIMEOUT_S:.0f} s")


class _Counter:
    """Counts the operations of this process under a folder, and makes one of them the fault."""

    def __init__(self, folder: str, at: int, fault: int, out: int) -> None:
        self._folder, self._at, self._fault, self._out = folder, at, fault, out
        self._done = 0

    def audit(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event in EVENTS and arguments and self._folder in str(arguments[0]):
            place = str(arguments[0]).partition(self._folder)[2]
            self._count(f"{event} {place}")

    def stage(self, name: str) -> None:
        """A stage of the work, as a point of its own."""
        self._count(f"stage {name}")

    def _count(self, point: str) -> None:
        self._done += 1
        _tell(self._out, {"point": point})
        if self._done == self._at:
            if self._fault:
                raise OSError(self._fault, os.strerror(self._fault), point)
            os.kill(os.getpid(), signal.SIGKILL)


def _in_child(work: Work, counter: _Counter, out: int) -> None:
    """Never returns."""
    try:
        silent = os.open(os.devnull, os.O_WRONLY)
        os.dup2(silent, 1)
        os.dup2(silent, 2)
        resource.setrlimit(resource.RLIMIT_FSIZE, (MAX_FILE, MAX_FILE))
        sys.addaudithook(counter.audit)
        work(counter.stage)
        os._exit(0)
    except BaseException as error:  # noqa: BLE001  # whatever it was is told, and judged there
        _tell(out, {"error": f"{type(error).__name__}: {error}"})
        os._exit(1)


def _tell(out: int, line: dict[str, str]) -> None:
    os.write(out, json.dumps(line).encode() + b"\n")
