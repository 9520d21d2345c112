"""What an author or officer wrote about a document: front matter and sidecar, checked.

Every value is taken for hostile: one line, no control or direction characters,
capped. A value that cannot be meant becomes a note and is left out. Knows
nothing of the document's text.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from functools import cache

from ingest.dates import parse_date
from ingest.places import COUNTRIES, mentions

MAX_TITLE = 300
MAX_LINE = 200
MAX_ITEMS = 50
_BIDI = re.compile("[\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]")
_CODE = re.compile(r"([a-z]{2,3})(?:[-_][a-z0-9]+)*", re.I)
_ALIASES = {
    "date": ("date", "published", "date_published", "publication_date"),
    "language": ("language", "lang"),
    "countries": ("countries", "country"),
    "cities": ("cities", "city"),
    "themes": ("themes", "theme"),
    "kind": ("kind", "type"),
    "url": ("url", "source_url", "canonical"),
}


def one_line(value: object, limit: int = MAX_LINE) -> str:
    """`value` as one clean line of at most `limit` characters; "" for anything but text."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    text = _BIDI.sub("", str(value)[: 4 * limit])
    text = "".join(" " if unicodedata.category(c) in ("Cc", "Zl", "Zp", "Cs") else c for c in text)
    return " ".join(text.split())[:limit].strip()


def checked(values: Mapping[str, object]) -> tuple[dict[str, object], tuple[str, ...]]:
    """(values by field of SourceDocument that can be meant, notes about the others)."""
    found: dict[str, object] = {}
    notes: list[str] = []
    for name, check in _CHECKS.items():
        for key in _ALIASES.get(name, (name,)):
            if values.get(key) in (None, "", []):
                continue
            value = check(values[key])
            if value in (None, "", ()):
                notes.append(f"{key}: {one_line(str(values[key]), 60)!r} was not understood")
            else:
                found.setdefault(name, value)
    return found, tuple(notes)


def language_code(value: object) -> str:
    """ISO 639-1 code of "fr", "fr-FR" or "pt_BR"; "" for what is not a language code."""
    match = _CODE.fullmatch(one_line(value, 20))
    code = match[1].lower() if match else ""
    return code if code in _languages() else ""


@cache
def _languages() -> frozenset[str]:
    from babel import Locale

    return frozenset(Locale.parse("en").languages)


def _title(value: object) -> str:
    return one_line(value, MAX_TITLE) if isinstance(value, str) else ""


def _text(value: object) -> str:
    return one_line(value) if isinstance(value, str) else ""


def _slug(value: object) -> str:
    return re.sub(r"[\s_]+", "-", _text(value).lower())


def _url(value: object) -> str:
    text = one_line(value, 2_000)
    return text if re.match(r"https?://[^\s/]+", text, re.I) else ""


def _flag(value: object) -> bool | None:
    text = str(value).strip().lower()
    known = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
    return known.get(text)


def _lines(value: object) -> tuple[str, ...]:
    items = value if isinstance(value, list | tuple) else [value]
    lines = (_text(item) for item in items[:MAX_ITEMS])
    return tuple(dict.fromkeys(line for line in lines if line))


def _countries(value: object) -> tuple[str, ...]:
    """ISO codes from codes or from names in any of our languages; all or nothing."""
    codes: list[str] = []
    # YAML reads Norway's code NO as false
    items = value if isinstance(value, list | tuple) else [value]
    for item in ("NO" if item is False else item for item in items[:MAX_ITEMS]):
        text = _text(item)
        named = [text.upper()] if text.upper() in COUNTRIES else _named(text)
        if not named:
            return ()
        codes += named
    return tuple(dict.fromkeys(codes))


def _named(text: str) -> Iterable[str]:
    return [code for code, _ in mentions(text, "en").countries]


_CHECKS: dict[str, Callable[[object], object]] = {
    "title": _title,
    "language": language_code,
    "date": parse_date,
    "kind": _slug,
    "event": _text,
    "publisher": _text,
    "countries": _countries,
    "cities": _lines,
    "themes": _lines,
    "work_id": _text,
    "translation_of": _text,
    "superseded_by": _text,
    "machine_translated": _flag,
    "url": _url,
}
