"""`make bench-load`, or `python -m evals.bench.load [--minutes N] [--visitors N] [--workers N]`

Many visitors at a server of its own: API as JSON and as events, and, as the peer, Gradio's
own chat endpoint of the same server, with the same visitors and questions. Then fifty at
a time. Ends with 1 where anybody got an error but 429, or answers were shared unfairly.
How fast it is never fails it: that depends on what else the machine does.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from evals.bench import machine
from evals.bench.load_figures import Asked, Figures, Sample, figures, markdown
from evals.bench.load_server import Served, Watch, serving
from evals.bench.material import suite_questions
from evals.bench.process import ProgramFailed, measure, module, sanad

ROOT = Path(__file__).parents[2]
FAIR = 0.75  # of Jain's index; visitors who each come once or twice reach about 0.9
MANY = 1_000_000
# Fifty without a pause are more than the gate lets in by default; what is measured is the
# answer, not the refusal.
OPEN = {
    "limit_address_minute": str(MANY), "limit_address_hour": str(MANY), "limit_queue": "200",
    "limit_queue_seconds": "60",
}  # fmt: skip
PROXY = {"trusted_proxies": "127.0.0.1", "vector_search": "exact"}


@dataclass(frozen=True, slots=True)
class Crowd:
    """How visitors behave."""

    name: str
    forms: Sequence[str]
    visitors: int
    seconds: float
    pause_s: float


def send(crowd: Crowd, served: Served, folder: Path) -> tuple[list[Asked], list[Sample]]:
    """Let a crowd visit; what it asked, and how the server bore it."""
    out = folder / "asked.json"
    forms = [part for form in crowd.forms for part in ("--form", form)]
    command = module(
        "evals.bench.load_visitors", served.address, str(questions(folder)), str(out),
        "--visitors", str(crowd.visitors), "--seconds", str(crowd.seconds),
        "--pause", str(crowd.pause_s), *forms,
    )  # fmt: skip
    with Watch(served) as watch:
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise ProgramFailed(f"the visitors ended with {done.returncode}: {done.stderr[-800:]}")
    return [Asked(**row) for row in json.loads(out.read_text("utf-8"))], watch.samples


def questions(folder: Path) -> Path:
    """The questions of the client's suite, one a line."""
    path = folder / "questions.txt"
    if not path.exists():
        path.write_text("\n".join(suite_questions()) + "\n", "utf-8")
    return path


def ingested(folder: Path) -> Path:
    """A data folder with the sample collection."""
    data = folder / "data"
    measure(sanad("ingest", str(ROOT / "docs_corpus"), "--data-dir", str(data)), ROOT)
    return data


def crowds(given: argparse.Namespace) -> list[tuple[Crowd, dict[str, str]]]:
    """The runs, each with the settings of its server besides `PROXY`."""
    seconds = 60 * given.minutes
    runs: list[tuple[Crowd, dict[str, str]]] = [
        (Crowd("API", ("json", "sse"), given.visitors, seconds, given.pause), {})
    ]
    if given.peer:
        runs.append((Crowd("Gradio", ("gradio",), given.visitors, seconds, given.pause), {}))
    if given.fifty:
        short = min(seconds, 60)
        runs.append((Crowd("API, 50 who read 15 s", ("json",), 50, short, 15), {}))
        runs.append((Crowd("API, 50 at any moment", ("json",), 50, short, 0), OPEN))
        if given.peer:
            peer = Crowd("Gradio, 50 at any moment", ("gradio",), 50, short, 0)
            runs.append((peer, OPEN))
    return runs


def main() -> int:
    """Measure and print the table; returns the exit code."""
    parser = argparse.ArgumentParser(description="Many visitors at one server.")
    parser.add_argument("--minutes", type=float, default=1)
    parser.add_argument("--visitors", type=int, default=200)
    parser.add_argument("--pause", type=float, default=30, help="seconds between questions")
    parser.add_argument("--workers", type=int, default=0, help="SANAD_WORKERS")
    parser.add_argument("--no-peer", dest="peer", action="store_false", help="not Gradio")
    parser.add_argument("--no-fifty", dest="fifty", action="store_false")
    parser.add_argument("--out", type=Path, help="write the figures there as JSON")
    given = parser.parse_args()
    rows: list[tuple[str, Figures]] = []
    loads = [machine.load()]
    with tempfile.TemporaryDirectory(prefix="sanad-load-") as scratch:
        folder = Path(scratch)
        data = ingested(folder)
        for crowd, settings in crowds(given):
            workers = {"workers": str(given.workers)}
            with serving(data, {**PROXY, **workers, **settings}) as served:
                asked, samples = send(crowd, served, folder)
            rows.append((crowd.name, figures(asked, samples, crowd.visitors)))
            loads.append(machine.load())
            sys.stderr.write(f"{markdown(rows[-1:]).splitlines()[-1]}\n")  # should it not end
    about = machine.describe()
    sys.stdout.write(
        f"{markdown(rows)}\n\n{about['processor']}, {about['cores']} cores, Python "
        f"{about['python']}, commit {about['commit'] or 'unknown'}, {given.workers} workers, load "
        f"averages {', '.join(str(load[0]) for load in loads)}\n"
    )
    if given.out:
        found = {name: asdict(each) for name, each in rows}
        given.out.write_text(
            json.dumps({"machine": about, "load_averages": loads, "figures": found}, indent=1)
        )
    return judged(rows)


def judged(rows: Sequence[tuple[str, Figures]]) -> int:
    """1 where the API gave an error but 429, or was unfair; says so. The peer is not judged."""
    code = 0
    for name, found in rows:
        if not name.startswith("API"):
            continue
        if found.errors or not found.answers:
            sys.stderr.write(f"{name}: {dict(found.errors) or 'no answer'}\n")
            code = 1
        if found.fairness < FAIR:
            sys.stderr.write(f"{name}: fairness {found.fairness:.2f}, at least {FAIR} is asked\n")
            code = 1
    return code


if __name__ == "__main__":
    sys.exit(main())
