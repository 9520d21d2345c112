"""Numbers, dates and names that an answer states and what it cites does not. Pure.

For each statement: what it states is looked for in the quotes it cites. Of an extractive answer
nothing can be missing; of a written one, or a peer's, it is what a reader could not check.
Names are compared only where statement and quotes are in one language: across languages a name
is spelled anew, and only `rag.check` can tell.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from evals.observed import Citation, Observed, Statement
from rag.check.moments import Moment, find_moments, years_of
from rag.check.number import Number
from rag.check.numbers import find_numbers
from rag.words.figures import names_and_figures
from rag.words.language import detect
from rag.words.text import fold, words

KINDS = ("numbers", "dates", "names")
Missing = Callable[[Statement, list[Citation], str], Iterator[tuple[str, bool]]]


def carried(kind: str, seen: Observed) -> float | None:
    """Share of the things of a kind (KINDS) stated that a cited quote carries; None where the
    answer states none, or cites without quotes."""
    outcomes = [held for _, held in _stated(kind, seen)]
    return sum(outcomes) / len(outcomes) if outcomes else None


def uncarried(kind: str, seen: Observed) -> list[str]:
    """The things of a kind that no cited quote carries, as they stand in the answer."""
    return [thing for thing, held in _stated(kind, seen) if not held]


def _stated(kind: str, seen: Observed) -> Iterator[tuple[str, bool]]:
    by_number = {one.n: one for one in seen.citations}
    for statement in seen.statements:
        cited = [by_number[n] for n in statement.citations if n in by_number]
        if cited:
            language = detect(statement.text, default=seen.language or "en")
            yield from _OF_KIND[kind](statement, cited, language)


def _numbers(said: Statement, cited: list[Citation], language: str) -> Iterator[tuple[str, bool]]:
    held = [n for one in cited for n in _numbers_of(one.quote, one.language or language)]
    for number in _numbers_of(said.text, language):
        if number.claimed:
            yield said.text[number.start : number.end], any(h.bears_out(number) for h in held)


def _numbers_of(text: str, language: str) -> tuple[Number, ...]:
    dated = [(one.start, one.end) for one in find_moments(text, language)]
    return find_numbers(text, language, dated)


def _dates(said: Statement, cited: list[Citation], language: str) -> Iterator[tuple[str, bool]]:
    held = [m for one in cited for m in find_moments(one.quote, one.language or language)]
    readings: dict[tuple[int, int], list[Moment]] = {}  # an ambiguous 03/04/2024 has two
    for moment in find_moments(said.text, language):
        readings.setdefault((moment.start, moment.end), []).append(moment)
    years = years_of(held)
    for (start, end), moments in readings.items():
        yield (
            said.text[start:end],
            any(one.says(moment, years) for one in held for moment in moments),
        )


def _names(said: Statement, cited: list[Citation], language: str) -> Iterator[tuple[str, bool]]:
    if any(one.language not in ("", language) for one in cited):
        return
    held = {word for one in cited for word in words(fold(f"{one.title} {one.quote}"))}
    undated = said.text
    for moment in find_moments(said.text, language):  # a month is no name
        blank = " " * (moment.end - moment.start)
        undated = undated[: moment.start] + blank + undated[moment.end :]
    for name in sorted(names_and_figures(undated)):
        if not name.isdecimal():
            yield name, name in held


_OF_KIND: dict[str, Missing] = {"numbers": _numbers, "dates": _dates, "names": _names}
