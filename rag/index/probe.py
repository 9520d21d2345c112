"""Whether a generation's Chroma collection opens and answers, found out in a child process.

    python -m rag.index.probe GENERATION_FOLDER      exit 0, or a message on standard error

A damaged collection can kill the process that opens it, so nobody opens one that
has not passed here. Writes nothing of its own; knows no text and no screen.
"""

from __future__ import annotations

import resource
import signal
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np

SAMPLE = 16  # vectors that must find themselves, spread evenly over the collection
COMPARED = 1000  # vectors read back: all of a collection that Chroma keeps in its database alone
MAX_LOST = 1  # of those; HNSW is approximate, and equal texts stand in for each other
TIMEOUT_S = 120.0
GROWTH = 64 * 2**20  # bytes: how far opening a collection may make one of its files grow


def check(folder: Path) -> None:
    """Read a generation's files, open its collection and ask it for its own vectors.

    Raises IndexDamagedError when a file is not the one that was written, or the
    collection does not open, miscounts, or loses or changes vectors. Call it only in a
    process that may die.
    """
    from rag.errors import IndexDamagedError
    from rag.index.generation import check_digests, read_manifest
    from rag.vectors import ChromaIndex, ExactIndex

    check_digests(folder, read_manifest(folder))
    exact = ExactIndex(folder / "vectors.npy")
    index = ChromaIndex(folder / "chroma", exact)
    try:
        passages = len(exact.matrix)
        if index.count != passages:
            raise IndexDamagedError(f"Chroma counts {index.count} of {passages} passages")
        changed = index.changed(spread(passages, COMPARED))
        if changed:
            raise IndexDamagedError(f"Chroma holds other vectors for {changed} passages")
        rows = spread(passages, SAMPLE)
        asked = [np.asarray(exact.matrix[row]) for row in rows if exact.matrix[row].any()]
        best = [index.top(vector, 1) for vector in asked]
        lost = sum(not found or found[0][1] < 1 - 1e-3 for found in best)
        if lost > MAX_LOST:
            raise IndexDamagedError(
                f"{lost} of {len(asked)} sampled passages do not find themselves in Chroma"
            )
    finally:
        index.close()


def limit_files(folder: Path) -> None:
    """No file written by this process from now on is longer than the longest of a folder and
    GROWTH: damaged graphs were seen to grow without end. The kernel refuses the rest (EFBIG)."""
    longest = max((p.stat().st_size for p in folder.rglob("*") if p.is_file()), default=0)
    most = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
    wanted = longest + GROWTH
    wanted = wanted if most == resource.RLIM_INFINITY else min(wanted, most)
    resource.setrlimit(resource.RLIMIT_FSIZE, (wanted, most))


def spread(passages: int, most: int) -> list[int]:
    """Up to `most` rows, spread evenly: the same ones every time."""
    return sorted({int(row) for row in np.linspace(0, passages - 1, most)}) if passages else []


class ChromaProbe:
    """Runs this module as a child: call it with a generation's folder. One child at a time."""

    def __init__(self, timeout_s: float = TIMEOUT_S) -> None:
        self._timeout_s = timeout_s
        self._one = threading.Lock()
        self._child: subprocess.Popen[str] | None = None
        self._stopped = False

    def __call__(self, folder: Path) -> str:
        """What is wrong with the collection, in one sentence; empty when nothing is."""
        with self._one:
            if self._stopped:
                return "the probe was stopped"
            self._child = subprocess.Popen(
                [sys.executable, "-m", "rag.index.probe", str(folder.resolve())],
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                text=True,
            )  # fmt: skip
            try:
                _, said = self._child.communicate(timeout=self._timeout_s)
            except subprocess.TimeoutExpired:
                self._child.kill()
                self._child.communicate()
                return f"the probe did not end within {self._timeout_s:.0f} s"
            return _verdict(self._child.returncode, said)

    def stop(self) -> None:
        """End a child that is still at work, and start no other."""
        self._stopped = True
        child = self._child
        if child is not None and child.poll() is None:
            child.kill()


def _verdict(code: int, said: str) -> str:
    if code == 0:
        return ""
    if code < 0:
        return f"opening it ended a child process with {signal.Signals(-code).name}"
    return (said.strip().splitlines() or [f"the probe ended with exit code {code}"])[-1]


def main() -> None:
    """Check the generation named on the command line."""
    from rag.errors import SanadError

    if len(sys.argv) != 2:
        sys.exit("usage: python -m rag.index.probe GENERATION_FOLDER")
    try:
        limit_files(Path(sys.argv[1]))
        check(Path(sys.argv[1]))
    except SanadError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
