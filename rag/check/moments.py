"""Dates of a sentence and of its source, to compare: year, month, day, as far as each is stated.

Month names come from CLDR (Babel), with the Levantine and Maghreb names of Arabic. A day comes
before the month in 03/04/2024; both readings are kept where both are possible. Knows neither
relative dates ("last week") nor calendars other than the Gregorian, and no passage.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from rag.words.text import fold

FIRST_YEAR, LAST_YEAR = 1000, 2100
LANGUAGES = ("en", "fr", "es", "ar")
_ARABIC_LOCALES = ("ar", "ar_SY", "ar_MA", "ar_DZ")
_TOKEN = re.compile(r"\d{1,9}|(?:[^\W\d_]|(?<=\w)[\u0300-\u036f\u064b-\u065f\u0670])+")
_DIGITS = str.maketrans({chr(zero + d): str(d) for zero in (0x0660, 0x06F0) for d in range(10)})
_SUFFIXES = frozenset("st nd rd th er re e".split())
_BETWEEN = frozenset(fold(word) for word in "of de del du d the el le من شهر year".split())
_RANGE = frozenset(fold(word) for word in "to and au et al a y إلى و".split())
_BEFORE_YEAR = frozenset(fold(word) for word in "of de del من عام سنة لعام العام year".split())
# Month names that are commoner as something else: a month only beside a day or a year, or after
# one of the words that say so.
_DOUBTFUL = frozenset(
    fold(word) for word in "may march mars mar sept set ago dec مارس آب ماي".split()
)
_CUES = frozenset(
    fold(word)
    for word in "in since until till by early late mid en depuis début fin mi desde hasta mediados "
    "في منذ شهر حتى بحلول أوائل أواخر منتصف".split()
)
_AFTER_YEAR = frozenset("% ٪".split())


@dataclass(frozen=True, slots=True)
class Moment:
    """A date at text[start:end]; 0 where it says none."""

    start: int
    end: int
    year: int = 0
    month: int = 0
    day: int = 0

    def says(self, claim: Moment, years: frozenset[int] = frozenset()) -> bool:
        """Whether this date bears out all that `claim` states. `years` may complete a date
        that has none; a finer claim is not borne out by a coarser date."""
        year = claim.year == 0 or claim.year == self.year
        if not year and self.year == 0:
            year = claim.year in years
        month = claim.month in (0, self.month)
        return year and month and claim.day in (0, self.day)


@dataclass(frozen=True, slots=True)
class _Token:
    start: int
    end: int
    text: str
    number: int  # -1 for a word


def find_moments(text: str, language: str) -> tuple[Moment, ...]:
    """Dates written in `text`, in order; a bare year is one. An ambiguous 03/04/2024 gives two
    of the same span. Linear in the length of the text."""
    tokens = _tokens(text)
    found: list[Moment] = []
    taken: set[int] = set()
    for at in range(len(tokens)):
        if at not in taken:
            moments, used = _numeric(text, tokens, at) or _named(text, tokens, at, language, taken)
            found += moments
            taken.update(used)
    found += [
        Moment(token.start, token.end, token.number)
        for at, token in enumerate(tokens)
        if at not in taken and _is_year(text, token)
    ]
    return tuple(sorted(found, key=lambda moment: (moment.start, moment.end)))


def of_iso(date: str) -> Moment | None:
    """The moment of an ISO date that may be cut to a month or a year."""
    parts = date.split("-")
    if not date or not all(part.isdecimal() for part in parts) or len(parts) > 3:
        return None
    year, month, day = [*(int(part) for part in parts), 0, 0][:3]
    return Moment(0, 0, year, month, day)


def years_of(moments: Iterable[Moment]) -> frozenset[int]:
    """The years that dates name."""
    return frozenset(moment.year for moment in moments if moment.year)


def _tokens(text: str) -> list[_Token]:
    plain = text.translate(_DIGITS)
    return [
        _Token(m.start(), m.end(), fold(m[0]), int(m[0]) if m[0].isdecimal() else -1)
        for m in _TOKEN.finditer(plain)
    ]


def _numeric(
    text: str, tokens: Sequence[_Token], at: int
) -> tuple[list[Moment], Sequence[int]] | None:
    """2024-12-21, 21/12/2024 or 21.12.2024 at token `at`."""
    three = tokens[at : at + 3]
    if len(three) < 3 or any(token.number < 0 for token in three):
        return None
    gaps = {text[a.end : b.start] for a, b in pairwise(three)}
    if len(gaps) > 1 or not gaps <= {"-", "/", "."}:
        return None
    a, b, c = (token.number for token in three)
    lengths = [token.end - token.start for token in three]
    readings = [(a, b, c)] if lengths[0] == 4 else [(c, b, a), (c, a, b)] if lengths[2] == 4 else []
    start, end = three[0].start, three[2].end
    moments = [
        Moment(start, end, year, month, day)
        for year, month, day in dict.fromkeys(readings)
        if FIRST_YEAR <= year <= LAST_YEAR and 1 <= month <= 12 and 1 <= day <= 31
    ]
    return (moments, range(at, at + 3)) if moments else None


def _named(
    text: str, tokens: Sequence[_Token], at: int, language: str, taken: set[int]
) -> tuple[list[Moment], list[int]]:
    """A date around a month name at token `at`."""
    month, used = _month(text, tokens, at, language)
    if not month:
        return [], []
    days, before = _days_before(text, tokens, at, taken)
    after = used[-1] + 1
    if not days and language == "en" and _is_day(tokens, after) and _near(text, tokens, after):
        days, after = [tokens[after].number], after + 1
        if after < len(tokens) and tokens[after].text in _SUFFIXES:
            after += 1
    year, end = _year_after(text, tokens, after)
    if not (days or year) and not _sure(text, tokens, at):
        return [], []
    places = [*before, *range(at, max(after, end))]
    start, stop = tokens[places[0]].start, tokens[places[-1]].end
    return [Moment(start, stop, year, month, day) for day in days or [0]], places


def _month(text: str, tokens: Sequence[_Token], at: int, language: str) -> tuple[int, list[int]]:
    """Month named at token `at` (0: none) and the tokens it takes, a second name of the same
    month after a slash or in brackets included."""
    names = month_names(language)
    for length in (2, 1):
        part = tokens[at : at + length]
        word = " ".join(token.text for token in part)
        month = _month_of(word, names)
        if len(part) == length and month:
            used = list(range(at, at + length))
            nearby = at + length
            if nearby < len(tokens) and text[part[-1].end : tokens[nearby].start].strip() in (
                "/", "(",
            ):  # fmt: skip
                again, more = _month(text, tokens, nearby, language)
                used += more if again == month else []
            return month, used
    return 0, []


def _month_of(word: str, names: Mapping[str, int]) -> int:
    """Month of a folded name, an Arabic one with its one-letter prefixes."""
    if word in names:
        return names[word]
    for prefix in ("و", "ل", "ب"):
        if word.startswith(prefix) and len(word) > 4 and word[1:] in names:
            return names[word[1:]]
    return 0


def _days_before(
    text: str, tokens: Sequence[_Token], at: int, taken: set[int]
) -> tuple[list[int], list[int]]:
    """Days named before the month ("20-21 December", "21 de diciembre") and their tokens."""
    place = at - 1
    while place >= 0 and at - place < 4 and tokens[place].text in _BETWEEN | _SUFFIXES:
        place -= 1
    if not _is_day(tokens, place) or place in taken or not _near(text, tokens, place + 1):
        return [], []
    days, first = [tokens[place].number], place
    other = place - 1
    joint = text[tokens[other].end : tokens[place].start].strip() if place else ""
    if other > 0 and tokens[other].text in _RANGE:
        other, joint = other - 1, "-"
    if place and _is_day(tokens, other) and joint in ("-", "–", "—", "/", "&"):
        days, first = [tokens[other].number, *days], other
    return days, list(range(first, at))


def _year_after(text: str, tokens: Sequence[_Token], at: int) -> tuple[int, int]:
    """Year that follows a month, and the token after it; (0, at) where none does."""
    place = at
    while place < len(tokens) and place - at < 2 and tokens[place].text in _BEFORE_YEAR:
        place += 1
    if place < len(tokens) and _near(text, tokens, place) and _is_year(text, tokens[place]):
        return tokens[place].number, place + 1
    return 0, at


def _is_day(tokens: Sequence[_Token], at: int) -> bool:
    return 0 <= at < len(tokens) and 1 <= tokens[at].number <= 31 and (
        tokens[at].end - tokens[at].start <= 2
    )  # fmt: skip


def _near(text: str, tokens: Sequence[_Token], at: int) -> bool:
    """Whether nothing but a space, a comma or the like stands before token `at`."""
    return (
        at > 0
        and len(text[tokens[at - 1].end : tokens[at].start].strip(" ,،.º°ª-/'’()\u00a0")) == 0
    )


def _is_year(text: str, token: _Token) -> bool:
    if token.end - token.start != 4 or not FIRST_YEAR <= token.number <= LAST_YEAR:
        return False
    before, after = text[max(0, token.start - 2) : token.start], text[token.end : token.end + 2]
    joined = before[-1:] in ".,٬٫" and before[:1].isdecimal()
    joined = joined or (after[:1] in ".,٬٫" and after[1:].isdecimal())
    return not joined and after.strip()[:1] not in _AFTER_YEAR and not before[-1:].isalpha()


def _sure(text: str, tokens: Sequence[_Token], at: int) -> bool:
    """Whether a month name without day and year is a month."""
    token = tokens[at]
    if token.text not in _DOUBTFUL and (len(token.text) > 3 or token.text == "mai"):
        return True
    written = text[token.start]  # "may" is a verb, "mars" a planet with a capital
    return (
        (written.isupper() or token.text in ("mars", "mar", "sept") or not written.isascii())
        and at > 0
        and tokens[at - 1].text in _CUES
    )


@lru_cache(maxsize=16)
def month_names(language: str) -> Mapping[str, int]:
    """Months by folded name, in a language and in English."""
    from babel import Locale, UnknownLocaleError

    names: dict[str, int] = {}
    for locale in ("en", *(_ARABIC_LOCALES if language == "ar" else (language,))):
        try:
            months = Locale.parse(locale).months
        except (UnknownLocaleError, ValueError, TypeError):
            continue
        for form in ("format", "stand-alone"):
            for width in ("wide", "abbreviated"):
                for number, name in months[form][width].items():
                    names.setdefault(fold(name).strip(". "), number)
    if language == "es":
        names["setiembre"] = 9
    return {name: number for name, number in names.items() if len(name) > 1}
