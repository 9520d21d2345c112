"""What a collection covers, counted, and where it is thin. Knows no words and no markup."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ui.library.shelf import Shelf

MOST_ROWS = 40  # of one picture; the rest is counted
LONGEST_GAP = 30  # years; a longer one is a wrong date


@dataclass(frozen=True, slots=True)
class Picture:
    """One facet of the collection."""

    facet: str
    rows: tuple[tuple[str, int], ...]  # (value, works); years in order, those without works too
    rest: int  # values that are not shown
    without: int  # works of which this is not known

    @property
    def most(self) -> int:
        """The longest bar."""
        return max((count for _, count in self.rows), default=0)


@dataclass(frozen=True, slots=True)
class Gaps:
    """Where the collection says little."""

    years: tuple[tuple[str, str], ...]  # (first, last) without a work, between the others
    once: Mapping[str, tuple[str, ...]]  # facet -> values with one work only


def pictures(shelf: Shelf) -> list[Picture]:
    """Country, year, theme and language."""
    return [_picture(shelf, facet) for facet in ("country", "year", "theme", "language")]


def _picture(shelf: Shelf, facet: str) -> Picture:
    counts = shelf.counts(facet)
    without = sum(not work.values[facet] for work in shelf.works)
    if facet == "year":
        rows = _every_year(dict(counts))
        return Picture(facet, tuple(rows[-MOST_ROWS:]), max(0, len(rows) - MOST_ROWS), without)
    return Picture(facet, tuple(counts[:MOST_ROWS]), max(0, len(counts) - MOST_ROWS), without)


def _every_year(counts: Mapping[str, int]) -> list[tuple[str, int]]:
    """Years in order, with those between that have nothing."""
    years = sorted(int(year) for year in counts if year.isdigit())
    rows: list[tuple[str, int]] = []
    for before, year in zip([None, *years], years, strict=False):
        if before is not None and year - before <= LONGEST_GAP:
            rows += [(str(empty), 0) for empty in range(before + 1, year)]
        rows.append((f"{year:04}", counts[f"{year:04}"]))
    return rows


def gaps(shelf: Shelf) -> Gaps:
    """Years without a work, and countries, themes and languages with one."""
    runs: list[tuple[str, str]] = []
    before = ""
    for year, count in _every_year(dict(shelf.counts("year"))):
        if count == 0:
            extends = runs and runs[-1][1] == before
            runs[-1:] = [(runs[-1][0], year)] if extends else [*runs[-1:], (year, year)]
        before = year
    once = {
        facet: tuple(value for value, count in shelf.counts(facet) if count == 1)
        for facet in ("theme", "country", "language")
    }
    return Gaps(tuple(runs), once)
