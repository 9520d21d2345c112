"""Measures of a ranking, by the names `ir-measures` gives them.

A ranking is a sequence of ids, best first, without repetitions. Gold is a mapping
from id to grade (above 0: relevant), or a collection of relevant ids, each of grade
1. Every value lies in 0..1; a question of which nothing was found scores 0, never
NaN. Knows no file, no index and no question.

The definitions are those of trec_eval (and so of ir-measures), with which the test
compares them.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rag.errors import ConfigurationError

Gold = Mapping[str, float] | Collection[str]
RESAMPLES = 1000


def ndcg(ranking: Sequence[str], gold: Gold, k: int) -> float:
    """nDCG@k: discounted gain of the first k over that of the best possible order.

    DCG = sum of grade / log2(rank + 1), ranks from 1 (Järvelin & Kekäläinen, TOIS 2002,
    in trec_eval's form: the gain is the grade itself, not 2^grade - 1).
    """
    grades = graded(gold)
    best = sorted((grade for grade in grades.values() if grade > 0), reverse=True)
    ideal = _discounted(best[:k])
    if not ideal:
        return 0.0
    return _discounted([max(0.0, grades.get(found, 0.0)) for found in ranking[:k]]) / ideal


def recall(ranking: Sequence[str], gold: Gold, k: int) -> float:
    """R@k: share of the relevant ids that stand among the first k."""
    relevant = _relevant(gold)
    return len(relevant.intersection(ranking[:k])) / len(relevant) if relevant else 0.0


def precision(ranking: Sequence[str], gold: Gold, k: int) -> float:
    """P@k: share of the first k that is relevant; places left empty count as wrong."""
    return len(_relevant(gold).intersection(ranking[:k])) / k


def reciprocal_rank(ranking: Sequence[str], gold: Gold, k: int | None = None) -> float:
    """RR@k: 1 over the rank of the first relevant id, 0 where none is among the first k."""
    relevant = _relevant(gold)
    for rank, found in enumerate(ranking[:k], start=1):
        if found in relevant:
            return 1 / rank
    return 0.0


def graded(gold: Gold) -> dict[str, float]:
    """Gold as a mapping from id to grade."""
    if isinstance(gold, Mapping):
        return {str(name): float(grade) for name, grade in gold.items()}
    return dict.fromkeys(gold, 1.0)


def _relevant(gold: Gold) -> set[str]:
    return {name for name, grade in graded(gold).items() if grade > 0}


def _discounted(gains: Sequence[float]) -> float:
    return sum(gain / math.log2(rank + 1) for rank, gain in enumerate(gains, start=1))


_CUT: dict[str, Callable[[Sequence[str], Gold, int], float]] = {
    "nDCG": ndcg,
    "R": recall,
    "P": precision,
    "RR": reciprocal_rank,
}


def measure(name: str, ranking: Sequence[str], gold: Gold) -> float:
    """A measure by its name: "nDCG@10", "R@100", "P@1", "RR", "RR@10".

    Raises ConfigurationError for a name that is none.
    """
    if name == "RR":
        return reciprocal_rank(ranking, gold)
    found = re.fullmatch(r"(\w+)@([1-9]\d*)", name)
    if found is None or found[1] not in _CUT:
        raise ConfigurationError(
            f"unknown measure {name!r}; known: {', '.join(f'{m}@k' for m in _CUT)}, RR"
        )
    return _CUT[found[1]](ranking, gold, int(found[2]))


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean over questions and the bounds of its 95 % bootstrap interval."""

    mean: float
    low: float
    high: float


def bootstrap(
    values: Sequence[float] | npt.NDArray[np.float64],
    seed: int = 0,
    resamples: int = RESAMPLES,
) -> Interval:
    """Mean and percentile bootstrap interval over questions (Efron & Tibshirani 1993,
    chapter 13); the same values and seed give the same bounds. All 0 without values."""
    sample = np.asarray(values, np.float64)
    if not len(sample):
        return Interval(0.0, 0.0, 0.0)
    random = np.random.default_rng(seed)
    means = np.array(
        [sample[random.integers(0, len(sample), len(sample))].mean() for _ in range(resamples)]
    )
    low, high = np.percentile(means, (2.5, 97.5))
    return Interval(float(sample.mean()), float(low), float(high))
