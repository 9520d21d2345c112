"""The highest of many scores."""

from __future__ import annotations

import numpy as np
import pytest

from rag.index.highest import BLOCK, highest


@pytest.mark.parametrize("n", [0, 1, 7, 4 * 5 * BLOCK - 1, 4 * 5 * BLOCK, 40_003])
@pytest.mark.parametrize("levels", [2, 50, 0])
@pytest.mark.parametrize("k", [0, 1, 5, 100])
def test_they_are_those_of_a_whole_sort(n, levels, k):
    scores = np.random.default_rng(n + levels).random(n).astype(np.float32)
    if levels:  # many equal ones
        scores = np.floor(scores * levels).astype(np.float32)
    found = highest(scores, k)
    assert len(found) == min(k, n) == len(set(found.tolist()))
    assert found.tolist() == np.argsort(-scores, kind="stable")[:k].tolist()


def test_a_block_of_its_own_is_not_missed():
    scores = np.zeros(100 * BLOCK + 3, np.float32)
    scores[-1] = 2
    scores[5:15] = 1
    assert highest(scores, 5).tolist() == [100 * BLOCK + 2, 5, 6, 7, 8]
