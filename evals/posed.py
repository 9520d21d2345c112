"""Questions posed to a collection that answers them or does not, and what may decide.

Kinds: "yes" the collection answers; "near" a passage is about it and no passage answers (SQuAD 2,
our own); "removed" the passage (or report) that answers is taken out of what was found, its
neighbours stay; "out" the collection has nothing to do with it. Knows the files of the evaluation
data, and no threshold.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from evals.collection import CorpusPassage
from evals.retrieval import indexed
from evals.training.reader_data import kept_out, passages_of, written_over
from evals.training.reports import beside, generation_of, kept_questions, read_reports
from rag.embed import Embedder
from rag.evidence.answerable import evidence
from rag.evidence.candidates import Candidate, candidates
from rag.evidence.retrieve import retrieve
from rag.index.generation import Generation
from rag.question.query import Question, Translates, understand
from rag.types import Hit

PASSAGES = 16
SQUAD2 = "squad2-dev-halves/data/dev-v2.0.json"
OTHERS = "squad2-dev-halves/data/test-v2.0.json"  # other articles, answers withheld
_BELEBELE = {"en": "eng_Latn", "ar": "arb_Arab"}


@dataclass(frozen=True, slots=True)
class Item:
    """A question; `gold` is the position of the passage that answers it, -1 for none."""

    text: str
    kind: str
    gold: int = -1


@dataclass(frozen=True, slots=True)
class Trial:
    """Passages of one language and what is asked of them."""

    name: str
    language: str  # of the passages
    passages: tuple[str, ...]
    items: tuple[Item, ...]
    repeats: bool = False  # whether several passages say the same: none is taken out then


@dataclass(frozen=True, slots=True)
class Posed:
    """One question after search: evidence of `rag.evidence.answerable`, and the peers' scores."""

    kind: str
    trial: str
    language: str  # the question's, as it was detected
    evidence: npt.NDArray[np.float64]  # (features,); NaN without a candidate
    support: float  # probability of the best sentence
    bm25: float  # highest BM25 score
    cosine: float  # of the nearest passage
    coverage: float  # share, by idf, of the question's words in the best passage


def pose(trial: Trial, embedder: Embedder, translator: Translates) -> list[Posed]:
    """Ask every question; one of kind "yes" is asked again with its passage removed, where no
    other says the same."""
    return pose_all([trial], embedder, translator)


def pose_all(trials: Sequence[Trial], embedder: Embedder, translator: Translates) -> list[Posed]:
    """Ask the questions of several trials; passages that trials share are embedded once."""
    found: list[Posed] = []
    for language, texts in dict.fromkeys((trial.language, trial.passages) for trial in trials):
        passages = [
            CorpusPassage(str(number), text, "", language) for number, text in enumerate(texts)
        ]
        with indexed(passages, embedder) as generation:
            for trial in trials:
                if (trial.language, trial.passages) == (language, texts):
                    found += _asked(trial, generation, embedder, translator)
    return found


def pose_reports(embedder: Embedder, translator: Translates, limit: int) -> list[Posed]:
    """Questions of the reports that the reader did not learn from, asked of all reports; answered
    ones also with their own report taken out of what was found."""
    reports, found = read_reports(), []
    with generation_of(reports, embedder) as generation:
        for one in kept_questions(reports, generation, limit):
            asked, over = one.asked.language, one.report.language
            trial = Trial(
                f"reports {'in one language' if asked == over else 'across'}", over, (), ()
            )
            question = understand(one.asked.text, embedder, translator, None, generation.spellings)
            hits = retrieve(question, generation, 2 * PASSAGES, beside(one, generation))
            kind = "yes" if one.lead is not None else "near"
            posed = (trial, question, hits[:PASSAGES], generation, embedder)
            found.append(_posed(kind, *posed))
            rest = [hit for hit in hits if hit.passage.document_id != one.document][:PASSAGES]
            if kind == "yes":
                found.append(_posed("removed", trial, question, rest, generation, embedder))
    return found


def _asked(
    trial: Trial, generation: Generation, embedder: Embedder, translator: Translates
) -> Iterator[Posed]:
    for item in trial.items:
        question = understand(item.text, embedder, translator, None, generation.spellings)
        hits = retrieve(question, generation, PASSAGES + 1)
        yield _posed(item.kind, trial, question, hits[:PASSAGES], generation, embedder)
        if item.kind == "yes" and not trial.repeats:
            rest = [hit for hit in hits if hit.passage.document_id != str(item.gold)]
            yield _posed("removed", trial, question, rest[:PASSAGES], generation, embedder)


def _posed(
    kind: str, trial: Trial, question: Question, hits: Sequence[Hit], generation: Generation,
    embedder: Embedder,
) -> Posed:  # fmt: skip
    best: list[Candidate] = candidates(question, hits, generation)
    index = generation.lexical[trial.language]
    assert generation.dense is not None
    nearest = generation.dense.top(question.vector, 1, None)
    return Posed(
        kind=kind,
        trial=trial.name,
        language=question.language,
        evidence=evidence(question, best, generation),
        support=best[0].score if best else 0.0,
        bm25=float(index.scores(question.index_terms(trial.language)).max(initial=0.0)),
        cosine=nearest[0][1] if nearest else 0.0,
        coverage=max((one.features.passage for one in best), default=0.0),
    )


def squad2_halves(data: Path, *, held_out: bool, limit: int) -> Trial:
    """Every second article of SQuAD 2's development half; of those that are fitted on, what the
    reader did not learn from. The half that is measured is never fitted on; only it is also asked
    questions on other articles: those run longer than the ones that are answered, and would teach
    that long questions are not."""
    articles = _json(data / SQUAD2)["data"][int(held_out) :: 2]
    if not held_out:
        articles = [one for one in articles if kept_out(one["title"].replace("_", " "))]
    passages: list[str] = []
    items: list[Item] = []
    for article in articles:
        for paragraph in article["paragraphs"]:
            for asked in paragraph["qas"]:
                kind = "near" if asked["is_impossible"] else "yes"
                items.append(Item(asked["question"].strip(), kind, len(passages)))
            passages.append(paragraph["context"])
    others = [
        asked["question"].strip()
        for article in _json(data / OTHERS)["data"][int(held_out) :: 2]
        for paragraph in article["paragraphs"]
        for asked in paragraph["qas"]
    ]
    chosen = _sample(items, 2 * limit)
    if held_out:
        chosen += [Item(q, "out") for q in _sample(others, limit)]
    name = "squad2" if held_out else "squad2-train"
    return Trial(name, "en", tuple(passages), tuple(chosen))


def parallel(data: Path, asked: str, over: str, limit: int) -> Trial:
    """Our questions in one language over the passages of NTREX-128 and TICO-19 in another, of the
    passages that the reader did not learn from; two in five are near misses."""
    homes = dict(passages_of(data))
    place = {home: number for number, home in enumerate(homes)}
    passages = tuple(" ".join(texts[over] for texts in rows) for rows in homes.values())
    items = [
        Item(one.question, "yes" if one.answers else "near", place[one.window.home])
        for one in written_over(data)
        if one.language == asked and one.over == over and kept_out(one.window.home)
    ]
    return Trial(
        f"parallel {asked}->{over}", over, passages, tuple(_sample(items, limit)), repeats=True
    )


def belebele(data: Path, asked: str, over: str, limit: int) -> Trial:
    """Belebele's questions in one language over its passages in one, and MIRACL's questions in
    the first, which are about other things."""
    folder = data / "belebele/Data/Belebele_original"
    rows = [json.loads(line) for line in _lines(folder / f"{_BELEBELE[asked]}.jsonl")]
    texts = {
        (row["link"], row["question_number"]): row["flores_passage"]
        for row in map(json.loads, _lines(folder / f"{_BELEBELE[over]}.jsonl"))
    }
    passages = list(dict.fromkeys(texts.values()))
    place = {text: number for number, text in enumerate(passages)}
    items = [
        Item(row["question"], "yes", place[texts[row["link"], row["question_number"]]])
        for row in rows
        if (row["link"], row["question_number"]) in texts
    ]
    chosen = _sample(items, limit) + miracl(data, asked, limit)
    return Trial(f"belebele {asked}->{over}", over, tuple(passages), tuple(chosen))


def arcd(data: Path, limit: int, *, part: str = "test") -> Trial:
    """ARCD's test or train part (Mozannar et al. 2019), and MIRACL's Arabic questions of its
    development or train part."""
    passages: list[str] = []
    items: list[Item] = []
    for article in _json(data / f"arcd/data/arcd-{part}.json")["data"]:
        for paragraph in article["paragraphs"]:
            items += [Item(q["question"], "yes", len(passages)) for q in paragraph["qas"]]
            passages.append(paragraph["context"])
    others = miracl(data, "ar", limit, part="dev" if part == "test" else "train")
    chosen = _sample(items, limit) + others
    return Trial(f"arcd {part} ar->ar", "ar", tuple(passages), tuple(chosen))


def miracl(data: Path, language: str, limit: int, *, part: str = "dev") -> list[Item]:
    """Questions of MIRACL (Zhang et al. 2023), as out of the collection."""
    path = data / f"miracl-mrtydi-ar-queries/topics/topics.miracl-v1.0-{language}-{part}.tsv"
    questions = [line.split("\t")[1] for line in _lines(path)]
    return [Item(question, "out") for question in _sample(questions, limit)]


def _sample(items: Sequence[Any], limit: int) -> list[Any]:
    """At most `limit` of the items, the same on every run."""
    return random.Random(1).sample(list(items), min(limit, len(items)))


def _json(path: Path) -> Any:
    return json.loads(path.read_text("utf-8"))


def _lines(path: Path) -> Iterator[str]:
    return (line for line in path.read_text("utf-8").split("\n") if line.strip())
