"""The ingestion walk: sources to catalog to a verified generation.

    source -> read (sandboxed child) -> clean -> describe -> split -> catalog
           -> embed -> build generation -> verify -> switch -> report

A bad file is a ledger row with a reason. Running the same command again after a
crash converges to the same state.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from ingest.build import batches, build_generation, complete, indexed_text, prune, stale
from ingest.catalog import Catalog, LedgerRow
from ingest.corrections import corrected
from ingest.deltas import told_apart
from ingest.engine import Engine, open_engine
from ingest.history import record
from ingest.lock import writer_lock
from ingest.prepare import Outcome, in_batches, one_document
from ingest.report import IngestReport, Options, Progress, Tally, report_of
from ingest.scan import unmarked
from ingest.server_vectors import keep_vectors
from ingest.sidecar import parse_sidecar
from ingest.sources import Item, Source, collect
from ingest.web.site import hold_back, remember, visit_all
from rag.embed import Embedder, unrelated_cosine
from rag.errors import ConfigurationError, IndexDamagedError, ReadError, ShrinkError
from rag.index.generation import current_name
from rag.vectors_server import ChromaServer

__all__ = ["IngestReport", "Options", "Progress", "ingest"]

SHRINK_LIMIT = 0.2  # share of the collection a run may withdraw without being told to
EMBED_BATCH = 128  # passages between two commits: some seconds of the shipped encoder
MOST_TEXTS = 50_000  # passages whose texts are held in memory until they are embedded


def ingest(
    arguments: Sequence[str],
    data_dir: Path,
    embedder: Embedder,
    options: Options | None = None,
    progress: Progress = lambda stage, done, of: None,
) -> IngestReport:
    """Bring the collection in `data_dir` up to date with the named sources.

    No argument means all sources ingested before. Raises LockedError,
    ShrinkError and ConfigurationError; everything about one document is in the
    report.
    """
    options = options or Options()
    started = time.monotonic()
    if options.dry_run:
        with Catalog(data_dir, read_only=True) as catalog, TemporaryDirectory() as spool:
            sources = _sources(arguments, catalog, data_dir)
            sources = _visited(sources, catalog, data_dir, Path(spool), options, progress)
            return _dry_run(sources, _gone(sources, catalog), catalog, options, started)
    with (
        closing(open_engine(options)) as engine,
        writer_lock(data_dir),
        Catalog(data_dir) as catalog,
        TemporaryDirectory() as spool,
    ):
        prune(data_dir)
        told_apart(catalog, data_dir)
        sources = _sources(arguments, catalog, data_dir)
        sources = _visited(sources, catalog, data_dir, Path(spool), options, progress)
        gone = _gone(sources, catalog)
        if not options.allow_shrink:
            _guard_shrink(gone, sources, catalog)
        tally = _read_all(sources, catalog, engine, embedder, progress)
        _withdraw(sources, gone, catalog)
        _embed_missing(catalog, engine, embedder, tally, progress)
        _rebuild_if_stale(catalog, data_dir, embedder, options.server, tally, progress)
        report = report_of(sources, gone, tally, current_name(data_dir), started)
        record(data_dir, arguments, report.as_dict())
        return report


def _sources(arguments: Sequence[str], catalog: Catalog, data_dir: Path) -> list[Source]:
    named = arguments or _known_roots(catalog, data_dir)
    return collect(named, catalog.sources(), catalog.owner)


def _visited(
    sources: Sequence[Source],
    catalog: Catalog,
    data_dir: Path,
    spool: Path,
    options: Options,
    progress: Progress,
) -> list[Source]:
    """The sources with those on the web visited, and corrections laid over all of them."""
    visited = visit_all(sources, catalog, options.web, spool, progress)
    if not options.allow_shrink:
        visited = hold_back(visited, catalog.digests(), SHRINK_LIMIT)
    return [corrected(source, data_dir) for source in visited]


def _known_roots(catalog: Catalog, data_dir: Path) -> list[str]:
    roots = list(catalog.sources().values())
    if not roots:
        raise ConfigurationError(
            f"nothing was ingested into {data_dir} yet; name a folder, a file or a URL"
        )
    return roots


def _gone(sources: Sequence[Source], catalog: Catalog) -> list[str]:
    """Stored documents of the named folders that are not there any more, and pages that were
    found missing twice."""
    missing = [document_id for source in sources for document_id, _ in source.gone]
    return missing + [
        document_id
        for source in sources
        if source.complete
        for document_id in catalog.digests(source.name)
        if document_id not in {item.id for item in source.items}
    ]


def _guard_shrink(gone: Sequence[str], sources: Sequence[Source], catalog: Catalog) -> None:
    """Pages of the web alone were weighed before: where too many were gone they are kept."""
    stored = len(catalog.digests())
    if len(gone) == sum(len(source.gone) for source in sources):
        return
    if len(gone) > SHRINK_LIMIT * stored:
        raise ShrinkError(
            f"this run would withdraw {len(gone)} of {stored} documents (first: {gone[0]}), more "
            f"than {SHRINK_LIMIT:.0%}; if that is meant, run it again with --allow-shrink"
        )


def _dry_run(
    sources: Sequence[Source],
    gone: Sequence[str],
    catalog: Catalog,
    options: Options,
    started: float,
) -> IngestReport:
    stored = catalog.digests()
    tally = Tally()
    for document_id, reason in (row for source in sources for row in source.troubles):
        tally.failed.append((document_id, reason))
    for item in _items(sources):
        try:
            with one_document(item.id):
                sidecar, known = item.sidecar(), stored.get(item.id)
                before = known and unmarked(known, item.name, options.ocr, options.tables)
                same = before is not None and item.is_as(before, sidecar)
                digest = before if same else item.digest(item.fetch(), sidecar)
                parse_sidecar(sidecar, item.name)
        except ReadError as error:
            tally.failed.append((item.id, str(error)))
            continue
        target = (
            tally.created if known is None else tally.updated if before != digest else tally.skipped
        )
        target.append(item.id)
    return replace(report_of(sources, gone, tally, "", started), dry_run=True)


def _items(sources: Sequence[Source]) -> Iterator[Item]:
    return (item for source in sources for item in source.items)


def _read_all(
    sources: Sequence[Source],
    catalog: Catalog,
    engine: Engine,
    embedder: Embedder,
    progress: Progress,
) -> Tally:
    """Have the engine read changed items, store each as it is done. Where many texts wait for
    their vectors, they get them on the way: memory does not grow with the collection."""
    tally, stored = Tally(), catalog.digests()
    queue = list(_items(sources))
    known = catalog.sources()
    with catalog.transaction():
        for source in sources:
            if source.whole and not source.items and source.name not in known:
                tally.failed += source.troubles  # perhaps a slip: no reason to ask it for ever
                continue
            catalog.set_source(source.name, source.root)
            _note_absent(source, stored, catalog, tally)
    done = 0
    for batch in in_batches(engine.read(queue, stored)):
        with catalog.transaction():
            for item, outcome in batch:
                _store(item, outcome, stored, catalog, tally)
        done += len(batch)
        progress("read", done, len(queue))
        if len(tally.texts) > MOST_TEXTS:
            wanted = sorted(catalog.missing_vectors(embedder.id) & tally.texts.keys())
            _embed(catalog, engine, embedder, wanted, tally, lambda stage, done, of: None)
            tally.texts.clear()
    return tally


def _store(
    item: Item,
    outcome: Outcome,
    stored: dict[str, str],
    catalog: Catalog,
    tally: Tally,
) -> None:
    """Store one document, or its ledger row with the reason why not."""
    try:
        digest, prepared = outcome.result()
        digest += prepared.mark if prepared else ""
    except ReadError as error:
        _fail(item.id, item.source, str(error), stored, catalog, tally)
        return
    if prepared is None:
        catalog.record_unchanged(item.id)
        tally.skipped.append(item.id)
        return
    if item.sha256 and catalog.holds(prepared.document, [key for _, key in prepared.passages]):
        catalog.set_digest(item.id, digest)  # a page sends other bytes, and says the same
        catalog.record_unchanged(item.id)
        tally.skipped.append(item.id)
        return
    row = LedgerRow(
        item.id, item.source, "stored", "", digest, len(prepared.passages),
        prepared.removed, prepared.notes,
    )  # fmt: skip
    catalog.put(item.source, digest, prepared.document, prepared.passages, row)
    (tally.updated if item.id in stored else tally.created).append(item.id)
    tally.notes += [(item.id, note) for note in prepared.notes]
    tally.removed += [(item.id, reason, count) for reason, count in prepared.removed]
    tally.texts.update(prepared.texts)
    tally.passages += len(prepared.passages)


def _fail(
    document: str,
    source: str,
    reason: str,
    stored: Mapping[str, str],
    catalog: Catalog,
    tally: Tally,
) -> None:
    """A document that cannot be read now keeps the version stored before."""
    if document in stored:
        reason += "; the version stored before is kept"
    catalog.record_failure(document, source, reason)
    tally.failed.append((document, reason))


def _note_absent(source: Source, stored: Mapping[str, str], catalog: Catalog, tally: Tally) -> None:
    """Ledger rows of pages that did not answer, or are missing for the first time."""
    for document, reason in source.troubles:
        _fail(document, source.name, reason, stored, catalog, tally)
    for document, reason in source.missing:
        catalog.record_failure(document, source.name, reason)


def _withdraw(sources: Sequence[Source], gone: Sequence[str], catalog: Catalog) -> None:
    """Delete what has gone, and ledger rows of failed files that are not there any more;
    forget a source whose root has gone too."""
    present = {item.id for item in _items(sources)}
    names = {source.name for source in sources if source.complete}
    present |= {row[0] for source in sources for row in (*source.troubles, *source.missing)}
    lost = [r.document for r in catalog.ledger() if r.source in names and r.document not in present]
    lost += _asked_no_more(sources, present, catalog)
    with catalog.transaction():
        if gone:
            catalog.delete(gone)
        catalog.forget(lost)
        for source in sources:
            if source.memory:
                remember(catalog, source)
            if source.complete and not source.items and not Path(source.root).exists():
                catalog.forget_source(source.name)


def _asked_no_more(
    sources: Sequence[Source], present: Collection[str], catalog: Catalog
) -> list[str]:
    """Ledger rows of pages that were never stored and that their site does not name any more."""
    names = {source.name for source in sources if source.address}
    if not names:
        return []
    stored = catalog.digests()
    rows = [row for row in catalog.ledger("failed") if row.source in names]
    return [r.document for r in rows if r.document not in present and r.document not in stored]


def _embed_missing(
    catalog: Catalog, engine: Engine, embedder: Embedder, tally: Tally, progress: Progress
) -> None:
    """Give every passage a vector of this model."""
    missing, texts = catalog.missing_vectors(embedder.id), tally.texts
    if missing - texts.keys():  # another model, or an interrupted run: read from the catalog
        for document, passages in catalog.documents():
            texts.update((key, indexed_text(document, p)) for p, key in passages if key in missing)
            if len(texts) > MOST_TEXTS:
                _embed(catalog, engine, embedder, sorted(missing & texts.keys()), tally, progress)
                missing -= texts.keys()
                texts.clear()
    _embed(catalog, engine, embedder, sorted(missing), tally, progress)
    with catalog.transaction():
        catalog.set_embedded(embedder.id)


def _embed(
    catalog: Catalog,
    engine: Engine,
    embedder: Embedder,
    wanted: Sequence[str],
    tally: Tally,
    progress: Progress,
) -> None:
    """Compute and store the vectors of these keys, whose texts the tally has."""
    if wanted and not catalog.knows_unrelated(embedder.id):
        catalog.set_unrelated(embedder.id, unrelated_cosine(embedder))
    done, texts = 0, tally.texts
    work = ((keys, [texts[key] for key in keys]) for keys in batches(wanted, EMBED_BATCH))
    for keys, vectors in engine.embed(embedder, work):
        with catalog.transaction():
            catalog.put_vectors(embedder.id, keys, vectors)
        done += len(keys)
        progress("embed", done, len(wanted))
    tally.embedded += done


def _rebuild_if_stale(
    catalog: Catalog,
    data_dir: Path,
    embedder: Embedder,
    server: ChromaServer | None,
    tally: Tally,
    progress: Progress,
) -> None:
    """A new generation where there is something new. It is switched to when this returns; a
    collection that fails to be built after that is a note of the run."""
    if stale(data_dir, catalog, embedder.id):
        progress("index", 0, 1)
        build_generation(catalog, data_dir, embedder.id, embedder.dim, server=server)
        progress("index", 1, 1)
    if server is not None:
        keep_vectors(server, data_dir)  # it may have lost them since
        return
    try:
        complete(data_dir)
    except (IndexDamagedError, OSError) as error:
        said = f"its Chroma collection could not be built, the exact scan answers: {error}"
        tally.notes.append((current_name(data_dir), said))
