"""Where a reader wants to be: a document, a page, a quote; as an address and back.

    read?document=ID&page=3&start=120&end=260&check=HASH&generation=NAME
        &quotes=3.120.260.HASH.ID (each quote of the answer) &view=text &at=OFFSET

What stands in an address is anybody's: it is read leniently, and marks nothing by itself.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal
from urllib.parse import urlencode

from rag.types import Quote

View = Literal["page", "text", ""]  # empty: as fits
MOST_QUOTES = 40  # of one answer
LONGEST_QUOTE = 4_000  # characters
LONGEST_ID = 2_000  # characters of a document's id


@dataclass(frozen=True, slots=True)
class Place:
    """A page of a document, and a span of its stored text; `end` 0: the page alone."""

    document: str
    page: int = 1
    start: int = 0
    end: int = 0
    check: str = ""  # `check_of` the quote; empty: not known

    def compact(self) -> str:
        """All of it in one value of an address."""
        return f"{self.page}.{self.start}.{self.end}.{self.check}.{self.document}"


@dataclass(frozen=True, slots=True)
class Asked:
    """What an address asks for."""

    place: Place
    quotes: tuple[Place, ...] = ()  # of the answer, in its order
    generation: str = ""  # that the offsets belong to; empty: not told
    view: View = ""
    at: int = -1  # offset in the page at which a long page opens; -1: at the quote
    beside: bool = False  # comes from another language version

    def with_place(self, place: Place) -> Asked:
        """The same answer at another quote."""
        return replace(self, place=place, at=-1, beside=False)


def check_of(quote: str) -> str:
    """A short hash by which a quote is known again."""
    return hashlib.blake2b(quote.encode(), digest_size=6).hexdigest()


def place_of(quote: Quote) -> Place:
    """Where a quote stands."""
    return Place(quote.document_id, quote.page, quote.start, quote.end, check_of(quote.text))


def asked_of(values: Mapping[str, str], quotes: Sequence[str] = ()) -> Asked:
    """What the values of an address ask for; what cannot be read counts as not given."""
    place = Place(
        values.get("document", "")[:LONGEST_ID], max(1, _number(values.get("page"), 1)),
        _number(values.get("start")), _number(values.get("end")), values.get("check", "")[:40],
    )  # fmt: skip
    view = values.get("view", "")
    listed = (_place(value) for value in quotes[:MOST_QUOTES])
    return Asked(
        place,
        tuple(quote for quote in listed if quote is not None),
        values.get("generation", "")[:200],
        view if view in ("page", "text") else "",  # type: ignore[arg-type]
        _number(values.get("at"), -1),
        bool(values.get("beside")),
    )


def _place(value: str) -> Place | None:
    parts = value.split(".", 4)
    if len(parts) < 5 or not parts[4] or len(parts[4]) > LONGEST_ID:
        return None
    page, start, end = (_number(part) for part in parts[:3])
    return Place(parts[4], max(1, page), start, end, parts[3][:40])


def _number(value: str | None, otherwise: int = 0) -> int:
    plain = value is not None and value.isascii() and value.isdecimal() and len(value) < 10
    return int(value) if plain and value else otherwise


def address(asked: Asked) -> str:
    """The address, relative to the pages of a language."""
    place = asked.place
    values: list[tuple[str, str]] = [("document", place.document), ("page", str(place.page))]
    if place.end:
        values += [("start", str(place.start)), ("end", str(place.end))]
    values += [
        (name, value)
        for name, value in (
            ("check", place.check), ("generation", asked.generation), ("view", asked.view),
            ("at", str(asked.at) if asked.at >= 0 else ""), ("beside", "1" * asked.beside),
        )
        if value
    ]  # fmt: skip
    values += [("quotes", quote.compact()) for quote in asked.quotes]
    return f"read?{urlencode(values)}{'#quote' if place.end else ''}"


def span_in(page: str, asked: Asked, generation: str) -> tuple[int, int] | None:
    """The span to mark in the stored page, or None rather than a wrong one.

    It must be whole words inside the page, and the very text of the quote where the address
    tells its hash; without one, the offsets must belong to this generation.
    """
    place = asked.place
    quote = page[place.start : place.end]
    if not 0 <= place.start < place.end <= len(page) or len(quote) > LONGEST_QUOTE:
        return None
    if quote != quote.strip() or _cuts(page, place.start) or _cuts(page, place.end):
        return None
    if place.check:
        return (place.start, place.end) if check_of(quote) == place.check else None
    return (place.start, place.end) if asked.generation in ("", generation) else None


def _cuts(page: str, at: int) -> bool:
    """Whether an offset lies inside a word."""
    return 0 < at < len(page) and page[at - 1].isalnum() and page[at].isalnum()
