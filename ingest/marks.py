"""Spans of a page that composing an answer must know: asides and items.

An aside states nothing about the subject and is found but never quoted: headings, table headers,
blocks that list sources by address, licence lines, orders to machines (`rag.evidence.orders`). An
item (of a list, or a row of a table) goes with the sentence that announces its list.
"""

from __future__ import annotations

import re

from ingest.types import CleanPage
from rag.evidence.orders import order_spans

_ADDRESS = re.compile(r"https?://\S+")
_LICENCE = re.compile(r"\bCC[ -]BY\b|\bLicen[cs]e\s*:|\bLicence\s*:", re.IGNORECASE)
_SHORT = 200  # characters of a line that can be a licence line


def asides(page: CleanPage, language: str = "en") -> tuple[tuple[int, int], ...]:
    """(start, end) spans of `page.text`, in order."""
    found: list[tuple[int, int]] = []
    for kind, _, start, end in page.blocks:
        if kind in ("heading", "table_header") or _is_aside(page.text[start:end]):
            found.append((start, end))
        else:
            orders = order_spans(page.text[start:end], language)
            found += [(start + a, start + b) for a, b in orders]
    return tuple(found)


def _is_aside(text: str) -> bool:
    if len(text) <= _SHORT and _LICENCE.search(text):
        return True
    addresses = _ADDRESS.findall(text)
    return bool(addresses) and sum(map(len, addresses)) > 0.3 * len(text)


def items(page: CleanPage, language: str = "en") -> tuple[tuple[int, int], ...]:
    """(start, end) spans of list items and table rows, in order; none that gives an order."""
    return tuple(
        (start, end)
        for kind, _, start, end in page.blocks
        if kind in ("list_item", "table_row") and not order_spans(page.text[start:end], language)
    )


def orders(page: CleanPage, language: str = "en") -> int:
    """How many blocks give orders to a machine."""
    return sum(
        bool(order_spans(page.text[start:end], language)) for _, _, start, end in page.blocks
    )
