"""Retrieval measured on a test collection, through the code a question goes through.

The passages are indexed as a generation indexes them (terms by language, vectors,
stored text) and every question goes through `Assistant.search`: language
detection, translation, both retrievers, fusion. Each passage is a document of its own, so the
limit of passages per work never applies. Nothing is written but a temporary folder.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from evals.collection import CorpusPassage, TestQuestion, read_passages, read_questions
from evals.indexing import write_generation
from evals.measures import bootstrap, measure
from evals.retrieval_peers import DEPTH
from evals.retrieval_variants import MEASURES, peer_scores, signal_scores, variants
from ingest.segment import indexed_text
from rag.assistant import AskSettings, Assistant
from rag.embed import Embedder
from rag.errors import ConfigurationError
from rag.evidence.retrieve import RetrievalSettings
from rag.evidence.search import GatherSettings
from rag.index.generation import Generation
from rag.question.query import Translates
from rag.types import Page, Passage, SourceDocument
from rag.words.language import detect_question

BATCH = 1024  # texts embedded at a time


@dataclass(frozen=True, slots=True)
class Ranked:
    """What was found for one question, best first."""

    question: TestQuestion
    ids: tuple[str, ...]
    scores: tuple[float, ...]
    seconds: float


def evaluate_files(
    questions: Path,
    corpus: Path,
    embedder: Embedder,
    *,
    translator: Translates | None = None,
    settings: RetrievalSettings | None = None,
    run: Path | None = None,
    signals: bool = False,
) -> dict[str, Any]:
    """Measures of the pipeline on two files (see `evals.collection`), as plain values.

    Means are over the questions that have gold; a question of which nothing is
    found counts 0. `intervals` are 95 % bootstrap intervals over questions.
    `by_direction` is question language -> language of its gold passages. With
    `run`, rankings are written there in TREC's form. With `signals`, each signal alone, all but
    each one and the peers are measured too, with the shipped tables. Raises ConfigurationError.
    """
    passages, asked = read_passages(corpus), read_questions(questions)
    judged = [question for question in asked if any(g > 0 for g in question.gold.values())]
    languages = {passage.id: passage.language for passage in passages}
    missing = _missing_gold(judged, languages, questions, corpus)
    started = time.perf_counter()
    with indexed(passages, embedder) as generation:
        indexing = time.perf_counter() - started
        limits = AskSettings(gather=GatherSettings(retrieval=settings or RetrievalSettings()))
        assistant = Assistant(generation, embedder, limits, translator)
        ranked = [_search(question, assistant) for question in judged]
        others = _others(generation, embedder, passages, judged) if signals else {}
    if run is not None:
        run.write_text("".join(_trec_lines(ranked)), "utf-8")
    times = [1000 * one.seconds for one in ranked]
    report: dict[str, Any] = {
        **_measured(ranked),
        "by_direction": _by_direction(ranked, languages),
        "questions": len(judged),
        "without_gold": len(asked) - len(judged),
        "passages": len(passages),
        "gold_not_in_corpus": missing,
        "language_taken_otherwise": sum(
            detect_question(question.text) != question.language for question in judged
        ),
        "model": embedder.id,
        "seconds": {"index": round(indexing, 3), "questions": round(sum(times) / 1000, 3)},
        "question_ms": {"p50": _percentile(times, 50), "p95": _percentile(times, 95)},
    }
    if signals:
        report["signals"] = others
    report["table"] = table(report)
    return report


def _others(
    generation: Generation,
    embedder: Embedder,
    passages: Sequence[CorpusPassage],
    judged: Sequence[TestQuestion],
) -> dict[str, dict[str, float] | str]:
    """Means of the peers (or why there are none) and of the pipeline with some of its signals."""
    partly = [variant for variant in variants() if variant.name != "all"]
    return {
        **peer_scores(passages, judged),
        **signal_scores(generation, embedder, judged, partly),
    }


def _missing_gold(
    judged: Sequence[TestQuestion], known: Mapping[str, str], questions: Path, corpus: Path
) -> int:
    """How many gold ids the corpus lacks (they count as not found). Raises
    ConfigurationError when there is nothing to measure."""
    if not judged:
        raise ConfigurationError(f"{questions}: no question has gold ids")
    gold = {name for question in judged for name, grade in question.gold.items() if grade > 0}
    missing = gold - known.keys()
    if missing == gold:
        raise ConfigurationError(
            f"none of the {len(gold)} gold ids of {questions} is in {corpus} (gold: "
            f"{min(gold)!r}, corpus: {next(iter(known))!r})"
        )
    return len(missing)


@contextmanager
def indexed(passages: Sequence[CorpusPassage], embedder: Embedder) -> Iterator[Generation]:
    """A generation of the passages, each a document of its own, without Chroma; row i is
    passage i. Removed when the block ends."""
    with tempfile.TemporaryDirectory(prefix="sanad-eval-") as folder:
        generation = _build(Path(folder), passages, embedder)
        try:
            yield generation
        finally:
            generation.close()


def _build(folder: Path, passages: Sequence[CorpusPassage], embedder: Embedder) -> Generation:
    pairs = [_as_document(passage) for passage in passages]
    texts = [indexed_text(document, passage) for document, passage in pairs]
    blocks = [embedder.encode_passages(texts[i : i + BATCH]) for i in range(0, len(texts), BATCH)]
    vectors = np.concatenate(blocks).astype("<f4")
    entries = ((document, [(passage, str(n))]) for n, (document, passage) in enumerate(pairs))
    write_generation(
        folder, entries, lambda keys: [vectors[int(key)].tobytes() for key in keys],
        len(passages), embedder,
    )  # fmt: skip
    return Generation.open(folder)


def _as_document(passage: CorpusPassage) -> tuple[SourceDocument, Passage]:
    document = SourceDocument(
        id=passage.id,
        work_id=passage.id,
        title=passage.title,
        language=passage.language,
        pages=(Page(1, passage.text),),
    )
    return document, Passage(passage.id, 1, 0, len(passage.text), passage.text)


def _search(question: TestQuestion, assistant: Assistant) -> Ranked:
    started = time.perf_counter()
    hits = assistant.search(question.text, DEPTH)
    return Ranked(
        question=question,
        ids=tuple(hit.passage.document_id for hit in hits),
        scores=tuple(hit.score for hit in hits),
        seconds=time.perf_counter() - started,
    )


def _measured(ranked: Sequence[Ranked]) -> dict[str, Any]:
    """{"measures": {name: mean}, "intervals": {name: [low, high]}}."""
    found = {
        name: bootstrap([measure(name, one.ids, one.question.gold) for one in ranked])
        for name in MEASURES
    }
    return {
        "measures": {name: round(value.mean, 4) for name, value in found.items()},
        "intervals": {n: [round(v.low, 4), round(v.high, 4)] for n, v in found.items()},
    }


def _by_direction(ranked: Sequence[Ranked], languages: Mapping[str, str]) -> dict[str, Any]:
    groups: dict[str, list[Ranked]] = {}
    for one in ranked:
        relevant = {name for name, grade in one.question.gold.items() if grade > 0}
        kept = sorted({languages[name] for name in relevant if name in languages})
        groups.setdefault(f"{one.question.language}->{'+'.join(kept) or '?'}", []).append(one)
    return {
        direction: {**_measured(group), "questions": len(group)}
        for direction, group in sorted(groups.items())
    }


def _trec_lines(ranked: Sequence[Ranked]) -> Iterator[str]:
    """question Q0 passage rank score tag, as trec_eval reads them."""
    for one in ranked:
        for rank, (name, score) in enumerate(zip(one.ids, one.scores, strict=True), start=1):
            yield f"{one.question.id} Q0 {name} {rank} {score:.6f} sanad\n"


def _percentile(times: Sequence[float], share: float) -> float:
    return round(float(np.percentile(times, share)), 2)


def table(report: Mapping[str, Any]) -> str:
    """The report as text for a terminal; measures times 100, the worst direction last."""
    lines = [
        f"{report['questions']} questions, {report['passages']} passages, model {report['model']}; "
        f"question p50 {report['question_ms']['p50']} ms, p95 {report['question_ms']['p95']} ms",
        f"{'':12}{'n':>6}" + "".join(f"{name:>9}" for name in MEASURES) + "   nDCG@10 95 %",
    ]
    directions = report["by_direction"]
    rows = [("all", report, report["questions"])] if len(directions) != 1 else []
    rows += [
        (name, directions[name], directions[name]["questions"])
        for name in sorted(directions, key=lambda d: -directions[d]["measures"][MEASURES[0]])
    ]
    for name, part, count in rows:
        low, high = part["intervals"][MEASURES[0]]
        cells = "".join(f"{100 * part['measures'][m]:9.1f}" for m in MEASURES)
        lines.append(f"{name:12}{count:6}{cells}   {100 * low:.1f} to {100 * high:.1f}")
    for name, part in report.get("signals", {}).items():
        if isinstance(part, str):
            lines.append(f"{name:18}   {part}")
            continue
        cells = "".join(f"{100 * part[m]:9.1f}" for m in MEASURES)
        lines.append(f"{name:18}{cells}")
    for key, words in (
        ("gold_not_in_corpus", "gold ids are not in the corpus and count as not found"),
        ("without_gold", "questions have no gold and are not measured"),
        ("language_taken_otherwise", "questions were taken to be in another language"),
    ):
        if report[key]:
            lines.append(f"{report[key]} {words}")
    return "\n".join(lines)
