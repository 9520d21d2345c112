"""Numbers in words, in four languages: "forty-seven", "soixante-dix-sept", "الحادي عشر", "a third
of", "several million". Knows no figures and no units.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

from rag.check.number import Number, Token
from rag.words.number_words import JOINERS, PERCENT, doubtful, table
from rag.words.text import fold

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


def spelled(tokens: Sequence[Token], at: int, language: str) -> tuple[Number, int] | None:
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
        found = lookup(text, kind, language)
        if found is not None:
            number = _number(tokens, at, at + 1, found)
            if kind in ("vague", "ordinal"):
                number = replace(number, kind="vague" if kind == "vague" else "ordinal")
            if kind == "ordinal" and language == "ar" and at + 1 < len(tokens):
                return _arabic_ordinal(number, tokens, at)
            sure = kind != "loose" and _core(text, language) not in doubtful(language)
            return replace(number, claimed=sure), at + 1
    return None


def _share(tokens: Sequence[Token], at: int, language: str) -> tuple[Number, int] | None:
    """ "A third of", "un quart de": an article and a denominator."""
    if tokens[at].text not in _ARTICLES or at + 2 >= len(tokens):
        return None
    part = _PARTS.get(tokens[at + 1].text)
    if part is None or tokens[at + 2].text not in ("of", "de", "des", "du", "d"):
        return None
    return _number(tokens, at, at + 2, part), at + 2


def _arabic_ordinal(number: Number, tokens: Sequence[Token], at: int) -> tuple[Number, int]:
    """الحادي عشر, التاسع عشر, الحادي والعشرون."""
    after = tokens[at + 1]
    tens = lookup(after.text, "small", "ar")
    teen = tens == 10 and not after.text.startswith("و")
    higher = after.text.startswith("و") and tens in range(20, 100, 10)
    if tens is not None and after.spaced and number.values[0] < 10 and (teen or higher):
        values = (number.values[0] + tens,)
        return replace(number, end=after.end, values=values, claimed=True), at + 2
    sure = _core(tokens[at].text, "ar") not in doubtful("ar")
    return replace(number, claimed=sure), at + 1


def _compound(tokens: Sequence[Token], at: int, language: str) -> tuple[Fraction | None, int]:
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
        small = lookup(text, "small", language)
        scale = lookup(text, "scale", language)
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
    return (begun and not joined) or lookup(text, "vague", language) is None


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


def lookup(word: str, kind: str, language: str) -> Fraction | None:
    """The value of a folded word in a table of `rag.words.number_words`; None: it is not there."""
    if word in PERCENT:  # "بالمئة" is a hundredth part, not a hundred
        return None
    return table(kind, language).get(_core(word, language))


def _number(tokens: Sequence[Token], at: int, end: int, value: Fraction) -> Number:
    return Number(tokens[at].start, tokens[end - 1].end, (value,))
