"""Filters that a reader can see: what is chosen, and what could be, with how many documents.

The address of the page holds them (`?country=KE&year=2024`), so that it can be shared, and
nothing else does. Values that the collection does not have are kept: they match nothing, and
the reader sees why. Knows no markup.
"""

from __future__ import annotations

import weakref
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from rag.evidence.retrieve import Filters
from rag.index.store import Store, facets_of
from rag.question.mentions import Mention
from rag.wording import country_name, language_name, name_of
from rag.words.text import fold

KEYS = ("country", "city", "year", "kind", "event", "theme", "language", "document")
MOST_CHOSEN = 12  # values of one key; what is beyond them in an address is dropped
MOST_CHARACTERS = 200  # of a value
MOST_OPTIONS = 300  # of one key that are offered; a longer list serves nobody


@dataclass(frozen=True, slots=True)
class Chip:
    """One value of a filter: how it is shown, and the documents it would leave or leaves."""

    key: str
    value: str
    label: str
    count: int
    chosen: bool = False


@dataclass(frozen=True, slots=True)
class Facet:
    """A filter with its values, most documents first, years newest first, titles by name."""

    key: str
    options: tuple[Chip, ...]


@dataclass(frozen=True, slots=True)
class Chips:
    """Everything the page shows of its filters."""

    chosen: tuple[Chip, ...]
    facets: tuple[Facet, ...]
    documents: int  # that match all that is chosen


def filters_from(pairs: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    """Filters in the order of KEYS from the parameters of an address; others are left out."""
    found: dict[str, dict[str, str]] = {key: {} for key in KEYS}
    for key, value in pairs:
        value = value.strip()
        if key in found and 0 < len(value) <= MOST_CHARACTERS and len(found[key]) < MOST_CHOSEN:
            found[key].setdefault(fold(value), value)
    return {key: list(values.values()) for key, values in found.items() if values}


def pairs_of(filters: Filters) -> list[tuple[str, str]]:
    """The parameters of an address that holds these filters."""
    return [(key, value) for key in KEYS for value in filters.get(key, ())]


def chips(store: Store, filters: Filters, language: str) -> Chips:
    """What is chosen and what could be, counted among the documents that match all other
    filters: a chip's count is what choosing it leaves."""
    held = _held(store)
    rows = {key: _matching(store, filters, but=key) for key in KEYS}
    picked = {key: {fold(value) for value in filters.get(key, ())} for key in KEYS}
    facets = []
    counts: dict[tuple[str, str], int] = {}
    for key in KEYS:
        counted = Counter(
            value for row in rows[key] for name, value in held.pairs[row] if name == key
        )
        counts |= {(key, fold(value)): n for value, n in counted.items()}
        options = [
            Chip(key, value, label_of(key, value, language, held), n, fold(value) in picked[key])
            for value, n in counted.items()
        ]
        facets.append(Facet(key, tuple(_sorted(key, options)[:MOST_OPTIONS])))
    chosen = tuple(
        Chip(key, value, label_of(key, value, language, held), counts.get((key, fold(value)), 0),
             chosen=True)
        for key, value in pairs_of(filters)
    )  # fmt: skip
    return Chips(chosen, tuple(facets), len(_matching(store, filters)))


def suggested(
    store: Store, filters: Filters, mentions: Sequence[Mention], language: str
) -> list[Chip]:
    """The filters that a question names and that are not chosen: its places and years, where
    they would leave some documents and not all."""
    named = []
    for mention in mentions:
        if mention.kind == "year":
            named.append(("year", mention.key))
        elif mention.kind == "place" and mention.is_country:
            named.append(("country", mention.key))
        elif mention.kind == "place":
            named.append(("city", mention.key.removeprefix("city:")))
    shown = chips(store, filters, language)
    offered = {
        (chip.key, fold(chip.value)): chip for facet in shown.facets for chip in facet.options
    }
    found = [offered.get((key, fold(value))) for key, value in dict.fromkeys(named)]
    return [chip for chip in found if chip and not chip.chosen and 0 < chip.count < shown.documents]


@dataclass(frozen=True, slots=True)
class _Held:
    """What a store has to filter on: pairs of a document's row, and titles by id."""

    pairs: Mapping[int, Sequence[tuple[str, str]]]
    titles: Mapping[str, str]


_known: weakref.WeakKeyDictionary[Store, _Held] = weakref.WeakKeyDictionary()


def _held(store: Store) -> _Held:
    """Read once a store: it never changes."""
    found = _known.get(store)
    if found is None:
        placed = store.placed_documents()
        found = _Held(
            {row: facets_of(document) for row, document in placed},
            {document.id: document.title for _, document in placed},
        )
        _known[store] = found
    return found


def _matching(store: Store, filters: Filters, but: str = "") -> set[int]:
    """Rows of the documents that match the filters of every key but one."""
    applied = {key: values for key, values in filters.items() if key != but}
    return store.rows_matching(applied) if applied else set(_held(store).pairs)


def _sorted(key: str, options: Sequence[Chip]) -> list[Chip]:
    if key == "year":
        return sorted(options, key=lambda chip: chip.value, reverse=True)
    if key == "document":
        return sorted(options, key=lambda chip: fold(chip.label))
    return sorted(options, key=lambda chip: (-chip.count, fold(chip.label)))


def label_of(key: str, value: str, language: str, held: _Held) -> str:
    """A value in the reader's words; itself where there are none."""
    if key == "country":
        return country_name(value.upper(), language)
    if key == "language":
        return language_name(value.lower(), language)
    if key in ("theme", "kind"):
        return name_of(language, f"{key}s", value)
    if key == "document":
        return held.titles.get(value, value)
    return value
