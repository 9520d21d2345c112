"""What a briefing note is: kept answers in the author's order, each sentence with what it
rests on in the collection as it is now. Knows no screen and no file format.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from rag.types import Page, SourceDocument

# Who speaks: the documents; a model whose words were checked; the author, who vouches for
# them alone; nobody any more, where a quotation has left the collection.
Speaker = Literal["documents", "model", "author", "gone"]


@dataclass(frozen=True, slots=True)
class Quotation:
    """Words of a document. `page.text[start:end] == text`."""

    text: str
    document: SourceDocument  # without pages
    page: Page
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Said:
    """One sentence of a kept answer."""

    speaker: Speaker
    text: str
    language: str
    rests_on: tuple[Quotation, ...] = ()
    lost: int = 0  # quotations it rested on that the collection no longer holds
    included: bool = True  # the author may leave a sentence out


@dataclass(frozen=True, slots=True)
class Item:
    """One kept answer."""

    question: str
    language: str  # of the answer
    mode: str  # "extractive", or the model that wrote it
    confirmed: bool  # a written answer is the one this server gave; quotations need no word
    earlier: bool  # it was given from another state of the collection
    said: tuple[Said, ...]
    comment: str = ""  # the author's own words
    identity: str = ""  # the browser's name for it


@dataclass(frozen=True, slots=True)
class Held:
    """The collection a note was made from."""

    date: str  # ISO 8601, of its generation
    documents: int
    generation: str


@dataclass(frozen=True, slots=True)
class Note:
    """A note, ready to be set."""

    title: str
    introduction: str  # the author's own words
    items: tuple[Item, ...]
    language: str  # of the interface, for our own words
    date: str  # ISO 8601, of the export
    held: Held
    home: str = ""  # address of our pages, ending in /; empty where others cannot open it
