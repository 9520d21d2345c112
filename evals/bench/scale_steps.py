"""Steps of `evals.bench.scale`, each a process: its last line is JSON.

python -m evals.bench.scale_steps build DATA FOLDER PASSAGES
python -m evals.bench.scale_steps ask | chroma FOLDER DATA
python -m evals.bench.scale_steps peer NAME FOLDER DATA
"""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from evals.bench.scale_material import grown, real
from evals.bench.scale_peers import PEERS
from evals.indexing import write_generation
from evals.retrieval_sets import acts, passages_of, public
from ingest.segment import Entry, indexed_text
from rag.assistant import AskSettings, Assistant
from rag.embed import load_embedder
from rag.index.generation import CURRENT, GENERATIONS, open_current
from rag.question.query import shipped_translator
from rag.types import Page, Passage, SourceDocument
from rag.vectors import ChromaIndex, ExactIndex, build_chroma

DOCUMENT = 20  # passages of one document
BATCH = 1024
EACH = 80  # questions of each of four directions
WARM = 10
TOP = 10


def entries(data: Path, count: int) -> Iterator[Entry]:
    """Documents of DOCUMENT passages of at most 120 words, `count` passages in all; the key of a
    passage is its number."""
    held: list[str] = []
    made = 0
    for name, language, text in grown(list(real(data))):
        for passage in passages_of(text):
            held.append(passage)
            made += 1
            if len(held) == DOCUMENT or made == count:
                yield _entry(name, language, held, made - len(held))
                held = []
            if made == count:
                return
        if held:
            yield _entry(name, language, held, made - len(held))
            held = []


def _entry(name: str, language: str, texts: Sequence[str], first: int) -> Entry:
    identity, start, placed = f"{name}#{first}", 0, []
    for position, text in enumerate(texts):
        end = start + len(text)
        passage = Passage(identity, 1, start, end, text, (), position)
        placed.append((passage, str(first + position)))
        start = end + 1
    title = Path(name).stem
    page = Page(1, "\n".join(texts))
    return SourceDocument(
        id=identity, work_id=identity, title=title, language=language, pages=(page,)
    ), placed


def build(data: Path, folder: Path, count: int) -> dict[str, Any]:
    """Write a generation of so many passages straight from texts: no catalog, no Chroma."""
    embedder = load_embedder()
    name = folder / GENERATIONS / "scale"
    name.mkdir(parents=True)
    cpu, clock = time.process_time(), time.monotonic()

    def embedded() -> Iterator[tuple[Entry, list[bytes]]]:
        batch: list[Entry] = []
        for entry in entries(data, count):
            batch.append(entry)
            if sum(len(keyed) for _, keyed in batch) >= BATCH:
                yield from _vectors(batch, embedder)
                batch = []
        yield from _vectors(batch, embedder)

    waiting: dict[str, bytes] = {}

    def noted() -> Iterator[Entry]:
        for entry, vectors in embedded():
            waiting.update(zip((key for _, key in entry[1]), vectors, strict=True))
            yield entry

    manifest = write_generation(
        name, noted(), lambda keys: [waiting.pop(key) for key in keys], count, embedder
    )
    took = time.process_time() - cpu
    (folder / CURRENT).write_text("scale\n")
    size = sum(path.stat().st_size for path in name.rglob("*") if path.is_file())
    found = {
        "passages": count, "cpu_s": round(took, 1), "clock_s": round(time.monotonic() - clock, 1),
        "per_cpu_second": round(count / took), "kb_a_passage": round(size / count / 1000, 2),
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "languages": manifest.languages,
    }  # fmt: skip
    (folder / "built.json").write_text(json.dumps(found))
    return found


def _vectors(batch: Sequence[Entry], embedder: Any) -> Iterator[tuple[Entry, list[bytes]]]:
    texts = [indexed_text(document, p) for document, keyed in batch for p, _ in keyed]
    if not texts:
        return
    rows = iter(embedder.encode_passages(texts).astype("<f4"))
    for entry in batch:
        yield entry, [next(rows).tobytes() for _ in entry[1]]


def questions(data: Path) -> list[str]:
    """Belebele in English and Arabic, headings of Canada's acts in English and French."""
    belebele = data / "eval/belebele/Data/Belebele_original"
    found = [
        q.text
        for lang in ("en", "ar")
        for q in public("belebele", belebele, lang, "ar").questions[:EACH]
    ]
    return found + [
        q.text for lang in ("en", "fr") for q in acts(data, lang, "fr").questions[:EACH]
    ]


def timed(ask: Callable[[str], object], asked: Sequence[str]) -> dict[str, list[float]]:
    """Median and 95th percentile of clock and CPU milliseconds a question, after ten that warm."""
    for text in asked[:: len(asked) // WARM]:
        ask(text)
    clock, cpu = [], []
    for text in asked:
        wall, busy = time.perf_counter(), time.process_time()
        ask(text)
        clock.append(1000 * (time.perf_counter() - wall))
        cpu.append(1000 * (time.process_time() - busy))
    return {name: [round(float(np.percentile(times, p)), 1) for p in (50, 95)]
            for name, times in (("clock_ms", clock), ("cpu_ms", cpu))}  # fmt: skip


def resident_mb() -> int:
    """Memory this process holds now, mapped files that were read included."""
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * resource.getpagesize() // 2**20


def ask(folder: Path, data: Path) -> dict[str, Any]:
    """Open the collection and put every question to it: the whole retrieval, exact scan."""
    asked = questions(data)
    embedder, translator = load_embedder(), shipped_translator()
    started = time.perf_counter()
    generation = open_current(folder)
    opened = time.perf_counter() - started
    assistant = Assistant(generation, embedder, AskSettings(), translator)
    before = resident_mb()
    found = timed(lambda text: assistant.search(text, TOP), asked)
    vectors = list(embedder.encode_questions(asked))
    by_text = dict(zip(asked, vectors, strict=True))
    dense = generation.dense
    assert dense is not None
    return found | {
        "open_s": round(opened, 2), "opened_mb": before, "resident_mb": resident_mb(),
        "scan": timed(lambda text: dense.top(by_text[text], TOP), asked),
    }  # fmt: skip


def chroma(folder: Path, data: Path) -> dict[str, Any]:
    """Our Chroma collection over the same vectors: built, asked, and held to the exact scan."""
    asked = questions(data)
    where = folder / GENERATIONS / "scale"
    exact = ExactIndex(where / "vectors.npy")
    started = time.monotonic()
    if not (folder / "chroma").exists():
        build_chroma(folder / "chroma", exact.matrix)
    took = round(time.monotonic() - started, 1)
    index = ChromaIndex(folder / "chroma", exact)
    return {"chroma": {"build_s": took} | _asked_dense(index.top, exact, asked)}


def _asked_dense(
    top: Callable[..., list[tuple[int, float]]], exact: ExactIndex, asked: Sequence[str]
) -> dict[str, Any]:
    vectors = dict(zip(asked, load_embedder().encode_questions(asked), strict=True))
    found = timed(lambda text: top(vectors[text], TOP), asked)
    shared = [
        len({row for row, _ in top(vector, TOP)} & {row for row, _ in exact.top(vector, TOP)}) / TOP
        for vector in vectors.values()
    ]
    return found | {"recall": round(float(np.mean(shared)), 4), "resident_mb": resident_mb()}


def peer(name: str, folder: Path, data: Path) -> dict[str, Any]:
    """A peer over the same passages (or, of vectors, the same vectors)."""
    asked = questions(data)
    generation = open_current(folder)
    exact = generation.dense
    assert isinstance(exact, ExactIndex)
    rows = range(generation.manifest.passages)
    texts = [
        p.text
        for at in range(0, len(rows), 500)
        for p in generation.store.passages(rows[at : at + 500])
    ]
    before = resident_mb()
    started = time.monotonic()
    try:
        top, by_vector = PEERS[name](texts, exact.matrix, folder / "peers")
    except ImportError as error:
        return {"failed": f"not installed ({error.name})"}
    built = {"build_s": round(time.monotonic() - started, 1)}
    if by_vector:
        found = _asked_dense(top, exact, asked)
    else:
        found = timed(lambda text: top(text, TOP), asked)
    return built | found | {"resident_mb": resident_mb() - before}


def main() -> None:
    """Run the step the command line names."""
    step, *rest = sys.argv[1:]
    if step == "build":
        found = build(Path(rest[0]), Path(rest[1]), int(rest[2]))
    elif step == "peer":
        found = peer(rest[0], Path(rest[1]), Path(rest[2]))
    else:
        found = {"ask": ask, "chroma": chroma}[step](Path(rest[0]), Path(rest[1]))
    print(json.dumps(found))  # noqa: T201


if __name__ == "__main__":
    main()
