"""The ingestion on Ray Data: what is sent to workers and what comes back.

This machine fetches: it hashes each document and sends the bytes of those that are new
or have changed, so that a worker needs no access to folders or websites, and holds no
state. Documents travel in windows of a bounded size, of which two are under way at
once, so that no processor waits for the last document of one; their results come back
as each is done. Knows documents and texts; Ray itself is behind `ingest.ray_session`.
"""

from __future__ import annotations

import pickle
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from itertools import islice
from typing import Any

from ingest.engine import Batch
from ingest.prepare import Finished, Outcome, Prepared, Taken, take
from ingest.ray_session import Lanes, Row, Session, find_ray
from ingest.ray_work import code, embed_one, read_one
from ingest.report import Options
from ingest.sources import Item
from rag.embed import Embedder, Vectors
from rag.errors import EngineError, SanadError

FETCHERS = 4  # threads that fetch and hash
WINDOW_BYTES = 64 * 2**20  # of fetched documents that travel together
WINDOW_DOCUMENTS = 64  # and how many of them for each processor of the cluster
WINDOW_TEXTS = 16  # batches of texts for each processor that travel together
SETTLED = 256  # documents that need no reading, and are passed on together


class RayEngine:
    """See `ingest.engine.Engine`. Ray is started when there is something to compute."""

    def __init__(self, options: Options) -> None:
        """Raises ConfigurationError where Ray is not installed or its address is none."""
        find_ray(options.ray_address)
        self._options = options
        self._session: Session | None = None

    def read(self, items: Sequence[Item], stored: Mapping[str, str]) -> Iterator[Finished]:
        """See `Engine.read`. Raises EngineError when Ray gives up."""
        digests: dict[int, str] = {}  # of what is being read elsewhere
        with ThreadPoolExecutor(FETCHERS) as threads:
            lanes: Lanes | None = None
            for settled, rows in self._windows(
                items, self._fetched(threads, items, stored), digests
            ):
                yield from ((items[place], outcome) for place, outcome in settled)
                if not rows:
                    continue
                lanes = lanes or self._started().lanes(
                    partial(
                        read_one,
                        limits=self._options.limits,
                        expected=code(),
                        ocr=self._options.ocr,
                        tables=self._options.tables,
                    )
                )
                yield from _read(lanes.room(), items, digests)
                lanes.start(rows)
            if lanes is not None:
                yield from _read(lanes.rest(), items, digests)

    def _windows(
        self,
        items: Sequence[Item],
        fetched: Iterator[tuple[int, Future[tuple[str, Taken | None]]]],
        digests: dict[int, str],
    ) -> Iterator[tuple[list[tuple[int, Outcome]], list[Row]]]:
        """(outcomes of what needs no reading, what is to be read), as it is fetched."""
        settled: list[tuple[int, Outcome]] = []
        rows: list[Row] = []
        size = 0
        for place, future in fetched:
            try:
                digest, taken = future.result()
            except SanadError as error:
                settled.append((place, _outcome(error)))
                continue
            if taken is None:
                settled.append((place, _outcome((digest, None))))
            else:
                digests[place] = digest
                rows.append((place, pickle.dumps(taken, pickle.HIGHEST_PROTOCOL)))
                size += len(rows[-1][1])
            enough = WINDOW_DOCUMENTS * self._processors if rows else SETTLED
            if size >= WINDOW_BYTES or len(rows) >= enough or len(settled) >= SETTLED:
                yield settled, rows
                settled, rows, size = [], [], 0
        yield settled, rows

    def _fetched(
        self, threads: ThreadPoolExecutor, items: Sequence[Item], stored: Mapping[str, str]
    ) -> Iterator[tuple[int, Future[tuple[str, Taken | None]]]]:
        """Each item fetched, in order; a few are fetched ahead."""
        ocr, tables = self._options.ocr, self._options.tables
        ahead: deque[tuple[int, Future[tuple[str, Taken | None]]]] = deque()
        for place, item in enumerate(items):
            known = stored.get(item.id, "")
            ahead.append((place, threads.submit(take, item, known, ocr, tables)))
            if len(ahead) >= 4 * FETCHERS:
                yield ahead.popleft()
        yield from ahead

    def embed(
        self, embedder: Embedder, batches: Iterable[Batch]
    ) -> Iterator[tuple[Sequence[str], Vectors]]:
        """See `Engine.embed`. An embedder without a recipe (a test's) works in this process."""
        if not self._options.embedding:
            for keys, texts in batches:
                yield keys, embedder.encode_passages(texts)
            return
        recipe = self._options.embedding
        waiting: dict[int, Sequence[str]] = {}
        ready: dict[int, Vectors] = {}
        source = enumerate(batches)
        lanes: Lanes | None = None
        while window := list(islice(source, WINDOW_TEXTS * self._processors)):
            lanes = lanes or self._started().lanes(
                partial(embed_one, recipe=recipe, model=embedder.id, expected=code()),
                gpu=str(recipe[3]) != "cpu",
            )
            yield from _in_order(lanes.room(), waiting, ready)
            waiting |= {place: keys for place, (keys, _) in window}
            lanes.start([(place, pickle.dumps(list(texts))) for place, (_, texts) in window])
        if lanes is not None:
            yield from _in_order(lanes.rest(), waiting, ready)

    def close(self) -> None:
        """End what this run started; a cluster that was there stays."""
        if self._session is not None:
            self._session.close()
            self._session = None

    @property
    def _processors(self) -> int:
        return self._started().processors

    def _started(self) -> Session:
        if self._session is None:
            self._session = Session(self._options.ray_address)
        return self._session


def _read(
    results: Iterator[Row], items: Sequence[Item], digests: dict[int, str]
) -> Iterator[Finished]:
    for place, data in results:
        found = pickle.loads(data)
        digest = digests.pop(place)
        yield items[place], _outcome((digest, found) if isinstance(found, Prepared) else found)


def _outcome(found: tuple[str, Prepared | None] | SanadError) -> Outcome:
    """What has been found already, as the walk takes it from a thread."""
    outcome: Outcome = Future()
    if isinstance(found, SanadError):
        outcome.set_exception(found)
    else:
        outcome.set_result(found)
    return outcome


def _in_order(
    results: Iterator[Row], waiting: dict[int, Sequence[str]], ready: dict[int, Any]
) -> Iterator[tuple[Sequence[str], Vectors]]:
    """Results as far as they continue those passed on before; the others are kept in `ready`."""
    for place, data in results:
        found = pickle.loads(data)
        if isinstance(found, SanadError):
            raise found
        if place not in waiting:
            raise EngineError(f"Ray returned batch {place} twice; run the same command again")
        ready[place] = found
        while waiting and (first := min(waiting)) in ready:
            yield waiting.pop(first), ready.pop(first)
