"""Writes the current figures of finished runs as one Markdown page.

    python -m evals.baseline RUN... [--to evals/BASELINE.md]

The page is made from run folders alone and is never edited by hand: every figure has its
interval, and the machine, commit and command that gave it. Refuses runs of different programs.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from evals.judge import MEASURES
from evals.runs import AGGREGATES, find_run, read_config, read_json
from evals.summary import cell, percent
from rag.errors import ConfigurationError, SanadError

PAGE = Path(__file__).parent / "BASELINE.md"
RUNS = Path("runs")

Run = tuple[Mapping[str, Any], Mapping[str, Any]]  # config, figures


def page(runs: Sequence[Run]) -> str:
    """The whole page. Raises ConfigurationError for runs that no one program gave."""
    codes = {str(config.get("code_sha256")) for config, _ in runs}
    if len(codes) != 1:
        raise ConfigurationError(
            f"these runs come from {len(codes)} states of the program; run all suites again and "
            "name the new folders"
        )
    judges = {str(values.get("judged_by_sha256")) for _, values in runs}
    if len(judges) != 1:
        raise ConfigurationError(
            f"these runs were judged by {len(judges)} states of the program; judge all again: "
            "sanad eval judge RUN"
        )
    lines = [
        "# Baseline",
        "",
        "Made by `python -m evals.baseline` from run folders; do not edit. In per cent, with 95 %",
        "bootstrap intervals over cases.",
        "",
    ]
    for config, values in runs:
        lines += _suite(config, values)
    return "\n".join(lines) + "\n"


def _suite(config: Mapping[str, Any], values: Mapping[str, Any]) -> Iterator[str]:
    held = config.get("system", {}).get("collection", {})
    machine = config.get("machine", {})
    yield f"## {values['suite']}"
    yield ""
    yield (
        f"{values['cases']} cases; {config.get('started', '')}; commit "
        f"{config.get('commit') or 'unknown'}; {cell(str(machine.get('platform', 'unknown')))}; "
        f"{held.get('documents', '?')} documents, digest `{str(held.get('digest', ''))[:12]}`; "
        f"model {cell(str(held.get('model', 'unknown')))}. Command: `sanad eval run` with "
        f"suite digest `{str(config.get('suite_sha256', ''))[:12]}`."
    )
    yield ""
    yield "| measure | value | 95 % | cases | mark |"
    yield "|---|--:|--:|--:|--:|"
    for name in MEASURES:
        if name in values["measures"]:
            interval = " to ".join(map(percent, values["intervals"].get(name, ())))
            mark = values["pass_marks"].get(name, {}).get("mark")
            yield (
                f"| {name} | {percent(values['measures'][name])} | {interval} | "
                f"{values['counts'].get(name, '')} | {percent(mark)} |"
            )
    yield ""


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the page; 2 for a mistake in what was given."""
    parser = argparse.ArgumentParser(prog="python -m evals.baseline")
    parser.add_argument("runs", nargs="+", help="folders of finished runs")
    parser.add_argument("--to", type=Path, default=PAGE)
    given = parser.parse_args(arguments)
    try:
        folders = [find_run(one, RUNS) for one in given.runs]
        text = page([(read_config(one), read_json(one / AGGREGATES)) for one in folders])
    except SanadError as error:
        sys.stderr.write(f"evals.baseline: {error}\n")
        return 2
    given.to.write_text(text, "utf-8")
    sys.stdout.write(f"{given.to}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
