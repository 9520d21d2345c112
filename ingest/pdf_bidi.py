"""From a printed row of a right-to-left page to the text it says.

The bidirectional algorithm (Unicode Standard Annex 9) says how text is printed; this is the way
back. It is not unique: "(A) B" in Latin letters may be printed from "(A) B" or from "B (A)", and
programs differ in which side of a Latin word they put a bracket. Where the print leaves it open,
spaces decide, then what is usual: a bracket explains the word before it. Knows no places and no
PDF library: a row comes as its characters from the right, cells parted by tabs.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

LOST = "\ufffc"  # stands where a letter is printed that the file does not name

_RTL = (
    "\u0590-\u05ff\u0610-\u061a\u061c-\u061e\u0620-\u065f\u066d-\u06ef\u06fa-\u08ff"
    f"\ufb1d-\ufdff\ufe70-\ufefc{LOST}"
)
_LATIN = "A-Za-z\u00aa-\u024f\u0370-\u03ff\u0400-\u04ff\u1e00-\u1fff"
_INDIC = "\u0660-\u0669\u06f0-\u06f9"
_SOLID = f"{_LATIN}0-9{_INDIC}"
_BRACKETS = "()[]{}<>«»"
_PARTNER = dict(zip("()[]{}<>«»", ")(][}{><»«", strict=True))
_OPENING = frozenset("([{<«")
_INSIDE = re.escape(_BRACKETS)

_HAS_RTL = re.compile(f"[{_RTL}]")
_HAS_SOLID = re.compile(f"[{_SOLID}]")
_HAS_LATIN = re.compile(f"[{_LATIN}]")
_HAS_BRACKET = re.compile(f"[{_INSIDE}]")
_RTL_PART = re.compile(f"[{_RTL}](?:[^{_LATIN}]*[{_RTL}])?")
_RTL_LETTERS = re.compile(f"([{_RTL}]+)")
_ITEM = re.compile(
    rf"(?P<word>[{_SOLID}](?:[^\s{_INSIDE}]*[{_SOLID}])?)"
    rf"|\s+|(?P<bracket>[{_INSIDE}])|[^\s{_INSIDE}{_SOLID}]+"
)
_STOP_APART = re.compile(r"\s[^\s]*[.,:;!?،؛؟]$")
_FIGURES = re.compile(r"[0-9.,:/]+(?:[-+][0-9.,:/]+)+")
_INDIC_FIGURES = re.compile(rf"[{_INDIC}.,:/٫٬]+(?:[-+][{_INDIC}.,:/٫٬]+)+")
_SIGN = re.compile(r"([-+])")
_STOP_LEFT = re.compile(r"\s*([.,:;!?،؛]+)(?=\w)(.*\w\W*)")


def as_read(row: str, right_to_left: bool = True) -> str:
    """The text of a row, cells one after another with a space.

    `row` holds its characters from right to left; `right_to_left` is the direction of the text
    it belongs to: a row of Latin words in an Arabic paragraph is right-to-left too.
    """
    if not right_to_left:
        line = row[::-1].replace("\t", " ")
        return _faced(_RTL_PART.sub(lambda match: _cell(match[0][::-1]), line))
    return _faced(" ".join(_cell(cell) for cell in row.split("\t")))


def _cell(cell: str) -> str:
    if _HAS_RTL.search(cell) is None:
        line = cell[::-1]
        stop_left = _STOP_LEFT.fullmatch(line)
        return stop_left[2] + stop_left[1] if stop_left else line
    if _HAS_SOLID.search(cell) is None:
        return cell
    parts = _RTL_LETTERS.split(cell)  # right-to-left letters at every second place
    last = len(parts) - 1
    for index in range(0, len(parts), 2):
        if _HAS_SOLID.search(parts[index]):
            parts[index] = _turned(parts[index][::-1], index > 0, index == last)
    return "".join(parts)


def _turned(stretch: str, after_rtl: bool, at_end: bool) -> str:
    """A stretch without right-to-left letters, as printed from the left, in reading order.

    It falls into runs which are each read from the left; of the runs, the rightmost comes first.
    """
    matches = list(_ITEM.finditer(stretch))
    items = [match[0] for match in matches]
    words = [index for index, match in enumerate(matches) if match.lastgroup == "word"]
    joined, closing = _joined(items, words)
    said = [_backwards(items[: words[0]])]  # from the end of the text to its beginning
    run = [items[words[0]]]
    for left, right, together in zip(words, words[1:], joined, strict=False):
        if together:
            run += items[left + 1 : right + 1]
            continue
        said += ["".join(run), _backwards(items[left + 1 : right])]
        run = [items[right]]
    tail = items[words[-1] + 1 :]
    if tail and (words[-1] + 1 in closing or tail[0] in "%٪" or _is_cut(run[-1], tail, at_end)):
        run.append(tail.pop(0))
    said += [_figures("".join(run), after_rtl), _backwards(tail)]
    return "".join(reversed(said))


def _is_cut(word: str, tail: Sequence[str], at_end: bool) -> bool:
    """Whether a Latin word goes on in the next row, behind the hyphen on its right."""
    return at_end and tail[0] == "-" and _HAS_LATIN.search(word) is not None


def _backwards(items: Sequence[str]) -> str:
    return "".join(item[::-1] for item in reversed(items))


def _figures(run: str, after_rtl: bool) -> str:
    """Figures joined by a sign, "2020-2021": printed from the right, after Arabic letters (W2)."""
    if _INDIC_FIGURES.fullmatch(run) or (after_rtl and _FIGURES.fullmatch(run)):
        return "".join(reversed(_SIGN.split(run)))
    return run


def _joined(items: Sequence[str], words: Sequence[int]) -> tuple[list[bool], frozenset[int]]:
    """For each two neighbouring words whether they are read from the left, as one run; and the
    closing brackets of what stands in a run, behind the word that it explains."""
    sides, pairs = _sides(items)
    lone = sum(side for bracket, side in sides.items() if bracket not in pairs)
    closing: set[int] = set()
    joined: list[bool] = []
    lettered = False
    for left, right in pairwise(words):
        lettered = lettered or _HAS_LATIN.search(items[left]) is not None
        together = lettered and not _STOP_APART.search("".join(items[left + 1 : right]))
        opening: list[int] = []
        for bracket in filter(sides.__contains__, range(left + 1, right)):
            if bracket not in pairs:
                together = together and abs(lone) > 1
            elif sides[bracket] < 0:
                together = bracket in closing
            else:
                opening.append(pairs[bracket])
        if together:
            closing.update(opening)
        joined.append(together)
        lettered = together
    return joined, frozenset(closing)


def _sides(items: Sequence[str]) -> tuple[dict[int, int], dict[int, int]]:
    """By index of a bracket: 1 if it is printed on the left of what it holds, else -1; and of
    each that has one, its partner. The character is no help: files mirror it or not."""
    sides: dict[int, int] = {}
    pairs: dict[int, int] = {}
    waiting: list[int] = []
    for index, item in enumerate(items):
        if item not in _PARTNER:
            continue
        before = index > 0 and not items[index - 1].isspace()
        after = index + 1 < len(items) and not items[index + 1].isspace()
        opens = after if before != after else not waiting
        sides[index] = 1 if opens else -1
        if opens:
            waiting.append(index)
        elif waiting:
            other = waiting.pop()
            pairs[index], pairs[other] = other, index
    return sides, pairs


def _faced(text: str) -> str:
    """Brackets turned to what they hold: an opening one clings to the word after it.

    Where spaces do not tell, the first is taken to open and the next to close.
    """
    if _HAS_BRACKET.search(text) is None:
        return text
    characters = list(text)
    opened = 0
    for index, character in enumerate(characters):
        if character not in _PARTNER:
            continue
        before = _clings(characters[index - 1 : index] if index else (), opening=True)
        after = _clings(characters[index + 1 : index + 2], opening=False)
        if before == after and not before and character in "<>":
            continue  # smaller or greater than
        opens = after if before != after else opened == 0
        opened = opened + 1 if opens else max(0, opened - 1)
        if opens != (character in _OPENING):
            characters[index] = _PARTNER[character]
    return "".join(characters)


def _clings(neighbour: Sequence[str], opening: bool) -> bool:
    """Whether a bracket stands against its neighbour, so that this is what it holds."""
    if not neighbour or neighbour[0].isspace():
        return False
    if opening:
        return neighbour[0] not in _OPENING
    return neighbour[0] not in ".,:;!?،؛؟"
