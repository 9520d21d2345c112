"""A stored page as clean HTML: headings, paragraphs, lists and tables, a span of it marked.

Every character comes from the stored text, in its order; what is marked is exactly the span.
Knows no document and no request.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Literal

from rag.types import Page
from ui.markup import text

LONGEST = 12_000  # characters shown at a time; a format without pages has one of any length
CELLS = " | "  # between the cells of a stored table row
_HEADING = 160  # characters of the longest heading
_ENDED = re.compile(r"[.!:;,؛،۔…]$")  # a heading may ask
_ADDRESS = re.compile(r"https?://")
_NUMBERED = re.compile(r"\(?\w{1,3}(?:\.\d+)*[.)](?=\s)|\d+(?:\.\d+)+\s")

Kind = Literal["heading", "paragraph", "aside", "item", "row", "header"]
Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class _Line:
    """One line of the stored text, which is one block of the source."""

    kind: Kind
    start: int
    end: int


def parts(page: str) -> list[Span]:
    """Spans that a long page is shown in, one after the other, cut between lines or words."""
    found, start = [], 0
    while len(page) - start > LONGEST:
        low, high = start + LONGEST // 2, start + LONGEST
        cut = max(page.rfind("\n", low, high), 0) or max(page.rfind(" ", low, high), 0)
        end = cut + 1 if cut else high
        found.append((start, end))
        start = end
    return [*found, (start, len(page))]


def part_at(page: str, at: int, mark: Span | None) -> int:
    """Which of `parts` holds an offset; one that cuts the marked span is as good as another."""
    wanted = mark[0] if mark and at < 0 else max(at, 0)
    spans = parts(page)
    return next((i for i, (_, end) in enumerate(spans) if wanted < end), len(spans) - 1)


def page_html(page: Page, shown: Span, mark: Span | None, level: int, title: str = "") -> str:
    """What of a page lies in `shown`, and the whole of a marked span that begins in it.

    `level` is that of its headings. The first marked piece has the id "quote". A first line
    that only repeats the `title` over it is left out.
    """
    start, end = shown
    if title and page.text.startswith(f"{title}\n") and start == 0:
        start = len(title) if mark is None or mark[0] > len(title) else 0
    if mark is not None and start <= mark[0] < end < mark[1]:
        end = mark[1]
    lines = [_line(page, *span) for span in _lines(page.text, start, end)]
    return "".join(
        _group(kind, list(group), page.text, mark, level)
        for kind, group in groupby(lines, key=lambda line: _shape(line, page.text))
    )


def _lines(page: str, start: int, end: int) -> Iterator[Span]:
    for match in re.finditer(r"[^\n]+", page[start:end]):
        if match[0].strip():
            yield start + match.start(), start + match.end()


def _line(page: Page, start: int, end: int) -> _Line:
    words = page.text[start:end]
    if any(a <= start and end <= b for a, b in page.asides):
        if CELLS in words:
            return _Line("header", start, end)
        is_heading = (
            len(words) <= _HEADING and not _ADDRESS.search(words) and not _ENDED.search(words)
        )
        return _Line("heading" if is_heading else "aside", start, end)
    if any(a <= start < b for a, b in page.items):
        return _Line("row" if CELLS in words else "item", start, end)
    return _Line("paragraph", start, end)


def _shape(line: _Line, page: str) -> tuple[str, int]:
    """Lines of one shape that follow one another stand together; (name, cells of a row)."""
    if line.kind in ("row", "header"):
        return "table", page[line.start : line.end].count(CELLS) + 1
    return line.kind, 0


def _group(
    shape: tuple[str, int], lines: list[_Line], page: str, mark: Span | None, level: int
) -> str:
    kind, _ = shape
    if kind == "table":
        return _table(lines, page, mark)
    said = [_marked(page, line.start, line.end, mark) for line in lines]
    if kind == "item":
        items = "".join(
            f"<li{_numbered(page[line.start : line.end])}>{words}</li>"
            for line, words in zip(lines, said, strict=True)
        )
        return f"<ul>{items}</ul>"
    if kind == "heading":
        return "".join(f"<h{level}>{words}</h{level}>" for words in said)
    of = ' class="sanad-aside"' if kind == "aside" else ""
    return "".join(f"<p{of}>{words}</p>" for words in said)


def _numbered(words: str) -> str:
    return ' class="sanad-numbered"' if _NUMBERED.match(words) else ""


def _table(lines: list[_Line], page: str, mark: Span | None) -> str:
    rows = ""
    for line in lines:
        name = "th" if line.kind == "header" else "td"
        cells = "".join(
            f"<{name}>{_marked(page, start, end, mark)}</{name}>"
            for start, end in _cells(page, line.start, line.end)
        )
        rows += f"<tr>{cells}</tr>"
    return f'<div class="sanad-wide"><table>{rows}</table></div>'


def _cells(page: str, start: int, end: int) -> Iterator[Span]:
    at = start
    for cell in page[start:end].split(CELLS):
        yield at, at + len(cell)
        at += len(cell) + len(CELLS)


def _marked(page: str, low: int, high: int, mark: Span | None) -> str:
    """page[low:high] as HTML, what of it lies in the span marked."""
    first, last = mark or (low, low)
    a, b = min(max(first, low), high), max(min(last, high), low)
    if a >= b:
        return text(page[low:high])
    name = ' id="quote"' if a == first else ""
    return f"{text(page[low:a])}<mark{name}>{text(page[a:b])}</mark>{text(page[b:high])}"
