"""One document from its source to its passages, several at a time; stores nothing.

Whatever goes wrong with one document is a ReadError: it costs that document, not
the run.
"""

from __future__ import annotations

import hashlib
import logging
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, replace

from ingest.build import indexed_text
from ingest.clean import clean
from ingest.describe import describe
from ingest.marks import asides, items, orders
from ingest.sandbox import SandboxPool
from ingest.scan import Scans, marked, pages_read, unmarked
from ingest.sidecar import parse_sidecar
from ingest.sources import Item
from ingest.split import split
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


Finished = tuple[Item, "Future[tuple[str, Prepared | None]]"]


def read_each(
    items: Sequence[Item], stored: Mapping[str, str], pool: SandboxPool, scans: Scans, workers: int
) -> Iterator[Finished]:
    """Items with their outcomes, as they are ready; a bounded number is read ahead."""
    with ThreadPoolExecutor(workers) as threads:
        pending: dict[Future[tuple[str, Prepared | None]], Item] = {}
        queue = iter(items)
        while True:
            while len(pending) < 4 * workers and (item := next(queue, None)) is not None:
                known = stored.get(item.id, "")
                pending[threads.submit(prepare, item, pool, scans, known)] = item
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


def prepare(item: Item, pool: SandboxPool, scans: Scans, known: str) -> tuple[str, Prepared | None]:
    """(digest, document); None when the stored document has this digest."""
    with one_document(item.id):
        sidecar = item.sidecar()
        before = unmarked(known, item.name, scans.ocr, scans.tables)
        if item.is_as(before, sidecar):
            return known, None
        data = item.fetch()
        digest = item.digest(data, sidecar)
        if digest == before:
            return known, None
        values = parse_sidecar(sidecar, item.name)
        raw = scans.completed(pool.read(data, item.name), data)
        return marked(digest, item.name, raw, scans), _described(item, data, raw, values)


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


def _described(
    item: Item, data: bytes, raw: RawDocument, sidecar: Mapping[str, object]
) -> Prepared:
    cleaned = clean(raw)
    described = describe(item.id, raw, cleaned, sidecar, item.url)
    pages = zip(described.document.pages, cleaned.pages, strict=True)
    language = described.document.language
    document = replace(
        described.document,
        sha256=hashlib.sha256(data).hexdigest(),
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
    notes = (*raw.notes, *described.notes)
    if count := sum(orders(page, language) for page in cleaned.pages):
        notes = (*notes, f"{count} paragraphs speak to a machine; they are never quoted")
    return Prepared(document, tuple(passages), texts, tuple(reasons.items()), notes)
