"""Starting vectors of the shipped model: random directions, pulled together by translation.

In a few hundred dimensions random directions are nearly orthogonal, so a sum of them keeps the
words of a text apart (random indexing: Kanerva, Kristoferson and Holst 2000). Tokens that align
with each other in parallel text are then moved to a common direction, and rare tokens made longer.
Knows token ids and nothing about text.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse  # type: ignore[import-untyped]

from evals.training.renderings import Links

Ids = npt.NDArray[np.int32]
Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Pull:
    """How strongly translations attract: `floor` is the least mean alignment probability that
    counts, `strength` weighs the neighbours against a token's own direction, `rounds` repeats."""

    floor: float = 0.06
    strength: float = 8.0
    rounds: int = 6
    rarity: float = 1.5  # exponent of the inverse document frequency


def translation_graph(
    links: Mapping[tuple[str, str], Links], size: int, floor: float
) -> sparse.csr_matrix:
    """(size, size) symmetric: the geometric mean of the two alignment probabilities of each pair of
    tokens where it reaches `floor`, added up over pairs of languages."""
    graph = sparse.csr_matrix((size, size), dtype=np.float32)
    for found in links.values():
        weights = np.sqrt(found.forward * found.backward)
        kept = weights >= floor
        place = (found.left[kept], found.right[kept])
        once = sparse.csr_matrix((weights[kept].astype(np.float32), place), shape=(size, size))
        graph = graph + once + once.T
    return sparse.csr_matrix(graph)


def inverse_frequency(texts: Iterable[Ids], size: int) -> Floats:
    """log((n + 1) / (df + 1)) of each token over `texts`, divided by its mean; shape (size,)."""
    seen = [np.unique(ids) for ids in texts]
    frequency = np.bincount(np.concatenate(seen), minlength=size)
    values = np.log((len(seen) + 1) / (frequency + 1))
    return np.asarray(values / values.mean(), dtype=np.float32)


def starting_vectors(
    graph: sparse.csr_matrix, rarity: Floats, dim: int, pull: Pull, seed: int
) -> Floats:
    """(len(rarity), dim) vectors; the length of each is its inverse frequency ** `pull.rarity`."""
    generator = np.random.default_rng(seed)
    own = generator.standard_normal((len(rarity), dim)).astype(np.float32) / np.float32(dim**0.5)
    total = np.asarray(graph.sum(axis=1)).ravel()
    mean = sparse.diags(1 / np.maximum(total, 1)).astype(np.float32) @ graph
    vectors = own
    for _ in range(pull.rounds):
        vectors = own + np.float32(pull.strength) * (mean @ vectors)
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    lengths: Floats = rarity**pull.rarity
    return np.asarray(vectors * lengths[:, None], dtype=np.float32)
