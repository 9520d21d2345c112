"""Names across scripts: Arabic letters and the Latin spellings they stand for.

A joint multigram model (Deligne & Bimbot 1995; for names: Li, Zhang & Su, ACL 2004): every Arabic
letter writes a piece of the Latin spelling, of no to three letters, and pieces are independent. The
counts are learned by `evals.training.transliteration`. Both directions come from the same counts.
Spellings are folded (`rag.words.text.fold`); knows no index.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from math import exp, log
from pathlib import Path

from rag.errors import ConfigurationError

LONGEST_PIECE = 3  # Latin letters that one Arabic letter writes
LONGEST_WORD = 24  # letters; longer words are no names
_BEAM = 40
_PIECES = 14  # likeliest pieces of a letter that are tried
_UNSEEN = 1e-5  # probability of a piece a letter was never seen to write

Spellings = dict[str, float]


class Transliterator:
    """`counts[letter][piece]`: expected times that the Arabic letter writes the Latin piece."""

    def __init__(self, counts: Mapping[str, Mapping[str, float]]) -> None:
        self._of_letter: dict[str, dict[str, float]] = {}
        self._tried: dict[str, list[tuple[str, float]]] = {}
        self._of_piece: dict[str, list[tuple[str, float]]] = {}
        everything = sum(sum(pieces.values()) for pieces in counts.values())
        for letter, pieces in counts.items():
            total = sum(pieces.values())
            shares = {piece: count / total for piece, count in pieces.items()}
            best = sorted(shares.items(), key=lambda item: (-item[1], item[0]))[:_PIECES]
            self._of_letter[letter] = shares
            self._tried[letter] = [(piece, log(share)) for piece, share in best]
            for piece, count in pieces.items():
                if piece:
                    self._of_piece.setdefault(piece, []).append((letter, log(count / everything)))
        self.to_latin = lru_cache(maxsize=4096)(self._to_latin)
        self.to_arabic = lru_cache(maxsize=4096)(self._to_arabic)

    @classmethod
    def open(cls, path: Path) -> Transliterator:
        """Read the counts. Raises ConfigurationError when the file is missing or damaged."""
        try:
            return cls(json.loads(path.read_text(encoding="utf-8")))
        except (OSError, ValueError, AttributeError) as error:
            raise ConfigurationError(f"transliteration {path} does not open: {error}") from error

    def _to_latin(self, word: str, k: int = 50) -> Spellings:
        """The k likeliest Latin spellings of a folded Arabic word and their shares, which sum to 1;
        empty when it has a letter that no known name has."""
        if not 0 < len(word) <= LONGEST_WORD or not self.is_arabic(word):
            return {}
        beam = {"": 0.0}
        for letter in word:
            longer: dict[str, float] = {}
            for spelling, score in beam.items():
                for piece, logarithm in self._tried[letter]:
                    _raise(longer, spelling + piece, score + logarithm)
            beam = dict(_best(longer, max(_BEAM, k)))
        return _shares(beam, k)

    def _to_arabic(self, word: str, k: int = 10) -> Spellings:
        """The k likeliest Arabic spellings of a folded Latin word and their shares, which sum to 1;
        empty when it is not of the letters a to z."""
        if not 0 < len(word) <= LONGEST_WORD or not self.is_latin(word):
            return {}
        beams: list[Spellings] = [{"": 0.0}, *({} for _ in word)]
        for at in range(len(word)):
            for spelling, score in _best(beams[at], _BEAM // 2):
                for end in range(at + 1, min(at + LONGEST_PIECE, len(word)) + 1):
                    for letter, logarithm in self._of_piece.get(word[at:end], ()):
                        _raise(beams[end], spelling + letter, score + logarithm)
        return _shares(beams[-1], k)

    def likelihood(self, arabic: str, latin: str) -> float:
        """p(latin | arabic): the sum over all ways to cut `latin` into the letters' pieces."""
        reached = {0: 1.0}
        for letter in arabic:
            pieces, onward = self._of_letter.get(letter, {}), dict[int, float]()
            for at, probability in reached.items():
                for end in range(at, min(at + LONGEST_PIECE, len(latin)) + 1):
                    share = pieces.get(latin[at:end], _UNSEEN)
                    onward[end] = onward.get(end, 0.0) + probability * share
            reached = onward
        return reached.get(len(latin), 0.0)

    def is_arabic(self, word: str) -> bool:
        """Every letter is one that the model knows."""
        return all(letter in self._tried for letter in word)

    @staticmethod
    def is_latin(word: str) -> bool:
        return word.isascii() and word.isalpha()


def _raise(scores: Spellings, key: str, score: float) -> None:
    if score > scores.get(key, -1e300):
        scores[key] = score


def _best(scores: Spellings, k: int) -> list[tuple[str, float]]:
    return sorted(scores.items(), key=lambda item: (-item[1], item[0]))[:k]


def _shares(logarithms: Spellings, k: int) -> Spellings:
    best = _best(logarithms, k)
    weights = {spelling: exp(score - best[0][1]) for spelling, score in best if spelling}
    total = sum(weights.values())
    return {spelling: weight / total for spelling, weight in weights.items()}
