"""How near words are to each other in meaning, within and across languages.

Each word is embedded by itself with a static model, so that "inhabitants" is near
"residents" and مدينة near "city" where no stem and no table joins them. Word vectors are
kept between questions. Knows no sentence and no index.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from rag.embed import Embedder, StaticEmbedder, Vectors, load_embedder

KEPT = 16_384  # word vectors kept, 25 MB at 384 dimensions
UNRELATED = 0.15  # the cosine two words that have nothing in common reach


class Nearness:
    """Cosines between single words, stretched so that unrelated words have 0."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self._kept: dict[str, npt.NDArray[np.float32]] = {}

    def between(self, asked: Sequence[str], said: Sequence[str]) -> npt.NDArray[np.float32]:
        """(said, asked) float32 in 0..1: how near each folded word is to each other one."""
        if not asked or not said:
            return np.zeros((len(said), len(asked)), np.float32)
        cosines = self._vectors(said) @ self._vectors(asked).T
        near: Vectors = np.clip((cosines - UNRELATED) / (1 - UNRELATED), 0.0, 1.0)
        return near.astype(np.float32)

    def _vectors(self, words: Sequence[str]) -> Vectors:
        kept = self._kept
        if len(kept) > KEPT:
            kept = self._kept = {}  # a thread that still holds the old one is not disturbed
        new = [word for word in dict.fromkeys(words) if word not in kept]
        if new:
            kept.update(zip(new, self._embedder.encode_passages(new), strict=True))
        return np.stack([kept[word] for word in words])


def nearness(embedder: Embedder) -> Nearness:
    """Of the embedder itself where it is static, else of the shipped model: a model that
    reads whole sentences is too slow for words, and its cosines are on another scale."""
    return _of(embedder) if isinstance(embedder, StaticEmbedder) else _shipped()


@lru_cache(maxsize=2)
def _of(embedder: StaticEmbedder) -> Nearness:
    return Nearness(embedder)


@lru_cache(maxsize=1)
def _shipped() -> Nearness:
    return Nearness(load_embedder())
