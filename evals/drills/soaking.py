"""Row 25 of the table: everything that visitors and officers do, for a while, and whether memory
and handles stay."""

from __future__ import annotations

import random
import statistics
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from evals.bench.load_figures import Sample
from evals.drills.material import write_documents
from evals.drills.serving import (
    ASK,
    DOCUMENTS,
    LIBRARY,
    QUESTIONS,
    SEARCH,
    asked,
    ingested,
    leave,
    served,
    status_of,
)

EVERY_S = 2.0  # a sample
INGEST_S = 60.0
WARM_S = 60.0  # in which Chroma is attached and what is made once is made: not judged
# Between the medians of the second and the last third of the samples. A server of 380 MB that
# leaks 5 MB a minute grows by 17 MB between them in ten minutes.
MORE_MEMORY = 0.02
MORE_MB = 5.0
MORE_HANDLES = 10


def soak(folder: Path, minutes: float) -> str:
    """Visitors who ask, search, browse and leave; an ingestion a minute."""
    with served(folder) as (server, docs, data):
        over = threading.Event()
        codes: Counter[int] = Counter()
        lost: list[str] = []

        def ask() -> None:
            status, said, _ = asked(server.address, random.choice(QUESTIONS))
            codes.update([status])
            lost.extend([f"{ASK}: {said['lost']}"] if "lost" in said else [])

        others = [
            ask,
            lambda: codes.update([status_of(server.address + SEARCH, lost)]),
            lambda: codes.update([status_of(server.address + LIBRARY, lost)]),
            lambda: codes.update([status_of(server.address + "/en/", lost)]),
            lambda: leave(server.address),
        ]
        threads = [threading.Thread(target=_again, args=(do, over)) for do in others]
        for thread in threads:
            thread.start()
        try:
            samples = []
            end = time.monotonic() + 60 * minutes
            next_ingest, version = time.monotonic() + INGEST_S / 2, 1
            while time.monotonic() < end:
                samples.append(server.sample())
                if time.monotonic() > next_ingest:
                    version += 1
                    write_documents(docs, dict.fromkeys(range(DOCUMENTS), version))
                    ingested(docs, data)
                    next_ingest += INGEST_S
                over.wait(EVERY_S)
        finally:
            over.set()
            for thread in threads:
                thread.join()
    return f"{minutes:g} min, {version - 1} ingestions; {stayed(samples, codes, lost)}"


def stayed(samples: Sequence[Sample], codes: Mapping[int, int], lost: Sequence[str] = ()) -> str:
    """What was seen. Raises AssertionError where questions failed (`lost`: why no answer came), or
    memory or handles grew."""
    assert set(codes) <= {200, 429}, f"other answers: {dict(codes)}; {'; '.join(lost[:3])}"
    assert codes.get(200, 0) > codes.get(429, 0), f"hardly anything was answered: {dict(codes)}"
    samples = [sample for sample in samples if sample.at_s > samples[0].at_s + WARM_S]
    third = len(samples) // 3
    assert third >= 5, f"{len(samples)} samples are too few to tell"
    thirds = samples[third : 2 * third], samples[2 * third :]
    memory = [statistics.median(sample.rss_mb for sample in each) for each in thirds]
    handles = [statistics.median(sample.handles for sample in each) for each in thirds]
    said = (
        f"{dict(codes)}; medians of the second and the last third: memory {memory[0]:.0f} -> "
        f"{memory[1]:.0f} MB, handles {handles[0]:.0f} -> {handles[1]:.0f}"
    )
    assert handles[1] <= handles[0] + MORE_HANDLES, f"handles grew: {said}"
    assert memory[1] <= memory[0] * (1 + MORE_MEMORY) + MORE_MB, f"memory grew: {said}"
    return said


def _again(do: Callable[[], None], over: threading.Event) -> None:
    while not over.wait(1.0):
        with suppress(OSError):
            do()
