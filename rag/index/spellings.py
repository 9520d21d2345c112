"""The words of an index by how they are spelt, to find a name whose exact spelling is not known.

Character n-grams of every word, with postings; a spelling, or several with weights, finds the words
that share the most of its rare n-grams. Built beside a lexical index from the same terms. Knows no
passage and no language.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt

from rag.errors import IndexDamagedError
from rag.index.highest import highest
from rag.index.lexical import LexicalIndex
from rag.words.vocabulary import Vocabulary

SHORTEST = 3  # letters


class Words(Protocol):
    """Distinct words by number."""

    def __len__(self) -> int: ...

    def word(self, number: int) -> str:
        """The word of a number."""
        ...

    def number(self, word: str) -> int | None:
        """Position of `word`; None when it is not there."""
        ...


class Spellings(Protocol):
    """Finds words of an index by how they are spelt."""

    @property
    def words(self) -> Words:
        """The words that can be found."""
        ...

    def near(self, spellings: Mapping[str, float], k: int = 40) -> list[str]:
        """The k words most alike to the weighted `spellings`, best first; fewer when fewer share
        anything with them. An n-gram counts by its weight over the root of its frequency."""
        ...


@dataclass(frozen=True, slots=True)
class SpellingIndex:
    """`words` sorted by their bytes; `grams` has word i as its member i."""

    words: Vocabulary
    grams: LexicalIndex

    @classmethod
    def build(cls, terms: Iterable[str]) -> SpellingIndex:
        """Index the distinct alphabetic words among `terms`; no numbers, no 4-grams."""
        kept = {term for term in terms if term.isalpha() and len(term) >= SHORTEST}
        ordered = sorted(kept, key=str.encode)
        grams = LexicalIndex.build((n, sorted(_grams(word))) for n, word in enumerate(ordered))
        return cls(Vocabulary.build(ordered), grams)

    def save(self, folder: Path) -> None:
        self.grams.save(folder)
        self.words.save(folder, "spellings")

    @classmethod
    def open(cls, folder: Path) -> SpellingIndex:
        """Map the arrays. Raises IndexDamagedError."""
        grams = LexicalIndex.open(folder)
        try:
            return cls(Vocabulary.open(folder, "spellings"), grams)
        except (OSError, EOFError, ValueError) as error:
            message = f"spellings {folder} do not open: {error}; run sanad doctor --rebuild"
            raise IndexDamagedError(message) from error

    def near(self, spellings: Mapping[str, float], k: int = 40) -> list[str]:
        """See `Spellings.near`."""
        scores: npt.NDArray[np.float32] = np.zeros(len(self.words), np.float32)
        for gram, weight in wanted_grams(spellings).items():
            rows, _ = self.grams.postings(gram)
            scores[rows] += np.float32(weight / max(1, len(rows)) ** 0.5)
        return best_words(scores, self.words.word, k)


def wanted_grams(spellings: Mapping[str, float]) -> dict[str, float]:
    """The n-grams of weighted spellings with their weights."""
    wanted: dict[str, float] = {}
    for spelling, weight in spellings.items():
        for gram in _grams(spelling):
            wanted[gram] = wanted.get(gram, 0.0) + weight
    return wanted


def best_words(scores: npt.NDArray[np.float32], word: Callable[[int], str], k: int) -> list[str]:
    """The k words of the highest scores above 0, best first."""
    return [word(int(at)) for at in highest(scores, k) if scores[at] > 0]


def _grams(word: str) -> set[str]:
    """Letters in twos and threes, with the ends of the word."""
    padded = f"^{word}$"
    return {padded[i : i + n] for n in (2, 3) for i in range(len(padded) - n + 1)}
