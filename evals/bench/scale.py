"""Growth on one machine: what a collection of 10,000 to 1,000,000 passages costs.

    python -m evals.bench.scale DATA WORK --sizes 10000 100000 [--peers 100000] [--out FILE.json]
    python -m evals.bench.scale DATA WORK --files 100000

The first builds indexes from texts and asks them; the second takes files through `sanad ingest`,
then one more and one less. `DATA` holds `scale/` (see `evals.bench.scale_material`), `WORK` keeps
what was built. Every figure is of a process of its own: building (embedding, lexical indexes, text
store), opening, and 320 questions of Belebele and Canada's acts through the whole retrieval. Beside
it, in the same run and over the same passages: FTS5, bm25s, rank_bm25, Chroma with its own defaults
and txtai, up to the size that `--peers` names. Load averages are printed; CPU time says more than
the clock.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from evals.bench.machine import describe, load
from evals.bench.scale_files import measured_files
from evals.bench.scale_peers import PEERS

SIZES = (10_000, 100_000)
MOST_CHROMA = 100_000  # a graph of a million takes an hour to grow


def main() -> None:
    """Measure what the command line asks for, print tables, write JSON."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("work", type=Path)
    parser.add_argument("--sizes", type=int, nargs="*", default=list(SIZES))
    parser.add_argument("--peers", type=int, default=max(SIZES), help="largest size of the peers")
    parser.add_argument("--files", type=int, default=0, help="passages to ingest from files")
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    given.work.mkdir(parents=True, exist_ok=True)
    report: dict[str, Any] = {"machine": describe(), "load": [load()], "sizes": []}
    if given.files:
        report["files"] = measured_files(given.data, given.work, given.files)
        print(json.dumps(report["files"], indent=1))  # noqa: T201
    else:
        for size in given.sizes:
            report["sizes"].append(_size(given.data, given.work, size, size <= given.peers))
    report["load"].append(load())
    print(table(report["sizes"]), report["load"], sep="\n\n")  # noqa: T201
    if given.out:
        given.out.write_text(json.dumps(report, indent=1), "utf-8")


def _size(data: Path, work: Path, size: int, peers: bool) -> dict[str, Any]:
    folder = work / str(size)
    found: dict[str, Any] = {"passages": size}
    if not (folder / "built.json").exists():
        step("build", str(data), str(folder), str(size))
    found["build"] = json.loads((folder / "built.json").read_text())
    found["ours"] = step("ask", str(folder), str(data))
    if size <= MOST_CHROMA:
        found["ours"] |= step("chroma", str(folder), str(data))
    if peers:
        found["peers"] = {name: step("peer", name, str(folder), str(data)) for name in PEERS}
    return found


def step(*arguments: str) -> dict[str, Any]:
    """Run one step in a process of its own; its JSON, with the peak memory and CPU it took."""
    command = [sys.executable, "-m", "evals.bench.scale_steps", *arguments]
    started = time.monotonic()
    one = {"OPENBLAS_NUM_THREADS": "1"}  # its threads wait at full power: CPU time would say so
    child = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ, **one})
    assert child.stdout is not None
    said = child.stdout.read()
    _, status, usage = os.wait4(child.pid, 0)
    if status:
        return {"failed": f"exit status {os.waitstatus_to_exitcode(status)}"}
    found: dict[str, Any] = json.loads(said.splitlines()[-1])
    return found | {
        "step_s": round(time.monotonic() - started, 1),
        "step_cpu_s": round(usage.ru_utime + usage.ru_stime, 1),
        "peak_mb": round(usage.ru_maxrss / 1024),
    }


def table(sizes: Sequence[dict[str, Any]]) -> str:
    """The growth tables in Markdown."""
    lines = [
        "| passages | build, passages/s of CPU | disk kB a passage | open, s | memory MB"
        " | CPU ms p50 / p95 | clock ms p50 / p95 |",
        "|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for each in sizes:
        built, ours = each["build"], each["ours"]
        lines.append(
            f"| {each['passages']:,} | {built['per_cpu_second']:,} | {built['kb_a_passage']} "
            f"| {ours['open_s']} | {ours['resident_mb']} | {_pair(ours['cpu_ms'])} "
            f"| {_pair(ours['clock_ms'])} |"
        )
    lines += [
        "",
        "| passages | | build s | memory MB | clock ms p50 / p95 | recall of the exact ten |",
    ]
    lines.append("|--:|---|--:|--:|--:|--:|")
    for each in sizes:
        rows = dict(each.get("peers", {}))
        if "chroma" in each["ours"]:
            rows["Sanad's Chroma collection"] = each["ours"]["chroma"]
        for name, row in rows.items():
            said = row.get("failed")
            cells = (
                f"{said} | | | "
                if said
                else f"{row['build_s']} | {row.get('resident_mb', '')} | {_pair(row['clock_ms'])} "
                f"| {row.get('recall', '')}"
            )
            lines.append(f"| {each['passages']:,} | {name} | {cells} |")
    return "\n".join(lines)


def _pair(values: Sequence[float]) -> str:
    return " / ".join(f"{value:.1f}" for value in values)


if __name__ == "__main__":
    main()
