"""Names and figures in a question, and figures in a sentence: by capitals, digits and common words.

Rules of thumb for weighing sentences; `rag.check` reads numbers and names exactly.
"""

from __future__ import annotations

import re
from functools import lru_cache

from rag.words.text import fold, words

_FIGURE_WORDS = {
    "en": "one two three four five six seven eight nine ten monthly yearly weekly daily",
    "fr": "un deux trois quatre cinq six sept huit neuf dix mensuel mois an semaine",
    "es": "uno dos tres cuatro cinco seis siete ocho nueve diez mensual mes año semana",
    "ar": "واحد اثنان ثلاثة أربعة خمسة ستة سبعة ثمانية تسعة عشرة شهريا شهر سنويا أسبوع",
}
_NAME = re.compile(r"(?<![.!?؟¿¡:\"“«(]\s)(?<!^)(?<![¿¡\"“«(])\b[A-ZÀ-ÖØ-Þ][\w'’-]+")
_CAPITALS = re.compile(r"\b[A-Z]{2,}\b")
_NUMBER = re.compile(r"\d+")


def names_and_figures(question: str) -> frozenset[str]:
    """Folded words of a question that name something: capitalised inside it, all capitals,
    or figures. Scripts without capitals give figures only."""
    text = question
    if text.upper() == text:  # all capitals say nothing
        return frozenset(_NUMBER.findall(fold(text)))
    found = [*_NAME.findall(text), *_CAPITALS.findall(text), *_NUMBER.findall(fold(text))]
    return frozenset(word for name in found for word in words(fold(name)) if len(word) > 1)


def has_figure(text: str, language: str) -> bool:
    """Whether a text holds a number, in figures or in a common word."""
    folded = fold(text)
    return bool(_NUMBER.search(folded)) or bool(_figure_words(language) & set(words(folded)))


@lru_cache(maxsize=16)
def _figure_words(language: str) -> frozenset[str]:
    return frozenset(fold(word) for word in _FIGURE_WORDS.get(language, "").split())
