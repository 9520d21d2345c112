"""Lexical index of one language: BM25 over memory-mapped postings.

A question is a list of *term distributions*: each question word is a mapping
from index terms to weights that sum to at most 1. A word that stands for
itself is `{term: 1.0}`; a word with several renderings (translations,
spellings) is scored as one term whose term and document frequencies are the
expected ones: probabilistic structured queries, Darwish & Oard, SIGIR 2003.
The weighting is BM25 (Robertson & Zaragoza 2009) with k1 = 1.2, b = 0.75.

Knows no language: terms come from `rag.words.text`. Rows are passage rows of a
generation.
"""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from rag.errors import IndexDamagedError
from rag.index.highest import highest

K1 = 1.2
B = 0.75
_ARRAYS = ("terms", "starts", "rows", "counts", "members", "lengths")

TermDistribution = Mapping[str, float]


@lru_cache(maxsize=65536)
def term_key(term: str) -> int:
    """64-bit key of a term; the index stores keys, so opening it reads no vocabulary."""
    return int.from_bytes(hashlib.blake2b(term.encode(), digest_size=8).digest(), "big")


class Bm25(ABC):
    """BM25 over whatever has postings. Positions are places in `members`: (n,) the passage row of
    each; `lengths` (n,) are the terms in each."""

    __slots__ = ()
    members: npt.NDArray[np.int32]
    lengths: npt.NDArray[np.float32]

    @property
    @abstractmethod
    def size(self) -> int:
        """How many passages count."""

    @property
    @abstractmethod
    def mean_length(self) -> float:
        """Terms in a passage that counts, on average."""

    @abstractmethod
    def postings(self, term: str) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.uint16]]:
        """Positions and term frequencies of `term`; empty when it does not occur."""

    def document_frequency(self, term: str) -> int:
        """In how many passages `term` occurs."""
        return len(self.postings(term)[0])

    def idf(self, document_frequency: float) -> float:
        """BM25's inverse document frequency, in the form that is never negative."""
        n = self.size
        return float(np.log1p((n - document_frequency + 0.5) / (document_frequency + 0.5)))

    def scores(self, question: Sequence[TermDistribution]) -> npt.NDArray[np.float32]:
        """BM25 score of every member, (n,) float32; 0 where no term occurs."""
        return self._score(question)[0]

    def shares(self, question: Sequence[TermDistribution]) -> npt.NDArray[np.float32]:
        """BM25 scores as shares of the highest score the question could have, (n,) float32
        in 0..1: comparable between the indexes of different languages."""
        total, highest = self._score(question)
        return total / np.float32(highest or 1.0)

    def _score(self, question: Sequence[TermDistribution]) -> tuple[npt.NDArray[np.float32], float]:
        """Scores of all members, and the highest score the question could have."""
        total = np.zeros(len(self.members), np.float32)
        highest = 0.0
        if not self.size:
            return total, highest
        norm = K1 * (1 - B + B * self.lengths / max(1.0, self.mean_length))
        frequency, part = np.empty_like(total), np.empty_like(total)
        for word in question:
            if len(word) == 1:
                ((term, weight),) = word.items()
                rows, counts = self.postings(term)
                gain = self.idf(weight * len(rows)) * (K1 + 1)
                tf = np.float32(weight) * counts
                total[rows] += np.float32(gain) * tf / (tf + norm[rows])
            else:
                gain = self.idf(self._expect(word, frequency)) * (K1 + 1)
                # Over all members at once: faster than gathering those where a rendering occurs.
                np.add(frequency, norm, out=part)
                np.divide(frequency, part, out=part)
                part *= np.float32(gain)
                total += part
            highest += gain
        return total, highest

    def expected_frequency(self, word: TermDistribution) -> float:
        """Expected document frequency of a word over its renderings."""
        df = sum(weight * self.document_frequency(term) for term, weight in word.items())
        return min(df, float(self.size))

    def _expect(self, word: TermDistribution, frequency: npt.NDArray[np.float32]) -> float:
        """Writes the expected term frequency of a word over its renderings, (n,); returns its
        expected document frequency."""
        frequency.fill(0)
        expected_df = 0.0
        for term, weight in word.items():
            rows, counts = self.postings(term)
            frequency[rows] += np.float32(weight) * counts  # a term's rows are unique
            expected_df += weight * len(rows)
        return min(expected_df, float(self.size))

    def top(
        self,
        question: Sequence[TermDistribution],
        k: int,
        allowed: npt.NDArray[np.bool_] | None = None,
    ) -> list[tuple[int, float]]:
        """The k best (passage row, score), best first, score above 0.

        `allowed` (passages,) masks passage rows; None allows all.
        """
        scores = self.scores(question)
        if allowed is not None:
            scores = np.where(allowed[self.members], scores, np.float32(0))
        best = highest(scores, k)
        return [(int(self.members[i]), float(scores[i])) for i in best if scores[i] > 0]


@dataclass(frozen=True, slots=True)
class LexicalIndex(Bm25):
    """Postings of the passages of one language.

    `terms` (t,) uint64 sorted keys; postings of term i are
    `rows[starts[i]:starts[i+1]]` (int32 positions in `members`) with `counts`
    (uint16 term frequencies); `members` (n,) int32 passage rows; `lengths` (n,)
    float32 terms in each passage.
    """

    terms: npt.NDArray[np.uint64]
    starts: npt.NDArray[np.int64]
    rows: npt.NDArray[np.int32]
    counts: npt.NDArray[np.uint16]
    members: npt.NDArray[np.int32]
    lengths: npt.NDArray[np.float32]

    @classmethod
    def build(cls, texts: Iterable[tuple[int, Sequence[str]]]) -> LexicalIndex:
        """Index (passage row, terms) pairs, in memory; `LexicalBuilder` for more than that."""
        from rag.index.lexical_builder import LexicalBuilder

        builder = LexicalBuilder()
        for row, terms in texts:
            builder.add(row, terms)
        return builder.built()

    def save(self, folder: Path) -> None:
        """Write one .npy file an array."""
        folder.mkdir(parents=True, exist_ok=True)
        for name in _ARRAYS:
            np.save(folder / f"{name}.npy", getattr(self, name))

    @classmethod
    def open(cls, folder: Path) -> LexicalIndex:
        """Map the arrays; nothing is read until a question needs it."""
        try:
            return cls(**{
                # A plain view of the map: slicing the memmap class itself costs ten times more.
                name: np.load(
                    folder / f"{name}.npy", mmap_mode="r", allow_pickle=False
                ).view(np.ndarray)
                for name in _ARRAYS
            })  # fmt: skip
        except (OSError, EOFError, ValueError) as error:
            message = f"lexical index {folder} does not open: {error}; run sanad doctor --rebuild"
            raise IndexDamagedError(message) from error

    @property
    def size(self) -> int:
        """See `Bm25.size`."""
        return len(self.members)

    @property
    def mean_length(self) -> float:
        """See `Bm25.mean_length`."""
        return float(self.lengths.mean()) if len(self.lengths) else 0.0

    def postings(self, term: str) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.uint16]]:
        """See `Bm25.postings`."""
        key = term_key(term)
        at = int(np.searchsorted(self.terms, np.uint64(key)))
        if at == len(self.terms) or int(self.terms[at]) != key:
            return self.rows[:0], self.counts[:0]
        span = slice(int(self.starts[at]), int(self.starts[at + 1]))
        return self.rows[span], self.counts[span]
