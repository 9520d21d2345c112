"""What ingestion passes from step to step. Frozen; imports only the vocabulary.

A file is read into blocks (structure as the reader saw it), cleaned into pages
with an offset map, described, split and stored.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

BlockKind = Literal["heading", "paragraph", "list_item", "table_row", "table_header"]


@dataclass(frozen=True, slots=True)
class Block:
    """One structural unit of a page: its text never contains a line break.

    A table row's cells are joined by " | ". `level` is the heading depth from 1
    (0 for everything that is not a heading).
    """

    kind: BlockKind
    text: str
    level: int = 0


@dataclass(frozen=True, slots=True)
class RawPage:
    """One page as a reader returned it, before cleaning."""

    number: int  # physical, from 1
    blocks: tuple[Block, ...]
    label: str = ""


@dataclass(frozen=True, slots=True)
class RawDocument:
    """What a reader got out of one file."""

    pages: tuple[RawPage, ...]
    metadata: dict[str, object] = field(default_factory=dict)  # front matter, <meta>, PDF info
    reader: str = ""  # which reader's text was kept, e.g. "pypdf", "pypdfium2", "trafilatura"
    notes: tuple[str, ...] = ()  # e.g. "kept pypdf over pypdfium2: 0.93 against 0.61"


@dataclass(frozen=True, slots=True)
class Removal:
    """Something cleaning took out, and why."""

    page: int
    reason: str  # e.g. "icon-font line", "repeated page header"
    text: str


@dataclass(frozen=True, slots=True)
class CleanPage:
    """A cleaned page: `text` is what is stored and quoted.

    `blocks` lists (kind, level, start, end) in order; `text[start:end]` is the
    block's text and blocks are separated by one "\\n". `offsets[i]` is the index
    in the raw page (its block texts joined by "\\n") of the character that
    became `text[i]`; a character that was inserted carries the offset of the
    character after it.
    """

    number: int
    label: str
    text: str
    blocks: tuple[tuple[BlockKind, int, int, int], ...]
    offsets: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class CleanDocument:
    """A cleaned document, and the account of what was removed."""

    pages: tuple[CleanPage, ...]
    removals: tuple[Removal, ...] = ()
    machine_translated: bool = False
    has_lost_links: bool = False
    labelled_dates: tuple[tuple[str, str], ...] = ()  # ("published" | "updated", ISO date)
