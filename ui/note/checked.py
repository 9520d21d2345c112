"""From what a browser sent to a note whose every quotation is the stored text.

    citation -> the document and page in the store -> the words between its offsets

No word of a document is taken from the browser. Knows no screen.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rag.errors import IndexDamagedError
from rag.index.generation import Generation
from rag.index.store import Store
from rag.wording import FALLBACK, languages
from ui.markup import UNSEEN
from ui.note.bodies import LONGEST_QUOTE, CitationBody, ItemBody, NoteBody, ReplyBody, SentenceBody
from ui.note.note import Held, Item, Note, Quotation, Said, Speaker
from ui.note.seal import Seals
from ui.said_html import EXTRACTIVE


@dataclass(frozen=True, slots=True)
class Checking:
    """What a note is checked against."""

    generation: Generation
    seals: Seals

    def note(self, body: NoteBody, language: str, today: str, home: str = "") -> Note:
        """The note; `language` is the interface's, `today` an ISO date, `home` the address of
        our pages."""
        return Note(
            title=_own(body.title),
            introduction=_own(body.introduction),
            items=tuple(self.item(item) for item in body.items),
            language=language,
            date=today,
            held=held(self.generation),
            home=home,
        )

    def item(self, body: ItemBody) -> Item:
        """One kept answer as the collection has it now."""
        reply = body.reply
        found = {each.n: find(each, self.generation.store) for each in reply.citations}
        confirmed = reply.mode == EXTRACTIVE or self.seals.holds(reply.model_dump(), reply.seal)
        left_out = set(body.out)
        said = tuple(
            _said(sentence, reply, found, confirmed, i not in left_out)
            for i, sentence in enumerate(reply.sentences)
        )
        return Item(
            question=_own(reply.question),
            language=reply.language if reply.language in languages() else FALLBACK,
            mode=_own(reply.mode),
            confirmed=confirmed,
            earlier=reply.generation != self.generation.manifest.name,
            said=said,
            comment=_own(body.comment),
            identity=body.id,
        )


def _said(
    sentence: SentenceBody,
    reply: ReplyBody,
    found: Mapping[int, Quotation | None],
    confirmed: bool,
    included: bool,
) -> Said:
    """A sentence of a reply. A quotation is the stored text; of a model's sentence the words
    are the browser's, and count as the model's only where the seal holds."""
    known, lost = _resting(sentence.citations, found)
    if reply.mode != EXTRACTIVE:
        speaker: Speaker = "model" if confirmed else "author"
        return Said(speaker, _own(sentence.text), reply.language, known, lost, included)
    first = found.get(sentence.citations[0]) if sentence.citations else None
    if first is None:
        was = next((each.quote for each in reply.citations if each.n in sentence.citations), "")
        return Said("gone", _own(was), "", (), 1, included)
    return Said("documents", first.text, first.document.language, known, lost, included)


def _resting(
    numbers: Sequence[int], found: Mapping[int, Quotation | None]
) -> tuple[tuple[Quotation, ...], int]:
    """The quotations of these numbers that are still there, and how many are not."""
    looked_up = [found.get(n) for n in dict.fromkeys(numbers)]
    known = tuple(each for each in looked_up if each is not None)
    return known, len(looked_up) - len(known)


def find(citation: CitationBody, store: Store) -> Quotation | None:
    """The stored words a citation points to, at its offsets or elsewhere on the page; None
    where the document, the page or the words are not there any more."""
    held_document = store.find_document(citation.document_id)
    if held_document is None or not citation.quote.strip():
        return None
    row, document = held_document
    try:
        page = store.page(row, citation.page)
    except IndexDamagedError:
        return None
    start, end = citation.start, min(citation.end, citation.start + 2 * LONGEST_QUOTE)
    # A page of HTML leaves out what turns or hides text, so the browser never had it.
    if UNSEEN.sub("", page.text[start:end]) != UNSEEN.sub("", citation.quote):
        start = page.text.find(citation.quote)
        end = start + len(citation.quote)
    return Quotation(page.text[start:end], document, page, start, end) if start >= 0 else None


def held(generation: Generation) -> Held:
    """What a note says of the collection."""
    manifest = generation.manifest
    return Held(manifest.created[:10], generation.store.document_count, manifest.name)


def _own(value: str) -> str:
    """Words of the author's as one text, without what turns or hides it."""
    return UNSEEN.sub("", value.replace("\r\n", "\n")).strip()
