"""What one reader made of a PDF, and what the readers share. Imports no PDF library."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from ingest.pdf_lines import Line
from rag.errors import ReadError

MAX_PAGES = 5_000

_PDF_DATE = re.compile(r"D?:?(\d{4})(\d\d)?(\d\d)?")
_INFO = {
    "Title": "title",
    "Author": "author",
    "Subject": "subject",
    "Keywords": "keywords",
    "Creator": "creator",
    "Producer": "producer",
}
_DATES = {"CreationDate": "created", "ModDate": "modified"}


@dataclass(slots=True)
class Reading:
    """What one reader made of the file. Pages are counted from 0."""

    pages: dict[int, list[Line]] = field(default_factory=dict)
    count: int = 0
    labels: dict[int, str] = field(default_factory=dict)
    metadata: dict[str, object] = field(default_factory=dict)
    outline: dict[tuple[int, str], int] = field(default_factory=dict)
    pictures: list[int] = field(default_factory=list)  # pages that are pictures alone
    ordered: set[int] = field(default_factory=set)  # pages whose rows we put in order ourselves

    def text(self, index: int) -> str:
        """The page's lines; empty where the page was not read."""
        return "\n".join(line.text for line in self.pages.get(index, ()))


def check_count(count: int) -> None:
    """Raises ReadError where the file has no pages or too many."""
    if count > MAX_PAGES:
        raise ReadError(f"has {count} pages, more than {MAX_PAGES}")
    if count == 0:
        raise ReadError("is damaged: it has no pages")


def properties(info: dict[str, Any]) -> dict[str, object]:
    """The document information dictionary, its dates as ISO 8601."""
    found: dict[str, object] = {}
    for key, value in info.items():
        key, text = key.lstrip("/"), str(value).strip("\x00 \t\r\n")[:500]
        if key in _INFO and text:
            found[_INFO[key]] = text
        elif key in _DATES and (match := _PDF_DATE.match(text)):
            found[_DATES[key]] = "-".join(part for part in match.groups() if part)
    return found
