"""Consistency: cases that ask the same thing, in several languages or wordings. Pure.

Every pair of a group is compared; a group counts as much as it has pairs. What is compared
is decided without a model: whether both answer, whether they cite a common work (the language
versions of a document are one work), whether they agree on the statements the suite requires,
and whether numbers of one unit contradict each other.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations

from evals.cases import Case
from evals.judge import included
from evals.observed import Observed
from rag.check.number import Number
from rag.check.numbers import find_numbers
from rag.words.language import detect

Member = tuple[Case, Observed]


def consistency(members: Sequence[Member]) -> dict[str, float]:
    """Means over all pairs of all groups; a measure that no pair allows is left out."""
    values: dict[str, list[float]] = {}
    for group in grouped(members).values():
        for name, found in compared(group):
            values.setdefault(name, []).append(found)
    return {name: sum(found) / len(found) for name, found in sorted(values.items())}


def grouped(members: Sequence[Member]) -> Mapping[str, list[Member]]:
    """The members by their group, those without one left out."""
    groups: dict[str, list[Member]] = {}
    for case, seen in members:
        if case.group and seen.status != "error":
            groups.setdefault(case.group, []).append((case, seen))
    return {name: found for name, found in groups.items() if len(found) > 1}


def compared(group: Sequence[Member]) -> Iterator[tuple[str, float]]:
    """(measure, value) of each pair."""
    for (a, first), (b, second) in combinations(group, 2):
        yield "same_status", float(first.answers == second.answers)
        if not (first.answers and second.answers):
            continue
        works = [{one.work or one.document for one in seen.citations} for seen in (first, second)]
        if all(works):
            yield "same_work", float(bool(works[0] & works[1]))
        held = included(a, first), included(b, second)
        if held[0] and len(held[0]) == len(held[1]):
            yield "same_statements", sum(map(_equal, *held)) / len(held[0])
        agreed = numbers_agree(first.text, second.text)
        if agreed is not None:
            yield "same_numbers", float(agreed)


def _equal(a: bool, b: bool) -> bool:
    return a == b


def numbers_agree(first: str, second: str) -> bool | None:
    """Whether two texts share a value of every unit that both give numbers of; None where they
    have no unit in common. "Seven members" and "9 membres" do not agree."""
    units = [_by_unit(text) for text in (first, second)]
    common = units[0].keys() & units[1].keys()
    if not common:
        return None
    return all(
        any(a.bears_out(b) or b.bears_out(a) for a in units[0][unit] for b in units[1][unit])
        for unit in common
    )


def _by_unit(text: str) -> dict[str, list[Number]]:
    found: dict[str, list[Number]] = {}
    for number in find_numbers(text, detect(text, default="en")):
        if number.unit and number.kind == "plain":
            found.setdefault(number.unit, []).append(number)
    return found
