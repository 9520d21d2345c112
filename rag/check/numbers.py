"""Numbers of a sentence and of its source, to compare: figures and words, in four languages.

Reads any decimal digits, thousands and decimal marks by language, percent, ordinals, fractions,
magnitudes ("3 million"), vague ones ("thousands") and the unit that follows. Two numbers agree
when value, kind and unit do. Knows no dates (`rag.check.moments`, whose spans can be left out)
and no passage.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Literal

from rag.words.number_words import JOINERS, PERCENT, POINTS, doubtful, table, unit_names
from rag.words.text import fold

Kind = Literal["plain", "percent", "points", "ordinal", "vague", "label"]
Span = tuple[int, int]
_TOKEN = re.compile(r"\d{1,30}|(?:[^\W\d_]|(?<=\w)[\u0300-\u036f\u064b-\u065f\u0670])+|[%٪€$£]")
_MARKS = str.maketrans(
    {chr(zero + d): str(d) for zero in (0x0660, 0x06F0) for d in range(10)}
    | {"٫": ".", "٬": "'", "’": "'", "\u00a0": " ", "\u202f": " ", "\u2009": " ", "‑": "-"}
)
_ORDINAL_SUFFIX = frozenset("st nd rd th er re ere e eme ieme º ª ο".split())
_CENTURY = frozenset(
    fold(w) for w in "century centuries siècle siècles siglo siglos قرن القرن".split()
)
_ROMAN = re.compile(r"[IVXL]+")
_ROMAN_VALUES = {"I": 1, "V": 5, "X": 10, "L": 50}
_PARTS = {  # denominators after a number: "two thirds"
    fold(word): Fraction(1, n)
    for n, forms in {
        3: "third thirds tiers tercio tercios ثلث أثلاث",
        4: "quarter quarters quart quarts cuarto cuartos cuarta cuartas ربع أرباع",
        5: "fifth fifths cinquième cinquièmes quinto quintos quinta quintas خمس أخماس",
        10: "tenth tenths dixième dixièmes décimo décimos أعشار",
    }.items()
    for word in forms.split()
}
_BARE = frozenset(fold(w) for w in "hundred thousand million billion milliard millón".split())
_ARTICLES = frozenset("a an one un une uno una".split())
_PREFIXES = ("و", "ف", "ب", "ل", "ال", "وال", "بال", "لل", "وب", "ول", "فال", "كال")
MOST_GROUPS = 12  # groups of digits that one number may have
_VAGUE_SPAN = 1000  # "thousands" may stand for less than a thousand times a thousand


@dataclass(frozen=True, slots=True)
class Number:
    """A number at text[start:end]."""

    start: int
    end: int
    values: tuple[Fraction, ...]  # more than one where marks are ambiguous, likeliest first
    kind: Kind = "plain"
    unit: str = ""  # canonical, e.g. "year"; empty: none that is known
    claimed: bool = True  # a sentence with it states a number ("one" and "both" do not)

    def bears_out(self, claim: Number) -> bool:
        """Whether this number of a source carries a sentence's `claim`."""
        if self.unit and claim.unit and self.unit != claim.unit:
            return False
        if claim.kind == "vague":
            low = claim.values[0]
            if self.kind == "vague":
                return self.values[0] == low
            return self.kind == "plain" and any(
                low <= value < low * _VAGUE_SPAN for value in self.values
            )
        wanted = claim.values[0]
        if self.kind == claim.kind or (self.kind, claim.kind) == ("plain", "label"):
            return wanted in self.values
        shares = {self.kind, claim.kind} == {"plain", "percent"}
        if shares and self.kind == "percent":
            return wanted < 1 and any(wanted * 100 == value for value in self.values)
        return shares and any(value < 1 and value * 100 == wanted for value in self.values)


@dataclass(frozen=True, slots=True)
class _Token:
    start: int
    end: int
    text: str  # folded
    spaced: bool  # nothing but one space or a hyphen stands before
    joined: bool = False  # an Arabic word that carries "and"


def find_numbers(text: str, language: str, without: Sequence[Span] = ()) -> tuple[Number, ...]:
    """Numbers of `text` in order, those inside the spans `without` left out. Linear time."""
    plain = text.translate(_MARKS)
    tokens = _tokens(plain)
    skipped = _inside(tokens, without)
    found: list[Number] = []
    at = 0
    while at < len(tokens):
        if at in skipped:
            at += 1
            continue
        read = _figure(plain, tokens, at, language) or _words(tokens, at, language)
        read = read or _roman(plain, tokens, at)
        if read is None:
            at += 1
            continue
        number, at = read
        found.append(_finished(number, plain, tokens, at, language))
        at = max(at, next((i for i in range(at, len(tokens)) if tokens[i].start >= found[-1].end),
                          len(tokens)))  # fmt: skip
    return tuple(found)


def _tokens(plain: str) -> list[_Token]:
    tokens: list[_Token] = []
    end = -1
    for match in _TOKEN.finditer(plain):
        gap = plain[end : match.start()] if end >= 0 else ""
        tokens.append(_Token(match.start(), match.end(), fold(match[0]), gap in (" ", "-", "")))
        end = match.end()
    return tokens


def _inside(tokens: Sequence[_Token], spans: Sequence[Span]) -> set[int]:
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
    plain: str, tokens: Sequence[_Token], at: int, language: str
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
        scale = _lookup(tokens[end].text, "scale", language)
        if scale is None or (scale == 100 and language == "fr"):
            break
        values = tuple(value * scale for value in number.values)
        number = replace(number, end=tokens[end].end, values=values)
        end += 1
    return number, end


def _goes_on(plain: str, tokens: Sequence[_Token], first: int, at: int) -> bool:
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


def _words(tokens: Sequence[_Token], at: int, language: str) -> tuple[Number, int] | None:
    """A number in words at token `at`."""
    text = tokens[at].text
    share = _share(tokens, at, language)
    if share is not None:
        return share
    value, end = _compound(tokens, at, language)
    if value is not None:
        part = _PARTS.get(tokens[end].text) if end < len(tokens) and tokens[end].spaced else None
        if part is not None and 1 <= value < 1 / part:
            return _number(tokens, at, end + 1, value * part), end + 1
        claimed = end > at + 1 or _core(text, language) not in doubtful(language)
        number = _number(tokens, at, end, value)
        if end == at + 1 and text in _BARE and not (at and tokens[at - 1].text in _ARTICLES):
            return replace(number, kind="vague"), end  # "several million"
        return replace(number, claimed=claimed), end
    for kind in ("vague", "fraction", "ordinal", "loose"):
        found = _lookup(text, kind, language)
        if found is not None:
            number = _number(tokens, at, at + 1, found)
            if kind in ("vague", "ordinal"):
                number = replace(number, kind="vague" if kind == "vague" else "ordinal")
            if kind == "ordinal" and language == "ar" and at + 1 < len(tokens):
                return _arabic_ordinal(number, tokens, at)
            sure = kind != "loose" and _core(text, language) not in doubtful(language)
            return replace(number, claimed=sure), at + 1
    return None


def _share(tokens: Sequence[_Token], at: int, language: str) -> tuple[Number, int] | None:
    """ "A third of", "un quart de": an article and a denominator."""
    if tokens[at].text not in _ARTICLES or at + 2 >= len(tokens):
        return None
    part = _PARTS.get(tokens[at + 1].text)
    if part is None or tokens[at + 2].text not in ("of", "de", "des", "du", "d"):
        return None
    return _number(tokens, at, at + 2, part), at + 2


def _arabic_ordinal(number: Number, tokens: Sequence[_Token], at: int) -> tuple[Number, int]:
    """الحادي عشر, التاسع عشر, الحادي والعشرون."""
    after = tokens[at + 1]
    tens = _lookup(after.text, "small", "ar")
    teen = tens == 10 and not after.text.startswith("و")
    higher = after.text.startswith("و") and tens in range(20, 100, 10)
    if tens is not None and after.spaced and number.values[0] < 10 and (teen or higher):
        values = (number.values[0] + tens,)
        return replace(number, end=after.end, values=values, claimed=True), at + 2
    sure = _core(tokens[at].text, "ar") not in doubtful("ar")
    return replace(number, claimed=sure), at + 1


def _compound(tokens: Sequence[_Token], at: int, language: str) -> tuple[Fraction | None, int]:
    """Value of the longest number in words from token `at`, and the token after it."""
    total, current, last_scale = Fraction(0), Fraction(0), Fraction(0)
    begun, end, place = False, at, at
    while place < len(tokens) and (place == at or tokens[place].spaced):
        text = tokens[place].text
        if begun and text == JOINERS.get(language) and place + 1 < len(tokens):
            place, joined = place + 1, True
            text = tokens[place].text
        else:
            joined = language == "ar" and text.startswith("و") and place > at
        small = _lookup(text, "small", language)
        scale = _lookup(text, "scale", language)
        if small is not None:
            added = _add(total, current, small, joined, language, begun, last_scale)
            if added is None:
                break
            total, current = added
        elif scale is not None and _may_scale(text, language, begun, joined):
            scaled = _scale(total, current, scale, last_scale, joined)
            if scaled is None:
                break
            total, current = scaled
            last_scale = scale if scale >= 1000 else last_scale
        else:
            break
        begun, place = True, place + 1
        end = place
    return (total + current, end) if begun else (None, at)


def _may_scale(text: str, language: str, begun: bool, joined: bool) -> bool:
    """A plural magnitude on its own ("آلاف", "millions") is vague, not a number."""
    return (begun and not joined) or _lookup(text, "vague", language) is None


def _add(
    total: Fraction, current: Fraction, small: Fraction, joined: bool, language: str, begun: bool,
    last_scale: Fraction,
) -> tuple[Fraction, Fraction] | None:  # fmt: skip
    """The sums after one more small number; None where it begins another number."""
    rest = current % 100
    if not begun:
        return (small, Fraction(0)) if small >= 1000 else (total, small)
    if total and not current:
        return (
            (total, small)
            if small < (last_scale or total) and (joined or language != "ar")
            else None
        )
    if language == "ar":
        teen = small == 10 and not joined and 1 <= rest <= 9
        tens = joined and small in range(20, 100, 10) and 1 <= rest <= 9
        after_hundreds = joined and small < 100 and current >= 100 and rest == 0
        return (total, current + small) if teen or tens or after_hundreds else None
    if language == "fr" and small == 20 and rest == 4:
        return total, current + 76
    if rest in range(20, 100, 10) and 1 <= small < 10:
        return total, current + small
    if language == "fr" and (
        (rest in (60, 80) and 10 <= small < 20) or (rest == 10 and 7 <= small <= 9)
    ):
        return total, current + small
    if current >= 100 and rest == 0 and small < 100:
        return total, current + small
    return None


def _scale(
    total: Fraction, current: Fraction, scale: Fraction, last: Fraction, joined: bool
) -> tuple[Fraction, Fraction] | None:
    """The sums after a magnitude word; None where it begins another number."""
    if scale < 1000:
        if total and not current:
            return total, scale
        if joined or current >= 100:
            return None
        return total, (current or 1) * scale
    if not current and not total:
        return scale, Fraction(0)
    if current and not joined:
        return (total + current * scale if not last or scale < last else (total + current) * scale,
                Fraction(0))  # fmt: skip
    if not current and scale > last and not joined:
        return total * scale, Fraction(0)  # "mil millones"
    return (total + scale, Fraction(0)) if joined and scale < last else None


def _core(word: str, language: str) -> str:
    """An Arabic number word without its prefixes; any other as it is."""
    if language == "ar" and not _known(word, language):
        for prefix in _PREFIXES:
            rest = word[len(prefix) :]
            if word.startswith(prefix) and rest != "ست" and _known(rest, language):
                return rest
    return word


def _known(word: str, language: str) -> bool:
    kinds = ("small", "scale", "vague", "ordinal", "fraction", "loose")
    return any(word in table(kind, language) for kind in kinds)


def _lookup(word: str, kind: str, language: str) -> Fraction | None:
    if word in PERCENT:  # "بالمئة" is a hundredth part, not a hundred
        return None
    return table(kind, language).get(_core(word, language))


def _number(tokens: Sequence[_Token], at: int, end: int, value: Fraction) -> Number:
    return Number(tokens[at].start, tokens[end - 1].end, (value,))


def _roman(plain: str, tokens: Sequence[_Token], at: int) -> tuple[Number, int] | None:
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
    number: Number, plain: str, tokens: Sequence[_Token], after: int, language: str
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


def _before(tokens: Sequence[_Token], start: int) -> int:
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
