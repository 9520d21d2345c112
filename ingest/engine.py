"""What a run of the ingestion computes with: this machine's processes, or Ray.

An engine reads documents and embeds texts; it stores nothing. The walk alone writes
the catalog, from a stream of results of which a bounded number is under way, so that a
run that was killed goes on where it stood, with either engine. Both call the same
functions (`ingest.prepare`) in the same sandbox: the result is the same to the byte.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Protocol

from ingest.prepare import Finished, Prepared, Taken, described, read_each
from ingest.processes import Processes
from ingest.report import Options
from ingest.sandbox import SandboxPool
from ingest.scan import Scans
from ingest.sources import Item
from rag.embed import Embedder, Vectors
from rag.errors import ConfigurationError

FEW = 64  # documents read before processes are started, which takes seconds
Batch = tuple[Sequence[str], Sequence[str]]  # keys of embedded texts, and those texts


class Engine(Protocol):
    """Does the work of a run. `close` ends what it started."""

    def read(self, items: Sequence[Item], stored: Mapping[str, str]) -> Iterator[Finished]:
        """Each item with its outcome, in any order. `stored` maps documents to digests."""
        ...

    def embed(
        self, embedder: Embedder, batches: Iterable[Batch]
    ) -> Iterator[tuple[Sequence[str], Vectors]]:
        """Each batch's keys with their vectors, in the order of the batches."""
        ...

    def close(self) -> None: ...


class LocalEngine:
    """Threads that each have a sandboxed child; texts are embedded in this process. Where there
    is much to read, processes clean, describe and split it, each with a child of its own."""

    def __init__(self, options: Options) -> None:
        self._workers = options.workers
        self._pool = SandboxPool(options.workers, options.limits)
        self._scans = Scans.of(options.ocr, options.workers, options.limits, options.tables)
        self._processes = Processes(options)
        self._taken = itertools.count(1)

    def read(self, items: Sequence[Item], stored: Mapping[str, str]) -> Iterator[Finished]:
        """See `Engine.read`."""
        return read_each(items, stored, self._described, self._scans, 2 * self._workers)

    def _described(self, taken: Taken) -> Prepared:
        if next(self._taken) > FEW and self._processes.work:
            found = self._processes.described(taken)
            if found is not None:
                return found
        return described(taken, self._pool.read, self._scans)

    def embed(
        self, embedder: Embedder, batches: Iterable[Batch]
    ) -> Iterator[tuple[Sequence[str], Vectors]]:
        """See `Engine.embed`."""
        for keys, texts in batches:
            yield keys, embedder.encode_passages(texts)

    def close(self) -> None:
        """Stop the children and processes."""
        self._pool.close()
        self._scans.pool.close()
        self._processes.close()


def _ray(options: Options) -> Engine:
    from ingest.ray_engine import RayEngine

    return RayEngine(options)


ENGINES: dict[str, Callable[[Options], Engine]] = {"local": LocalEngine, "ray": _ray}


def open_engine(options: Options) -> Engine:
    """The engine of the options; nothing is started before there is something to do.

    Raises ConfigurationError for a name that is none, and where its package is missing.
    """
    return ENGINES[checked_engine(options.engine)](options)


def checked_engine(name: str) -> str:
    """The name of an engine; raises ConfigurationError for another."""
    if name not in ENGINES:
        raise ConfigurationError(f"unknown engine {name!r}; known: {', '.join(sorted(ENGINES))}")
    return name
