"""What the officer's pages show and do, without HTTP: from the collection, its ledger and files.

Every method may read or write the disk: call it in a thread.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ingest.corrections import FOLDER, correction_path
from rag.errors import SanadError
from rag.index.generation import Generation, current_name
from rag.question.glossary import FILE as GLOSSARY
from rag.settings import Settings
from rag.types import Page, SourceDocument
from ui.library.holding import Holding
from ui.library.unread import ledger
from ui.live import LiveAssistant
from ui.office import glossary_edit, metadata
from ui.office.document_html import Opened
from ui.office.home_html import Home, listed
from ui.office.job import Jobs
from ui.office.places import place_of
from ui.office.uploads import Brought, library_folder, put_aside, uploaded
from ui.open import glossary_file

CATCH_UP_S = 5.0  # it looks once a second
MOST_KEPT = 100  # sessions whose last upload is remembered


@dataclass(slots=True)
class Office:
    """One server's office."""

    live: LiveAssistant
    settings: Settings
    holding: Holding
    jobs: Jobs
    brought: dict[str, Sequence[Brought]] = field(default_factory=dict)  # session -> last upload

    @property
    def folder(self) -> Path:
        """Where uploads lie."""
        return library_folder(self.settings)

    # Documents

    def home(self, session: str, words: str, page: int) -> Home:
        """The first page; without an index it has what the ledger has."""
        try:
            shelf = self.holding.current().shelf
            works = shelf.find(words, {})
            documents = [version for work in works for version in work.versions]
        except SanadError:
            documents = []
        shown, plain = {document.id for document in documents}, words.casefold()
        rows = {
            one: row
            for one, row in ledger(self.settings.data_dir).items()
            if one in shown or (row.status == "failed" and plain in one.casefold())
        }
        corrected = {one for one in shown if self._is_corrected(one)}
        lines = listed(documents, rows, corrected)
        return Home(self.jobs.now(), lines, words, page, self.brought.get(session, ()))

    def _is_corrected(self, document_id: str) -> bool:
        folder = self.settings.data_dir / FOLDER
        return folder.is_dir() and correction_path(self.settings.data_dir, document_id).is_file()

    def opened(self, document_id: str, wrong: Sequence[str] = ()) -> Opened | None:
        """One document; None where neither the collection nor the ledger knows it."""
        row = ledger(self.settings.data_dir).get(document_id)
        document, pages = self._stored(document_id)
        if row is None and document is None:
            return None
        correction = None
        if document is not None:
            correction = metadata.correction_of(self.settings.data_dir, document)
        return Opened(
            document_id, document, correction, row, pages, self.jobs.now(),
            bool(self._upload_of(document_id)), wrong,
        )  # fmt: skip

    def _stored(self, document_id: str) -> tuple[SourceDocument | None, list[Page]]:
        try:
            with self.live.use() as assistant:
                return _read(assistant.generation, document_id)
        except SanadError:
            return None, []

    def _upload_of(self, document_id: str) -> str:
        """The name of the uploaded file that a document was read from; empty for others."""
        place = place_of(self.settings.data_dir, document_id)
        path = place.path if place else None
        if path is None or path.parent != self.folder.resolve():
            return ""
        return path.name if path.name in uploaded(self.folder) else ""

    def correct(self, document_id: str, form: Mapping[str, str]) -> tuple[str, ...] | None:
        """Keep a correction and read the document again. The fields that were not understood
        (then nothing is kept); None where there is no such document. Raises ReadError."""
        document, _ = self._stored(document_id)
        if document is None:
            return None
        known = set(self.holding.current().shelf.by_document) - {document_id}
        values, wrong = metadata.checked_form(form, known)
        if not wrong:
            metadata.keep_correction(self.settings.data_dir, document, values)
        return wrong

    def read_again(self, document_id: str) -> bool:
        """Read one document again; False when a run is under way."""
        place = place_of(self.settings.data_dir, document_id)
        return self.jobs.start([place.named] if place else [])

    def remove(self, document_id: str) -> bool:
        """Put an uploaded file aside and tell the ingestion; False where it is none, or while a
        run is under way."""
        name = self._upload_of(document_id)
        if not name or self.jobs.now().running or not put_aside(self.folder, name):
            return False
        return self.jobs.start([str(self.folder)])

    # The glossary

    def glossary(self) -> glossary_edit.Shown:
        """The glossary as its file is now."""
        return glossary_edit.shown(self._glossary_path())

    def _glossary_path(self) -> Path:
        """The file in use; where there is none, the one that will be after the next run."""
        path = self.settings.glossary
        if path is None:
            try:
                with self.live.use() as assistant:
                    path = glossary_file(self.settings, assistant.generation).path
            except SanadError:
                path = None
        return path or self.folder / GLOSSARY

    def change_glossary(self, version: str, entry: glossary_edit.Entry | None, old_id: str) -> None:
        """See `glossary_edit.change`. The first glossary needs a run to be known."""
        path = self._glossary_path()
        is_new = not path.exists()
        backups = self.settings.data_dir / glossary_edit.BACKUPS
        glossary_edit.change(path, version, entry, old_id, backups)
        if is_new and self.settings.glossary is None:
            self.jobs.start([str(self.folder)])


def caught_up(live: LiveAssistant, data_dir: Path) -> None:
    """Wait until the server has moved to what a run made, so that its pages show it."""
    until = time.monotonic() + CATCH_UP_S
    while live.state().generation != current_name(data_dir) and time.monotonic() < until:
        time.sleep(0.1)


def _read(generation: Generation, document_id: str) -> tuple[SourceDocument | None, list[Page]]:
    """A document with its pages."""
    found = generation.store.find_document(document_id)
    if found is None:
        return None, []
    row, document = found
    numbers = generation.store.page_numbers(document_id)
    return document, [generation.store.page(row, number) for number in numbers]
