"""Two runs side by side: what no longer holds first, and whether measures differ.

Cases are paired by id; those of one run only are named. Answers are shown as they were.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from evals import runs
from evals.aggregate import Judged, per_case
from evals.cases import load_suite
from evals.judge import OF_A_CASE
from evals.paired import Difference, paired
from evals.suite import NAMES, judged
from evals.summary import cell, percent
from rag.errors import ConfigurationError

SHOWN = 400  # characters of an answer in a terminal
MOST_TESTED = 0.05  # p below which a difference is marked
TURNS = ("pass to fail", "fail to pass", "worse", "better")


@dataclass(frozen=True, slots=True)
class Side:
    """What one run said to a case."""

    status: str
    reply: str
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Change:
    """A case on which two runs differ."""

    id: str
    turn: str  # one of TURNS
    question: str
    before: Side
    after: Side
    measures: tuple[tuple[str, float, float], ...]  # (name, before, after) of those that moved


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two runs: changes with those that broke first, and the measures of both."""

    before: str
    after: str
    suite_changed: bool
    changes: tuple[Change, ...]
    differences: dict[str, Difference]
    only_before: tuple[str, ...]
    only_after: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return asdict(self)


def compare(before: Path, after: Path) -> Comparison:
    """Compare two run folders. Both are judged by the suite of the later run, so that a change
    of the suite is not taken for a change of the answers."""
    suite = load_suite(runs.suite_of(after), NAMES)
    first, second = (judged(suite, runs.read_rows(folder)) for folder in (before, after))
    ids = [{row.case.id for row in rows} for rows in (first, second)]
    if not ids[0] & ids[1]:
        raise ConfigurationError(
            f"{before} and {after} have no case in common; compare runs of one suite"
        )
    digests = [runs.read_config(folder).get("suite_sha256") for folder in (before, after)]
    return Comparison(
        before.name,
        after.name,
        digests[0] != digests[1],
        tuple(sorted(_changes(first, second), key=lambda one: TURNS.index(one.turn))),
        _differences(first, second),
        tuple(sorted({row.id for row in runs.read_rows(before)} - ids[1])),
        tuple(sorted(ids[1] - ids[0])),
    )


def _changes(before: Sequence[Judged], after: Sequence[Judged]) -> Iterator[Change]:
    """First attempts that came out differently."""
    old = {row.case.id: row for row in before if row.attempt == 1}
    for row in after:
        was = old.get(row.case.id)
        if was is None or row.attempt != 1:
            continue
        moved = _moved(was, row)
        passed = was.verdict.passed, row.verdict.passed
        if passed[0] != passed[1]:
            turn = TURNS[0] if passed[0] else TURNS[1]
        elif moved:
            turn = "better" if sum(b - a for _, a, b in moved) > 0 else "worse"
        else:
            continue
        yield Change(row.case.id, turn, row.case.question, _side(was), _side(row), moved)


def _moved(before: Judged, after: Judged) -> tuple[tuple[str, float, float], ...]:
    found = []
    for name in OF_A_CASE:
        a, b = before.verdict.values[name], after.verdict.values[name]
        if a is not None and b is not None and a != b:
            found.append((name, a, b))
    return tuple(found)


def _side(row: Judged) -> Side:
    return Side(row.seen.status, row.seen.text or row.seen.reason, row.verdict.reasons)


def _differences(before: Sequence[Judged], after: Sequence[Judged]) -> dict[str, Difference]:
    """Of each measure, over the cases to which it applies in both runs."""
    first, second = per_case(before), per_case(after)
    found = {}
    for name in OF_A_CASE:
        common = sorted(first.get(name, {}).keys() & second.get(name, {}).keys())
        if common:
            found[name] = paired(
                [first[name][i] for i in common], [second[name][i] for i in common]
            )
    return found


def text(found: Comparison) -> str:
    """For a terminal: changes, answers one below the other, then the measures that moved."""
    lines = [f"{found.before} -> {found.after}"]
    if found.suite_changed:
        lines.append("the suite has changed; both runs are judged by the later one")
    for change in found.changes:
        lines.append(f"{change.turn}: {change.id}: {_flat(change.question)}")
        if change.turn in TURNS[:2]:
            for name, side in (("before", change.before), ("after", change.after)):
                why = f" ({_flat('; '.join(side.reasons))})" if side.reasons else ""
                lines.append(f"    {name} [{side.status}] {_flat(side.reply)}{why}")
        else:
            moved = ", ".join(f"{n} {percent(a)} -> {percent(b)}" for n, a, b in change.measures)
            lines.append(f"    {moved}")
    counts = [sum(one.turn == turn for one in found.changes) for turn in TURNS]
    lines.append(", ".join(f"{n} {turn}" for n, turn in zip(counts, TURNS, strict=True)))
    lines += list(_table(found))
    return "\n".join(lines + list(_unpaired(found)))


def _table(found: Comparison) -> Iterator[str]:
    moved = {name: one for name, one in found.differences.items() if one.before != one.after}
    if not moved:
        yield "no measure differs"
        return
    yield f"{'':20}{'before':>8}{'after':>8}{'95 % of the difference':>26}{'p':>9}"
    for name, one in moved.items():
        interval = f"{100 * one.low:+.1f} to {100 * one.high:+.1f}"
        yield (
            f"{name:20}{percent(one.before):>8}{percent(one.after):>8}{interval:>26}{one.p:>9.4f}"
            + (" *" if one.p < MOST_TESTED else "")
        )


def _unpaired(found: Comparison) -> Iterator[str]:
    for name, ids in (("before", found.only_before), ("after", found.only_after)):
        if ids:
            yield f"only in the run {name}: {', '.join(ids)}"


def _flat(words: str) -> str:
    flat = " ".join(words.split())
    return flat if len(flat) <= SHOWN else f"{flat[:SHOWN]}…"


def markdown(found: Comparison) -> str:
    """For a pull request: what broke and what was mended, with both answers."""
    counts = {turn: sum(one.turn == turn for one in found.changes) for turn in TURNS}
    lines = [
        f"### {cell(found.before)} → {cell(found.after)}",
        "",
        ", ".join(f"{n} {turn}" for turn, n in counts.items()) + ".",
        "",
    ]
    moved = {name: one for name, one in found.differences.items() if one.before != one.after}
    if moved:
        lines += [
            "| measure | before | after | 95 % of the difference | p |",
            "|---|--:|--:|--:|--:|",
        ]
        lines += [
            f"| {name} | {percent(one.before)} | {percent(one.after)} | "
            f"{100 * one.low:+.1f} to {100 * one.high:+.1f} | {one.p:.4f} |"
            for name, one in moved.items()
        ]
    turned = [one for one in found.changes if one.turn in TURNS[:2]]
    if turned:
        lines += ["", "| | case | before | after |", "|---|---|---|---|"]
        lines += [
            f"| {one.turn} | `{one.id}` | {_in_cell(one.before)} | {_in_cell(one.after)} |"
            for one in turned
        ]
    return "\n".join(lines) + "\n"


def _in_cell(side: Side) -> str:
    why = f" ({cell('; '.join(side.reasons))})" if side.reasons else ""
    return f"{side.status}: {cell(_flat(side.reply))}{why}"
