"""Countries by name, in English, French, Spanish and Arabic (CLDR, through Babel).

Knows codes and names; no adjectives, no cities.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache

from rag.words.text import fold
from rag.words.word_forms import arabic_forms, is_arabic

_TOKEN = re.compile(r"(?:[^\W\d_]|(?<=\w)[\u0300-\u036f\u064b-\u065f\u0670])+")


# What CLDR does not have, folded.
_ALSO = {
    "usa": "US", "ee uu": "US", "eeuu": "US", "onu": "UN", "ue": "EU", "uk": "GB",
    "great britain": "GB", "bretagne": "GB", "بريطانيا": "GB", "امريكا": "US", "america": "US",
}  # fmt: skip


def country_words(text: str) -> list[str]:
    """Folded words of a text as `countries_at` takes them."""
    return [fold(token) for token in _TOKEN.findall(text)]


def countries_at(tokens: Sequence[str]) -> dict[int, str]:
    """Country codes by position of every word of a country's name."""
    names = _country_names()
    found: dict[int, str] = {}
    for at, token in enumerate(tokens):
        for form in arabic_forms(token) if is_arabic(token) else (token,):
            for rest, code in names.get(form, ()):
                if tuple(_without_article(t) for t in tokens[at + 1 : at + 1 + len(rest)]) == rest:
                    found.update({at + i: code for i in range(len(rest) + 1) if code})
                    break
    return found


@lru_cache(maxsize=65536)
def country_codes(word: str) -> frozenset[str]:
    """Codes of the countries whose whole name one folded word is."""
    names = _country_names()
    forms = arabic_forms(word) if is_arabic(word) else (word,)
    return frozenset(code for form in forms for rest, code in names.get(form, ()) if not rest)


@lru_cache(maxsize=1)
def _country_names() -> Mapping[str, tuple[tuple[tuple[str, ...], str], ...]]:
    """First word of a country's name -> (the other words, code), longest first; CLDR in four
    languages."""
    from babel import Locale

    found: dict[str, dict[tuple[str, ...], str]] = {}
    for language in ("en", "fr", "es", "ar"):
        for code, name in Locale.parse(language).territories.items():
            parts = [_without_article(fold(t)) for t in _TOKEN.findall(name.partition("(")[0])]
            if len(code) == 2 and parts and len("".join(parts)) > 2:
                found.setdefault(parts[0], {}).setdefault(tuple(parts[1:]), code)
    for words, code in _ALSO.items():
        first, *others = words.split()
        found.setdefault(first, {}).setdefault(tuple(others), code)
    return {
        first: tuple(sorted(rests.items(), key=lambda item: -len(item[0])))
        for first, rests in found.items()
    }


def _without_article(word: str) -> str:
    return word[2:] if is_arabic(word) and word.startswith("ال") and len(word) > 4 else word
