"""How a run of the ingestion behaves, and what it tells."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from ingest.ocr import Ocr
from ingest.sandbox import Limits
from ingest.sources import Source
from ingest.tables import Tables
from ingest.web.options import WebOptions
from rag.vectors_server import ChromaServer

WORKERS = 2

Progress = Callable[[str, int, int], None]  # (stage, done, of)


@dataclass(frozen=True, slots=True)
class Options:
    """How a run behaves."""

    dry_run: bool = False
    allow_shrink: bool = False
    web: WebOptions = field(default_factory=WebOptions)
    workers: int = WORKERS
    limits: Limits = field(default_factory=Limits)
    engine: str = "local"  # see `ingest.engine`
    ray_address: str = ""  # of a Ray cluster that is there; empty: one of this run's own
    server: ChromaServer | None = None  # that the vectors are sent to
    embedding: tuple[Any, ...] = ()  # arguments of `load_embedder`, for workers elsewhere
    ocr: Ocr | None = None  # reads pages that are pictures
    tables: Tables | None = None  # finds the tables of PDFs


@dataclass(frozen=True, slots=True)
class IngestReport:
    """What a run did, by document id."""

    created: tuple[str, ...] = ()
    updated: tuple[str, ...] = ()
    deleted: tuple[str, ...] = ()
    skipped: tuple[str, ...] = ()  # unchanged
    unmodified: int = 0  # answers of 304 among what was asked for on the web
    missing: tuple[tuple[str, str], ...] = ()  # (id, reason): not there, for the first time
    left_out: tuple[tuple[str, str], ...] = ()  # (address, why it is no document): websites
    failed: tuple[tuple[str, str], ...] = ()  # (id, reason)
    ignored: tuple[str, ...] = ()  # files of a kind that is not read
    notes: tuple[tuple[str, str], ...] = ()  # (id, what was noticed)
    removed: tuple[tuple[str, str, int], ...] = ()  # (id, reason, lines taken out)
    embedded: int = 0  # passages that needed the model
    passages: int = 0  # passages of the documents read in this run
    generation: str = ""  # the active one after the run
    seconds: float = 0.0
    dry_run: bool = False

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return asdict(self)


@dataclass(slots=True)
class Tally:
    """What a run has done so far; only the walk's own thread writes to it."""

    created: list[str] = field(default_factory=list)
    updated: list[str] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    failed: list[tuple[str, str]] = field(default_factory=list)
    notes: list[tuple[str, str]] = field(default_factory=list)
    removed: list[tuple[str, str, int]] = field(default_factory=list)
    texts: dict[str, str] = field(default_factory=dict)  # not embedded yet, by their keys
    passages: int = 0
    embedded: int = 0


def report_of(
    sources: Sequence[Source],
    gone: Sequence[str],
    tally: Tally,
    generation: str,
    started: float,
) -> IngestReport:
    """The report of a run that began at `started` (monotonic seconds)."""
    return IngestReport(
        created=tuple(sorted(tally.created)),
        updated=tuple(sorted(tally.updated)),
        deleted=tuple(sorted(gone)),
        skipped=tuple(sorted(tally.skipped)),
        unmodified=sum(source.unmodified for source in sources),
        missing=tuple(row for source in sources for row in source.missing),
        left_out=tuple(row for source in sources for row in source.left_out),
        failed=tuple(sorted([*tally.failed, *(row for s in sources for row in s.unread)])),
        ignored=tuple(name for source in sources for name in source.ignored),
        notes=(*tally.notes, *(row for source in sources for row in _said(source))),
        removed=tuple(tally.removed),
        embedded=tally.embedded,
        passages=tally.passages,
        generation=generation,
        seconds=round(time.monotonic() - started, 3),
    )


def _said(source: Source) -> list[tuple[str, str]]:
    """What visiting a source brought to notice, and why its documents were withdrawn."""
    return [*source.noticed, *((id_, f"withdrawn: {reason}") for id_, reason in source.gone)]
