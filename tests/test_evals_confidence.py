"""Measures of confidence against values worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from evals.confidence import (
    auroc,
    calibration,
    calibration_error,
    rejected,
    risk_coverage,
    risk_coverage_area,
)


def test_auroc_counts_the_pairs_in_the_right_order_and_ties_half() -> None:
    yes, no = np.array([0.9, 0.5]), np.array([0.5, 0.1])
    assert auroc(yes, no) == pytest.approx((1 + 1 + 1 + 0.5) / 4)


def test_risk_grows_with_coverage() -> None:
    yes, no = np.array([0.9, 0.4]), np.array([0.6])
    assert risk_coverage(yes, no) == [
        (pytest.approx(1 / 3), 0.0),
        (pytest.approx(2 / 3), 0.5),
        (1.0, pytest.approx(1 / 3)),
    ]
    assert risk_coverage_area(yes, no) == pytest.approx((0 + 0.5 + 1 / 3) / 3)


def test_of_equal_scores_the_unanswerable_count_first() -> None:
    assert risk_coverage(np.array([0.5]), np.array([0.5]))[0] == (0.5, 1.0)


def test_rejection_keeps_the_share_that_is_asked() -> None:
    yes, no = np.linspace(0.1, 1.0, 10), np.array([0.15, 0.25, 0.95])
    assert rejected(yes, no, 0.9) == pytest.approx(1 / 3)


def test_calibration_by_hand() -> None:
    bins = calibration([0.05, 0.95, 0.95, 1.0], [False, True, True, False])
    assert [(one.count, one.share) for one in bins] == [(1, 0.0), (3, pytest.approx(2 / 3))]
    expected = (1 * 0.05 + 3 * abs((0.95 * 2 + 1.0) / 3 - 2 / 3)) / 4
    assert calibration_error(bins) == pytest.approx(expected)
