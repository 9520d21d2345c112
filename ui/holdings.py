"""What the collection holds, in the reader's words. Knows no screen: returns strings."""

from __future__ import annotations

from rag.index.store import Store
from rag.wording import (
    format_date,
    locale_of,
    say,
)


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
