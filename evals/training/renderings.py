"""Tokens in the words of another language, as word alignment of the training text gives them.

Used twice: to pull translations together at the start (`starting_vectors`), and to render English
questions and passages token by token into languages that have no such pairs (`Renderings.render`).
For a sum of token vectors the order of words says nothing, so a rendering need not read well.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from evals.training.alignment import SentencePair, align, conditional

Ids = npt.NDArray[np.int32]
Floats = npt.NDArray[np.float64]
BREADTH = 6  # renderings kept for one token
FLOOR = 0.04  # smallest probability kept


@dataclass(frozen=True, slots=True)
class Links:
    """Tokens `left[i]` and `right[i]` align with p(right | left) = `forward[i]` and p(left | right)
    = `backward[i]`."""

    left: npt.NDArray[np.int64]
    right: npt.NDArray[np.int64]
    forward: Floats
    backward: Floats


def aligned(
    bitext: Mapping[tuple[str, str], Sequence[tuple[Ids, Ids]]],
) -> dict[tuple[str, str], Links]:
    """Links of each pair of languages; half a minute a pair on one core."""
    found = {}
    for languages, pairs in bitext.items():
        counts = align([SentencePair(left.tolist(), right.tolist()) for left, right in pairs])
        forward, backward = (conditional(counts, given_left=given) for given in (True, False))
        found[languages] = Links(counts.left, counts.right, forward, backward)
    return found


class Renderings:
    """Draws for each token one of its renderings by their probability; a token without one that
    reaches FLOOR stays as it is."""

    def __init__(self, links: Mapping[tuple[str, str], Links], size: int) -> None:
        self._tables = {}
        for (first, second), found in links.items():
            self._tables[first, second] = _table(found.left, found.right, found.forward, size)
            self._tables[second, first] = _table(found.right, found.left, found.backward, size)

    def render(self, ids: Ids, source: str, target: str, generator: np.random.Generator) -> Ids:
        """As many ids as given."""
        targets, steps = self._tables[source, target]
        drawn = generator.random(len(ids))[:, None]
        column = np.minimum((steps[ids] < drawn).sum(axis=1), BREADTH - 1)
        rendered: Ids = targets[ids, column]
        return rendered


def _table(
    source: npt.NDArray[np.int64], target: npt.NDArray[np.int64], probability: Floats, size: int
) -> tuple[Ids, npt.NDArray[np.float64]]:
    """Renderings (size, BREADTH) and their cumulative probability, most probable first."""
    kept = np.flatnonzero(probability >= FLOOR)
    kept = kept[np.lexsort((target[kept], -probability[kept], source[kept]))]
    starts = np.searchsorted(source[kept], np.arange(size))
    column = np.arange(len(kept)) - starts[source[kept]]
    kept, column = kept[column < BREADTH], column[column < BREADTH]
    targets = np.repeat(np.arange(size, dtype=np.int32)[:, None], BREADTH, axis=1)
    shares = np.zeros((size, BREADTH))
    targets[source[kept], column] = target[kept]
    shares[source[kept], column] = probability[kept]
    shares[shares.sum(axis=1) == 0, 0] = 1.0
    return targets, np.cumsum(shares / shares.sum(axis=1, keepdims=True), axis=1)
