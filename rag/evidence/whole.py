"""Quotations made whole: a row of a table with its table and header, an item with its list and the
sentence that announces it.

Every quotation stays one exact span of its page. Knows no question and no order.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from rag.evidence.candidates import CELLS, Candidate
from rag.evidence.compose import within
from rag.evidence.orders import order_spans
from rag.index.generation import Generation
from rag.types import Page, Quote
from rag.words.sentences import split_sentences

LONGEST = 900  # characters of a table or list that is shown whole for one of its lines
LEADS = 0.7  # of a sentence's probability, for the one before it to stand first in one quotation
Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of a quotation: text, or rows of one table with its header's cells."""

    text: str
    rows: tuple[tuple[str, ...], ...] = ()
    header: tuple[str, ...] = ()  # also where it stands outside of the quotation
    hits: tuple[int, ...] = ()  # the rows that answer, where that is known


def whole(chosen: Sequence[Candidate], generation: Generation) -> list[Candidate]:
    """The chosen in their order, each row and item with all of its table or list where that is not
    long; those that stand in one before them are left out."""
    kept: list[Candidate] = []
    for candidate in chosen:
        longer = _with_neighbours(candidate, generation)
        if not any(within(longer.quote, other.quote) for other in kept):
            kept = [other for other in kept if not within(other.quote, longer.quote)] + [longer]
    return kept


def joined(chosen: Sequence[Candidate], generation: Generation) -> list[Candidate]:
    """The chosen in their order, those that follow each other in one paragraph as one quotation,
    which is as likely as the likeliest of them and stands where that stood."""
    kept: list[Candidate] = []
    for candidate in chosen:
        rest = []
        for other in kept:
            together = _together(other, candidate, generation)
            if together is None:
                rest.append(other)
            else:
                candidate = together
        at = next((n for n, other in enumerate(kept) if other not in rest), len(rest))
        kept = [*rest[:at], candidate, *rest[at:]]
    return kept


def _together(a: Candidate, b: Candidate, generation: Generation) -> Candidate | None:
    """Two quotations of one line with nothing but a blank between, or text in common, as one; None
    for others, a long one, and one with a list of its own: it speaks of another matter."""
    earlier, later = sorted((a, b), key=lambda c: c.quote.start)
    first, second = earlier.quote, later.quote
    if earlier.score < LEADS * later.score:
        return None  # the better one is to stand first
    if (first.document_id, first.page) != (second.document_id, second.page):
        return None
    page = generation.store.page_of(first.document_id, first.page)
    between = page.text[first.end : second.start]
    end = max(first.end, second.end)
    if between.strip() or end - first.start > LONGEST:
        return None
    if "\n" in page.text[first.start : end]:
        return None
    best = max((a, b), key=lambda c: c.score)
    return replace(best, quote=replace(first, end=end, text=page.text[first.start : end]))


def _with_neighbours(candidate: Candidate, generation: Generation) -> Candidate:
    quote = candidate.quote
    page = generation.store.page_of(quote.document_id, quote.page)
    span = listed_around(page, quote.start, quote.end)
    if span is None:
        return candidate
    start, end = _announced(span, page, candidate.document.language)
    start, end = min(start, quote.start), max(end, quote.end)
    if end - start > LONGEST:
        return candidate
    longer = Quote(quote.document_id, quote.page, start, end, page.text[start:end])
    row = CELLS in quote.text and longer != quote
    answer = (quote.start, quote.end) if row else candidate.answer
    return replace(candidate, quote=longer, answer=answer)


def listed_around(page: Page, start: int, end: int) -> Span | None:
    """The list or table, with its header, that a text of a page stands in; None where it stands in
    none, or in more than one."""
    at = [n for n, (a, b) in enumerate(page.items) if a < end and start < b]
    if not at or page.items[at[0]][0] > start or page.items[at[-1]][1] < end:
        return None
    first, last = at[0], at[-1]
    while first > 0 and _is_next(page, page.items[first - 1], page.items[first]):
        first -= 1
    while last + 1 < len(page.items) and _is_next(page, page.items[last], page.items[last + 1]):
        last += 1
    header = header_of(page, page.items[first][0])
    return (header or page.items[first])[0], page.items[last][1]


def header_of(page: Page, start: int) -> Span | None:
    """The header of the table whose row begins at `start`, in the lines above it; none that gives
    an order to a machine."""
    items, asides = set(page.items), set(page.asides)
    while start > 0:
        above = page.text.rfind("\n", 0, start - 1) + 1
        line = (above, start - 1)
        if CELLS not in page.text[slice(*line)]:
            return None
        if line in asides:
            return line if not order_spans(page.text[slice(*line)]) else None
        if line not in items:
            return None
        start = above
    return None


def listed(quote: Quote, page: Page, answer: Span = (0, 0)) -> list[Part]:
    """A quotation as its stretches of text and of tables, in order; `answer` is the place of the
    words that answer."""
    items, asides = set(page.items), set(page.asides)
    parts: list[Part] = []
    at = quote.start
    table_end = -2  # of the row before
    for line in quote.text.split("\n"):
        span = (at, at + len(line))
        at = span[1] + 1
        cells = tuple(cell.strip() for cell in line.split(CELLS))
        if len(cells) > 1 and span in items:
            within = parts and parts[-1].rows and span[0] == table_end + 1
            if not within:
                header = header_of(page, span[0])
                names = tuple(page.text[slice(*header)].split(CELLS)) if header else ()
                parts.append(Part("", (), names))
            table_end = span[1]
            table = parts[-1]
            met = span[0] < answer[1] and answer[0] < span[1]
            hits = (*table.hits, len(table.rows)) if met else table.hits
            parts[-1] = replace(table, rows=(*table.rows, cells), hits=hits)
        elif len(cells) > 1 and span in asides:
            continue  # the header, said with its rows
        elif parts and not parts[-1].rows:
            parts[-1] = Part(f"{parts[-1].text}\n{line}")
        else:
            parts.append(Part(line))
    return [_named(part) for part in parts]


def _named(part: Part) -> Part:
    """Rows under their header's names; without names where a cell may stand under a wrong one, for
    an empty cell leaves no trace in the text."""
    if all(len(row) == len(part.header) for row in part.rows):
        return part
    return replace(part, header=())


def _is_next(page: Page, one: Span, other: Span) -> bool:
    """Whether an item follows another with nothing between, both of lists or both rows."""
    between = page.text[one[1] : other[0]]
    rows = CELLS in page.text[slice(*one)], CELLS in page.text[slice(*other)]
    return not between.strip() and between.count("\n") <= 1 and rows[0] == rows[1]


def _announced(span: Span, page: Page, language: str) -> Span:
    """A list with the sentence right above it, where that announces it."""
    above = page.text[: span[0]].rstrip()
    if not above.endswith(":") or page.text[len(above) : span[0]].count("\n") > 1:
        return span
    line = above.rfind("\n") + 1
    sentences = split_sentences(above[line:], language)
    if not sentences:
        return span
    start = line + sentences[-1][0]
    aside = any(start < b and a < len(above) for a, b in page.asides)
    return span if aside else (start, span[1])
