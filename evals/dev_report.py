"""The development questions over one report.

    python -m evals.dev_report REPORT QUESTIONS.jsonl [--distractors FOLDER] [--json]

Ingests the report (and every file of FOLDER, as distractors) into a temporary data
folder through the ingestion walk, asks each question, and counts how many find
their gold paragraph (a passage that overlaps a gold quote) in the first TOP, and how
many answers quote a gold passage. A conversation is asked turn by turn in its
standalone form. The project ships neither the report nor the questions.

QUESTIONS: one JSON object a line with id, lang, question, gold_quotes, answerable,
and turns (question, standalone, gold_quotes) for a conversation.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from evals.observed import comparable, overlap
from ingest.walk import ingest
from rag.assistant import Assistant
from rag.embed import load_embedder
from rag.errors import ConfigurationError, SanadError
from rag.index.generation import open_current
from rag.question.query import shipped_translator
from rag.settings import load_settings
from rag.types import Answer, Hit

TOP = 5
DEEP = 50  # how far a gold paragraph that missed the top is looked for
WORDS_SHARED = 8  # a passage that holds a run of so many words of a gold quote overlaps it


@dataclass(frozen=True, slots=True)
class Asked:
    """One question or turn."""

    id: str
    language: str
    question: str
    gold_quotes: tuple[str, ...]
    answerable: bool


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one question."""

    id: str
    question: str
    answerable: bool
    rank: int  # of the first gold passage, from 1; 0: not among the first DEEP
    status: str
    quotes_gold: bool  # a cited passage overlaps a gold quote
    quote_is_gold: bool  # a cited sentence itself overlaps one
    milliseconds: float


def read_questions(path: Path) -> list[Asked]:
    """Questions and standalone turns, in order."""
    asked: list[Asked] = []
    try:
        lines = path.read_text("utf-8").splitlines()
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be read: {error.strerror}") from error
    for number, line in enumerate(lines, start=1):
        try:
            asked += _asked(json.loads(line)) if line.strip() else ()
        except (ValueError, KeyError, TypeError) as error:
            raise ConfigurationError(
                f"{path} line {number}: {type(error).__name__} {error}"
            ) from error
    return asked


def _asked(record: dict[str, Any]) -> Iterator[Asked]:
    turns = record.get("turns") or [record]
    for number, turn in enumerate(turns, start=1):
        yield Asked(
            id=record["id"] if len(turns) == 1 else f"{record['id']}.{number}",
            language=turn.get("lang") or record["lang"],
            question=turn.get("standalone") or turn["question"],
            gold_quotes=tuple(turn["gold_quotes"]),
            answerable=bool(turn.get("answerable", True)),
        )


def ask(asked: Asked, assistant: Assistant) -> Outcome:
    """Search and answer one question."""
    hits = assistant.search(asked.question, DEEP)
    finished = assistant.answer(asked.question)
    reply = finished.reply
    evidence = reply.evidence if isinstance(reply, Answer) else ()
    return Outcome(
        id=asked.id,
        question=asked.question,
        answerable=asked.answerable,
        rank=_rank(hits, asked.gold_quotes),
        status=reply.status if isinstance(reply, Answer) else "declined",
        quotes_gold=any(holds(item.passage.text, asked.gold_quotes) for item in evidence),
        quote_is_gold=any(holds(item.quote.text, asked.gold_quotes) for item in evidence),
        milliseconds=finished.timings_ms.get("total", 0.0),
    )


def _rank(hits: Sequence[Hit], gold: Sequence[str]) -> int:
    ranks = (n for n, hit in enumerate(hits, start=1) if holds(hit.passage.text, gold))
    return next(ranks, 0)


def holds(text: str, gold: Sequence[str]) -> bool:
    """Whether a text overlaps one of the gold quotes: contains it, is contained in it, or
    shares a run of WORDS_SHARED words with it (a quote may run over a passage's end)."""
    return any(overlap(text, quote) or _shares_run(text, quote) for quote in gold)


def _shares_run(text: str, quote: str) -> bool:
    said, wanted = f" {comparable(text)} ", comparable(quote).split()
    size = min(WORDS_SHARED, len(wanted))
    runs = (" ".join(wanted[i : i + size]) for i in range(len(wanted) - size + 1))
    return size > 0 and any(f" {run} " in said for run in runs)


def report(
    source: Path, questions: Sequence[Asked], distractors: Sequence[Path]
) -> tuple[list[Outcome], str]:
    """Ingest into a temporary data folder and ask; returns outcomes and a line on the
    collection."""
    settings = load_settings()
    embedder = load_embedder(*settings.embedding())
    with tempfile.TemporaryDirectory(prefix="sanad-dev-") as folder:
        done = ingest([str(source), *map(str, distractors)], Path(folder), embedder)
        if done.failed:
            sys.stderr.write("".join(f"failed {name}: {why}\n" for name, why in done.failed))
        generation = open_current(Path(folder))
        try:
            assistant = Assistant(generation, embedder, translator=shipped_translator())
            outcomes = [ask(one, assistant) for one in questions]
            manifest = generation.manifest
            about = (
                f"{manifest.documents} documents, {manifest.passages} passages, {manifest.model}"
            )
        finally:
            generation.close()
    return outcomes, about


def summary(outcomes: Sequence[Outcome], about: str) -> str:
    """A line a question, then the counts."""
    answerable = [one for one in outcomes if one.answerable]
    others = [one for one in outcomes if not one.answerable]
    found = sum(1 <= one.rank <= TOP for one in answerable)
    quoted = sum(one.quotes_gold for one in answerable)
    exact = sum(one.quote_is_gold for one in answerable)
    declined = sum(one.status == "declined" for one in others)
    lines = [about, f"{'id':8}{'rank':>5} {'status':9} {'quotes':7} question"]
    for one in outcomes:
        rank = str(one.rank) if one.rank else "-" if one.answerable else ""
        gold = "" if not one.answerable else "yes" if one.quotes_gold else "no"
        lines.append(f"{one.id:8}{rank:>5} {one.status:9} {gold:7} {one.question[:70]}")
    n = len(answerable)
    lines += [
        f"{len(outcomes)} questions and turns, {n} of them answerable",
        f"gold paragraph in the first {TOP}: {found} of {n}",
        f"answers that quote a gold passage: {quoted} of {n} (a gold sentence itself: {exact})",
        f"unanswerable questions declined: {declined} of {len(others)}",
    ]
    return "\n".join(lines)


def main() -> int:
    """Print the report; returns the exit code."""
    assert __doc__
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("report", type=Path)
    parser.add_argument("questions", type=Path)
    parser.add_argument("--distractors", type=Path, action="append", default=[])
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    try:
        questions = read_questions(given.questions)
        outcomes, about = report(given.report, questions, given.distractors)
    except SanadError as error:
        sys.stderr.write(f"evals.dev_report: {error}\n")
        return 2
    if given.json:
        rows = [asdict(one) for one in outcomes]
        sys.stdout.write(json.dumps(rows, ensure_ascii=False, indent=1) + "\n")
    else:
        sys.stdout.write(summary(outcomes, about) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
