"""A note as a sequence of blocks with footnotes: what is written, in which order and in whose
words. The renderers (`markdown`, `docx`, `pdf`) only set it.

Nothing here is escaped, and no renderer adds a word. Knows no file format.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Literal

from rag.types import SourceDocument
from rag.wording import (
    attribution,
    format_date,
    language_name,
    say,
)
from ui.markup import address_of, direction
from ui.note.note import Held, Item, Note, Quotation, Said
from ui.reader.deep_link import deep_link
from ui.reader.place import Asked, Place, check_of
from ui.reader.place import address as reader_address
from ui.said_html import EXTRACTIVE

Kind = Literal[
    "title", "date", "introduction", "question", "label", "quote", "from", "written",
    "own", "gone", "comment", "heading", "source", "about",
]  # fmt: skip
Style = Literal["", "title", "link"]
MARKS = {"ar": "«»", "es": "«»", "fr": ("«\u202f", "\u202f»"), "de": "„“", "it": "«»"}
LEFT_TO_RIGHT, RIGHT_TO_LEFT = "\u200e", "\u200f"
PLACE = "\ue000"  # a private character: no text of ours has it


@dataclass(frozen=True, slots=True)
class Run:
    """A piece of a line in one language."""

    text: str
    language: str = ""  # empty: that of its block
    style: Style = ""
    href: str = ""  # an http or https address


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph. `notes` are numbers of footnotes that stand at its end, from 1."""

    kind: Kind
    runs: tuple[Run, ...]
    language: str
    notes: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Paper:
    """A whole note."""

    title: str
    language: str
    date: str  # ISO 8601
    blocks: tuple[Block, ...]
    footnotes: tuple[tuple[Run, ...], ...]  # number n is at n - 1


@dataclass(slots=True)
class _Setting:
    """A note on its way to paper."""

    note: Note
    blocks: list[Block] = field(default_factory=list)
    footnotes: list[tuple[Run, ...]] = field(default_factory=list)

    def add(self, kind: Kind, *runs: Run, language: str = "", notes: Sequence[int] = ()) -> None:
        self.blocks.append(Block(kind, runs, language or self.note.language, tuple(notes)))

    def add_words(self, kind: Kind, words: str, language: str = "") -> None:
        """A paragraph of each part of the author's words that an empty line ends."""
        for part in filter(None, (part.strip() for part in words.split("\n\n"))):
            self.add(kind, Run(part), language=language)

    def footnote(self, runs: Iterable[Run]) -> int:
        self.footnotes.append(tuple(runs))
        return len(self.footnotes)


def paper_of(note: Note) -> Paper:
    """The note as blocks: head, a section a kept answer, sources, how it was made."""
    title = title_of(note)
    setting = _Setting(note)
    setting.add("title", Run(title), language="und")
    setting.add("date", Run(format_date(note.date, note.language)))
    setting.add_words("introduction", note.introduction, "und")
    for item in note.items:
        _section(setting, item)
    _sources(setting)
    _about(setting, title)
    return Paper(title, note.language, note.date, tuple(setting.blocks), tuple(setting.footnotes))


def title_of(note: Note) -> str:
    """The author's title, or our word for one."""
    return " ".join(note.title.split()) or say(note.language, "note.name")


def _section(setting: _Setting, item: Item) -> None:
    """A question, who answers it, the sentences that were not left out, the comment."""
    setting.add("question", Run(" ".join(item.question.split())), language="und")
    shown = [said for said in item.said if said.included]
    if shown:
        setting.add("label", Run(label_of(item, setting.note.language)))
    for document_id, group in groupby(shown, key=_document_of):
        sentences = list(group)
        for said in sentences:
            _sentence(setting, said)
        if document_id:
            document = sentences[0].rests_on[0].document
            setting.add("from", *attributed(document, setting.note.language))
    if item.comment:
        setting.add("label", Run(say(setting.note.language, "note.comment_by")))
        setting.add_words("comment", item.comment, "und")


def label_of(item: Item, language: str) -> str:
    """Who answers."""
    if item.mode == EXTRACTIVE:
        return say(language, "answer.quoted_from_documents")
    if item.confirmed:
        return say(language, "answer.written_by", model=item.mode)
    return say(language, "note.unconfirmed")


def _document_of(said: Said) -> str:
    """The document under whose name a quotation stands; empty for other sentences."""
    return said.rests_on[0].document.id if said.speaker == "documents" else ""


def _sentence(setting: _Setting, said: Said) -> None:
    language = setting.note.language
    notes = [
        setting.footnote(footnote_of(each, setting.note, quoted=said.speaker != "documents"))
        for each in said.rests_on
    ]
    gone = say(language, "note.gone")
    if said.speaker == "gone":
        setting.add("gone", Run(gone))
        return
    if said.lost:
        notes.append(setting.footnote([Run(gone)]))
    if said.speaker == "documents":
        setting.add("quote", Run(in_marks(said.text, said.language)), language=said.language,
                    notes=notes)  # fmt: skip
    else:
        kind: Kind = "written" if said.speaker == "model" else "own"
        setting.add(kind, Run(said.text), language=said.language or "und", notes=notes)


def in_marks(words: str, language: str) -> str:
    """Words in the quotation marks of their language."""
    before, after = MARKS.get(language, "“”")
    return f"{before}{words.strip()}{after}"


def attributed(document: SourceDocument, language: str) -> list[Run]:
    """The line under a quotation: who says so and when."""
    return _with_title(attribution(document, language), document, language)


def _with_title(words: str, document: SourceDocument, language: str) -> list[Run]:
    """Words of ours with a document's title in them, which has its own language."""
    before, found, after = words.partition(document.title)
    if not found:
        return [Run(words)]
    title = Run(document.title, document.language or "und", "title")
    runs = [Run(before), title, Run(_mark(language) + after if after else "")]
    return [run for run in runs if run.text]


def _mark(language: str) -> str:
    """A mark of direction. A date after a title in another script would else go over to it."""
    return RIGHT_TO_LEFT if direction(language) == "rtl" else LEFT_TO_RIGHT


def _between(language: str) -> str:
    """What stands between two facts."""
    return f" · {_mark(language)}"


# Footnotes and sources


def footnote_of(quotation: Quotation, note: Note, *, quoted: bool) -> list[Run]:
    """Where a quotation stands: the words where they stand nowhere else in the note, title,
    publisher, date, language, page, address, marks, and when it was stored."""
    document = quotation.document
    runs = []
    if quoted:
        mark = _mark(document.language)
        words = f"{mark}{in_marks(quotation.text, document.language)}{mark}"
        runs = [Run(words, document.language or "und"), Run(f" {_mark(note.language)}")]
    page = page_words(quotation, note.language)
    runs += _described(document, note.language, page, _address(quotation, note))
    stored = say(note.language, "note.stored", date=format_date(note.held.date, note.language))
    return [*runs, Run(f"{_between(note.language)}{stored}.")]


def page_words(quotation: Quotation, language: str) -> str:
    """The page, where the document has pages a reader can turn to; else empty."""
    page = quotation.page
    paged = quotation.document.media_type == "application/pdf" or page.number > 1 or page.label
    return say(language, "answer.page", page=page.label or str(page.number)) if paged else ""


def _address(quotation: Quotation, note: Note) -> str:
    """Where the quotation can be read: at its source, else in our reader."""
    address = deep_link(quotation.document, quotation.page.number, quotation.text)
    own = f"{note.home}{note.language}/{in_reader(quotation, note)}" if note.home else ""
    return address or own


def in_reader(quotation: Quotation, note: Note) -> str:
    """Where our reader opens at a quotation, relative to the pages of a language."""
    place = Place(
        quotation.document.id, quotation.page.number, quotation.start, quotation.end,
        check_of(quotation.text),
    )  # fmt: skip
    return reader_address(Asked(place, generation=note.held.generation))


def _described(
    document: SourceDocument, language: str, page: str = "", address: str = ""
) -> list[Run]:
    """Title and facts of a document, its address last, which leads to the exact `address`; its
    file where it has none."""
    between = _between(language)
    facts = [
        document.publisher,
        format_date(document.date, language) if document.date else "",
        "" if document.language in ("", "und") else language_name(document.language, language),
        page,
    ]
    if document.machine_translated:
        facts.append(say(language, "answer.machine_translated"))
    if document.scanned_pages:
        facts.append(say(language, "answer.scanned"))
    if document.superseded_by:
        facts.append(say(language, "answer.superseded"))
    runs = [Run(document.title, document.language or "und", "title")]
    runs += [Run(f"{between}{fact}") for fact in facts if fact]
    shown, address = address_of(document.url), address_of(address or document.url)
    if shown:
        return [*runs, Run(between), Run(shown, "en", "link", address)]
    file = Run(document.id, "en", "link" if address else "", address)
    return [*runs, Run(f"{between}{say(language, 'note.file')} "), file]


def _sources(setting: _Setting) -> None:
    """Every document once, in the order they are first quoted."""
    used = {
        quotation.document.id: quotation.document
        for item in setting.note.items
        for said in item.said
        if said.included
        for quotation in said.rests_on
    }
    if not used:
        return
    setting.add("heading", Run(say(setting.note.language, "answer.sources")))
    for document in used.values():
        setting.add("source", *_described(document, setting.note.language))


def _about(setting: _Setting, title: str) -> None:
    note = setting.note
    language = note.language
    setting.add("heading", Run(say(language, "note.about")))
    setting.add("about", Run(collection_words(note.held, language)))
    shown = {said.speaker for item in note.items for said in item.said if said.included}
    told = [say(language, "note.how_quoted")]
    if "model" in shown:
        told.append(say(language, "note.how_written"))
    told.append(say(language, "note.how_own"))
    setting.add("about", Run(" ".join(told)))
    before, after = say(language, "note.cite", title=PLACE, **_cited(note)).split(PLACE)
    setting.add("about", Run(before), Run(title, "und", "title"), Run(after))


def _cited(note: Note) -> dict[str, object]:
    return {
        "date": format_date(note.date, note.language),
        "collection": format_date(note.held.date, note.language),
        "generation": note.held.generation,
    }


def collection_words(held: Held, language: str) -> str:
    """Which state of the collection a note was made from."""
    return say(
        language,
        "note.collection",
        date=format_date(held.date, language),
        documents=say(language, "count.documents", n=held.documents),
        generation=held.generation,
    )
