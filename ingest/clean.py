"""Takes the noise out of a raw document and keeps the account of it.

Characters are normalised, page furniture and site chrome are removed with a
reason, and every kept character knows where in the raw page it came from.
Sponsors and disclaimers stay: readers ask about both. Knows no file format; the
patterns are data (`noise.toml`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from ingest.dates import find_dates
from ingest.furniture import furniture_at, repeated_keys
from ingest.noise import Noise, noise
from ingest.normalise import normalise
from ingest.types import Block, BlockKind, CleanDocument, CleanPage, RawDocument, Removal
from rag.words.hidden import visible

ADDRESS_HIDDEN = "(address hidden)"
HIDDEN = "hidden characters"  # reason, before their kind; counted in lines that held them
MAX_DATE = 40  # characters of a line that is nothing but a date
WEB_READERS = frozenset({"plain", "trafilatura", "lxml"})  # plain text is mostly copied pages

_EMAIL = re.compile(r"\(\[e-?mail\s+protected\]\)|\[e-?mail\s+protected\]", re.I)
_LEADER = re.compile(r"(?:(?:\.\s?){4,}|…\s?…).{0,12}$")
_DATE_LANGUAGES = ("en", "ar", "fr", "es")
_PROSE = ("heading", "paragraph")
_BARE_NUMBER = re.compile(r"\d{1,4}")


@dataclass(frozen=True, slots=True)
class _Piece:
    """A block on its way through the rules: normalised, with its place in the raw page."""

    page: int  # number
    start: int  # of the block in the raw page
    kind: BlockKind
    level: int
    text: str
    offsets: Sequence[int]  # within the block
    raw: str


@dataclass(slots=True)
class _Findings:
    """What the rules noticed."""

    removals: list[tuple[int, int, Removal]]  # (page, place in the raw page, removal)
    dates: list[tuple[str, str]]
    machine_translated: bool = False
    has_lost_links: bool = False
    from_web: bool = False

    def remove(self, piece: _Piece, reason: str) -> None:
        self.removals.append((piece.page, piece.start, Removal(piece.page, reason, piece.raw)))


_Rule = Callable[[list[_Piece], Noise, _Findings], list[_Piece]]


def clean(raw: RawDocument) -> CleanDocument:
    """The document as it is stored and quoted, and what was taken out of it."""
    found = _Findings([], [], from_web=raw.reader in WEB_READERS)
    pieces = _normalised(raw, found)
    if len(raw.pages) > 1:
        pieces = _without_furniture(pieces, found)
    else:
        pieces = _without_bare_numbers(pieces, found)
    rules: tuple[_Rule, ...] = (_take_dates, _drop_lines, _drop_lost_links, _drop_empty_lists)
    for rule in rules:
        pieces = rule(pieces, noise(), found)
    pieces = [_hide_addresses(piece) for piece in pieces]
    return CleanDocument(
        pages=tuple(
            _page(page.number, page.label, [p for p in pieces if p.page == page.number])
            for page in raw.pages
        ),
        removals=tuple(entry[2] for entry in sorted(found.removals, key=lambda entry: entry[:2])),
        machine_translated=found.machine_translated,
        has_lost_links=found.has_lost_links,
        labelled_dates=tuple(dict.fromkeys(found.dates)),
    )


def raw_text(blocks: Sequence[Block]) -> str:
    """The raw page that offsets point into."""
    return "\n".join(block.text for block in blocks)


def _normalised(raw: RawDocument, found: _Findings) -> list[_Piece]:
    pieces = []
    for page in raw.pages:
        start = 0
        for block in page.blocks:
            text, offsets = normalise(block.text)
            piece = _Piece(page.number, start, block.kind, block.level, text, offsets, block.text)
            hidden = visible(block.text)[1]
            for kind in hidden:
                found.remove(piece, f"{HIDDEN}: {kind}")
            if text:
                pieces.append(piece)
            elif block.text.strip() and not hidden:
                found.remove(piece, "invisible characters only")
            start += len(block.text) + 1
    return pieces


def _without_furniture(pieces: list[_Piece], found: _Findings) -> list[_Piece]:
    """Drop running heads, feet and page numbers."""
    pages: dict[int, list[_Piece]] = {}
    for piece in pieces:
        pages.setdefault(piece.page, []).append(piece)
    keys = repeated_keys([[piece.text for piece in page] for page in pages.values()])
    if not keys:
        return pieces
    kept: list[_Piece] = []
    for page in pages.values():
        furniture = furniture_at([piece.text for piece in page], keys)
        for index, piece in enumerate(page):
            if index in furniture:
                found.remove(piece, "repeated page header or footer")
            else:
                kept.append(piece)
    return kept


def _without_bare_numbers(pieces: list[_Piece], found: _Findings) -> list[_Piece]:
    """A counter left over from a widget; rows of tables are another kind of block."""
    kept = []
    for piece in pieces:
        if piece.kind == "paragraph" and _BARE_NUMBER.fullmatch(piece.text):
            found.remove(piece, "number on its own")
        else:
            kept.append(piece)
    return kept


def _take_dates(pieces: list[_Piece], table: Noise, found: _Findings) -> list[_Piece]:
    """Labelled dates, with the date on the line or in the next block, become metadata."""
    kept: list[_Piece] = []
    index = 0
    while index < len(pieces):
        piece = pieces[index]
        kind, value = _labelled(piece.text, table)
        taken = 1 if kind else 0
        if kind and not value and index + 1 < len(pieces):
            value = whole_date(pieces[index + 1].text)
            taken += bool(value)
        if kind and value:
            found.dates.append((kind, value))
            for part in pieces[index : index + taken]:
                found.remove(part, f"label: {kind}")
            index += taken
        else:
            kept.append(piece)
            index += 1
    return kept


def _labelled(text: str, table: Noise) -> tuple[str, str]:
    """("published", ISO date or "") where the line is a date's label; ("", "") otherwise."""
    if len(text) < 70:
        for kind, pattern in table.dates:
            match = pattern.match(text)
            rest = text[match.end() :].strip(" :") if match else ""
            if match and (not rest or whole_date(rest)):
                return kind, whole_date(rest)
    return "", ""


def whole_date(text: str) -> str:
    """A text that is a date and nothing else, as ISO 8601; "" for anything else."""
    if 8 <= len(text) <= MAX_DATE:
        for language in _DATE_LANGUAGES:
            for date in find_dates(text, language):
                if date.end - date.start >= len(text) - 2:
                    return date.iso
    return ""


def _drop_lines(pieces: list[_Piece], table: Noise, found: _Findings) -> list[_Piece]:
    kept = []
    for piece in pieces:
        in_table = piece.kind in ("table_row", "table_header")
        reason = "" if in_table else table.reason(piece.text, found.from_web)
        short = len(piece.text) <= table.translation_length
        if short and table.translation.fullmatch(piece.text):
            found.machine_translated = True
            reason = "translation plug-in notice"
        elif len(piece.text) < 400 and _LEADER.search(piece.text):
            reason = "line of a table of contents"
        if reason:
            found.remove(piece, reason)
        else:
            kept.append(piece)
    return kept


def _drop_lost_links(pieces: list[_Piece], table: Noise, found: _Findings) -> list[_Piece]:
    """Announcements of a list that is not there, judged from the end of the document."""
    kept: list[_Piece] = []
    below_is_lost = True  # nothing follows the last block
    following: _Piece | None = None
    for piece in reversed(pieces):
        announces = (
            piece.kind in _PROSE
            and piece.text.endswith((":", "："))
            and len(piece.text) <= table.lost_links_length
        )
        known = announces and table.lost_links.fullmatch(piece.text) is not None
        has_list = following is not None and following.kind not in _PROSE
        if announces and not has_list and (known or below_is_lost):
            found.remove(piece, "lost link")
            found.has_lost_links = True
            below_is_lost = True
        else:
            kept.append(piece)
            below_is_lost = False
            following = piece
    return kept[::-1]


def _drop_empty_lists(pieces: list[_Piece], table: Noise, found: _Findings) -> list[_Piece]:
    kept = []
    for index, piece in enumerate(pieces):
        following = pieces[index + 1].kind if index + 1 < len(pieces) else ""
        if table.lists.fullmatch(piece.text.rstrip(" :")) and following != "list_item":
            found.remove(piece, "heading of a lost list")
        else:
            kept.append(piece)
    return kept


def _hide_addresses(piece: _Piece) -> _Piece:
    """ "[email protected]" as a page shows it to machines, in words."""
    text, position = "", 0
    offsets: list[int] = []
    for match in _EMAIL.finditer(piece.text):
        text += piece.text[position : match.start()] + ADDRESS_HIDDEN
        offsets += piece.offsets[position : match.start()]
        offsets += [piece.offsets[match.start()]] * len(ADDRESS_HIDDEN)
        position = match.end()
    if not position:
        return piece
    text += piece.text[position:]
    return replace(piece, text=text, offsets=[*offsets, *piece.offsets[position:]])


def _page(number: int, label: str, pieces: Sequence[_Piece]) -> CleanPage:
    text: list[str] = []
    blocks: list[tuple[BlockKind, int, int, int]] = []
    offsets: list[int] = []
    at = 0
    for piece in pieces:
        if blocks:
            text.append("\n")
            offsets.append(piece.start - 1)
            at += 1
        blocks.append((piece.kind, piece.level, at, at + len(piece.text)))
        text.append(piece.text)
        offsets += [piece.start + offset for offset in piece.offsets]
        at += len(piece.text)
    return CleanPage(number, label, "".join(text), tuple(blocks), tuple(offsets))
