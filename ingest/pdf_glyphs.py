"""Characters of a printed page: their kinds, what shares a glyph, and how glyphs are taken apart.

Files name a ligature's letters backwards or forwards, a letter and its mark as one glyph or as
two that say the same twice; all that is put right here, by places alone. Knows no PDF library.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

import numpy as np
import numpy.typing as npt

Codes = npt.NDArray[np.uint16]
Kinds = npt.NDArray[np.uint8]
Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

EXACT = 0.002  # points between parts of one box

RTL, LTR, FIGURE, SPACE, MARK, OTHER, NOTHING = range(7)
_BY_DIRECTION = {"R": RTL, "AL": RTL, "L": LTR, "EN": FIGURE, "AN": FIGURE, "NSM": MARK}
_ENDS_ONLY = frozenset("اأإآٱدذرزوؤةىء")  # letters that do not join the one after them


@dataclass(slots=True)
class Letters:
    """Characters of a page, in some order. `at`: index on the page; `row`: its number."""

    at: Ints
    code: Codes
    kind: Kinds
    left: Floats
    right: Floats
    row: Ints

    def taken(self, which: Ints) -> Letters:
        return Letters(
            self.at[which], self.code[which], self.kind[which],
            self.left[which], self.right[which], self.row[which],
        )  # fmt: skip


@cache
def kind_of() -> Kinds:
    """The kind of each code of UTF-16."""
    table = np.full(0x10000, OTHER, np.uint8)
    for code in range(0x10000):
        character = chr(code)
        direction = unicodedata.bidirectional(character)
        if character.isspace():
            table[code] = SPACE
        elif direction in _BY_DIRECTION:
            table[code] = _BY_DIRECTION[direction]
        elif direction in ("BN", "B", "S") or unicodedata.category(character) in ("Cc", "Cf"):
            table[code] = NOTHING
    for code in (0x200E, 0x200F, 0x061C):
        table[code] = NOTHING
    return table


def clusters(kinds: Kinds, boxes: Floats) -> list[list[int]]:
    """Letters with their marks that share a glyph. A box that the PDF reader divided among them
    is made whole again, in place: its parts are as wide as each other and touch."""
    heights: dict[tuple[float, float], list[int]] = {}
    marks = boxes[kinds == MARK]
    able = np.isin(boxes[:, 1], marks[:, 1]) & np.isin(boxes[:, 3], marks[:, 3])
    members = np.flatnonzero(able & ((kinds == MARK) | (kinds == RTL))).tolist()
    for index in members:
        heights.setdefault((boxes[index, 1], boxes[index, 3]), []).append(index)
    found = []
    for members in heights.values():
        members.sort(key=lambda index: (boxes[index, 0], boxes[index, 2]))
        run = members[:1]
        for before, index in pairwise([*members, -1]):
            if index >= 0 and _share(boxes[before], boxes[index]):
                run.append(index)
                continue
            if 0 < (kinds[run] == MARK).sum() < len(run):
                found.append(sorted(run))
            run = [index]
    for run in found:
        boxes[run, 0], boxes[run, 2] = boxes[run, 0].min(), boxes[run, 2].max()
    return found


def _share(a: Floats, b: Floats) -> bool:
    """Whether two boxes are one, or the left and the right part of one."""
    alike = abs((a[2] - a[0]) - (b[2] - b[0])) < EXACT
    return bool(alike and min(abs(a[2] - b[0]), abs(a[0] - b[0])) < EXACT and a[2] - a[0] > EXACT)


def doubled(codes: Codes, boxes: Floats, clusters: list[list[int]]) -> Flags:
    """Letters with marks that the file names twice: for the letter's glyph, and for the mark's."""
    doubled = np.zeros(len(codes), dtype=bool)
    alike: dict[tuple[int, ...], list[list[int]]] = {}
    for cluster in clusters:
        alike.setdefault(tuple(sorted(codes[cluster].tolist())), []).append(cluster)
    for same in alike.values():
        same.sort(key=lambda cluster: float(boxes[cluster[0], 0] + boxes[cluster[0], 2]))
        for one, other in pairwise(same):
            (a, top, b, foot), (c, head, d, bottom) = boxes[[one[0], other[0]]].tolist()
            inside = min(b, d) - max(a, c) > 0.5 * min(b - a, d - c)
            if inside and max(foot, bottom) - min(top, head) < max(top - foot, head - bottom):
                doubled[one if b - a < d - c else other] = True
    return doubled


def places(letters: Letters) -> Floats:
    """How far from the right each stands; a mark just behind the letter it is printed over."""
    place = -(letters.left + letters.right) / 2
    marks = np.flatnonzero(letters.kind == MARK)
    bearers = np.flatnonzero((letters.kind != MARK) & (letters.kind != SPACE))
    if not len(marks) or len(bearers) < 2:
        return place
    bearers = bearers[np.lexsort((place[bearers], letters.row[bearers]))]
    far = 1e5 * letters.row + place  # rows one after another on one axis
    line, wanted = far[bearers], far[marks]
    after = np.searchsorted(line, wanted).clip(1, len(line) - 1)
    is_before = wanted - line[after - 1] <= line[after] - wanted
    nearest = bearers[np.where(is_before, after - 1, after)]
    same = letters.row[nearest] == letters.row[marks]
    place[marks[same]] = place[nearest[same]] + 1e-3
    return place


def order_ligatures(letters: Letters) -> None:
    """Letters of one glyph have one place: which comes first is told by what can join what.

    A letter that never joins the next one ends its glyph. Where that says nothing, the rest of
    the page votes: a file writes all its ligatures forwards or all of them backwards.
    """
    left, right, kind = letters.left, letters.right, letters.kind
    same = (left[1:] == left[:-1]) & (right[1:] == right[:-1])
    same &= (letters.row[1:] == letters.row[:-1]) & (right[1:] - left[1:] > 0.01)
    same &= (kind[1:] != SPACE) & (kind[:-1] != SPACE)
    pairs = np.flatnonzero(same)
    if not len(pairs):
        return
    breaks = np.flatnonzero(np.diff(pairs) > 1)
    starts = pairs[np.append(0, breaks + 1)].tolist()
    ends = (pairs[np.append(breaks, len(pairs) - 1)] + 2).tolist()
    votes, undecided = 0, []
    for start, end in zip(starts, ends, strict=True):
        backwards = _is_backwards(letters.code[start:end], kind[start:end])
        if backwards is None:
            undecided.append((start, end))
            continue
        if (kind[start:end] == RTL).sum() > 1:
            votes += 1 if backwards else -1
        else:  # one letter and, by a fault of some programs, the comma that once followed it
            stops = kind[start:end] == OTHER
            letters.code[start:end][stops & (kind[start:end] != LTR)] = 0
        if backwards:
            letters.code[start:end] = letters.code[start:end][::-1].copy()
    for start, end in undecided if votes > 0 else ():
        letters.code[start:end] = letters.code[start:end][::-1].copy()


def _is_backwards(codes: Codes, kinds: Kinds) -> bool | None:
    """Whether a glyph's characters come in the wrong order; None where they do not tell.

    Latin ones ("ffi") are turned, since the row is read from the right.
    """
    if ((kinds == LTR) | (kinds == FIGURE)).any():
        return True
    names = [chr(code) for code in codes[kinds == RTL].tolist()]
    if len(names) < 2:
        return bool(kinds[0] != RTL)
    forwards = not any(name in _ENDS_ONLY for name in names[:-1])
    backwards = not any(name in _ENDS_ONLY for name in names[1:])
    if forwards == backwards:
        return True if kinds[0] == MARK else None
    return backwards
