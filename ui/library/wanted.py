"""What a visitor of the library asked for, from and to the query of its address.

Everything in it is a stranger's: bounded here, and escaped where it is shown.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from urllib.parse import urlencode

from ui.library.shelf import FACETS

VIEWS = ("", "coverage", "unread")
MOST_CHARACTERS = 200  # of a value
MOST_VALUES = 10  # of a facet
MOST_PAGES = 100_000


@dataclass(frozen=True, slots=True)
class Wanted:
    """One view of the library."""

    words: str = ""
    chosen: dict[str, tuple[str, ...]] = field(default_factory=dict)
    page: int = 1
    view: str = ""  # one of VIEWS; the first is the list

    @property
    def narrowed(self) -> bool:
        """Whether not everything was asked for."""
        return bool(self.words or self.chosen)

    def query(self) -> list[tuple[str, str]]:
        """Pairs for an address, those without a meaning left out."""
        pairs = [("view", self.view)] if self.view else []
        pairs += [("q", self.words)] if self.words else []
        pairs += [(facet, value) for facet in FACETS for value in self.chosen.get(facet, ())]
        return pairs + ([("page", str(self.page))] if self.page > 1 else [])

    def at(self, page: int) -> str:
        """The address of a page of the same, from a page of the same language."""
        query = urlencode(replace(self, page=page).query())
        return f"./library{f'?{query}' if query else ''}"


def wanted(pairs: Iterable[tuple[str, str]]) -> Wanted:
    """Read a query; what means nothing is left out."""
    words, view, page = "", "", 1
    chosen: dict[str, tuple[str, ...]] = {}
    for key, value in pairs:
        value = value.strip()[:MOST_CHARACTERS]
        if key == "q":
            words = value
        elif key == "view" and value in VIEWS:
            view = value
        elif key == "page" and value.isascii() and value.isdigit():
            page = min(max(1, int(value)), MOST_PAGES)
        elif key in FACETS and value and len(chosen.get(key, ())) < MOST_VALUES:
            chosen[key] = (*chosen.get(key, ()), value)
    return Wanted(words, chosen, page, view)
