"""A base index and its deltas read as one, without what was withdrawn from them.

Scores are those of one index over the passages that count: term frequencies, document frequencies
and lengths are added up, and a withdrawn passage is in none of them. Knows no file.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rag.index.lexical import Bm25, LexicalIndex
from rag.index.spellings import SpellingIndex, best_words, wanted_grams

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class JoinedIndex(Bm25):
    """Several `LexicalIndex`es of one language. A position is that of its part, after the members
    of the parts before; `alive` (a part) is None where nothing was withdrawn from it."""

    parts: tuple[LexicalIndex, ...]
    alive: tuple[Mask | None, ...]
    members: npt.NDArray[np.int32]
    lengths: npt.NDArray[np.float32]
    totals: tuple[int, float]  # passages that count, and the terms in one on average

    @classmethod
    def of(cls, parts: Sequence[LexicalIndex], counts: Mask) -> JoinedIndex:
        """`counts` (passage rows,) is False for the withdrawn ones."""
        alive = [counts[part.members] for part in parts]
        members = np.concatenate([part.members for part in parts])
        lengths = np.concatenate([part.lengths for part in parts])
        counted = np.concatenate(alive)
        size = int(counted.sum())
        return cls(
            parts=tuple(parts),
            alive=tuple(None if mask.all() else mask for mask in alive),
            members=members,
            lengths=lengths,
            totals=(size, float(lengths[counted].mean()) if size else 0.0),
        )

    @property
    def size(self) -> int:
        """See `Bm25.size`."""
        return self.totals[0]

    @property
    def mean_length(self) -> float:
        """See `Bm25.mean_length`."""
        return self.totals[1]

    def postings(self, term: str) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.uint16]]:
        """See `Bm25.postings`."""
        found, first = [], 0
        for part, alive in zip(self.parts, self.alive, strict=True):
            rows, counts = part.postings(term)
            if alive is not None:
                kept = alive[rows]
                rows, counts = rows[kept], counts[kept]
            found.append((rows + np.int32(first) if first else rows, counts))
            first += len(part.members)
        rows, counts = (np.concatenate(each) for each in zip(*found, strict=True))
        return rows, counts


@dataclass(frozen=True, slots=True)
class JoinedWords:
    """The words of several vocabularies; a number is that of its part, after the words of the
    parts before. No word stands in two of them (see `ingest.segment`)."""

    parts: tuple[SpellingIndex, ...]

    def __len__(self) -> int:
        return sum(len(part.words) for part in self.parts)

    def word(self, number: int) -> str:
        """The word of a number."""
        for part in self.parts:
            if number < len(part.words):
                return part.words.word(number)
            number -= len(part.words)
        raise IndexError(number)

    def number(self, word: str) -> int | None:
        """Position of `word`; None when it is not there."""
        first = 0
        for part in self.parts:
            at = part.words.number(word)
            if at is not None:
                return first + at
            first += len(part.words)
        return None


@dataclass(frozen=True, slots=True)
class JoinedSpellings:
    """Several `Spellings` of one language. A word that only withdrawn passages had is still
    found, until the deltas are merged: nothing is indexed under it any more."""

    parts: tuple[SpellingIndex, ...]

    @property
    def words(self) -> JoinedWords:
        """The words of all parts."""
        return JoinedWords(self.parts)

    def near(self, spellings: Mapping[str, float], k: int = 40) -> list[str]:
        """See `Spellings.near`."""
        scores = np.zeros(len(self.words), np.float32)
        for gram, weight in wanted_grams(spellings).items():
            rows = [part.grams.postings(gram)[0] for part in self.parts]
            common = max(1, sum(map(len, rows)))
            first = 0
            for part, found in zip(self.parts, rows, strict=True):
                scores[found + first] += np.float32(weight / common**0.5)
                first += len(part.words)
        return best_words(scores, self.words.word, k)
