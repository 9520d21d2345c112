"""Pages of a PDF that are pictures without text: read by OCR where there is one, and said.

    pages that are pictures -> drawn in the sandbox -> OCR -> paragraphs, with a note

Without OCR, or where a page cannot be read, a note or the document's reason says what is missing.
Knows no catalog.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass, replace
from typing import Self

from ingest.ocr import INSTALL, Ocr
from ingest.pdf import PICTURES
from ingest.read import extension
from ingest.sandbox import Limits, Sandbox, SandboxPool
from ingest.tables import Tables, with_tables
from ingest.types import RawDocument, RawPage
from rag.errors import ReadError

DRAWER = "ingest.pdf_picture:draw"
MOST_PAGES = 1000  # of one document that are read by OCR: hours
READ = "read_by_ocr"  # among the metadata: how many pages
_TABLES = "^"  # likewise, what found the tables
_MARK = "~"  # in a stored digest: what follows names the OCR that read the pictures, or none


@dataclass(frozen=True)
class Scans:
    """How pictures of pages are read; without `ocr` they are counted."""

    ocr: Ocr | None
    pool: SandboxPool | Sandbox  # of children that draw
    tables: Tables | None = None  # of PDFs; None: they are not looked for

    @classmethod
    def of(
        cls, ocr: Ocr | None, workers: int, limits: Limits, tables: Tables | None = None
    ) -> Self:
        """Children are started when the first page is drawn."""
        return cls(ocr, SandboxPool(workers, limits, DRAWER), tables)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.pool.close()

    def completed(self, raw: RawDocument, data: bytes) -> RawDocument:
        """The document with the text of its pictures and the rows of its tables. Raises
        ReadError where it has no text."""
        if self.tables is not None and data[:1024].find(b"%PDF-") >= 0 and _has_text(raw):
            raw = with_tables(raw, data, self.tables)
        pictures = _pictures(raw)
        if not pictures:
            return raw
        if self.ocr is None:
            return self._left(raw, pictures)
        return self._read(raw, data, pictures, self.ocr)

    def _left(self, raw: RawDocument, pictures: list[int]) -> RawDocument:
        said = _count(len(pictures), len(raw.pages))
        reason = f"{said}: OCR is needed; {INSTALL}, and run again"
        if not _has_text(raw):
            raise ReadError(f"has no text: {reason}")
        return replace(raw, notes=(*raw.notes, reason))

    def _read(self, raw: RawDocument, data: bytes, pictures: list[int], ocr: Ocr) -> RawDocument:
        pages: dict[int, RawPage] = {page.number: page for page in raw.pages}
        sure: list[float] = []
        failed: list[str] = []
        for number in pictures[:MOST_PAGES]:
            try:
                drawn = self.pool.read(data, str(number)).metadata.get("picture", "")
                found = ocr.read(base64.b64decode(str(drawn)))
            except (ReadError, ValueError) as error:
                failed.append(f"page {number} {error}")
                continue
            if found.blocks:
                pages[number] = replace(pages[number], blocks=found.blocks)
                sure.append(found.confidence)
        raw = replace(raw, reader=f"{raw.reader}+ocr", pages=tuple(
            pages[page.number] for page in raw.pages
        ), metadata={**raw.metadata, READ: len(sure)})  # fmt: skip
        notes = _notes(raw, pictures, sure, failed, ocr)
        if not _has_text(raw):
            raise ReadError("; ".join(["has no text", *notes])[:500])
        return replace(raw, notes=(*raw.notes, *notes))


def _notes(
    raw: RawDocument, pictures: list[int], sure: list[float], failed: list[str], ocr: Ocr
) -> list[str]:
    notes = [_count(len(pictures), len(raw.pages))]
    if sure:
        mean = sum(sure) / len(sure)
        notes[0] += f"; {len(sure)} read by OCR ({ocr.id}; confidence {mean:.0f} of 100)"
    else:
        notes[0] += f", in which OCR found none either ({ocr.id})"
    if failed:
        notes.append(f"{len(failed)} of them could not be read: {'; '.join(failed[:3])}")
    if len(pictures) > MOST_PAGES:
        notes.append(f"{len(pictures) - MOST_PAGES} of them were left: up to {MOST_PAGES} are read")
    return notes


def _pictures(raw: RawDocument) -> list[int]:
    """Numbers of the pages that are pictures without text, as `ingest.pdf` found them."""
    listed = raw.metadata.get(PICTURES)
    numbers = {page.number for page in raw.pages if not page.blocks}
    return [n for n in listed if n in numbers] if isinstance(listed, list) else []


def _count(pictures: int, pages: int) -> str:
    if pages == 1:
        return "its one page is a picture without text"
    return f"{pictures} of {pages} pages are pictures without text"


def _has_text(raw: RawDocument) -> bool:
    return any(page.blocks for page in raw.pages)


def pages_read(raw: RawDocument) -> int:
    """How many pages `Scans.completed` has read by OCR."""
    count = raw.metadata.get(READ)
    return count if isinstance(count, int) else 0


def mark_of(name: str, raw: RawDocument, scans: Scans) -> str:
    """What the stored digest ends with: of a document with pictures it names the OCR, of a PDF
    what found its tables, so that another one reads it again."""
    ocr = f"{_MARK}{scans.ocr.id if scans.ocr else ''}" if raw.metadata.get(PICTURES) else ""
    return f"{ocr}{_tabled(name, scans.tables)}"


def unmarked(known: str, name: str, ocr: Ocr | None, tables: Tables | None) -> str:
    """The digest of a stored document without its mark; empty where it was read with
    another OCR or by another finder of tables, or with none."""
    known, mark, by = known.partition(_TABLES)
    if f"{mark}{by}" != _tabled(name, tables):
        return ""
    digest, mark, by = known.partition(_MARK)
    return digest if not mark or by == (ocr.id if ocr else "") else ""


def _tabled(name: str, tables: Tables | None) -> str:
    is_pdf = extension(name) == ".pdf"
    return f"{_TABLES}{tables.id}" if tables is not None and is_pdf else ""
