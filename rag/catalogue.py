"""The catalogue of interface messages: gettext files, read with Babel.

    messages/en.pot          the English words, each under its key (msgctxt)
    messages/<language>.po   their translations; what has none is said in English

A language is added by adding a file. A message that counts has a plural, and its
`{n}` chooses the form by the language's own rule. Knows no type of ours.
"""

from __future__ import annotations

import gettext
import io
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

FOLDER = Path(__file__).parent / "messages"
FALLBACK = "en"


@lru_cache(maxsize=1)
def languages() -> tuple[str, ...]:
    """Languages the interface speaks, by code."""
    return tuple(sorted([FALLBACK, *(path.stem for path in FOLDER.glob("*.po"))]))


@lru_cache(maxsize=1)
def _english() -> Mapping[str, tuple[str, str]]:
    """Key -> English words of one, and of many where the message counts."""
    from babel.messages.pofile import read_po

    with (FOLDER / f"{FALLBACK}.pot").open("rb") as file:
        found = read_po(file, charset="utf-8", abort_invalid=True)
    both = ((m.context, m.id if isinstance(m.id, tuple) else (m.id, "")) for m in found if m.id)
    return {str(key): (str(one), str(many)) for key, (one, many) in both}


@lru_cache(maxsize=16)
def _translations(language: str) -> gettext.NullTranslations:
    path = FOLDER / f"{language}.po"
    if language not in languages() or language == FALLBACK:
        return gettext.NullTranslations()
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    with path.open("rb") as file:
        found = read_po(file, locale=language, charset="utf-8", abort_invalid=True)
    compiled = io.BytesIO()
    write_mo(compiled, found)
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)


@lru_cache(maxsize=16)
def messages(language: str) -> Mapping[str, str]:
    """Every message of a language by key, not filled in; those that count as they count many."""
    return {key: _template(language, key, 100) for key in _english()}


def _template(language: str, key: str, n: int) -> str:
    one, many = _english()[key]
    spoken = _translations(language)
    return spoken.npgettext(key, one, many, n) if many else spoken.pgettext(key, one)


def knows(key: str) -> bool:
    """Whether there is a message of this key."""
    return key in _english()


def say(language: str, key: str, /, **values: object) -> str:
    """One message, filled in; whole numbers as the language writes them, and `n` chooses the
    plural. English in a language we do not have. Raises KeyError for an unknown key."""
    counted = values.get("n")
    template = _template(language, key, counted if isinstance(counted, int) else 0)
    shown = {
        name: number(value, language) if type(value) is int else value
        for name, value in values.items()
    }
    return template.format(**shown)


def name_of(language: str, group: str, value: str) -> str:
    """Our word for a value of a closed list ("kinds", "themes"); the value where we have none."""
    key = f"{group}.{value}"
    return say(language, key) if knows(key) else value


def locale_of(language: str) -> str:
    """The language for Babel: itself where we speak it, else English."""
    return language if language in languages() else FALLBACK


def number(value: int, language: str) -> str:
    """A count as the reader writes it."""
    from babel.numbers import format_decimal

    return str(format_decimal(value, locale=locale_of(language)))
