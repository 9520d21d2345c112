"""Single words in another language, or in other words of the same, from the translation tables.

The checker's view of `rag.translation.translate`: p(term | word) with a memory, within one
language by way of another (a round trip gives words that translate alike). Without tables a word
is only itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from math import log
from typing import Protocol, runtime_checkable

from rag.embed import MODELS
from rag.question.query import TABLES
from rag.translation.transliterate import Transliterator
from rag.words.text import stem
from rag.words.vocabulary import Vocabulary
from rag.words.word_forms import arabic_forms, variants

_VIA = {"en": "fr", "fr": "en", "es": "en", "ar": "en"}
_WIDTH = 5  # renderings of a round trip that are followed back
SYNONYM = 0.6  # what a word that translates alike counts beside the word itself
LEAST = 0.08  # share of the likeliest below which a rendering is noise
# Mean log-probability a letter, p(latin | arabic): 96 % of the test half of the ar-en names list
# score higher, and 2 % of random names do beside the best of twenty others.
SAME_SOUND = -2.4
LIKELY = 0.2  # share of the likeliest rendering from which another is heard too
IS_NAME = -2.4  # of a word and its own translation: it is a name or a loanword
# Latin letters that an Arabic letter may begin a name with; others are not compared by sound.
_FIRST = {
    "ا": "aeiouhy", "ب": "bp", "ت": "tcq", "ث": "ts", "ج": "jgd", "ح": "h", "خ": "khj", "د": "d",
    "ذ": "dtz", "ر": "r", "ز": "zs", "س": "scz", "ش": "scj", "ص": "sc", "ض": "dz", "ط": "t",
    "ظ": "zd", "ع": "aeiou", "غ": "gr", "ف": "fvp", "ق": "qkcg", "ك": "kcqgx", "ل": "l", "م": "m",
    "ن": "n", "ه": "haeo", "و": "wouv", "ي": "yieju",
}  # fmt: skip
_NOTHING: Mapping[str, float] = {}


@runtime_checkable
class Renders(Protocol):
    """Translation tables: `rag.translation.translate.Translator`."""

    @property
    def languages(self) -> frozenset[str]: ...

    def renderings(self, term: str, source: str, target: str) -> dict[str, float]: ...


class Renderer:
    """Renders folded words; results are kept."""

    def __init__(self, translator: object) -> None:
        self._tables = translator if isinstance(translator, Renders) else None
        self.renderings = lru_cache(maxsize=32768)(self._renderings)
        self.held_by = lru_cache(maxsize=32768)(self._held_by)
        self.knows = lru_cache(maxsize=32768)(self._knows)
        self.sounds_like_itself = lru_cache(maxsize=32768)(self._sounds_like_itself)

    def _renderings(self, word: str, source: str, target: str) -> Mapping[str, float]:
        """p(stem of `target` | word); empty when nothing is known."""
        if (
            source == target
            or self._tables is None
            or not {source, target} <= self._tables.languages
        ):
            return _NOTHING
        return self._tables.renderings(stem([word], source)[0], source, target)

    def _held_by(self, word: str, source: str, target: str) -> Mapping[str, float]:
        """Stems of `target` that say what `word` says, each to a degree of 0..1."""
        itself = {form: 1.0 for form in variants(word, target)}
        if source == target:
            return {**self._alike(word, source), **itself}
        found = self._renderings(word, source, target)
        most = max(found.values(), default=0.0)
        degrees = {
            term: (weight / most) ** 0.5 for term, weight in found.items() if weight >= LEAST * most
        }
        return {**itself, **degrees}

    def own(self, word: str, language: str) -> tuple[str, ...]:
        """Stems that the word is matched by in its own language."""
        return variants(word, language)[:1]

    def _alike(self, word: str, language: str) -> dict[str, float]:
        """Stems that translate as the word does, to a degree of up to SYNONYM."""
        via = _VIA.get(language)
        if via is None:
            return {}
        there = sorted(self._renderings(word, language, via).items(), key=lambda x: (-x[1], x[0]))
        back: dict[str, float] = {}
        for term, weight in there[:_WIDTH]:
            if self._tables is not None:
                for again, p in self._tables.renderings(term, via, language).items():
                    back[again] = back.get(again, 0.0) + weight * p
        most = max(back.values(), default=0.0)
        return {t: SYNONYM * w / most for t, w in back.items() if w >= LEAST * most}

    def _knows(self, word: str, language: str) -> bool:
        """Whether the tables hold the word itself."""
        via = _VIA.get(language)
        if via is None or not self.guesses(word, language):
            return False
        if language != "ar":
            return True
        return any(_arabic_words().number(form) is not None for form in variants(word, language))

    def guesses(self, word: str, language: str) -> bool:
        """Whether the tables hold the word, or an Arabic word inside it."""
        via = _VIA.get(language)
        return bool(via and self._renderings(word, language, via))

    def _sounds_like_itself(self, word: str, language: str) -> bool:
        """Whether a word's likeliest rendering across scripts is its own transliteration: it is
        a name, or a loanword."""
        other = "en" if language == "ar" else "ar"
        found = self._renderings(word, language, other)
        if not found:
            return False
        most = max(found.values())
        pairs = [
            (word, term) if language == "ar" else (term, word)
            for term, weight in found.items()
            if weight >= LIKELY * most
        ]
        return any(
            sound(form, ending) >= IS_NAME
            for arabic, latin in pairs
            if len(latin) > 2
            for form in arabic_forms(arabic)
            for ending in (latin, f"{latin}e", f"{latin}a", f"{latin[:-1]}y")
        )


@lru_cache(maxsize=65536)
def sound(arabic: str, latin: str) -> float:
    """Mean log-probability a letter that the Arabic spelling writes the Latin one."""
    if latin[:1] not in _FIRST.get(arabic[:1], "") or not 0.6 < len(latin) / len(arabic) < 2.6:
        return -99.0
    likelihood = max(_transliterator().likelihood(arabic, latin), 1e-300)
    return log(likelihood) / max(len(arabic), 0.7 * len(latin))


@lru_cache(maxsize=1)
def _arabic_words() -> Vocabulary:
    return Vocabulary.open(MODELS / TABLES, "ar")


@lru_cache(maxsize=1)
def _transliterator() -> Transliterator:
    return Transliterator.open(MODELS / TABLES / "names.json")
