"""Which of two readings of a PDF page is better, and what can be repaired in the kept one.

Works on text alone and knows no PDF library. The measure is the share of words
that cannot be words: presentation forms, private-use characters, alphabets mixed
inside a word, letters that Arabic does not put there. It has no dictionary, so
it ranks two readings of one page and is no judge of a text by itself.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from functools import lru_cache

from ingest.pdf_bidi import LOST

RTL = "\u0590-\u05ff\u0600-\u06ff\u0750-\u077f\ufb1d-\ufdff\ufe70-\ufefc"
ARABIC = "\u0621-\u063a\u0641-\u064a\u0671-\u06d3"
_MARKS = "\u0610-\u061a\u064b-\u065f\u0670\u0640"

_RTL_LETTER = re.compile(f"[{RTL}]")
_LETTER = re.compile(r"[^\W\d_]")
_ALPHABETS = tuple(
    re.compile(f"[{letters}]")
    for letters in ("A-Za-z\u00c0-\u024f", "\u0370-\u03ff", "\u0400-\u04ff", RTL)
)
_FOREIGN = re.compile(
    "[\ufb00-\ufdff\ufe70-\ufefc\ue000-\uf8ff\ufffd\u0000-\u0008\u000e-\u001f\u02b0-\u02ff]"
)
_STRANGE = re.compile(f"[{RTL}\u0370-\u03ff\u0400-\u04ff{_FOREIGN.pattern[1:-1]}]")
_SPACED_OUT = re.compile(r" \S(?: \S){6}(?!\S)")  # l i k e  this, or a row of figures
LONGEST = 40  # letters of a word
_IMPOSSIBLE = re.compile(
    rf"^[وفبك]?ا[اأإآ]|[ةى][{_MARKS}]*[{ARABIC}]|^ال$|^[{ARABIC}]$|^[{_MARKS}]"
)
_SINGLES = frozenset("وأ")  # Arabic words of one letter

_PRESENTATION = re.compile("[\ufb00-\ufb06\ufb1d-\ufbb1\ufbd3-\ufd3d\ufd50-\ufdfb\ufe70-\ufefc]+")
_PREFIXES = rf"(?<![^\W\d_])(?:[{ARABIC}]|ال|لل|بال|وال|كال|فال|ول|وب|ولل|وبال)"
_ARABIC_THEN_LATIN = re.compile(rf"([{ARABIC}{_MARKS}])(?=[A-Za-z0-9])")
_LATIN_THEN_ARABIC = re.compile(rf"([A-Za-z0-9])(?=[{ARABIC}]{{2}})")
_AFTER_PREFIX = re.compile(_PREFIXES + "$")
_ENDS_IN_YA = r"(?<!\w)(?:و?(?:على|إلى|حتى|لدى)|(?:ال)?(?:مستوى|محتوى))"
_ENDING_LETTER = re.compile(rf"(ة[{_MARKS}]*|{_ENDS_IN_YA})(?=[{ARABIC}]{{2}})")
_JEEM = re.compile(rf"ى(?=[{_MARKS}]*[{ARABIC}])")
_CUT = re.compile(r"(?<!\w)(و?(?:عل|إل|حت))(?!\w)")
_ARABIC_WORD = re.compile(f"[{ARABIC}{_MARKS}]+")
_GAPING = re.compile(f"([{ARABIC}{_MARKS}]+){LOST}")
_SWAPPED = re.compile(r"\)([\w .,;/-]{1,40})\(")
_STOP_FIRST = re.compile(rf"^\s*([.،؛])(?=[{ARABIC}])(.*\w)\s*$")
_MIRRORED = str.maketrans("()[]{}<>«»", ")(][}{><»«")
_LTR_RUN = re.compile(
    r"[A-Za-z0-9\u00c0-\u024f\u0660-\u0669](?:[\w.,:/%@+'’-]*"
    r"(?: (?=[A-Za-z0-9]))?[A-Za-z0-9\u00c0-\u024f\u0660-\u0669])*"
)
_LOOKS_REVERSED = re.compile(rf"(?<!\w)[ةى][{ARABIC}]{{2,}}|[{ARABIC}]{{2,}}لا(?!\w)")
_LOOKS_RIGHT = re.compile(rf"[{ARABIC}]{{2,}}ة(?!\w)|(?<!\w)ال[{ARABIC}]{{2,}}")


def has_rtl(text: str) -> bool:
    """Any Arabic or Hebrew letter at all."""
    return _RTL_LETTER.search(text) is not None


def is_right_to_left(text: str) -> bool:
    """More than a tenth of the letters are Arabic or Hebrew."""
    rtl = len(_RTL_LETTER.findall(text))
    return rtl > 0 and rtl > 0.1 * len(_LETTER.findall(text))


def damage(text: str) -> float:
    """Share of words, 0 to 1, that cannot be words. 0 for clean text and for none."""
    words = text.split()
    is_plain = not _STRANGE.search(text) and not _SPACED_OUT.search(text)
    if is_plain and max(map(len, words), default=0) < LONGEST:
        return 0.0
    return sum(_weight(word) for word in words) / max(1, len(words))


@lru_cache(maxsize=50_000)
def _weight(word: str) -> float:
    if len(word) == 1 and (not _RTL_LETTER.match(word) or word in _SINGLES):
        return 0.3 if _LETTER.match(word) and word not in "aAàyYoOeEI" + "".join(_SINGLES) else 0.0
    if _FOREIGN.search(word):
        return 1.0
    alphabets = sum(bool(pattern.search(word)) for pattern in _ALPHABETS)
    if alphabets > 1:
        return 0.5 if _ALPHABETS[0].search(word) and _ALPHABETS[3].search(word) else 1.0
    bare = word.strip(".,;:!?()[]{}\"'«»،؛؟-–")
    if _IMPOSSIBLE.search(bare) and bare not in _SINGLES:
        return 1.0
    return 1.0 if re.fullmatch(rf"[^\W\d_]{{{LONGEST},}}", bare) else 0.0


def repair(text: str) -> str:
    """One line with letters for presentation forms, in reading order, its words apart."""
    if reads_backwards(text):
        text = _turn(text)
    text = apart(text)
    if not _RTL_LETTER.search(text):
        return text
    if text.find(")") < text.find("("):
        text = _SWAPPED.sub(r"(\1)", text)
    return _STOP_FIRST.sub(r"\2\1", text)


def apart(text: str) -> str:
    """One line with letters for presentation forms, and spaces between words of two scripts."""
    text = letters_for_forms(text)
    if not _RTL_LETTER.search(text):
        return text
    text = _ENDING_LETTER.sub(r"\1 ", text)
    text = _ARABIC_THEN_LATIN.sub(_space_unless_prefix, text)
    return _LATIN_THEN_ARABIC.sub(r"\1 ", text)


def letters_for_forms(text: str) -> str:
    """Arabic presentation forms and Latin ligatures as the letters they show (NFKC of those)."""
    return _PRESENTATION.sub(lambda match: unicodedata.normalize("NFKC", match[0]), text)


def reads_backwards(text: str) -> bool:
    """Arabic in visual order: words begin with letters that only end words, and end in "the"."""
    plain = letters_for_forms(text)
    wrong = len(_LOOKS_REVERSED.findall(plain))
    return wrong > 1 and wrong > 2 * len(_LOOKS_RIGHT.findall(plain))


def _turn(line: str) -> str:
    """Visual order to reading order: everything turned round, left-to-right runs turned back."""
    turned = line[::-1].translate(_MIRRORED)
    turned = _LTR_RUN.sub(lambda match: match[0][::-1], turned)
    marks = re.compile(rf"([{_MARKS}]+)([{ARABIC}])")  # a mark follows its letter, in either order
    return marks.sub(r"\2\1", turned) if re.match(rf"[{_MARKS}]", turned.strip()) else turned


def _space_unless_prefix(match: re.Match[str]) -> str:
    before = match.string[max(0, match.start() - 6) : match.end()]
    return match[0] if _AFTER_PREFIX.search(before) else match[0] + " "


def restore_shifted_letters(pages: list[list[str]]) -> tuple[list[list[str]], int]:
    """Undo a known fault of embedded Arabic fonts: the letter table is off by one place.

    Then jeem reads as alef maqsura and alef maqsura is lost. The evidence is
    asked of the whole document: alef maqsura, which only ends words, often stands
    inside, and the commonest prepositions lack their last letter.
    `LOST` marks words behind which a letter is printed; it is always taken away.
    Returns the pages and how many letters were restored (0: no such fault).
    """
    whole = "\n".join(line for page in pages for line in page)
    evident = len(_JEEM.findall(whole)) >= 20 and len(_CUT.findall(whole)) >= 10
    if not evident and LOST not in whole:
        return pages, 0
    bare, gaping = Counter(_ARABIC_WORD.findall(whole)), Counter(_GAPING.findall(whole))
    restored = 0

    def with_last(match: re.Match[str]) -> str:
        word = match[1]
        is_cut = evident and 2 * gaping[word] >= bare[word]
        return word + ("ى" if is_cut and not _CUT.fullmatch(word) else "")

    def restore(line: str) -> str:
        nonlocal restored
        given = line.count("ى")
        line = _GAPING.sub(with_last, line).replace(LOST, "")
        restored += line.count("ى") - given
        if not evident:
            return line
        line, jeems = _JEEM.subn("ج", line)
        line, ends = _CUT.subn(r"\1ى", line)
        restored += jeems + ends
        return line

    return [[restore(line) for line in page] for page in pages], restored
