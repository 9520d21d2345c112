"""The collection's cities in a reader's spelling: an Arabic word by its sound, a Latin one by its
letters.

Cities are given by the names the collection has, in Latin script; knows no question.
"""

from __future__ import annotations

import re
from difflib import SequenceMatcher
from functools import lru_cache
from math import log10

from rag.translation.transliterate import Transliterator
from rag.words.text import fold, stopwords

_TOKEN = re.compile(r"[^\W_]+")
LIKE_SOUND = -1.25  # log10 likelihood a letter: Strumica -0.25, London -1.2, unrelated < -1.7
LIKE_LETTERS = 0.75  # difflib's ratio: Vilvorde/Vilvoorde 0.94, Estrasburgo/Strasbourg 0.76
SHORTEST = 4  # letters of a word that is compared with a city's name


@lru_cache(maxsize=4096)
def by_sound(word: str, following: str, cities: tuple[str, ...]) -> tuple[str, int] | None:
    """The city that an Arabic word, or two, spell, and how many words it takes."""
    if word in stopwords("ar") or word.startswith("ال"):
        return None
    best: tuple[float, str, int] | None = None
    for city, parts in _outlines(cities).get((word[0], word[-1]), ()):
        score = _sound(word, parts[0])
        if len(parts) == 2:
            score = min(score, _sound(following, parts[1]))
        if score >= LIKE_SOUND and (best is None or score > best[0]):
            best = score, city, len(parts)
    return (best[1], best[2]) if best else None


def _sound(arabic: str, latin: str) -> float:
    """log10 likelihood a letter that the Arabic word spells the Latin one."""
    if not len(arabic) / 2 <= len(latin) <= 2.5 * len(arabic):
        return -9.0
    return log10(_transliterator().likelihood(arabic, latin) + 1e-30) / len(arabic)


@lru_cache(maxsize=4)
def _outlines(cities: tuple[str, ...]) -> dict[tuple[str, str], list[tuple[str, tuple[str, ...]]]]:
    """Cities of one or two words by the Arabic letters that may begin and end the first."""
    model = _transliterator()
    found: dict[tuple[str, str], list[tuple[str, tuple[str, ...]]]] = {}
    for city in cities:
        parts = tuple(_TOKEN.findall(fold(city)))
        if len(parts) > 2 or not all(p.isascii() and len(p) >= 3 for p in parts):
            continue
        first = parts[0]
        if len(parts) == 1 and len(first) < SHORTEST:
            continue
        starts = {first[:n] for n in (1, 2, 3)}
        ends = {end[-n:] for end in (first, first[:-1]) for n in (1, 2, 3)}
        for opening in _writing(model, starts):
            for closing in _writing(model, ends):
                found.setdefault((opening, closing), []).append((city, parts))
    return found


def _writing(model: Transliterator, pieces: set[str]) -> list[str]:
    """The Arabic letters that write one of these Latin pieces."""
    return [
        letter
        for letter in "ابتثجحخدذرزسشصضطظعغفقكلمنهوي"
        if any(model.likelihood(letter, piece) > 0.01 for piece in pieces)
    ]


@lru_cache(maxsize=1)
def _transliterator() -> Transliterator:
    from rag.embed import MODELS

    return Transliterator.open(MODELS / "sanad-tables" / "names.json")


@lru_cache(maxsize=4)
def exact_cities(cities: tuple[str, ...]) -> dict[tuple[str, ...], str]:
    return {tuple(_TOKEN.findall(fold(city))): city for city in cities}


@lru_cache(maxsize=2048)
def by_letters(name: str, cities: tuple[str, ...]) -> str:
    """The city whose name is spelt much like a name: the same city in another language."""
    if len(name) < SHORTEST + 2:
        return ""
    best, most = "", LIKE_LETTERS
    for city in cities:
        if abs(len(city) - len(name)) > 3:
            continue
        matcher = SequenceMatcher(None, name, fold(city))
        if matcher.quick_ratio() >= most and matcher.ratio() >= most:
            best, most = city, matcher.ratio()
    return best
