"""Lines of a PDF with their place and font size, joined into headings, paragraphs and items.

Knows no PDF library. Coordinates are points from the bottom left of the page;
size 0 means that the place is unknown, and only the words are used then.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from statistics import median

from ingest.furniture import DEPTH, furniture_key, repeated_keys
from ingest.pdf_quality import has_rtl
from ingest.types import Block, BlockKind

HYPHEN = "\u00ad"  # ends a line whose last word was cut
HEADING_RATIO = 1.12  # to the body's size
MAX_HEADING = 160  # characters
SAME_LINE = 0.85  # share of letters that two readings of one line have in common at least
NEAR = 25  # how many placed lines are looked at for one line of unknown place

_BULLETS = "•●▪◦‣■□○–—*·\uf0b7\uf0a7\uf0d8\uf02d\uf076"
_LIST_START = re.compile(
    rf"(?:[{_BULLETS}]\s|-\s|\(?\d{{1,3}}[.)]\s|\(?[a-zA-Z][.)]\s|"
    r"[^\W\d_]?\d+(?:\.\d+)+\.?\s)"
)
_BULLET = re.compile(rf"(?:[{_BULLETS}]|-)\s+")
_LEADER = re.compile(r"(?:\.\s?){5,}|…{2,}")
_ENDED = re.compile(r"[.!?:;؟۔…][\"'”’»)\]]*$")
_NO_HEADING_END = re.compile(r"[.,;،؛]$")
_WORD = re.compile(r"[^\W\d_]+")
_FIGURE = re.compile(r"\d.*\s.*\d|✓")
_LAST_WORD = re.compile(r"([^\W\d_]+)-$")
_FIRST_WORD = re.compile(r"[^\W\d_]+")


@dataclass(frozen=True, slots=True)
class Line:
    """One printed line. `bottom` is its baseline box's lower edge; `size` 0: place unknown."""

    text: str
    size: float = 0.0
    bold: bool = False
    left: float = 0.0
    right: float = 0.0
    bottom: float = 0.0


@dataclass(frozen=True, slots=True)
class _Style:
    """What is usual in this document."""

    body: float
    levels: Mapping[float, int]  # heading size -> level
    words: frozenset[str]  # lower case, to judge hyphens
    furniture: frozenset[str]


def pages_to_blocks(
    pages: Sequence[Sequence[Line]], outline: Mapping[tuple[int, str], int]
) -> list[tuple[Block, ...]]:
    """Blocks of each page. `outline` maps (page index, `title_key`) to a bookmark's level."""
    style = _style(pages)
    blocks = []
    for index, page in enumerate(pages):
        marks = {key: level for (at, key), level in outline.items() if at == index}
        blocks.append(tuple(_page_blocks(_same_rows(page), style, marks)))
    return blocks


def with_places(lines: list[Line], placed: list[Line]) -> list[Line]:
    """Lines of unknown place, with that of the placed line which has most of their letters."""
    unused = [(Counter(re.findall(r"\w", line.text)), line) for line in placed]
    result: list[Line] = []
    for line in lines:
        letters = Counter(re.findall(r"\w", line.text))
        best = max(
            range(min(len(unused), NEAR)),
            default=None,
            key=lambda index: _overlap(letters, unused[index][0]),
        )
        if best is None or _overlap(letters, unused[best][0]) < SAME_LINE:
            result.append(line)
            continue
        result.append(replace(unused[best][1], text=line.text))
        del unused[best]
    return result


def _overlap(a: Counter[str], b: Counter[str]) -> float:
    """Share of the longer line's letters that both have."""
    return (a & b).total() / max(1, a.total(), b.total())


def title_key(text: str) -> str:
    """Letters and digits only, so that bookmarks match the printed heading."""
    return re.sub(r"\W+", "", text).lower()


def _style(pages: Sequence[Sequence[Line]]) -> _Style:
    amount: Counter[float] = Counter()
    for page in pages:
        for line in page:
            amount[line.size] += len(line.text)
    body = amount.most_common(1)[0][0] if amount else 0.0
    larger = sorted(
        (size for size in amount if body and size >= HEADING_RATIO * body), reverse=True
    )
    if sum(amount[size] for size in larger) > 0.4 * amount.total():
        larger = []
    words = frozenset(word for page in pages for word in _whole_words(page))
    keys = repeated_keys([[line.text for line in page] for page in pages])
    levels = {size: min(6, level) for level, size in enumerate(larger, 1)}
    return _Style(body, levels, words, keys)


def _whole_words(page: Sequence[Line]) -> Iterator[str]:
    """The page's words in lower case, without those that a line's end has cut in two."""
    was_cut = False
    for line in page:
        words = _WORD.findall(line.text.lower())
        is_cut = line.text.endswith(("-", HYPHEN))
        yield from words[was_cut : len(words) - is_cut]
        was_cut = is_cut


def _same_rows(page: Sequence[Line]) -> list[Line]:
    """Superscripts and table cells that the reader set on lines of their own, joined to theirs."""
    rows: list[Line] = []
    for line in page:
        last = rows[-1] if rows else None
        if last and last.size and line.size and _on_row(last, line):
            apart = max(line.left - last.right, last.left - line.right)
            gap = " " if apart > 0.15 * last.size else ""
            size, bottom = max((last.size, last.bottom), (line.size, line.bottom))
            rows[-1] = Line(
                last.text + gap + line.text,
                size,
                last.bold and line.bold,
                min(last.left, line.left),
                max(last.right, line.right),
                bottom,
            )
        else:
            rows.append(line)
    return rows


def _on_row(a: Line, b: Line) -> bool:
    overlap = min(a.bottom + a.size, b.bottom + b.size) - max(a.bottom, b.bottom)
    apart = max(b.left - a.right, a.left - b.right)  # right-to-left rows go on to the left
    return overlap > 0.5 * min(a.size, b.size) and -1 <= apart < 12 * a.size


def _page_blocks(rows: list[Line], style: _Style, marks: Mapping[str, int]) -> list[Block]:
    leading = _leading(rows)
    blocks: list[Block] = []
    group: list[Line] = []
    kind, level = "paragraph", 0

    def close() -> None:
        if group:
            text = _join([line.text for line in group], style.words)
            name: BlockKind = (
                "heading"
                if kind == "heading"
                else "list_item"
                if _LIST_START.match(text)
                else "table_row"
                if kind == "table_row"
                else "paragraph"
            )
            shown = text if name == "heading" else _BULLET.sub("", text, count=1)
            blocks.append(Block(name, shown, level))
            group.clear()

    right = max((line.right for line in rows), default=0.0)
    for index, line in enumerate(rows):
        following = rows[index + 1] if index + 1 < len(rows) else None
        at_edge = index < DEPTH or index >= len(rows) - DEPTH
        is_furniture = at_edge and furniture_key(line.text) in style.furniture
        line_level = 0 if is_furniture else _heading_level(line, following, style, marks)
        line_kind = (
            "furniture"
            if is_furniture
            else "heading"
            if line_level
            else _kind_of(line, group, kind, following)
        )
        alike = line_kind == kind and line_level == level and kind in ("heading", "paragraph")
        joins = group and alike and _continues(group, line, leading, right)
        if not joins:
            close()
        kind, level = line_kind, line_level
        group.append(line)
    close()
    return blocks


def _heading_level(
    line: Line, following: Line | None, style: _Style, marks: Mapping[str, int]
) -> int:
    """The heading's level from 1, or 0: by bookmark, by size, or bold above lighter text."""
    text, level = line.text, 0
    if line.size in style.levels:
        level = style.levels[line.size]
    elif line.bold and following is not None and not following.bold:
        below = following.bottom < line.bottom and len(text) <= 90
        level = min(6, len(style.levels) + 1) if below and not _NO_HEADING_END.search(text) else 0
    if marks and title_key(text) in marks:
        level = min(6, marks[title_key(text)])
    if len(text) > MAX_HEADING or not level or not _WORD.search(text) or _LEADER.search(text):
        return 0
    return level


def _kind_of(line: Line, group: Sequence[Line], kind: str, following: Line | None) -> str:
    """A row of figures is a block of its own, unless a row or a sentence runs through it."""
    if len(line.text) > 100 or not _FIGURE.search(line.text):
        return "paragraph"
    words = line.text.split()
    figures = sum(word[0].isdigit() or word[-1].isdigit() or word == "✓" for word in words)
    if len(words) < 3 or figures < 2 or figures < 0.4 * len(words):
        return "paragraph"
    if following is not None and following.text[:1].islower():
        return "paragraph"
    if kind == "paragraph" and group:
        last = group[-1]
        if last.bottom < line.bottom or (len(last.text) > 50 and not _ENDED.search(last.text)):
            return "paragraph"
    return "table_row"


def _leading(rows: Sequence[Line]) -> float:
    """The usual distance between baselines within a paragraph: the lower half of all distances."""
    gaps = sorted(
        a.bottom - b.bottom
        for a, b in pairwise(rows)
        if a.size and 0.5 * a.size < a.bottom - b.bottom < 3 * a.size
    )
    return median(gaps[: max(1, (len(gaps) + 1) // 2)]) if gaps else 0.0


def _continues(group: Sequence[Line], line: Line, leading: float, right: float) -> bool:
    """Whether this line belongs to the block of the lines before it."""
    last = group[-1]
    if _LIST_START.match(line.text) or _LEADER.search(last.text) or _LEADER.search(line.text):
        return False
    ended = _ENDED.search(last.text) is not None
    if not last.size or not line.size:
        return not ended or len(last.text) > 60
    gap = last.bottom - line.bottom
    if gap <= 0:  # up again: the rest of a table row, or the next column
        beside = line.bottom <= group[0].bottom + 0.5 * line.size and (
            line.left > max(row.right for row in group) - 1
            or line.right < min(row.left for row in group) + 1
        )
        return beside or (not ended and line.text[:1].islower())
    if gap > 1.3 * max(leading, last.size):
        return False
    stopped_early = last.right < right - 0.2 * (right - min(row.left for row in group))
    indented = line.left > last.left + 0.8 * line.size and last.left <= group[0].left
    if ended and (stopped_early or (indented and len(group) > 1)):
        return False
    return not _next_word_had_room(group, line)


def _next_word_had_room(group: Sequence[Line], line: Line) -> bool:
    """Whether this line's first word would have fitted above: then the break was meant."""
    last = group[-1]
    edges = [*group, line]
    if has_rtl(last.text):
        width = max(row.right for row in edges) - min(row.left for row in edges)
        room = last.left - min(row.left for row in edges) - 0.25 * width  # bidi boxes are loose
    else:
        room = max(row.right for row in edges) - last.right
    letter = (last.right - last.left) / max(1, len(last.text))
    return room > 1.3 * letter * len(line.text.split()[0]) + 1.5 * last.size


def _join(lines: Sequence[str], words: frozenset[str]) -> str:
    text = lines[0].strip()
    for line in lines[1:]:
        line = line.strip()
        if not text.endswith(("-", HYPHEN)):
            text += " " + line
            continue
        cut = _LAST_WORD.search(text.replace(HYPHEN, "-")[-60:])
        first = _FIRST_WORD.match(line)
        if cut and first and line[0].islower():
            keep = text.endswith("-") and _is_real_hyphen(cut[1].lower(), first[0].lower(), words)
            text = (text if keep else text[:-1]) + line
        elif text.endswith(HYPHEN):
            text = text[:-1] + "-" + line
        else:
            text += ("" if cut else " ") + line
    return text.rstrip(HYPHEN)


def _is_real_hyphen(before: str, after: str, words: frozenset[str]) -> bool:
    """ "national-" + "local" keeps its hyphen, "opera-" + "tion" does not.

    Joined where the document has the joined word; kept where it has both halves
    as words of their own; joined otherwise, since a half is then no word.
    """
    if before + after in words:
        return False
    return before in words and after in words
