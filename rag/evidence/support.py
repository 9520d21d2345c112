"""How likely a sentence answers a question: a small logistic model over explainable features.

Weights come from `evals/training/support.py` (model card beside them); the
features are the same in every language pair. Knows no index.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from rag.embed import MODELS

WEIGHTS = "sanad-support.json"
FEATURES = (
    "bias",
    "reader",  # log odds by the reader that it answers
    "coverage",  # share of the question's words, by idf, in the sentence
    "context",  # the same in sentence, title, headings and the sentence before
    "passage",  # the same in the whole passage with its title and headings
    "retrieval",  # the passage's retrieval score
    "cross",  # 1 when sentence and question are in different languages
    "cross_context",  # cross times context
    "name_missing",  # share of the question's names and figures that the passage lacks
    "lacking",  # share of the weightiest of the question's words that the passage lacks
    "pairs",  # share, by idf, of neighbouring words of the question that stand close together
    "fits",  # 1 when a person, place, time or reason is asked for and shown, -1 when not shown
    "likeness",  # cosine with the question turned towards sentences that answer
)


@dataclass(frozen=True, slots=True)
class Features:
    """One sentence against one question; each in 0..1 but `figure` and `fits` (-1..1) and the
    reader's log odds."""

    coverage: float
    context: float
    passage: float
    retrieval: float
    cross: float
    name_missing: float
    lacking: float
    figure: float  # 1 when a figure is asked for and the sentence has one, -1 when it has none
    pairs: float
    fits: float
    reader: float = 0.0
    likeness: float = 0.0

    def vector(self) -> tuple[float, ...]:
        """In the order of FEATURES."""
        return (
            1.0, self.reader, self.coverage, self.context, self.passage, self.retrieval,
            self.cross, self.cross * self.context, self.name_missing, self.lacking, self.pairs,
            self.fits, self.likeness,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class SupportModel:
    """Logistic weights in the order of FEATURES, and the probability that answers."""

    weights: tuple[float, ...]
    threshold: float

    def log_odds(self, features: Features) -> float:
        """Log odds that the sentence answers the question, where its likeness is counted."""
        return sum(w * f for w, f in zip(self.weights, features.vector(), strict=True))

    def probability(self, features: Features, less: float = 0.0) -> float:
        """Probability that the sentence answers the question; `less` is taken from its log odds."""
        x = self.log_odds(features) - less
        return 1.0 / (1.0 + math.exp(-max(-30.0, min(30.0, x))))


@lru_cache(maxsize=1)
def shipped_support(path: Path = MODELS / WEIGHTS) -> SupportModel:
    """The weights that come with Sanad."""
    values = json.loads(path.read_text())
    weights = tuple(float(values["weights"][name]) for name in FEATURES)
    return SupportModel(weights, float(values["threshold"]))


def missing_share(names: Sequence[frozenset[str]], present: frozenset[str]) -> float:
    """Share of names none of whose renderings is among the present stems."""
    return sum(not (name & present) for name in names) / len(names) if names else 0.0
