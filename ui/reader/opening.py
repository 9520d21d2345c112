"""Opens a document at a place: page, marked span, its other languages, its picture.

    live assistant -> document, page, span -> what the pages around it are
    original file -> picture of the page -> boxes

Pure of markup and of HTTP; the pictures come from a child process.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from rag.assistant import Assistant
from rag.index.store import Store
from rag.types import Mistranslation, Page, SourceDocument
from ui.reader import align
from ui.reader.letters import Box
from ui.reader.originals import Originals
from ui.reader.pictures import Picture
from ui.reader.place import Asked, View, span_in
from ui.reader.text_html import Span, part_at, parts

PDF = "application/pdf"


@dataclass(frozen=True, slots=True)
class Drawn:
    """The picture of the page, and where on it the quote stands."""

    width: int
    height: int
    boxes: tuple[Box, ...] = ()


@dataclass(frozen=True, slots=True)
class Opened:
    """A document open at a page."""

    asked: Asked
    document: SourceDocument
    page: Page
    numbers: tuple[int, ...]  # of all pages, in order
    mark: Span | None  # in the page's text
    part: int  # which of the parts a long page is shown in
    notes: tuple[str, ...] = ()  # keys of messages: what a reader must know
    versions: tuple[SourceDocument, ...] = ()  # of the same work, in other languages
    newer: SourceDocument | None = None
    mistranslations: tuple[Mistranslation, ...] = ()
    has_original: bool = False
    drawn: Drawn | None = None

    @property
    def may_be_drawn(self) -> bool:
        """Whether the page can be shown as it is printed."""
        return self.has_original and self.document.media_type == PDF

    @property
    def view(self) -> View:
        """How it is shown: as asked; else the picture where nothing speaks against it."""
        if self.drawn is None:
            return "text"
        if self.asked.view:
            return self.asked.view
        return "text" if self.mark and not self.drawn.boxes else "page"

    def noting(self, key: str) -> Opened:
        """The same, with one more thing to say."""
        return replace(self, notes=(*self.notes, key))

    @property
    def parts(self) -> list[Span]:
        """The spans a long page is shown in."""
        return parts(self.page.text)


def open_at(
    assistant: Assistant, asked: Asked, originals: Originals, language: str
) -> Opened | None:
    """The document at the place asked for; None when the collection has no such document."""
    generation = assistant.generation
    store = generation.store
    found = store.find_document(asked.place.document)
    numbers = tuple(store.page_numbers(asked.place.document))
    if found is None or not numbers:
        return None
    row, document = found
    number = min(numbers, key=lambda n: abs(n - asked.place.page))
    page = store.page(row, number)
    name = generation.manifest.name
    mark = span_in(page.text, asked, name) if number == asked.place.page else None
    opened = Opened(
        replace(asked, place=replace(asked.place, page=number)),
        document,
        page,
        numbers,
        mark,
        part_at(page.text, asked.at, mark),
        notes_of(asked, name, mark, is_there=number == asked.place.page),
        _versions(store, document),
        store.find_documents([document.superseded_by]).get(document.superseded_by),
        has_original=originals.has(document),
    )
    shown = page.text[slice(*opened.parts[opened.part])]
    wrong = assistant.glossary.current().mistranslated(shown, document.language, language)
    return replace(opened, mistranslations=wrong)


def notes_of(
    asked: Asked, generation: str, mark: Span | None, *, is_there: bool
) -> tuple[str, ...]:
    """What to say of a place: keys of messages."""
    changed = asked.generation not in ("", generation)
    notes = []
    if not is_there:
        notes.append("reader.no_page")
    if asked.place.end and mark is None:
        notes.append("reader.changed" if changed else "reader.not_marked")
    elif asked.place.end and changed:
        notes.append("reader.changed_same")
    if asked.beside:
        notes.append("reader.beside")
    return tuple(notes)


def _versions(store: Store, document: SourceDocument) -> tuple[SourceDocument, ...]:
    """Other documents of the work, by language."""
    if not document.work_id:
        return ()
    rows = store.rows_matching({"work": [document.work_id]})
    others = (store.document(row) for row in rows)
    return tuple(
        sorted(
            (other for other in others if other.id != document.id),
            key=lambda other: (other.language, other.id),
        )
    )


def boxes_of(opened: Opened, picture: Picture) -> tuple[Box, ...]:
    """Where the quote stands on the picture; may take half a second of a processor."""
    if opened.mark is None:
        return ()
    page, mark = opened.page.text, opened.mark
    return align.boxes(align.Wanted(page[slice(*mark)], page, mark[0]), picture.letters())


def with_picture(opened: Opened, picture: Picture, boxes: tuple[Box, ...]) -> Opened:
    """The same, with the picture of the page and the boxes of its quote."""
    drawn = replace(opened, drawn=Drawn(picture.width, picture.height, boxes))
    uncertain = opened.mark is not None and not boxes and opened.asked.view == "page"
    return drawn.noting("reader.not_placed") if uncertain else drawn
