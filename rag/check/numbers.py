"""Numbers of a sentence and of its source, to compare: figures and words, in four languages.

Reads any decimal digits, thousands and decimal marks by language, percent, ordinals, fractions,
magnitudes ("3 million"), vague ones ("thousands") and the unit that follows; those in words are
read in `rag.check.spelled`. Knows no dates (`rag.check.moments`, whose spans can be left out) and
no passage.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

from rag.check.number import Number, Token
from rag.check.spelled import lookup, spelled
from rag.words.number_words import PERCENT, POINTS, unit_names
from rag.words.text import fold

Span = tuple[int, int]
_TOKEN = re.compile(r"\d{1,30}|(?:[^\W\d_]|(?<=\w)[\u0300-\u036f\u064b-\u065f\u0670])+|[%٪€$£]")
_MARKS = str.maketrans(
    {chr(zero + d): str(d) for zero in (0x0660, 0x06F0) for d in range(10)}
    | {"٫": ".", "٬": "'", "’": "'", "\u00a0": " ", "\u202f": " ", "\u2009": " ", "‑": "-"}
)
# Digits of footnotes and of lists (raised, lowered, circled, in brackets): no number of the text.
_RAISED = re.compile("[²³¹⁰⁴-⁹₀-₉①-⒛⓪-⓿㉑-㉟㊱-㊿]")
_ORDINAL_SUFFIX = frozenset("st nd rd th er re ere e eme ieme º ª ο".split())
_CENTURY = frozenset(
    fold(w) for w in "century centuries siècle siècles siglo siglos قرن القرن".split()
)
_ROMAN = re.compile(r"[IVXL]+")
_ROMAN_VALUES = {"I": 1, "V": 5, "X": 10, "L": 50}
MOST_GROUPS = 12  # groups of digits that one number may have


def find_numbers(text: str, language: str, without: Sequence[Span] = ()) -> tuple[Number, ...]:
    """Numbers of `text` in order, those inside the spans `without` left out. Linear time."""
    plain = _RAISED.sub(" ", text.translate(_MARKS))
    tokens = _tokens(plain)
    skipped = _inside(tokens, without)
    found: list[Number] = []
    at = 0
    while at < len(tokens):
        if at in skipped:
            at += 1
            continue
        read = _figure(plain, tokens, at, language) or spelled(tokens, at, language)
        read = read or _roman(plain, tokens, at)
        if read is None:
            at += 1
            continue
        number, at = read
        found.append(_finished(number, plain, tokens, at, language))
        at = max(at, next((i for i in range(at, len(tokens)) if tokens[i].start >= found[-1].end),
                          len(tokens)))  # fmt: skip
    return tuple(found)


def _tokens(plain: str) -> list[Token]:
    tokens: list[Token] = []
    end = -1
    for match in _TOKEN.finditer(plain):
        gap = plain[end : match.start()] if end >= 0 else ""
        tokens.append(Token(match.start(), match.end(), fold(match[0]), gap in (" ", "-", "")))
        end = match.end()
    return tokens


def _inside(tokens: Sequence[Token], spans: Sequence[Span]) -> set[int]:
    """Tokens that lie in spans; both run in order."""
    found: set[int] = set()
    at = 0
    ordered = sorted(spans)
    for number, token in enumerate(tokens):
        while at < len(ordered) and ordered[at][1] <= token.start:
            at += 1
        if at < len(ordered) and ordered[at][0] <= token.start:
            found.add(number)
    return found


def _figure(
    plain: str, tokens: Sequence[Token], at: int, language: str
) -> tuple[Number, int] | None:
    """A number in digits at token `at`, with the magnitude that follows."""
    first = tokens[at]
    if not first.text.isdecimal():
        return None
    end = at + 1
    while end < min(len(tokens), at + MOST_GROUPS) and _goes_on(plain, tokens, at, end):
        end += 1
    values = _readings(plain[first.start : tokens[end - 1].end], language)
    if not values:  # not one number: the digits stand for themselves
        end, values = at + 1, (Fraction(first.text),)
    before = plain[max(0, first.start - 2) : first.start]
    arabic = "\u0620" <= before[-1:] <= "\u06ff"  # a one-letter word, written on
    label = before[-1:].isalpha() and not arabic
    label = label or (before[-1:] == "-" and before[:1].isalpha())
    number = Number(first.start, tokens[end - 1].end, values, "label" if label else "plain")
    while end < len(tokens) and tokens[end].spaced:
        scale = lookup(tokens[end].text, "scale", language)
        if scale is None or (scale == 100 and language == "fr"):
            break
        values = tuple(value * scale for value in number.values)
        number = replace(number, end=tokens[end].end, values=values)
        end += 1
    return number, end


def _goes_on(plain: str, tokens: Sequence[Token], first: int, at: int) -> bool:
    """Whether token `at` is a further group of digits of the number begun at `first`."""
    token, gap = tokens[at], plain[tokens[at - 1].end : tokens[at].start]
    if not token.text.isdecimal() or len(gap) != 1 or gap not in ",.' ":
        return False
    if gap == " ":
        head = tokens[first].end - tokens[first].start
        return token.end - token.start == 3 and head <= 3
    return True


def _readings(written: str, language: str) -> tuple[Fraction, ...]:
    """Values that digits with marks may have, likeliest first; none when they are several
    numbers in a row."""
    marks = [char for char in written if not char.isdecimal()]
    groups = re.split(r"[^\d]", written)
    whole = Fraction("".join(groups))
    if not marks:
        return (whole,)
    thousands = all(len(group) == 3 for group in groups[1:]) and len(groups[0]) <= 3
    if set(marks) <= {"'", " "}:
        return (whole,) if thousands else ()
    last = marks[-1]
    decimal = Fraction("".join(groups[:-1]) + "." + groups[-1])
    if len(marks) > 1:
        if last not in marks[:-1] and len(set(marks[:-1])) == 1:
            return (decimal,) if all(len(group) == 3 for group in groups[1:-1]) else ()
        return (whole,) if thousands and len(set(marks)) == 1 else ()
    if thousands and groups[0] != "0":
        # One mark and three digits: "1,234" is a thousand in English, one and a bit in French.
        english = language not in ("fr", "es")
        first, second = (whole, decimal) if (last == ",") == english else (decimal, whole)
        if language == "fr" and last == ".":
            first, second = whole, decimal
        return (first, second)
    if last == "," and language == "en":
        return ()
    return (decimal,)


def _roman(plain: str, tokens: Sequence[Token], at: int) -> tuple[Number, int] | None:
    """XIX, XIXe: an ordinal; a claim only beside "century"."""
    token = tokens[at]
    written = plain[token.start : token.end]
    core = written.rstrip("eèm")
    if not _ROMAN.fullmatch(core) or (len(core) < 2 and core == written):
        return None
    values = [_ROMAN_VALUES[char] for char in core]
    total = sum(
        -value if i + 1 < len(values) and value < values[i + 1] else value
        for i, value in enumerate(values)
    )
    number = Number(token.start, token.end, (Fraction(total),), "ordinal", claimed=False)
    return number, at + 1


def _finished(
    number: Number, plain: str, tokens: Sequence[Token], after: int, language: str
) -> Number:
    """The number with the percent sign, ordinal ending or unit that follows it."""
    if number.kind not in ("plain", "ordinal"):
        return number
    tail = fold(plain[number.end : number.end + 24])
    bare = tail.lstrip()
    points = next((p for p in POINTS if bare.startswith(p)), "")
    percent = next((p for p in PERCENT if bare.startswith(p)), "")
    if points or percent:
        end = _end_of(number.end, tail, points or percent)
        return replace(number, kind="points" if points else "percent", end=end, claimed=True)
    places = (after, _before(tokens, number.start))
    near = [tokens[i].text if 0 <= i < len(tokens) else "" for i in places]
    if near[language in ("es", "ar")].removeprefix("و") in _CENTURY:
        return replace(number, kind="ordinal", claimed=True)
    if after < len(tokens) and number.kind == "plain" and number.values[0].denominator == 1:
        suffix = tokens[after].text
        if (
            tokens[after].start <= number.end + 1
            and suffix in _ORDINAL_SUFFIX
            and (tokens[after].start == number.end or suffix in "ºª")
        ):
            return replace(number, kind="ordinal", end=tokens[after].end)
    return replace(number, unit=_unit(near))


def _unit(near: Sequence[str]) -> str:
    """Canonical unit of the word after a number, else of the currency sign before it."""
    names = unit_names()
    if near[0] in names:
        return names[near[0]]
    return names[near[1]] if near[1] in ("$", "€", "£") else ""


def _before(tokens: Sequence[Token], start: int) -> int:
    """The token before text position `start`; -1 where there is none."""
    low, high = 0, len(tokens)
    while low < high:
        middle = (low + high) // 2
        if tokens[middle].start < start:
            low = middle + 1
        else:
            high = middle
    return low - 1


def _end_of(end: int, tail: str, phrase: str) -> int:
    """Where a phrase that follows ends in the text; folding may shorten what it folds."""
    return end + len(tail) - len(tail.lstrip()) + len(phrase)
