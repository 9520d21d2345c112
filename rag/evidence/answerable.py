"""How likely the collection answers a question at all: a small logistic model over the question and
the best candidate sentence.

The probability of a sentence (`rag.evidence.support`) says how well it fits the question. Here it
is weighed with what a fitting sentence does not tell: how much of the question was matched in all
(a short question is matched by chance), names that are missing, a question that is negated where
its sentence is not. Weights and thresholds come from `evals/training/answerable.py` and are made
anew whenever the support model changes. Knows no wording.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from rag.embed import MODELS
from rag.evidence.candidates import Candidate
from rag.index.generation import Generation
from rag.question.query import Question
from rag.words.text import fold, words

WEIGHTS = "sanad-answerable.json"
FARTHEST = 4.0  # deviations from the mean beyond which evidence counts no more
FEATURES = (
    "support",  # log odds of the best sentence
    "reader",  # the most that the reader makes of any sentence, log odds
    "cross",  # 1 when the best sentence is in another language than the question
    "name_missing",  # share of the question's names and figures that its passage lacks
    "negation",  # 1 when the question is negated and the sentence is not
    "matched",  # idf of the question's words in the passage, the rarest word possible being 1
)
# Words that turn a question round. An Arabic one stands for itself, without what may be joined.
_TURNS = "not never without except neither nor cannot isn aren didn doesn wasn weren don couldn"
_TURNS += " pas jamais sans sauf aucun aucune nunca jamás sin excepto ningún ninguna ليس ليست لم لن"
# Words that turn a sentence round: these, and what says the same in other words.
_DENIES = " no none nobody nothing avoid avoids avoided lack lacks lacked fail failed fails refuse"
_DENIES += (
    " refused forbid forbidden prohibit prohibited prevent prevents prevented unable nul nulle"
)
_DENIES += " rien personne ni évite éviter interdit empêche manque nada nadie evita evitar prohíbe"
_DENIES += " impide falta لا غير دون عدا عدم بدون منع يمنع رفض"
# A choice from a list that is not there ("which of the following is not ...") is no negation.
_CHOICE = frozenset({"following", "يلي", "التاليه", "suivants", "suivantes", "siguientes"})


@dataclass(frozen=True, slots=True)
class AnswerableModel:
    """Weights over FEATURES scaled to mean 0 and deviation 1, and the two probabilities that
    decide: below `partial_at` the question is declined, below `answer_at` the answer is shown as
    coming close."""

    bias: float
    means: npt.NDArray[np.float64]  # (features,)
    scales: npt.NDArray[np.float64]  # (features,)
    weights: npt.NDArray[np.float64]  # (features,)
    answer_at: float
    partial_at: float

    def probability(self, seen: npt.NDArray[np.float64]) -> float:
        """Probability for one question's evidence, (features,); 0 where there was none (NaN)."""
        if np.isnan(seen).any():
            return 0.0
        z = np.clip((seen - self.means) / self.scales, -FARTHEST, FARTHEST)
        x = self.bias + float(self.weights @ z)
        return 1.0 / (1.0 + math.exp(-max(-30.0, min(30.0, x))))


@lru_cache(maxsize=1)
def shipped_answerable(path: Path = MODELS / WEIGHTS) -> AnswerableModel:
    """The model that comes with Sanad."""
    values = json.loads(path.read_text("utf-8"))
    rows = np.array([values["features"][name] for name in FEATURES], float)
    return AnswerableModel(
        float(values["bias"]), rows[:, 0], rows[:, 1], rows[:, 2],
        float(values["answer_at"]), float(values["partial_at"]),
    )  # fmt: skip


def probability(
    question: Question,
    found: Sequence[Candidate],
    generation: Generation,
    model: AnswerableModel | None = None,
) -> float:
    """Probability that the collection answers the question, 0..1; 0 without a candidate.

    `found` are the candidates of the question's hits, the likeliest first.
    """
    model = model or shipped_answerable()
    return model.probability(evidence(question, found, generation))


def evidence(
    question: Question, found: Sequence[Candidate], generation: Generation
) -> npt.NDArray[np.float64]:
    """(features,) in the order of FEATURES; NaN without a candidate."""
    if not found:
        return np.full(len(FEATURES), np.nan)
    best = found[0]
    index = generation.lexical[best.document.language]
    asked = question.words(best.document.language)
    weight = sum(index.idf(index.expected_frequency(word)) for word in asked)
    matched = best.features.passage * weight / index.idf(1.0)
    turned = is_negated(question.text) and not denies(best.quote.text)
    read = max(candidate.features.reader for candidate in found)
    return np.array(
        [
            _log_odds(best.score), read, best.features.cross, best.features.name_missing,
            float(turned), matched,
        ]
    )  # fmt: skip


def is_negated(question: str) -> bool:
    """Whether a question asks for what is not so; not a choice from a list."""
    said = set(words(fold(question)))
    return bool(said & _folded(_TURNS)) and not said & _CHOICE


def denies(sentence: str) -> bool:
    """Whether a sentence says of something that it is not so, or does not happen."""
    return bool(_folded(_TURNS + _DENIES) & set(words(fold(sentence))))


@lru_cache(maxsize=2)
def _folded(listed: str) -> frozenset[str]:
    return frozenset(words(fold(listed)))


def _log_odds(probability: float) -> float:
    bounded = min(max(probability, 1e-5), 1 - 1e-5)
    return math.log(bounded / (1 - bounded))
