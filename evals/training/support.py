"""Fit the model that tells whether a sentence answers a question.

    python -m evals.training.support --belebele FOLDER [--out rag/models]

FOLDER is the `Settings_Translated/All` folder of Belebele turned extractive
(MultiChoice2ExtractiveQA): 329 questions in English and Arabic on passages in
English and Arabic. Every question is asked twice through the real retrieval, of all
passages and of all but its own; a sentence is positive when it holds the gold
answer. Even questions fit the weights, odd ones choose the threshold and give the
figures. Development data only: nothing here is a held-out measure.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from evals.collection import CorpusPassage
from evals.retrieval import indexed
from rag.candidates import Candidate, candidates
from rag.embed import MODELS, load_embedder
from rag.query import shipped_translator, understand
from rag.retrieve import retrieve
from rag.support import FEATURES, WEIGHTS, SupportModel

DIRECTIONS = {
    ("en", "en"): "EN-P_EN-Q", ("ar", "en"): "EN-P_MSA-Q",
    ("en", "ar"): "MSA-P_EN-Q", ("ar", "ar"): "MSA-P_MSA-Q",
}  # fmt: skip  # (question language, passage language) -> file
PASSAGES = 12
KEEP = 0.95  # share of answerable questions the threshold must keep
FLAT = SupportModel(tuple(0.0 for _ in FEATURES), 0.5)


@dataclass(frozen=True, slots=True)
class Asked:
    """One question, once: its candidates' features and which of them hold the answer."""

    number: int
    direction: tuple[str, str]
    features: npt.NDArray[np.float64]  # (candidates, features)
    holds: Sequence[bool]  # (candidates,)
    answerable: bool


def ask_all(folder: Path) -> list[Asked]:
    """Ask every question of every direction, with and without its own passage."""
    embedder, translator = load_embedder(), shipped_translator()
    asked: list[Asked] = []
    for direction, name in DIRECTIONS.items():
        rows = [json.loads(line) for line in (folder / f"{name}.jsonl").open(encoding="utf-8")]
        contexts = list(dict.fromkeys(row["context"] for row in rows))
        passages = [CorpusPassage(str(i), c, "", direction[1]) for i, c in enumerate(contexts)]
        with indexed(passages, embedder) as generation:
            for number, row in enumerate(rows):
                question = understand(
                    row["question"], embedder, translator, None, generation.spellings
                )
                gold = str(contexts.index(row["context"]))
                hits = retrieve(question, generation, PASSAGES + 1)
                others = [hit for hit in hits if hit.passage.document_id != gold]
                for answerable, kept in ((True, hits), (False, others)):
                    found = candidates(question, kept[:PASSAGES], generation, embedder, FLAT)
                    holds = [holds_answer(candidate, gold, row) for candidate in found]
                    asked.append(Asked(number, direction, _matrix(found), holds, answerable))
    return asked


def holds_answer(candidate: Candidate, gold: str, row: Mapping[str, Any]) -> bool:
    """Whether a quote overlaps the gold answer of its own passage."""
    start = row["answers"]["answer_start"][0]
    end = start + len(row["answers"]["text"][0])
    quote = candidate.quote
    return candidate.document.id == gold and quote.start < end and start < quote.end


def _matrix(found: Sequence[Candidate]) -> npt.NDArray[np.float64]:
    return np.array([c.features.vector() for c in found]).reshape(-1, len(FEATURES))


def fit(asked: list[Asked], l2: float = 1.0, steps: int = 50) -> npt.NDArray[np.float64]:
    """Weights of a logistic regression with an L2 penalty, by Newton's method."""
    x = np.concatenate([a.features for a in asked])
    y = np.concatenate([np.array(a.holds, float) for a in asked])
    w = np.zeros(x.shape[1])
    ridge = l2 * np.eye(len(w))
    ridge[0, 0] = 0.0
    for _ in range(steps):
        p = 1 / (1 + np.exp(-np.clip(x @ w, -30, 30)))
        gradient = x.T @ (p - y) + ridge @ w
        hessian = (x * (p * (1 - p))[:, None]).T @ x + ridge
        w -= np.linalg.solve(hessian, gradient)
    return w


def best(asked: Asked, w: npt.NDArray[np.float64]) -> tuple[float, bool]:
    """(probability of the best candidate, whether it holds the answer)."""
    if not len(asked.holds):
        return 0.0, False
    p = 1 / (1 + np.exp(-np.clip(asked.features @ w, -30, 30)))
    top = int(np.argmax(p))
    return float(p[top]), asked.holds[top]


def report(asked: list[Asked], w: npt.NDArray[np.float64], threshold: float) -> Iterator[str]:
    """First sentence right, AUROC and rejection, by direction."""
    yield "direction  first sentence holds the answer  AUROC  kept  rejected (own passage removed)"
    for direction in [*DIRECTIONS, None]:
        mine = [a for a in asked if direction in (None, a.direction)]
        yes = [best(a, w) for a in mine if a.answerable]
        no = [best(a, w)[0] for a in mine if not a.answerable]
        right = np.mean([holds for _, holds in yes])
        scores = np.array([p for p, _ in yes])
        auroc = np.mean([(scores > n).mean() + 0.5 * (scores == n).mean() for n in no])
        kept, rejected = np.mean(scores >= threshold), np.mean(np.array(no) < threshold)
        name = "->".join(direction) if direction else "all"
        yield f"{name:10} {right:31.3f} {auroc:6.3f} {kept:5.2f} {rejected:9.2f}"


def main() -> None:
    """Fit, report, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--belebele", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=MODELS)
    options = parser.parse_args()
    asked = ask_all(options.belebele)
    w = fit([a for a in asked if a.number % 2 == 0])
    odd = [a for a in asked if a.number % 2 == 1]
    kept = sorted(best(a, w)[0] for a in odd if a.answerable)
    threshold = kept[int((1 - KEEP) * len(kept))]
    sys.stdout.write("\n".join(report(odd, w, threshold)) + "\n")
    yes = np.array([best(a, w)[0] for a in odd if a.answerable])
    no = np.array([best(a, w)[0] for a in odd if not a.answerable])
    for at in (0.02, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5):
        sys.stdout.write(
            f"at {at}: kept {np.mean(yes >= at):.2f} rejected {np.mean(no < at):.2f}\n"
        )
    values = {
        "made_by": "python -m evals.training.support --belebele FOLDER",
        "threshold": round(threshold, 4),
        "weights": {name: round(float(v), 4) for name, v in zip(FEATURES, w, strict=True)},
    }
    (options.out / WEIGHTS).write_text(json.dumps(values, indent=1) + "\n")
    sys.stdout.write(json.dumps(values, indent=1) + "\n")


if __name__ == "__main__":
    main()
