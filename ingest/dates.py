"""Dates as people write them, to ISO 8601.

Month names come from CLDR (Babel) for the language asked for, with English,
and for Arabic with both sets of names (ديسمبر and كانون الأول) and those of the
Maghreb. Day comes before month in 03/04/2024 unless that is impossible.

It does not know which date of a document matters, nor relative dates, nor
calendars other than the Gregorian. Of a range it gives the first day.
"""

from __future__ import annotations

import datetime
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

_ARABIC_LOCALES = ("ar", "ar_SY", "ar_MA", "ar_DZ")
_FIRST_YEAR, _LAST_YEAR = 1800, 2100
# White space is bounded everywhere: a hostile page must not cost quadratic time.
_DAY = r"(?P<day>\d{1,2})(?:\s?(?:st|nd|rd|th|er|ère|re|ª|º|°|\.)(?!\w))?"
_TO = r"\s{0,2}(?:[-–—‑/&]{1,2}|to|and|until|au|et|al|y|إلى|و|حتى)\s{0,2}(?:el\s|le\s|the\s)?"
_RANGE = rf"(?:{_TO}\d{{1,2}}(?:st|nd|rd|th|er|º|\.)?)?"
_YEAR = r"(?P<year>\d{4})(?!\d)"
_OF = r"(?:\s{0,2}(?:of|de|del|do|di|da|d['’]|من|شهر)\s{0,2}|\s?[-.,،]?\s{0,2})"
_THEN = r"(?:\s{0,2}(?:of|de|del|do|di|عام|سنة|لعام)\s{1,2}|\s?[-.,،]\s{0,2}|\s{1,2})"
_NUMERIC = (
    re.compile(r"(?<![\d.])(?P<year>\d{4})(?P<sep>[-/.])(?P<month>\d{1,2})(?P=sep)(?P<day>\d{1,2})(?!\d)"),
    re.compile(r"(?<![\d/.])(?P<day>\d{1,2})\s?(?P<sep>[/.\-])\s?(?P<month>\d{1,2})\s?(?P=sep)\s?(?P<year>\d{4})(?!\d)"),
    re.compile(r"(?P<year>\d{4})\s?[年년]\s?(?P<month>\d{1,2})\s?[月월](?:\s?(?P<day>\d{1,2})\s?[日일])?"),
)  # fmt: skip
_PDF = re.compile(r"D:(\d{4})(\d{2})?(\d{2})?")
_CUT = re.compile(
    r"(?P<year>\d{4})(?:[-/](?P<month>\d{1,2}))?|(?P<month2>\d{1,2})[-/](?P<year2>\d{4})"
)
_BIDI = re.compile("[\u200b-\u200f\u061c\u202a-\u202e\u2060-\u2069\ufeff]")
_ALIKE = {"ا": "[اأإآ]", "ي": "[يى]", "e": "[eéèêë]", "u": "[uùûü]", "o": "[oóôö]", "c": "[cç]",
          "a": "[aáàâä]", "i": "[iíî]"}  # fmt: skip
_ARABIC_LETTERS = str.maketrans("أإآى", "اااي")


@dataclass(frozen=True, slots=True)
class FoundDate:
    """A date at text[start:end]."""

    start: int
    end: int
    iso: str


def find_dates(text: str, language: str) -> tuple[FoundDate, ...]:
    """The dates written in `text`, in order; bare years are not counted as dates."""
    found: list[FoundDate] = []
    taken = bytearray(len(text))
    for match in _matches(text, language):
        start, end = match.span()
        if not any(taken[start:end]) and (iso := _of_match(match, language)):
            found.append(FoundDate(start, end, iso))
            taken[start:end] = b"\1" * (end - start)
    return tuple(sorted(found, key=lambda date: date.start))


def parse_date(value: object, language: str = "en") -> str:
    """ISO date of one metadata value, cut to what it says; "" where it says none.

    Takes date objects, years, timestamps, PDF dates, and any date `find_dates` knows.
    """
    if isinstance(value, datetime.datetime | datetime.date):
        return _iso(value.year, value.month, value.day)
    if isinstance(value, bool) or not isinstance(value, str | int):
        return ""
    text = _BIDI.sub("", str(value)[:200]).strip()
    if pdf := _PDF.match(text):
        return _iso(*(int(part) if part else 0 for part in pdf.groups()))
    if cut := _CUT.fullmatch(text):
        return _iso(int(cut["year"] or cut["year2"]), int(cut["month"] or cut["month2"] or 0), 0)
    found = find_dates(text, language)
    return found[0].iso if found else ""


def _matches(text: str, language: str) -> Iterator[re.Match[str]]:
    """Matches of the more exact patterns first. Most lines hold no digit: those cost nothing."""
    if not re.search(r"\d{4}", text):
        return
    for pattern in (*_NUMERIC, *_patterns(language)):
        yield from pattern.finditer(text)


def _of_match(match: re.Match[str], language: str) -> str:
    parts = match.groupdict()
    year, day, month = int(parts["year"]), int(parts.get("day") or 0), parts["month"]
    if not month.isdecimal():
        return _iso(year, _months(language)[_key(month)], day)
    number = int(month)
    if number > 12 >= day > 0:  # 12/21/2024 can only be the American order
        number, day = day, number
    return _iso(year, number, day)


def _iso(year: int, month: int, day: int) -> str:
    """The date cut at the first zero; "" where there is no such day."""
    if not _FIRST_YEAR <= year <= _LAST_YEAR:
        return ""
    if not month:
        return f"{year:04}"
    try:
        date = datetime.date(year, month, day or 1)
    except ValueError:
        return ""
    return date.isoformat() if day else f"{year:04}-{month:02}"


@lru_cache(maxsize=64)
def _patterns(language: str) -> tuple[re.Pattern[str], ...]:
    """Day-month-year, month-day-year, year-month-day and month-year for one language."""
    names = sorted(_months(language), key=len, reverse=True)
    any_name = "|".join(_alike(name) for name in names)
    name = rf"(?:{any_name})\.?(?!\w)"
    month = rf"(?P<month>{any_name})\.?(?!\w)(?:\s?/\s?{name})?"
    sources = (
        rf"(?<![\d/]){_DAY}{_OF}{month}{_TO}\d{{1,2}}\.?{_OF}{name}{_THEN}{_YEAR}",
        rf"(?<![\d/]){_DAY}{_RANGE}{_OF}{month}{_THEN}{_YEAR}",
        rf"(?<!\w){month}\s{{1,2}}{_DAY}{_RANGE}(?:\s?[,،]\s{{0,2}}|\s{{1,2}}(?:of\s)?){_YEAR}",
        rf"(?<!\d){_YEAR}[.,]?\s{{0,2}}{month}\s{{1,2}}(?P<day>\d{{1,2}})(?!\d)",
        rf"(?<!\w){month}{_THEN}{_YEAR}",
    )
    return tuple(re.compile(source, re.I) for source in sources)


@lru_cache(maxsize=64)
def _months(language: str) -> dict[str, int]:
    """Folded month names and abbreviations of `language` and English."""
    from babel import Locale, UnknownLocaleError

    codes = _ARABIC_LOCALES if language == "ar" else (language,)
    months: dict[str, int] = {}
    for code in ("en", *codes):
        try:
            widths = Locale.parse(code).months
        except (UnknownLocaleError, ValueError, TypeError):
            continue
        for context in ("format", "stand-alone"):
            for width in ("wide", "abbreviated"):
                for number, name in widths[context][width].items():
                    if not name.strip(".").isdecimal() and len(name) > 1:
                        months.setdefault(_key(name), number)
    return {**months, "sept": 9, **({"setiembre": 9} if language == "es" else {})}


def _alike(name: str) -> str:
    """Pattern of a month name that forgives missing accents and hamzas."""
    return r"\s{1,2}".join(
        "".join(_ALIKE.get(c, re.escape(c)) for c in word) for word in name.split()
    )


def _key(name: str) -> str:
    """Month names compared without case, full stops, accents and hamzas."""
    folded = " ".join(name.lower().strip(". ").split()).translate(_ARABIC_LETTERS)
    return "".join(c for c in unicodedata.normalize("NFD", folded) if not unicodedata.combining(c))
