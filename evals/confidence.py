"""Whether a system knows what it does not know: from its confidence in each question.

A score orders questions by how likely the collection answers them; higher is likelier. Pure.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
BINS = 10


def auroc(yes: Floats, no: Floats) -> float:
    """Probability that an answerable question scores higher than an unanswerable one."""
    return float(np.mean([(yes > score).mean() + 0.5 * (yes == score).mean() for score in no]))


def rejected(yes: Floats, no: Floats, keep: float) -> float:
    """Share of the unanswerable below the threshold that keeps `keep` of the answerable."""
    threshold = np.sort(yes)[int((1 - keep) * len(yes) + 1e-9)]  # 0.1 of ten is one
    return float(np.mean(no < threshold))


def risk_coverage_area(yes: Floats, no: Floats) -> float:
    """Mean share of unanswerable questions among the best-scored n, over all n (Geifman & El-Yaniv
    2017, with every unanswerable question an error). Of equal scores the unanswerable count
    first."""
    return float(np.mean([risk for _, risk in risk_coverage(yes, no)]))


def risk_coverage(yes: Floats, no: Floats) -> list[tuple[float, float]]:
    """(coverage, risk) when the best-scored 1, 2, ... n questions are answered."""
    scored = sorted([(-s, 0) for s in no] + [(-s, 1) for s in yes])
    wrong = np.cumsum([1 - answerable for _, answerable in scored])
    total = len(scored)
    return [(n / total, float(wrong[n - 1]) / n) for n in range(1, total + 1)]


@dataclass(frozen=True, slots=True)
class Bin:
    """Questions of about one confidence, and how many of them hold."""

    confidence: float  # mean
    share: float  # of which what was asked holds
    count: int


def calibration(scores: Sequence[float], holds: Sequence[bool]) -> list[Bin]:
    """Bins of equal width that are not empty, lowest first."""
    found = []
    for number in range(BINS):
        low, high = number / BINS, (number + 1) / BINS
        inside = [
            (score, held)
            for score, held in zip(scores, holds, strict=True)
            if low <= score < high or (score == 1.0 and high == 1.0)
        ]
        if inside:
            mean = sum(score for score, _ in inside) / len(inside)
            found.append(Bin(mean, sum(held for _, held in inside) / len(inside), len(inside)))
    return found


def calibration_error(bins: Sequence[Bin]) -> float:
    """Expected calibration error: the mean distance of confidence and share, weighed by the
    questions of each bin (Naeini et al., AAAI 2015)."""
    total = sum(one.count for one in bins)
    return sum(one.count * abs(one.confidence - one.share) for one in bins) / max(1, total)
