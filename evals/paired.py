"""Whether two systems differ on the same questions: paired tests with fixed seeds. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

RESAMPLES = 10_000
SEED = 20241221


@dataclass(frozen=True, slots=True)
class Difference:
    """A mean difference over questions (after less before)."""

    before: float
    after: float
    low: float  # of the 95 % paired bootstrap interval of the difference
    high: float
    p: float  # two-sided, of the randomisation test
    count: int

    @property
    def mean(self) -> float:
        """How much the mean has grown."""
        return self.after - self.before


def paired(before: Sequence[float], after: Sequence[float], seed: int = SEED) -> Difference:
    """Compare two systems on the same questions, in the same order.

    The interval is the percentile bootstrap over questions (Efron & Tibshirani 1993, chapter
    13); p is Fisher's randomisation test, in which the two values of each question change places
    by a coin (Smucker, Allan & Carterette, CIKM 2007), estimated with RESAMPLES throws and one
    added to both counts, so that it is never 0 (Davison & Hinkley 1997, section 4.2.5). The same
    values give the same result on every run.
    """
    first, second = np.asarray(before, np.float64), np.asarray(after, np.float64)
    if not len(first):
        return Difference(0.0, 0.0, 0.0, 0.0, 1.0, 0)
    moved = second - first
    random = np.random.default_rng(seed)
    sampled = moved[random.integers(0, len(moved), (RESAMPLES, len(moved)))].mean(axis=1)
    low, high = np.percentile(sampled, (2.5, 97.5))
    signs = random.choice(np.array([-1.0, 1.0]), (RESAMPLES, len(moved)))
    thrown = np.abs((signs * moved).mean(axis=1))
    as_large = int((thrown >= abs(moved.mean()) - 1e-12).sum())
    p = (as_large + 1) / (RESAMPLES + 1)
    return Difference(
        float(first.mean()), float(second.mean()), float(low), float(high), float(p), len(moved)
    )
