"""One document from its source to its passages, several at a time; stores nothing.

Whatever goes wrong with one document is a ReadError: it costs that document, not
the run.
"""

from __future__ import annotations

import hashlib
import logging
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, replace

from ingest.build import indexed_text
from ingest.clean import clean
from ingest.describe import describe
from ingest.marks import asides, items, orders
from ingest.ocr import Ocr
from ingest.scan import Scans, mark_of, pages_read, unmarked
from ingest.sidecar import parse_sidecar
from ingest.sources import Item
from ingest.split import split
from ingest.tables import Tables
from ingest.types import RawDocument
from rag.errors import ReadError, SanadError
from rag.types import Passage, SourceDocument

COMMIT_DOCUMENTS = 64
COMMIT_SECONDS = 1.0
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Prepared:
    """A document read, cleaned, described and split; not stored yet."""

    document: SourceDocument
    passages: tuple[tuple[Passage, str], ...]  # with the key of the embedded text
    texts: dict[str, str]  # key -> embedded text
    removed: tuple[tuple[str, int], ...]
    notes: tuple[str, ...]
    mark: str = ""  # to end the stored digest with; see `ingest.scan.mark_of`


Outcome = Future[tuple[str, Prepared | None]]  # (digest, document); None: as it is stored
Finished = tuple[Item, Outcome]


def read_each(
    items: Sequence[Item],
    stored: Mapping[str, str],
    describe: Describe,
    scans: Scans,
    workers: int,
) -> Iterator[Finished]:
    """Items with their outcomes, as they are ready; a bounded number is read ahead, by so many
    threads."""
    with ThreadPoolExecutor(workers) as threads:
        pending: dict[Outcome, Item] = {}
        queue = iter(items)
        while True:
            while len(pending) < 4 * workers and (item := next(queue, None)) is not None:
                known = stored.get(item.id, "")
                pending[threads.submit(prepare, item, describe, scans, known)] = item
            if not pending:
                return
            for future in wait(pending, return_when=FIRST_COMPLETED).done:
                yield pending.pop(future), future


def in_batches(finished: Iterator[Finished]) -> Iterator[list[Finished]]:
    """Batches for one commit: a commit waits for the disk, so it takes what came in
    COMMIT_SECONDS, at most COMMIT_DOCUMENTS."""
    batch: list[Finished] = []
    since = time.monotonic()
    for one in finished:
        batch.append(one)
        if len(batch) >= COMMIT_DOCUMENTS or time.monotonic() - since > COMMIT_SECONDS:
            yield batch
            batch, since = [], time.monotonic()
    if batch:
        yield batch


@dataclass(frozen=True, slots=True)
class Taken:
    """A document fetched that is new or has changed; not read yet. Plain values: they travel."""

    id: str
    name: str
    url: str
    data: bytes
    sidecar: Mapping[str, object]


Describe = Callable[[Taken], Prepared]


def prepare(
    item: Item, describe: Describe, scans: Scans, known: str
) -> tuple[str, Prepared | None]:
    """(digest, document); None when the stored document has this digest."""
    digest, taken = take(item, known, scans.ocr, scans.tables)
    return digest, None if taken is None else describe(taken)


def take(
    item: Item, known: str, ocr: Ocr | None, tables: Tables | None
) -> tuple[str, Taken | None]:
    """(digest, what was fetched); None when the stored document has this digest, read with the
    same OCR and finder of tables."""
    with one_document(item.id):
        sidecar = item.sidecar()
        before = unmarked(known, item.name, ocr, tables)
        if item.is_as(before, sidecar):
            return known, None
        data = item.fetch()
        digest = item.digest(data, sidecar)
        if digest == before:
            return known, None
        values = parse_sidecar(sidecar, item.name)
        return digest, Taken(item.id, item.name, item.url, data, values)


def described(taken: Taken, read: Callable[[bytes, str], RawDocument], scans: Scans) -> Prepared:
    """The document of what was fetched; `read` is the sandbox's, `scans` complete what it gives.
    The same on every machine."""
    with one_document(taken.id):
        raw = scans.completed(read(taken.data, taken.name), taken.data)
        return _described(taken, raw, mark_of(taken.name, raw, scans))


@contextmanager
def one_document(document_id: str) -> Iterator[None]:
    """Makes any error of the block a ReadError; one that nobody foresaw is logged."""
    try:
        yield
    except SanadError:
        raise
    except Exception as error:  # a fault of ours must not take the other documents away
        log.exception("%s could not be processed", document_id)
        said = " ".join(str(error).split())[:200]
        reason = f"could not be processed ({type(error).__name__}: {said})"
        raise ReadError(reason) from error


def _described(taken: Taken, raw: RawDocument, mark: str) -> Prepared:
    cleaned = clean(raw)
    known = describe(taken.id, raw, cleaned, taken.sidecar, taken.url)
    pages = zip(known.document.pages, cleaned.pages, strict=True)
    language = known.document.language
    document = replace(
        known.document,
        sha256=hashlib.sha256(taken.data).hexdigest(),
        scanned_pages=pages_read(raw),
        pages=tuple(
            replace(page, asides=asides(page_text, language), items=items(page_text, language))
            for page, page_text in pages
        ),
    )
    texts: dict[str, str] = {}
    passages = []
    for passage in split(document, cleaned.pages):
        text = indexed_text(document, passage)
        key = hashlib.blake2b(text.encode(), digest_size=16).hexdigest()
        texts[key] = text
        passages.append((passage, key))
    if not passages:
        raise ReadError("has no text left after site chrome was removed")
    reasons = Counter(removal.reason for removal in cleaned.removals)
    notes = (*raw.notes, *known.notes)
    if count := sum(orders(page, language) for page in cleaned.pages):
        notes = (*notes, f"{count} paragraphs speak to a machine; they are never quoted")
    return Prepared(document, tuple(passages), texts, tuple(reasons.items()), notes, mark)
