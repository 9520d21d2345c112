"""Forms that a folded word may be matched by: stems, and Arabic words without what is written on.

Leaf module; knows no table and no passage.
"""

from __future__ import annotations

from functools import lru_cache

from rag.words.text import stem

_CLITICS = "وفبلكس"  # one-letter words and the future mark that Arabic writes on


def is_arabic(word: str) -> bool:
    """Whether a folded word begins with an Arabic letter."""
    return "\u0620" <= word[:1] <= "\u06ff"


@lru_cache(maxsize=65536)
def variants(word: str, language: str) -> tuple[str, ...]:
    """Stems that a folded word may be matched by: its own, and for Arabic those without a
    one-letter word in front."""
    found = [stem([word], language)[0]]
    if language == "ar" and len(word) > 4 and word[0] in _CLITICS:
        found += [other for other in stem([word[1:]], language) if other not in found]
    return tuple(found)


@lru_cache(maxsize=65536)
def arabic_forms(word: str) -> tuple[str, ...]:
    """A folded Arabic word, and without its article and one-letter words."""
    found = [word]
    if len(word) > 4 and word[0] in _CLITICS:
        found.append(word[1:])
    return (*found, *(form[2:] for form in found if form[:2] in ("ال", "لل") and len(form) > 4))
