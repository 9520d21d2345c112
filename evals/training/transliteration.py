"""Learns `rag.translation.transliterate`'s counts from Arabic names and their Latin spelling, by
EM.

The forward-backward algorithm over all ways to cut the Latin spelling into one piece a letter
(Rabiner 1989, section III): a letter writes no to three Latin letters.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from rag.translation.transliterate import LONGEST_PIECE
from rag.words.text import fold, words

ITERATIONS = 6
KEPT = 0.02  # expected occurrences below which a piece is dropped
# What a piece of each length weighs before anything is known: names have about one Latin letter for
# one Arabic letter, and short vowels are not written.
_START = {0: 0.05, 1: 1.0, 2: 0.3, 3: 0.05}

Names = Sequence[tuple[str, str]]
Counts = dict[str, dict[str, float]]


def clean_names(pairs: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Folded (Arabic, Latin) pairs of three letters and more, written in those letters alone."""
    folded = (
        ("".join(words(fold(arabic))), "".join(words(fold(latin.replace("'", "")))))
        for arabic, latin in pairs
    )
    return [
        (arabic, latin)
        for arabic, latin in folded
        if min(len(arabic), len(latin)) > 2
        and all("\u0620" <= letter <= "\u064a" for letter in arabic)
        and latin.isascii()
        and latin.isalpha()
    ]


def learn_pieces(names: Names, iterations: int = ITERATIONS) -> Counts:
    """Expected times that each Arabic letter writes each Latin piece."""
    shares: Mapping[str, Mapping[str, float]] | None = None
    counts: Counts = {}
    for _ in range(iterations):
        counts = defaultdict(lambda: defaultdict(float))
        for arabic, latin in names:
            for letter, piece, expected in _expected(arabic, latin, shares):
                counts[letter][piece] += expected
        shares = {letter: _normalised(pieces) for letter, pieces in counts.items()}
    return {
        letter: {piece: round(count, 2) for piece, count in sorted(pieces.items()) if count > KEPT}
        for letter, pieces in sorted(counts.items())
    }


def _normalised(pieces: Mapping[str, float]) -> dict[str, float]:
    total = sum(pieces.values())
    return {piece: count / total for piece, count in pieces.items() if count > KEPT}


def _expected(
    arabic: str, latin: str, shares: Mapping[str, Mapping[str, float]] | None
) -> list[tuple[str, str, float]]:
    """(letter, piece, posterior probability) of every cut of one name; nothing when none fits."""
    n, m = len(arabic), len(latin)
    weights: dict[tuple[int, int, int], float] = {}
    before = [[0.0] * (m + 1) for _ in range(n + 1)]
    before[0][0] = 1.0
    for i, letter in enumerate(arabic):
        for at in range(max(0, m - LONGEST_PIECE * (n - i)), m + 1):
            for length in range(min(LONGEST_PIECE, m - at) + 1) if before[i][at] else ():
                piece = latin[at : at + length]
                weight = shares[letter].get(piece, 0.0) if shares else _START[length]
                if weight:
                    weights[i, at, length] = weight
                    before[i + 1][at + length] += before[i][at] * weight
    whole = before[n][m]
    if not whole:
        return []
    after = [[0.0] * (m + 1) for _ in range(n + 1)]
    after[n][m] = 1.0
    for (i, at, length), weight in reversed(weights.items()):
        after[i][at] += weight * after[i + 1][at + length]
    return [
        (arabic[i], latin[at:end], before[i][at] * weight * after[i + 1][end] / whole)
        for (i, at, length), weight in weights.items()
        for end in [at + length]
    ]
