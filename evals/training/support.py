"""Fit the model that tells whether a sentence answers a question.

    python -m evals.training.support --belebele FOLDER [--every N] [--reports N]
        [--squad FILE en]

FOLDER is Belebele turned extractive (see `evals.spans.belebele`): 329 questions in
English and Arabic over 488 passages in English and Arabic. Every question is asked
twice through the real retrieval, of all passages and of all but its own; a sentence is
positive when it overlaps the gold answer. `--reports` adds that many questions of the reports that
the reader did not learn from (`evals.training.reports`), asked of all reports, near misses among
them: there every sentence that belongs to a whole answer is positive.

Never measured on what it was trained on: the figures printed come from FOLDS models,
each fitted without the passages and reports (and so without the questions, in all directions)
it is measured on. The weights written are fitted on all of them. What a set that had no
part in it says (`--squad FILE LANGUAGE`, any set in SQuAD's form) is printed last.

NQG's SQuAD questions are no better source: the shipped embedding model was trained on
those very pairs, which makes the cosine look twice as good as it is (see docs/answers.md).
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from zlib import crc32

import numpy as np
import numpy.typing as npt

from evals.retrieval import indexed
from evals.spans import Direction, SpanQuestion, SpanSet, belebele, squad
from evals.training.reports import (
    Span,
    beside,
    generation_of,
    kept_questions,
    read_reports,
)
from rag.embed import MODELS, load_embedder
from rag.evidence.candidates import Candidate, candidates
from rag.evidence.retrieve import retrieve
from rag.evidence.support import FEATURES, WEIGHTS
from rag.question.query import shipped_translator, understand

PASSAGES = 16
FOLDS = 5
KEEP = 0.95  # share of answerable questions the threshold must keep
SAMPLE = 1000  # questions taken of a further set
# Features that can only speak for a sentence: one whose weight comes out below 0 is dropped,
# for the reader of a weight must be able to say why it is there.
SPEAK_FOR = frozenset(
    "reader coverage context retrieval cross_context pairs fits"
    .split()
)  # fmt: skip

LIKENESS = 8.0  # not fitted: it moves the order alone (`rag.evidence.candidates`); chosen in LOG.md

Weights = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Asked:
    """One question, once: its candidates' features and which of them hold the answer."""

    direction: Direction
    passage: str
    features: npt.NDArray[np.float64]  # (candidates, features)
    holds: npt.NDArray[np.bool_]  # (candidates,)
    answerable: bool


@dataclass(frozen=True, slots=True)
class Best:
    """The best sentence of one question: how likely it is held to be, and whether it is."""

    asked: Asked
    probability: float
    holds: bool


def ask_all(spans: SpanSet) -> list[Asked]:
    """Ask every question, with and without its own passage."""
    embedder, translator = load_embedder(), shipped_translator()
    asked: list[Asked] = []
    with indexed(spans.passages, embedder) as generation:
        for one in spans.questions:
            question = understand(one.text, embedder, translator, None, generation.spellings)
            hits = retrieve(question, generation, PASSAGES + 1)
            others = [hit for hit in hits if hit.passage.document_id != one.passage]
            for answerable, kept in ((True, hits), (False, others)):
                found = candidates(question, kept[:PASSAGES], generation, likens=None)
                holds = np.array([holds_answer(candidate, one) for candidate in found], bool)
                asked.append(Asked(spans.direction, one.passage, matrix(found), holds, answerable))
    return asked


def ask_reports(limit: int) -> list[Asked]:
    """Ask questions of the reports that were kept out, of all reports."""
    embedder, translator = load_embedder(), shipped_translator()
    reports = read_reports()
    asked: list[Asked] = []
    with generation_of(reports, embedder) as generation:
        for one in kept_questions(reports, generation, limit):
            question = understand(one.asked.text, embedder, translator, None, generation.spellings)
            hits = retrieve(question, generation, PASSAGES, beside(one, generation))
            found = candidates(question, hits, generation, likens=None)
            gold = (one.lead, *one.further) if one.lead is not None else ()
            holds = np.array([_holds_any(c, one.document, gold) for c in found], bool)
            direction = ("reports " + one.asked.language, one.report.language)
            asked.append(Asked(direction, one.document, matrix(found), holds, bool(gold)))
    return asked


def _holds_any(candidate: Candidate, document: str, gold: Sequence[Span]) -> bool:
    quote = candidate.quote
    return quote.document_id == document and any(
        quote.start < end and start < quote.end for start, end in gold
    )


def holds_answer(candidate: Candidate, question: SpanQuestion) -> bool:
    """Whether a quote overlaps the gold answer of its own passage."""
    quote = candidate.quote
    overlaps = quote.start < question.end and question.start < quote.end
    return candidate.document.id == question.passage and overlaps


def matrix(found: Sequence[Candidate]) -> npt.NDArray[np.float64]:
    """(candidates, features)."""
    return np.array([c.features.vector() for c in found]).reshape(-1, len(FEATURES))


def fit(asked: Sequence[Asked]) -> Weights:
    """Logistic weights (features,), none below 0 among SPEAK_FOR: the worst of those that
    are is set to 0 and the others fitted anew, until none is."""
    x = np.concatenate([a.features for a in asked])
    y = np.concatenate([a.holds for a in asked]).astype(float)
    kept = list(range(len(FEATURES)))
    while True:
        w = np.zeros(len(FEATURES))
        w[kept] = newton(x[:, kept], y)
        worst = min((i for i in kept if FEATURES[i] in SPEAK_FOR), key=lambda i: float(w[i]))
        if w[worst] >= 0:
            return w
        kept.remove(worst)


def newton(
    x: npt.NDArray[np.float64], y: npt.NDArray[np.float64], l2: float = 1.0, steps: int = 50
) -> Weights:
    """Weights of a logistic regression with an L2 penalty on all but the first column (the
    bias), by Newton's method."""
    w = np.zeros(x.shape[1])
    ridge = l2 * np.eye(len(w))
    ridge[0, 0] = 0.0
    for _ in range(steps):
        p = logistic(x @ w)
        gradient = x.T @ (p - y) + ridge @ w
        hessian = (x * (p * (1 - p))[:, None]).T @ x + ridge
        w -= np.linalg.solve(hessian, gradient)
    return w


def logistic(x: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """1 / (1 + exp(-x)), elementwise."""
    return np.asarray(1 / (1 + np.exp(-np.clip(x, -30, 30))))


def best(asked: Asked, w: Weights) -> Best:
    """The best candidate of one question; probability 0 where there is none."""
    if not len(asked.holds):
        return Best(asked, 0.0, False)
    p = logistic(asked.features @ w)
    top = int(np.argmax(p))
    return Best(asked, float(p[top]), bool(asked.holds[top]))


def cross_fitted(asked: Sequence[Asked]) -> list[Best]:
    """Each question's best candidate by a model that never saw its passage."""
    found: list[Best] = []
    for fold in range(FOLDS):
        inside = [a for a in asked if crc32(a.passage.encode()) % FOLDS == fold]
        w = fit([a for a in asked if crc32(a.passage.encode()) % FOLDS != fold])
        found += [best(a, w) for a in inside]
    return found


def report(found: Sequence[Best], threshold: float) -> Iterator[str]:
    """First sentence right, AUROC and rejection by direction; then the calibration."""
    yield "direction  first sentence holds the answer  AUROC  kept  rejected (own passage removed)"
    directions = sorted({one.asked.direction for one in found})
    for direction in [*directions, None] if len(directions) > 1 else directions:
        mine = [one for one in found if direction in (None, one.asked.direction)]
        yes = [one for one in mine if one.asked.answerable]
        no = np.array([one.probability for one in mine if not one.asked.answerable])
        scores = np.array([one.probability for one in yes])
        right = np.mean([one.holds for one in yes])
        auroc = np.mean([(scores > n).mean() + 0.5 * (scores == n).mean() for n in no])
        kept, rejected = np.mean(scores >= threshold), np.mean(no < threshold)
        name = "->".join(direction) if direction else "all"
        yield f"{name:10} {right:31.3f} {auroc:6.3f} {kept:5.2f} {rejected:9.2f}"
    error, bins = calibration(found)
    yield f"expected calibration error of the best sentence, ten bins: {error:.3f}"
    yield "said -> was (questions): " + ", ".join(f"{p:.2f} -> {h:.2f} ({n})" for p, h, n in bins)


def calibration(found: Sequence[Best]) -> tuple[float, list[tuple[float, float, int]]]:
    """Expected calibration error (Guo et al. 2017) of the best sentences, and the bins:
    (mean probability, share that holds the answer, questions)."""
    said = np.array([one.probability for one in found])
    holds = np.array([one.holds for one in found], float)
    rows = []
    for low in np.arange(10) / 10:
        inside = (said >= low) & (said < low + 0.1 if low < 0.9 else True)
        if inside.any():
            rows.append((float(said[inside].mean()), float(holds[inside].mean()), inside.sum()))
    error = sum(n * abs(p - h) for p, h, n in rows) / len(found)
    return float(error), [(p, h, int(n)) for p, h, n in rows]


def rates(found: Sequence[Best]) -> Iterator[str]:
    """What each probability keeps and rejects."""
    yes = np.array([one.probability for one in found if one.asked.answerable])
    no = np.array([one.probability for one in found if not one.asked.answerable])
    for at in (0.02, 0.05, 0.08, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5):
        yield f"at {at}: kept {np.mean(yes >= at):.2f} rejected {np.mean(no < at):.2f}"


def kept_threshold(found: Sequence[Best]) -> float:
    """The probability that KEEP of the answerable questions reach."""
    kept = sorted(one.probability for one in found if one.asked.answerable)
    return kept[int((1 - KEEP) * len(kept))]


def sampled(spans: SpanSet) -> SpanSet:
    """At most SAMPLE of the questions, over all passages."""
    chosen = random.Random(1).sample(spans.questions, min(SAMPLE, len(spans.questions)))
    return SpanSet(spans.direction, spans.passages, tuple(chosen))


def say(lines: Iterator[str]) -> None:
    """Print lines."""
    sys.stdout.write("".join(f"{line}\n" for line in lines))


def main() -> None:
    """Fit, report, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--belebele", type=Path, required=True)
    parser.add_argument("--squad", nargs=2, action="append", default=[], metavar=("FILE", "LANG"))
    parser.add_argument("--every", type=int, default=1, help="ask only every nth question")
    parser.add_argument("--reports", type=int, default=0, help="questions of reports")
    parser.add_argument("--out", type=Path, default=MODELS)
    options = parser.parse_args()
    sets = (
        SpanSet(spans.direction, spans.passages, spans.questions[:: options.every])
        for spans in belebele(options.belebele)
    )
    asked = [one for spans in sets for one in ask_all(spans)]
    asked += ask_reports(options.reports) if options.reports else []
    found = cross_fitted(asked)
    threshold = kept_threshold(found)
    say(report(found, threshold))
    say(rates(found))
    w = fit(asked)
    for file, language in options.squad:
        sys.stdout.write(f"{file}, no part of the training:\n")
        others = ask_all(sampled(squad(Path(file), language)))
        say(report([best(a, w) for a in others], threshold))
    values = {
        "made_by": "python -m evals.training.support --belebele FOLDER "
        f"--every {options.every} --reports {options.reports}",
        "threshold": round(threshold, 4),
        "weights": {name: round(float(v), 4) for name, v in zip(FEATURES, w, strict=True)}
        | {"likeness": LIKENESS},
    }
    (options.out / WEIGHTS).write_text(json.dumps(values, indent=1) + "\n")
    sys.stdout.write(json.dumps(values, indent=1) + "\n")


if __name__ == "__main__":
    main()
