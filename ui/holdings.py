"""What the collection holds, in the reader's words: the scope line and the filters.

Knows no screen: returns strings and (label, value) pairs.
"""

from __future__ import annotations

from collections.abc import Sequence

from rag.index.store import Store
from rag.wording import (
    country_name,
    format_date,
    language_name,
    locale_of,
    name_of,
    number,
    say,
)

FILTER_KEYS = ("language", "country", "year", "kind", "theme", "document")
MOST_DOCUMENTS = 500  # names in the document filter; a longer list serves nobody


def percentage(share: float, language: str) -> str:
    """A share from 0 to 1 as the reader writes it; below one per cent but not none is 1 %."""
    from babel.numbers import format_percent

    shown = max(share, 0.01) if share else 0.0
    return str(format_percent(shown, locale=locale_of(language)))


def scope_line(store: Store, language: str) -> str:
    """How much there is, in which languages, how new, and how much a machine translated."""
    documents = store.documents()
    if not documents:
        return ""
    dates = sorted(document.date for document in documents if document.date)
    codes = [code for code, _ in store.facet_counts("language")]
    translated = sum(document.machine_translated for document in documents)
    return say(
        language,
        "chat.scope",
        documents=say(language, "count.documents", n=len(documents)),
        languages=say(language, "count.languages", n=len(codes)),
        newest=format_date(dates[-1], language) if dates else "?",
        share=percentage(translated / len(documents), language),
    )


def choices(store: Store, key: str, language: str) -> list[tuple[str, str]]:
    """(label with count, value) of one filter: countries and languages by their names,
    newest year first, everything else most frequent first."""
    if key == "document":
        titles = sorted((document.title, document.id) for document in store.documents())
        return titles[:MOST_DOCUMENTS]
    counted = store.facet_counts(key)
    if key == "year":
        counted = sorted(counted, reverse=True)
    return [
        (f"{_named(key, value, language)} ({number(count, language)})", value)
        for value, count in counted
    ]


def _named(key: str, value: str, language: str) -> str:
    if key == "country":
        return country_name(value, language)
    if key == "language":
        return language_name(value, language)
    if key == "theme":
        return name_of(language, "themes", value)
    if key == "kind":
        return name_of(language, "kinds", value)
    return value


def chosen(values: Sequence[Sequence[str] | None]) -> dict[str, list[str]]:
    """Filters from what was picked, in the order of FILTER_KEYS; empty ones left out."""
    picked = zip(FILTER_KEYS, values, strict=True)
    return {key: list(value) for key, value in picked if value}
