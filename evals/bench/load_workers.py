"""`python -m evals.bench.load_workers [--rounds N]`: what worker processes bring.

The same visitors, without a pause, at a server that answers in its own process, with one
worker and with two, in short rounds that alternate; medians. On a machine that has other
work the wall clock says what was left over, so the CPU an answer cost stands beside it.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from evals.bench import machine
from evals.bench.load import OPEN, PROXY, Crowd, ingested, send
from evals.bench.load_figures import Figures, figures
from evals.bench.load_server import Served, serving


@dataclass(frozen=True, slots=True)
class Kind:
    """A way to serve."""

    name: str
    workers: int
    environment: Mapping[str, str]


KINDS = (
    Kind("own process, BLAS on all cores", 0, {}),
    Kind("own process, BLAS on one", 0, {"OPENBLAS_NUM_THREADS": "1"}),
    Kind("1 worker", 1, {}),
    Kind("2 workers", 2, {}),
)


def rounds(given: argparse.Namespace, folder: Path) -> dict[str, list[Figures]]:
    """The figures of every round, by kind; all servers run all the time, one has visitors."""
    found: dict[str, list[Figures]] = {kind.name: [] for kind in KINDS}
    data = ingested(folder)
    with ExitStack() as stack:
        served: dict[str, Served] = {}
        for kind in KINDS:
            settings = {**PROXY, **OPEN, "workers": str(kind.workers)}
            served[kind.name] = stack.enter_context(serving(data, settings, kind.environment))
        for number in range(given.rounds + 1):
            order = KINDS[number % len(KINDS) :] + KINDS[: number % len(KINDS)]
            for kind in order:
                seconds = given.seconds if number else 3.0
                crowd = Crowd(kind.name, ("json",), given.visitors, seconds, 0)
                asked, samples = send(crowd, served[kind.name], folder)
                if number:  # the first round fills caches
                    found[kind.name].append(figures(asked, samples, given.visitors))
                    one = found[kind.name][-1]
                    sys.stderr.write(
                        f"{number} {kind.name}: {one.per_second:.1f} a second, {one.cpu_ms:.0f} ms "
                        f"CPU, {one.cores:.2f} cores, others {one.others:.2f}\n"
                    )
    return found


def table(found: Mapping[str, Sequence[Figures]]) -> str:
    """Medians, and how often one worker's throughput."""
    lines = [
        "| Answering in | Answers a second | x 1 worker | CPU ms an answer | Answers a second of "
        "CPU | Cores it got | p50 ms | p95 ms | Errors |",
        "|---|--:|--:|--:|--:|--:|--:|--:|--:|",
    ]
    one = _median(found["1 worker"], "per_second")
    for name, each in found.items():
        speed, cpu = _median(each, "per_second"), _median(each, "cpu_ms")
        errors = sum(sum(figure.errors.values()) + figure.limited for figure in each)
        lines.append(
            f"| {name} | {speed:.1f} | {speed / one:.2f} | {cpu:.0f} | {1000 / cpu:.1f} | "
            f"{_median(each, 'cores'):.2f} | {_median(each, 'p50_ms'):,.0f} | "
            f"{_median(each, 'p95_ms'):,.0f} | {errors} |"
        )
    return "\n".join(lines)


def _median(found: Sequence[Figures], name: str) -> float:
    return float(np.median([getattr(each, name) for each in found]))


def main() -> int:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description="Worker processes against one process.")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=10, help="of a round")
    parser.add_argument("--visitors", type=int, default=12, help="who ask without a pause")
    given = parser.parse_args()
    loads = [machine.load()[0]]
    with tempfile.TemporaryDirectory(prefix="sanad-load-") as scratch:
        found = rounds(given, Path(scratch))
    loads.append(machine.load()[0])
    about = machine.describe()
    sys.stdout.write(
        f"{table(found)}\n\n{about['processor']}, {about['cores']} cores, Python "
        f"{about['python']}, commit {about['commit'] or 'unknown'}, {given.rounds} rounds of "
        f"{given.seconds:g} s, {given.visitors} visitors, load averages {loads[0]} to {loads[1]}\n"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
