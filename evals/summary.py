"""The figures of a run as text for a terminal and for a pull request. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from evals.aggregate import Judged
from evals.judge import MEASURES

MOST_FAILED = 30  # listed in a pull request


def table(values: Mapping[str, Any], rows: Sequence[Judged], folder: Path) -> str:
    """Figures, pass marks, and every case that failed with the reason."""
    languages = list(values["by_language"])
    middle = values["latency_ms"].get("total", {}).get("p50", 0.0)
    lines = [
        f"{values['suite']}: {values['cases']} cases, median {middle:.1f} ms, "
        f"{values['answer_words']:.0f} words an answer",
        f"{'':20}{'all':>7}{'mark':>7}{'95 %':>16}" + "".join(f"{code:>7}" for code in languages),
    ]
    for name in MEASURES:
        if name in values["measures"]:
            lines.append(_line(name, values, languages))
    for name, mark in values["pass_marks"].items():
        if "@" in name and name not in values["measures"]:
            below = "" if mark["reached"] else "  below its mark"
            lines.append(f"{name:20}{percent(mark['value']):>7}{percent(mark['mark']):>7}{below}")
    lines += list(_failed(rows))
    if values["errors"]:
        lines.append(f"{values['errors']} questions got no reply; run again to ask them anew")
    if values["to_review"]:
        lines.append(f"{values['to_review']} cases are marked 'to review' and were not asked")
    verdict = "passed" if values["passed"] else "below a pass mark"
    return "\n".join([*lines, f"{verdict}; run folder {folder}"])


def _line(name: str, values: Mapping[str, Any], languages: Sequence[str]) -> str:
    mark = values["pass_marks"].get(name)
    low, high = values["intervals"].get(name, (None, None))
    interval = "" if low is None else f"{percent(low)} to {percent(high)}"
    cells = [percent(values["by_language"][code].get(name)) for code in languages]
    below = "" if not mark or mark["reached"] else "  below its mark"
    goal = percent(mark["mark"]) if mark else ""
    return (
        f"{name:20}{percent(values['measures'][name]):>7}{goal:>7}{interval:>16}"
        + "".join(f"{cell:>7}" for cell in cells)
        + below
    )


def _failed(rows: Sequence[Judged]) -> Iterator[str]:
    for row in rows:
        if not row.verdict.passed:
            again = f" (attempt {row.attempt})" if row.attempt > 1 else ""
            yield f"failed {row.case.id}{again}: {'; '.join(row.verdict.reasons)}"


def markdown(values: Mapping[str, Any], rows: Sequence[Judged]) -> str:
    """A table of measures and the failed cases, for a pull request."""
    word = "passed" if values["passed"] else "**below a pass mark**"
    lines = [
        f"### Suite `{values['suite']}`: {word}",
        "",
        f"{values['cases']} cases, {values['errors']} without a reply.",
        "",
        "| measure | value | 95 % | mark | |",
        "|---|--:|--:|--:|---|",
    ]
    for name in MEASURES:
        if name in values["measures"]:
            mark = values["pass_marks"].get(name)
            interval = " to ".join(map(percent, values["intervals"].get(name, ())))
            state = "" if not mark else "reached" if mark["reached"] else "**missed**"
            goal = percent(mark["mark"]) if mark else ""
            value = percent(values["measures"][name])
            lines.append(f"| {name} | {value} | {interval} | {goal} | {state} |")
    failed = [row for row in rows if not row.verdict.passed]
    if failed:
        lines += ["", f"{len(failed)} replies do not hold:", ""]
        lines += [
            f"- `{row.case.id}`: {cell('; '.join(row.verdict.reasons))}"
            for row in failed[:MOST_FAILED]
        ]
        if len(failed) > MOST_FAILED:
            lines.append(f"- and {len(failed) - MOST_FAILED} more, in the report")
    return "\n".join(lines) + "\n"


def cell(text: str) -> str:
    """Text that cannot end a table cell or become markup."""
    flat = " ".join(text.split())
    return "".join(f"\\{c}" if c in "\\`*_[]<>|#" else c for c in flat)


def percent(value: float | None) -> str:
    """0.914 as "91.4"; nothing for None."""
    return "" if value is None else f"{100 * value:.1f}"
