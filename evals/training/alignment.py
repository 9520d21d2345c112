"""Word alignment of sentence pairs: IBM Model 1 with a diagonal prior, both directions at once.

Model 1 (Brown, Della Pietra, Della Pietra & Mercer 1993, section 4.1) explains every word of one
sentence by one word of the other or by none; which one is prior times translation probability. The
prior is that of fast_align (Dyer, Chahuneau & Smith 2013, equation 2 of "A Simple, Fast, and
Effective Reparameterization of IBM Model 2"): words at like places of their sentences align, with a
fixed tension. Knows word ids and nothing about languages or files.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class SentencePair:
    """Word ids from 0 of a text and its translation, neither empty; `weight` counts it so often."""

    left: Sequence[int]
    right: Sequence[int]
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class AlignmentSettings:
    iterations: int = 5
    tension: float = 4.0  # lambda of the diagonal prior; 0 is plain Model 1
    null: float = 0.08  # share of words that nothing on the other side explains


@dataclass(frozen=True, slots=True)
class Counts:
    """Expected number of times that `left[i]` and `right[i]` align, (word pairs seen together,).

    `explains_right`: summed over right words looking for their left word, the E step of p(right |
    left); `explains_left`: the other way round.
    """

    left: Ints
    right: Ints
    explains_right: Floats
    explains_left: Floats


@dataclass(frozen=True, slots=True)
class _Links:
    """Every (left word, right word) of every sentence pair: `cell` is the number of the pair of
    word types, `left_at` and `right_at` are running numbers of the two words in the whole text."""

    cell: npt.NDArray[np.int32]
    left_at: npt.NDArray[np.int32]
    right_at: npt.NDArray[np.int32]
    prior: npt.NDArray[np.float32]  # not normalised
    left_types: Ints  # type of each cell
    right_types: Ints
    left_text: Ints  # type of each running word
    right_text: Ints
    left_weights: Floats  # weight of each running word's sentence
    right_weights: Floats


def align(pairs: Sequence[SentencePair], settings: AlignmentSettings | None = None) -> Counts:
    """Expected alignment counts after EM. Time and memory grow with the sum over sentences of
    left length x right length (about 40 bytes each): cut long texts before."""
    settings = settings or AlignmentSettings()
    links = _links(pairs, settings.tension)
    size = len(links.left_types)
    right = _Direction(links.cell, links.right_at, links.right_weights, links.prior, settings.null)
    left = _Direction(links.cell, links.left_at, links.left_weights, links.prior, settings.null)
    by_left = np.full(size, 1 / (1 + links.right_text.max()))
    by_right = np.full(size, 1 / (1 + links.left_text.max()))
    for _ in range(settings.iterations):
        right_counts = right.expect(by_left, links.right_text)
        left_counts = left.expect(by_right, links.left_text)
        by_left = _normalised(right_counts, links.left_types)
        by_right = _normalised(left_counts, links.right_types)
    return Counts(links.left_types, links.right_types, right_counts, left_counts)


class _Direction:
    """The E step of one direction: every running word at `places` is explained by one link."""

    def __init__(
        self,
        cell: npt.NDArray[np.int32],
        places: npt.NDArray[np.int32],
        weights: Floats,
        prior: npt.NDArray[np.float32],
        null: float,
    ) -> None:
        self.cell, self.places, self.weights, self.null = cell, places, weights, null
        total = np.bincount(places, prior, len(weights))
        self.prior = ((1 - null) * prior / total[places]).astype(np.float32)
        self.unexplained: Floats | None = None  # p(word | nothing), by type

    def expect(self, probability: Floats, text: Ints) -> Floats:
        """Expected count of each cell under p(word | its partner) = `probability`."""
        size = int(text.max()) + 1
        if self.unexplained is None:
            self.unexplained = np.full(size, 1 / size)
        joint = self.prior * probability[self.cell]
        nothing = self.null * self.unexplained[text]
        evidence = np.bincount(self.places, joint, len(self.weights)) + nothing
        share = self.weights / np.maximum(evidence, 1e-300)
        leftover = np.bincount(text, nothing * share, size)
        self.unexplained = leftover / max(leftover.sum(), 1e-300)
        expected = np.bincount(self.cell, joint * share[self.places], len(probability))
        return expected.astype(np.float64)


def _links(pairs: Sequence[SentencePair], tension: float) -> _Links:
    n, m = (np.array([len(side) for side in sides]) for sides in
            ([pair.left for pair in pairs], [pair.right for pair in pairs]))  # fmt: skip
    left_text = np.concatenate([np.asarray(pair.left, np.int64) for pair in pairs])
    right_text = np.concatenate([np.asarray(pair.right, np.int64) for pair in pairs])
    weights = np.array([pair.weight for pair in pairs])
    sentence = np.repeat(np.arange(len(pairs)), n * m)
    place = np.arange(len(sentence)) - np.repeat(np.cumsum(n * m) - n * m, n * m)
    i, j = place // m[sentence], place % m[sentence]
    distance = np.abs((i + 0.5) / n[sentence] - (j + 0.5) / m[sentence])
    left_at = (np.cumsum(n) - n)[sentence] + i
    right_at = (np.cumsum(m) - m)[sentence] + j
    width = int(right_text.max()) + 1
    codes, cell = np.unique(left_text[left_at] * width + right_text[right_at], return_inverse=True)
    return _Links(
        cell=cell.astype(np.int32),
        left_at=left_at.astype(np.int32),
        right_at=right_at.astype(np.int32),
        prior=np.exp(-tension * distance).astype(np.float32),
        left_types=codes // width,
        right_types=codes % width,
        left_text=left_text,
        right_text=right_text,
        left_weights=np.repeat(weights, n),
        right_weights=np.repeat(weights, m),
    )


def _normalised(counts: Floats, given: Ints) -> Floats:
    """Counts divided by the sum over all cells with the same `given`."""
    return counts / np.maximum(np.bincount(given, counts), 1e-300)[given]


def conditional(counts: Counts, *, given_left: bool) -> Floats:
    """p(right | left), or p(left | right), of each cell: the mean of what the two directions say.

    One direction estimates the probability itself, the other one is inverted (its expected counts,
    normalised the other way round).
    """
    given = counts.left if given_left else counts.right
    both = (counts.explains_right, counts.explains_left)
    mean: Floats = np.mean([_normalised(found, given) for found in both], axis=0)
    return mean
