"""Several servers over one published folder and one Chroma server, and what happens to answers
when each of them is killed under load.

    python -m evals.drills.replicas [--few]

The replicas are processes of `sanad serve` on loopback, Chroma is `chroma run`, and the
visitors ask in turn, as behind a proxy that tries the next server when a connection fails.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import statistics
import subprocess
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from evals.bench.load_server import Served, serving
from evals.bench.process import sanad
from evals.drills.chroma_server import ChromaProcess
from evals.drills.material import write_documents
from evals.drills.serving import DOCUMENTS, PLENTY, QUESTIONS, Crowd, asked, mixed
from rag.index.generation import CURRENT, GENERATIONS

REPLICAS = 3
CHANGED_S = 60.0  # for a replica to follow what was published, or what became of Chroma
Reply = tuple[int, dict[str, Any], float]


class Balanced(Crowd):
    """Visitors behind a proxy: each question goes to the next server, and to the one after it
    where no answer came at all."""

    def __init__(self, addresses: Sequence[str], size: int, pause_s: float) -> None:
        super().__init__(addresses[0], size, pause_s)
        self._addresses = tuple(addresses)
        self._turn = 0
        self._taking = threading.Lock()
        self.refused: list[tuple[float, str]] = []  # (time, address) of no answer

    def ask(self, question: str, visitor: int) -> Reply:
        """See `Crowd.ask`; the reply says which question it was."""
        begun = time.monotonic()
        with self._taking:
            first = self._turn = (self._turn + 1) % len(self._addresses)
        for address in (*self._addresses[first:], *self._addresses[:first]):
            status, said, _ = asked(address, question, visitor)
            if status:
                said["asked"] = question
                return status, said, time.monotonic() - begun
            self.refused.append((time.monotonic(), address))
        return 0, {"asked": question}, time.monotonic() - begun


def replicas(folder: Path, few: bool) -> str:
    """Kill a replica, publish a generation, kill Chroma and start it again, under load."""
    docs, data, snapshot = folder / "docs", folder / "data", folder / "snapshot"
    quiet = 3.0 if few else 20.0
    with ExitStack() as stack:
        chroma = stack.enter_context(ChromaProcess(folder / "chroma"))
        settings = {**PLENTY, "chroma_server": chroma.url, "chroma_seconds": "2"}
        _release(docs, data, snapshot, 1, chroma.url)
        servers = [stack.enter_context(serving(snapshot, settings)) for _ in range(REPLICAS)]
        left = [server.address for server in servers[1:]]
        _until(lambda: all(_searches(address) == "chroma-server" for address in left))
        for server in servers:  # a server that has just begun is busy with itself
            asked(server.address, QUESTIONS[0])
        size, pause = (6, 1.0) if few else (24, 1.0)
        with Balanced([server.address for server in servers], size, pause) as crowd:
            time.sleep(quiet)
            killed = _kill(servers[0])
            time.sleep(quiet)
            second = _release(docs, data, snapshot, 2, chroma.url)
            _until(lambda: all(_health(address)["generation"] == second for address in left))
            time.sleep(quiet)
            chroma.kill()
            _until(lambda: all(_searches(address) == "exact" for address in left))
            told = [note for address in left for note in _health(address)["notes"]]
            time.sleep(quiet)
            chroma.start()
            _until(lambda: all(_searches(address) == "chroma-server" for address in left))
            time.sleep(quiet)
        assert len(told) == len(left) and all(chroma.url in note for note in told), told
        return _judged(crowd, killed, servers[0].address, data)


def _release(docs: Path, data: Path, snapshot: Path, version: int, chroma: str) -> str:
    """Ingest and publish, as an operator does; the generation's name."""
    write_documents(docs, dict.fromkeys(range(DOCUMENTS), version))
    for command in (("ingest", str(docs)), ("publish", str(snapshot))):
        done = subprocess.run(
            sanad(*command, "--data-dir", str(data)), capture_output=True, text=True, check=False,
            env={**os.environ, "SANAD_CHROMA_SERVER": chroma},
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
    return (snapshot / "CURRENT").read_text().strip()


def _kill(server: Served) -> float:
    os.kill(server.pid, signal.SIGKILL)
    return time.monotonic()


def _health(address: str) -> dict[str, Any]:
    with urlopen(f"{address}/health/ready", timeout=30) as reply:
        found: dict[str, Any] = json.load(reply)
        return found


def _searches(address: str) -> str:
    return str(_health(address)["vector_search"])


def _until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + CHANGED_S
    while not condition():
        assert time.monotonic() < end, "a replica did not follow"
        time.sleep(0.2)


def _judged(crowd: Balanced, killed: float, address: str, data: Path) -> str:
    """What was seen. Every reply is one of two whole states, and the one that this process gives
    from its own copy by the exact scan; no connection failed but those of the killed server."""
    statuses = Counter(status for status, _, _ in crowd.replies)
    assert set(statuses) == {200}, statuses
    odd = [place for at, place in crowd.refused if place != address or at < killed]
    assert not odd, f"{len(odd)} connections failed at servers that were not killed"
    replies = [said for _, said, _ in crowd.replies]
    assert not any(mixed(said) for said in replies), "an answer of two generations"
    generations = Counter(said["generation"] for said in replies)
    assert len(generations) == 2, generations
    expected = {name: _answers(data, name) for name in generations}
    wrong = [s for s in replies if _core(s) != expected[s["generation"]][s["asked"]]]
    assert not wrong, f"{len(wrong)} of {len(replies)} answers are others, such as {wrong[0]}"
    alone = sum(bool(said["notes"]) for said in replies)
    assert alone, "no answer was given while Chroma was away"
    times = sorted(seconds for _, _, seconds in crowd.replies)
    return (
        f"{len(replies)} answers of {len(generations)} generations, none wrong or mixed; "
        f"{len(crowd.refused)} questions asked again at another server; {alone} answered without "
        f"Chroma, which said so; {1000 * statistics.median(times):.0f} ms at the median, longest "
        f"{times[-1]:.1f} s"
    )


def _answers(data: Path, name: str) -> dict[str, object]:
    """What each question has for an answer, from one generation alone by the exact scan."""
    with tempfile.TemporaryDirectory(prefix="sanad-drill-") as folder:
        alone, batch = Path(folder, "data"), Path(folder, "questions.jsonl")
        (alone / GENERATIONS).mkdir(parents=True)
        (alone / GENERATIONS / name).symlink_to((data / GENERATIONS / name).resolve())
        (alone / CURRENT).write_text(f"{name}\n")
        lines = (json.dumps({"id": q, "question": q}) for q in QUESTIONS)
        batch.write_text("\n".join(lines), "utf-8")
        done = subprocess.run(
            sanad("ask", "--batch", str(batch), "--data-dir", str(alone)),
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        found = [json.loads(line) for line in done.stdout.splitlines()]
        assert {said["generation"] for said in found} == {name}
        return {said["id"]: _core(said) for said in found}


def _core(said: dict[str, Any]) -> object:
    """A reply without times and notes (its text has the notes in it)."""
    return said["status"], said["sentences"], said["layout"], said["citations"]


def main() -> None:
    """Run it and tell what was seen."""
    parser = argparse.ArgumentParser(prog="python -m evals.drills.replicas", description=__doc__)
    parser.add_argument("--few", action="store_true", help="a few seconds of each part")
    few = parser.parse_args().few
    with tempfile.TemporaryDirectory(prefix="sanad-drill-") as folder:
        print(replicas(Path(folder), few))  # noqa: T201


if __name__ == "__main__":
    main()
