"""Quality and speed as a collection grows from 1,000 to 100,000 passages.

    python -m evals.retrieval_growth SHARED-DATA-FOLDER [--sizes 1000 10000 100000] [--json FILE]

The gold passages (Belebele in Arabic, and 500 sections of Canada's held-out acts in French) lie
among ever more passages of Arabic Wikipedia and of the other acts. Asked are Belebele's questions
in English and Arabic and the sections' headings in English and French, each through
`Assistant.search` with all signals. Beside it bm25s answers the same questions over the same
passages in the same run. Times are of one process; CPU time is given beside the clock's.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from evals.collection import CorpusPassage, TestQuestion
from evals.measures import measure
from evals.retrieval import indexed
from evals.retrieval_sets import acts, public, wikipedia
from rag.assistant import AskSettings, Assistant
from rag.embed import Embedder, load_embedder
from rag.question.query import shipped_translator

SIZES = (1_000, 10_000, 100_000)
TOP = 10
GOLD_SECTIONS = 250
SHARE_OF_ACTS = 5  # one passage in so many of the distractors is a section, the rest Wikipedia
WARM = 20  # questions asked before the clock starts
Ask = Callable[[str], list[str]]


@dataclass(frozen=True, slots=True)
class Growth:
    """One size: a direction's nDCG@10 ours and the peer's, milliseconds a question."""

    passages: int
    index_seconds: float
    ndcg: dict[str, float]
    peer_ndcg: dict[str, float]
    clock_ms: tuple[float, float]  # median, 95th percentile
    cpu_ms: tuple[float, float]
    peer_clock_ms: tuple[float, float]


@dataclass(frozen=True, slots=True)
class Material:
    """What is asked, where it must be found, and what it is hidden among."""

    questions: dict[str, tuple[TestQuestion, ...]]  # by direction
    gold: tuple[CorpusPassage, ...]
    distractors: tuple[CorpusPassage, ...]

    def collection(self, size: int) -> list[CorpusPassage]:
        """Gold first, then distractors, `size` in all."""
        return [*self.gold, *self.distractors][:size]


def material(data: Path) -> Material:
    """Reads the sets; ids are made distinct by a prefix a set."""
    belebele = data / "eval/belebele/Data/Belebele_original"
    asked, kept = {}, []
    for language in ("en", "ar"):
        one = public("belebele", belebele, language, "ar")
        asked[f"{language}-ar"] = tuple(_prefixed(question, "b") for question in one.questions)
        if language == "ar":
            kept += [_renamed(passage, "b") for passage in one.passages]
    sections = acts(data, "fr", "fr")
    for language in ("en", "fr"):
        one = acts(data, language, "fr")
        chosen = one.questions[:GOLD_SECTIONS]
        asked[f"{language}-fr"] = tuple(_prefixed(question, "a") for question in chosen)
    wanted = {name for question in asked["fr-fr"] for name in question.gold}
    renamed = [_renamed(passage, "a") for passage in sections.passages]
    kept += [passage for passage in renamed if passage.id in wanted]
    rest = [passage for passage in renamed if passage.id not in wanted]
    return Material(asked, tuple(kept), tuple(_interleaved(rest, list(wikipedia(data)))))


def _interleaved(
    few: Sequence[CorpusPassage], many: Sequence[CorpusPassage]
) -> list[CorpusPassage]:
    mixed: list[CorpusPassage] = []
    left, right = iter(few), iter(many)
    while True:
        block = [*_take(left, 1), *_take(right, SHARE_OF_ACTS - 1)]
        if not block:
            return mixed
        mixed += block


def _take(source: object, count: int) -> list[CorpusPassage]:
    return [found for _ in range(count) if (found := next(source, None))]  # type: ignore[call-overload]


def _renamed(passage: CorpusPassage, prefix: str) -> CorpusPassage:
    return CorpusPassage(prefix + passage.id, passage.text, passage.title, passage.language)


def _prefixed(question: TestQuestion, prefix: str) -> TestQuestion:
    gold = {prefix + name: grade for name, grade in question.gold.items()}
    return TestQuestion(question.id, question.text, question.language, gold)


def grow(given: Material, sizes: Sequence[int], embedder: Embedder) -> list[Growth]:
    """One row a size."""
    found = []
    for size in sizes:
        passages = given.collection(size)
        started = time.perf_counter()
        with indexed(passages, embedder) as generation:
            seconds = time.perf_counter() - started
            assistant = Assistant(generation, embedder, AskSettings(), shipped_translator())

            def ours(text: str, assistant: Assistant = assistant) -> list[str]:
                return [hit.passage.document_id for hit in assistant.search(text, TOP)]

            ndcg, clock, cpu = _asked(given, ours)
        peer_ndcg, peer_clock, _ = _asked(given, _peer(passages))
        row = Growth(len(passages), round(seconds, 1), ndcg, peer_ndcg, clock, cpu, peer_clock)
        found.append(row)
        sys.stdout.write(json.dumps(asdict(row)) + "\n")
        sys.stdout.flush()
    return found


def _asked(
    given: Material, ask: Ask
) -> tuple[dict[str, float], tuple[float, float], tuple[float, float]]:
    """nDCG@10 by direction, and the times of all questions."""
    for questions in given.questions.values():
        for question in questions[: WARM // len(given.questions)]:
            ask(question.text)
    ndcg, clock, cpu = {}, [], []
    for direction, questions in given.questions.items():
        gains = []
        for question in questions:
            wall, busy = time.perf_counter(), time.process_time()
            names = ask(question.text)
            clock.append(1000 * (time.perf_counter() - wall))
            cpu.append(1000 * (time.process_time() - busy))
            gains.append(measure("nDCG@10", names, question.gold))
        ndcg[direction] = round(100 * float(np.mean(gains)), 1)
    return ndcg, _spread(clock), _spread(cpu)


def _spread(times: Sequence[float]) -> tuple[float, float]:
    return round(float(np.median(times)), 1), round(float(np.percentile(times, 95)), 1)


def _peer(passages: Sequence[CorpusPassage]) -> Ask:
    """bm25s as its documentation builds it: one index of all languages, lower-cased words."""
    import bm25s

    retriever = bm25s.BM25()
    texts = [f"{passage.title} {passage.text}".strip() for passage in passages]
    retriever.index(bm25s.tokenize(texts, stopwords=None, show_progress=False), show_progress=False)

    def ask(text: str) -> list[str]:
        asked = bm25s.tokenize([text], stopwords=None, show_progress=False)
        rows, scores = retriever.retrieve(asked, k=TOP, show_progress=False)
        return [passages[int(r)].id for r, s in zip(rows[0], scores[0], strict=True) if s > 0]

    return ask


def table(rows: Sequence[Growth]) -> str:
    """Markdown: a row a size."""
    directions = list(rows[0].ndcg)
    lines = [
        "| passages | " + " | ".join(directions) + " | bm25s, own language | ms p50 / p95 "
        "| CPU ms p50 / p95 | bm25s ms p50 / p95 |",
        "|--:" * (len(directions) + 5) + "|",
    ]
    for row in rows:
        own = " / ".join(f"{row.peer_ndcg[d]}" for d in directions if d[:2] == d[3:])
        times = (row.clock_ms, row.cpu_ms, row.peer_clock_ms)
        cells = [f"{row.passages:,}", *(f"{row.ndcg[d]}" for d in directions), own]
        cells += [f"{median} / {high}" for median, high in times]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def main() -> int:
    """Measure every size; print the table."""
    assert __doc__
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path, help="folder with eval/ and scale/")
    parser.add_argument("--sizes", type=int, nargs="+", default=list(SIZES))
    parser.add_argument("--json", type=Path, help="write the rows there")
    given = parser.parse_args()
    rows = grow(material(given.data), given.sizes, load_embedder())
    if given.json:
        given.json.write_text(json.dumps([asdict(row) for row in rows], indent=1), "utf-8")
    sys.stdout.write(table(rows) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
