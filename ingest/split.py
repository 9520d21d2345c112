"""Passages: spans of a page that are worth finding and quoting on their own.

Structure first. A section (what stands under one heading) is packed into
passages of 80 to 200 words at sentence ends, with a preference for paragraph
ends; short neighbours under one parent heading share a passage, headings
included. A sentence is never cut, and a passage never crosses a page. A table
that does not fit goes in groups of rows, its header carried in `headings`.

Knows no format, no index and no model. No splitter of langchain is used: its
last resort, cutting text without punctuation, is done by `rag.words.sentences`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from ingest.types import CleanPage
from rag.types import Passage, SourceDocument
from rag.words.sentences import split_sentences

_DENSE = re.compile("[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_MAX_HEADING = 300  # characters of a heading or table header carried along
TABLE = "table: "


@dataclass(frozen=True, slots=True)
class SplitLimits:
    """Passage sizes in words. One sentence or table row may be longer."""

    min_words: int = 80
    max_words: int = 200


@dataclass(frozen=True, slots=True)
class _Unit:
    """Text that stays whole: a sentence, a table, or a row of a large table."""

    start: int
    end: int
    words: int
    ends_block: bool = True
    opens: bool = False  # ends in a colon: belongs with what follows
    header: str = ""  # of the table, for a row that is on its own


@dataclass(frozen=True, slots=True)
class _Piece:
    """A passage to be."""

    units: tuple[_Unit, ...]
    path: tuple[str, ...]
    heading_start: int  # where the heading above it begins; its own start if there is none

    @property
    def start(self) -> int:
        return self.units[0].start

    @property
    def end(self) -> int:
        return self.units[-1].end

    @property
    def words(self) -> int:
        return sum(unit.words for unit in self.units)

    @property
    def header(self) -> str:
        return self.units[0].header


def split(
    document: SourceDocument, pages: Sequence[CleanPage], limits: SplitLimits | None = None
) -> list[Passage]:
    """The passages of a document in reading order; `page.text[start:end] == text`.

    Every character of a block that is not a heading is in exactly one passage.
    A page of headings only gives one passage of them.
    """
    limits = limits or SplitLimits()
    passages: list[Passage] = []
    stack: list[tuple[int, str]] = []
    for page in pages:
        for piece in _pieces(page, document.language, stack, limits):
            path = (*piece.path, TABLE + piece.header) if piece.header else piece.path
            text = page.text[piece.start : piece.end]
            passages.append(
                Passage(document.id, page.number, piece.start, piece.end, text, path, len(passages))
            )
    return passages


def _pieces(
    page: CleanPage, language: str, stack: list[tuple[int, str]], limits: SplitLimits
) -> list[_Piece]:
    """The page's passages; `stack` holds the headings in force and goes on to the next page."""
    if page.blocks and all(kind == "heading" for kind, *_ in page.blocks):
        for _, level, start, end in page.blocks:
            _enter(stack, level, page.text[start:end])
        start, end = page.blocks[0][2], page.blocks[-1][3]
        return [_Piece((_Unit(start, end, _words(page.text)),), (), start)]
    pieces: list[_Piece] = []
    for section in _sections(page, stack, language, limits):
        pieces += _packed(section, limits)
    return _merged(pieces, page.text, limits)


def _sections(
    page: CleanPage, stack: list[tuple[int, str]], language: str, limits: SplitLimits
) -> Iterator[_Piece]:
    """One piece for each run of blocks under one heading."""
    units: list[_Unit] = []
    heading_start = -1
    bare: tuple[int, int] | None = None  # the heading just met, while nothing follows it
    index = 0
    while index < len(page.blocks):
        kind, level, start, end = page.blocks[index]
        if kind == "heading":
            if bare and level <= stack[-1][0]:  # a heading over nothing is text like any other
                stack.pop()
                units = [_Unit(*bare, _words(page.text[slice(*bare)]))]
                heading_start = -1
            if units:
                yield _section(units, stack, heading_start)
                units, heading_start = [], -1
            heading_start = start if heading_start < 0 else heading_start
            bare = (start, end)
            _enter(stack, level, page.text[start:end])
            index += 1
            continue
        bare = None
        after = _table_end(page, index) if kind in ("table_row", "table_header") else index + 1
        if kind in ("table_row", "table_header"):
            units += _table(page, index, after, limits)
        else:
            units += _sentences(page.text, start, end, language)
        index = after
    if units:
        yield _section(units, stack, heading_start)


def _section(
    units: Sequence[_Unit], stack: Sequence[tuple[int, str]], heading_start: int
) -> _Piece:
    start = heading_start if heading_start >= 0 else units[0].start
    return _Piece(tuple(units), tuple(text for _, text in stack), start)


def _enter(stack: list[tuple[int, str]], level: int, text: str) -> None:
    while stack and stack[-1][0] >= level:
        stack.pop()
    stack.append((level, text[:_MAX_HEADING]))


def _sentences(text: str, start: int, end: int, language: str) -> list[_Unit]:
    spans = split_sentences(text[start:end], language)
    units = [
        _Unit(start + a, start + b, _words(text[start + a : start + b]), ends_block=False)
        for a, b in spans
    ]
    if units:
        last = units[-1]
        opens = text[last.end - 1] in ":："
        units[-1] = replace(last, ends_block=True, opens=opens)
    return units


def _table_end(page: CleanPage, index: int) -> int:
    """Index of the first block after the table that begins at `index`."""
    after = index + 1
    while after < len(page.blocks) and page.blocks[after][0] == "table_row":
        after += 1
    return after


def _table(page: CleanPage, first: int, after: int, limits: SplitLimits) -> list[_Unit]:
    """The table as one unit if it fits, else its rows, each with the header."""
    spans = [(start, end) for _, _, start, end in page.blocks[first:after] if start < end]
    if not spans:
        return []
    whole = _Unit(spans[0][0], spans[-1][1], _words(page.text[spans[0][0] : spans[-1][1]]))
    if whole.words <= limits.max_words:
        return [whole]
    kind, _, start, end = page.blocks[first]
    header = page.text[start:end][:_MAX_HEADING] if kind == "table_header" else ""
    return [_Unit(a, b, _words(page.text[a:b]), header=header) for a, b in spans]


def _packed(section: _Piece, limits: SplitLimits) -> list[_Piece]:
    """Cut a section into pieces of at most `max_words`, the last not too small."""
    groups: list[list[_Unit]] = [[]]
    words = 0
    for unit in section.units:
        group = groups[-1]
        changes = bool(group) and group[-1].header != unit.header
        if group and (words + unit.words > limits.max_words or changes):
            room = 0 if changes else limits.max_words - unit.words
            carried = _carried(group, limits.min_words, room)
            groups.append(carried)
            words = sum(other.words for other in carried)
        groups[-1].append(unit)
        words += unit.words
    if len(groups) > 1:
        groups[-2:] = _balanced(groups[-2], groups[-1], limits)
    pieces = [_Piece(tuple(group), section.path, group[0].start) for group in groups]
    return [replace(pieces[0], heading_start=section.heading_start), *pieces[1:]]


def _carried(group: list[_Unit], keep: int, room: int) -> list[_Unit]:
    """Take from the end of a full group what reads better in the next one: a line that
    introduces a list, or a paragraph begun too late. At least `keep` words stay, at most
    `room` words go."""
    if group[-1].ends_block and not group[-1].opens:
        return []
    taken = 0
    left = sum(unit.words for unit in group)
    for index in range(len(group) - 1, 0, -1):
        taken += group[index].words
        if taken > room or left - taken < keep:
            return []
        if group[index - 1].ends_block and not group[index - 1].opens:
            carried = group[index:]
            del group[index:]
            return carried
    return []


def _balanced(before: list[_Unit], last: list[_Unit], limits: SplitLimits) -> list[list[_Unit]]:
    """Share the units of the last two groups more evenly where the last is too small."""
    sizes = [unit.words for unit in (*before, *last)]
    small = sum(unit.words for unit in last) < limits.min_words
    if not small or before[0].header != last[0].header:
        return [before, last]
    units, total = [*before, *last], sum(sizes)
    if total <= limits.max_words:
        return [units]
    cuts = [
        (abs(2 * sum(sizes[:at]) - total) - (20 if units[at - 1].ends_block else 0), at)
        for at in range(1, len(units))
        if max(sum(sizes[:at]), total - sum(sizes[:at])) <= limits.max_words
        and not units[at - 1].opens
    ]
    at = min(cuts)[1] if cuts else len(before)
    return [units[:at], units[at:]]


def _merged(pieces: list[_Piece], text: str, limits: SplitLimits) -> list[_Piece]:
    """Join short neighbours under one parent; the headings between them come along."""
    merged: list[_Piece] = []
    for piece in pieces:
        before = merged[-1] if merged else None
        if before and (joined := _joined(before, piece, text, limits)):
            merged[-1] = joined
        else:
            merged.append(piece)
    return merged


def _joined(before: _Piece, piece: _Piece, text: str, limits: SplitLimits) -> _Piece | None:
    """Both as one piece if either is short, they are related and the whole fits."""
    if min(before.words, piece.words) >= limits.min_words or before.header or piece.header:
        return None
    same = before.path == piece.path
    headed = before.heading_start < before.start  # its own heading comes along
    siblings = headed and before.path[:-1] == piece.path[:-1]
    below = before.path == piece.path[:-1]
    if not (same or siblings or below):
        return None
    start = before.start if same or below else before.heading_start
    words = _words(text[start : piece.end])
    if words > limits.max_words:
        return None
    path = before.path if same or below else before.path[:-1]
    first = _Unit(start, before.end, words - piece.words)
    return _Piece((first, *piece.units), path, before.heading_start)


def _words(text: str) -> int:
    """Words as white space parts them; two characters to a word in scripts without spaces."""
    words = len(text.split())
    return words if text.isascii() else words + len(_DENSE.findall(text)) // 2
