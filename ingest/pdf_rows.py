"""Rows of a right-to-left page, from its characters and where each is printed.

Files write a row in pieces and in any order, ligatures backwards, marks on lines of their own;
what is certain is what the eye sees. So characters are gathered into rows, ordered from the
right, parted into words where the print leaves room, and read by `pdf_bidi`. The order of the
rows is the file's: it keeps columns and cells together. Knows no PDF library.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from ingest.pdf_bidi import LOST, as_read

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

SAME_ROW = 0.5  # share of the lower piece's height that two pieces of a row have in common
WORD_GAP = 0.18  # of the letters' size: more is usually room between words, less inside one
WORD_GAPS = (0.12, 0.28)  # of the size: where a page's own limit is looked for
NARROW_SPACE = 0.08  # of the size: enough where the file writes a space
CELL_GAP = 0.9  # of the size, and
CELL_GAPS = 2.2  # times the page's usual room between words: a new cell
LOST_GAP = 0.4  # of the size, more than is usual, between a word and its space: a letter is missing
EXACT = 0.002  # points between parts of one box
SCATTERED = 0.5  # rows a character; more is print that runs upwards, or no rows at all
RTL_PAGE = 0.5  # share of right-to-left letters above which the page's tables are, too
UNEVEN = 0.2  # share of boxes that do not stand as high as the one before

_RTL, _LTR, _FIGURE, _SPACE, _MARK, _OTHER, _NOTHING = range(7)
_KINDS = {"R": _RTL, "AL": _RTL, "L": _LTR, "EN": _FIGURE, "AN": _FIGURE, "NSM": _MARK}
_ENDS_ONLY = frozenset("اأإآٱدذرزوؤةىء")  # letters that do not join the one after them
_LAST = np.array([ord(letter) for letter in "ةىء"], np.uint16)  # nothing can be missing after it
_SPACES = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Row:
    """A row as it is read. `first` and `last` are indices of the page's characters."""

    text: str
    first: int
    last: int
    left: float
    right: float
    bottom: float
    height: float


@dataclass(slots=True)
class _Letters:
    """Characters of a page, in some order. `at`: index on the page; `row`: its number."""

    at: Ints
    code: npt.NDArray[np.uint16]
    kind: npt.NDArray[np.uint8]
    left: Floats
    right: Floats
    row: Ints

    def taken(self, which: Ints) -> _Letters:
        return _Letters(
            self.at[which], self.code[which], self.kind[which],
            self.left[which], self.right[which], self.row[which],
        )  # fmt: skip


def rows_of(
    codes: npt.NDArray[np.uint16],
    boxes: Floats,
    size_of: Callable[[int], float],
    baselines: Floats | None = None,
) -> list[Row] | None:
    """Rows in the order of the file; None where the page has none that could be read so.

    `codes` are UTF-16; `boxes` (n, 4) left, top, right and bottom in points from the bottom
    left, of the height of the font. Where they are `uneven`, `baselines` (n,) are needed too.
    `size_of` tells the size in which a character is printed, in points.
    """
    letters, frames = _gathered(codes, boxes, baselines)
    if letters is None or len(frames) > SCATTERED * len(letters.at):
        return None
    letters = letters.taken(np.lexsort((_places(letters), letters.row)))
    _order_ligatures(letters)
    starts = np.flatnonzero(np.diff(letters.row, prepend=-1))
    sizes = np.array([max(size_of(index), 0.1) for index in letters.at[starts].tolist()])
    written = _written(letters, sizes, _kinds()[codes] == _SPACE)
    ends = np.append(starts[1:], len(letters.at)) - 1
    lefts = np.minimum.reduceat(letters.left, starts)
    rights = np.maximum.reduceat(letters.right, starts)
    rtl_page = _is_rtl_page(letters, lefts, rights)
    sides = zip(
        letters.at[starts].tolist(), letters.at[ends].tolist(), lefts.tolist(), rights.tolist(),
        frames[:, 1].tolist(), (frames[:, 0] - frames[:, 1]).tolist(),
        strict=True,
    )  # fmt: skip
    return [
        Row(text, *place)
        for place, row in zip(sides, written, strict=True)
        if (text := _SPACES.sub(" ", as_read(row, rtl_page or _is_rtl(row))).strip())
    ]


def uneven(boxes: Floats) -> bool:
    """Whether many boxes are as high as their letter, not as their font.

    So they are where a file spells out what it prints (ActualText).
    """
    printed = boxes[boxes[:, 1] - boxes[:, 3] > 0.01]
    return bool(len(printed) > 1 and (np.abs(np.diff(printed[:, 1])) > 0.05).mean() > UNEVEN)


def _is_rtl_page(letters: _Letters, lefts: Floats, rights: Floats) -> bool:
    """Whether rows begin on the right: by most letters, or by the side where more rows agree."""
    strong = letters.kind[letters.kind <= _LTR]
    if (strong == _RTL).mean() > RTL_PAGE:
        return True
    flush = [
        int(np.unique(np.round(side), return_counts=True)[1].max()) for side in (lefts, rights)
    ]
    return flush[1] > flush[0]


def _is_rtl(row: str) -> bool:
    kinds = [_kinds()[ord(character)] for character in row if ord(character) < 0x10000]
    return kinds.count(_RTL) > kinds.count(_LTR)


@cache
def _kinds() -> npt.NDArray[np.uint8]:
    """The kind of each code of UTF-16."""
    table = np.full(0x10000, _OTHER, np.uint8)
    for code in range(0x10000):
        character = chr(code)
        direction = unicodedata.bidirectional(character)
        if character.isspace():
            table[code] = _SPACE
        elif direction in _KINDS:
            table[code] = _KINDS[direction]
        elif direction in ("BN", "B", "S") or unicodedata.category(character) in ("Cc", "Cf"):
            table[code] = _NOTHING
    for code in (0x200E, 0x200F, 0x061C):
        table[code] = _NOTHING
    return table


def _gathered(
    codes: npt.NDArray[np.uint16], boxes: Floats, baselines: Floats | None
) -> tuple[_Letters | None, Floats]:
    """What is printed, with the number of its row; and the rows' tops and bottoms, (rows, 2)."""
    kinds = _kinds()[codes]
    has_width = boxes[:, 2] - boxes[:, 0] > 0.01  # spaces without width are the PDF reader's own
    at = np.flatnonzero((kinds != _NOTHING) & ((kinds != _SPACE) | has_width))
    boxes = boxes[at]
    kept = ~_doubled(codes[at], boxes, _clusters(kinds[at], boxes))
    at, boxes = at[kept], boxes[kept]
    if not (kinds[at] <= _LTR).any():
        return None, np.empty((0, 2))
    lines = boxes[:, (1, 3)]
    if baselines is not None:
        lines = baselines[at, None]
        boxes[:, 1] = np.maximum(boxes[:, 1], baselines[at])
        boxes[:, 3] = np.minimum(boxes[:, 3], baselines[at])
    moved = np.abs(np.diff(lines, axis=0)) > 0.05
    starts = np.flatnonzero(np.append(True, moved.any(axis=1)))
    tops = np.maximum.reduceat(boxes[:, 1], starts).tolist()
    bottoms = np.minimum.reduceat(boxes[:, 3], starts).tolist()
    marks = (kinds[at[starts]] == _MARK).tolist()
    numbers, frames = _numbered(list(zip(tops, bottoms, marks, strict=True)))
    letters = _Letters(
        at, codes[at], kinds[at], boxes[:, 0], boxes[:, 2],
        np.repeat(numbers, np.diff(starts, append=len(at))),
    )  # fmt: skip
    return letters, np.array(frames)


def _numbered(
    pieces: list[tuple[float, float, bool]],
) -> tuple[list[int], list[tuple[float, float]]]:
    """The row of each piece (top, bottom, whether it begins with a mark), and all rows' frames."""
    frames: list[tuple[float, float]] = []
    numbers: list[int] = []
    for top, bottom, is_mark in pieces:
        above, below = frames[-1] if frames else (top, top)
        shared = min(above, top) - max(below, bottom)
        if not frames or shared <= SAME_ROW * min(above - below, top - bottom):
            frames.append((top, bottom))
        elif not is_mark:
            frames[-1] = (max(above, top), min(below, bottom))
        numbers.append(len(frames) - 1)
    return numbers, frames


def _clusters(kinds: npt.NDArray[np.uint8], boxes: Floats) -> list[list[int]]:
    """Letters with their marks that share a glyph. A box that the PDF reader divided among them
    is made whole again, in place: its parts are as wide as each other and touch."""
    heights: dict[tuple[float, float], list[int]] = {}
    marks = boxes[kinds == _MARK]
    able = np.isin(boxes[:, 1], marks[:, 1]) & np.isin(boxes[:, 3], marks[:, 3])
    members = np.flatnonzero(able & ((kinds == _MARK) | (kinds == _RTL))).tolist()
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
            if 0 < (kinds[run] == _MARK).sum() < len(run):
                found.append(sorted(run))
            run = [index]
    for run in found:
        boxes[run, 0], boxes[run, 2] = boxes[run, 0].min(), boxes[run, 2].max()
    return found


def _share(a: Floats, b: Floats) -> bool:
    """Whether two boxes are one, or the left and the right part of one."""
    alike = abs((a[2] - a[0]) - (b[2] - b[0])) < EXACT
    return bool(alike and min(abs(a[2] - b[0]), abs(a[0] - b[0])) < EXACT and a[2] - a[0] > EXACT)


def _doubled(codes: npt.NDArray[np.uint16], boxes: Floats, clusters: list[list[int]]) -> Flags:
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


def _places(letters: _Letters) -> Floats:
    """How far from the right each stands; a mark just behind the letter it is printed over."""
    place = -(letters.left + letters.right) / 2
    marks = np.flatnonzero(letters.kind == _MARK)
    bearers = np.flatnonzero((letters.kind != _MARK) & (letters.kind != _SPACE))
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


def _order_ligatures(letters: _Letters) -> None:
    """Letters of one glyph have one place: which comes first is told by what can join what.

    A letter that never joins the next one ends its glyph. Where that says nothing, the rest of
    the page votes: a file writes all its ligatures forwards or all of them backwards.
    """
    left, right, kind = letters.left, letters.right, letters.kind
    same = (left[1:] == left[:-1]) & (right[1:] == right[:-1])
    same &= (letters.row[1:] == letters.row[:-1]) & (right[1:] - left[1:] > 0.01)
    same &= (kind[1:] != _SPACE) & (kind[:-1] != _SPACE)
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
        if (kind[start:end] == _RTL).sum() > 1:
            votes += 1 if backwards else -1
        else:  # one letter and, by a fault of some programs, the comma that once followed it
            stops = kind[start:end] == _OTHER
            letters.code[start:end][stops & (kind[start:end] != _LTR)] = 0
        if backwards:
            letters.code[start:end] = letters.code[start:end][::-1].copy()
    for start, end in undecided if votes > 0 else ():
        letters.code[start:end] = letters.code[start:end][::-1].copy()


def _is_backwards(codes: npt.NDArray[np.uint16], kinds: npt.NDArray[np.uint8]) -> bool | None:
    """Whether a glyph's characters come in the wrong order; None where they do not tell.

    Latin ones ("ffi") are turned, since the row is read from the right.
    """
    if ((kinds == _LTR) | (kinds == _FIGURE)).any():
        return True
    names = [chr(code) for code in codes[kinds == _RTL].tolist()]
    if len(names) < 2:
        return bool(kinds[0] != _RTL)
    forwards = not any(name in _ENDS_ONLY for name in names[:-1])
    backwards = not any(name in _ENDS_ONLY for name in names[1:])
    if forwards == backwards:
        return True if kinds[0] == _MARK else None
    return backwards


def _written(letters: _Letters, sizes: Floats, is_space: Flags) -> list[str]:
    """A string a row, from the right, with spaces between words and tabs between cells.

    `is_space` of each character of the page: the PDF reader's own spaces are believed where
    there is some room for them.
    """
    spaces = letters.kind == _SPACE
    base = np.flatnonzero(~spaces & (letters.kind != _MARK))
    row = letters.row[base]
    size = sizes[row]
    edge = _edges(letters, base)
    inside = np.append(False, row[1:] == row[:-1])
    gap = np.append(0.0, edge[:-1] - letters.right[base[1:]]) / size
    room = gap - np.minimum(_middle(gap, row), 0.0)  # bold is often wide letters, overlapping
    spaced = np.append(False, np.diff(np.cumsum(spaces)[base]) > 0)
    at = letters.at[base]
    neighbours = np.append(False, np.abs(np.diff(at)) == 2)
    spaced |= neighbours & is_space[np.append(0, (at[:-1] + at[1:]) // 2)]
    parted = inside & ((room > _word_gap(room[inside])) | (spaced & (room > NARROW_SPACE)))
    usual = float(np.median(gap[parted])) if parted.any() else 0.0
    cells = parted & (gap > max(CELL_GAP, CELL_GAPS * usual))
    lost = parted & ~cells & _lost_before(letters, base, edge, size)
    ends = np.flatnonzero(np.diff(letters.row))
    where = np.concatenate([base[lost], base[parted], ends + 1])
    what = np.concatenate([
        np.full(int(lost.sum()), ord(LOST)),
        np.where(cells[parted], ord("\t"), ord(" ")),
        np.full(len(ends), ord("\n")),
    ])  # fmt: skip
    where = np.append(0, np.cumsum(~spaces))[where]  # places once the file's spaces are gone
    order = np.argsort(where, kind="stable")
    codes = np.insert(letters.code[~spaces], where[order], what[order])
    return (
        codes.astype("<u2").tobytes().decode("utf-16-le", "replace").replace("\0", "").split("\n")
    )


def _word_gap(room: Floats) -> float:
    """Where words part on this page: fonts differ, but few gaps lie between the two kinds."""
    limits = np.arange(*WORD_GAPS, 0.01)
    near = (np.abs(room[:, None] - limits) < 0.02).sum(axis=0)
    unusual = np.abs(limits - WORD_GAP)
    return float(limits[np.argmin(near + (0.05 * len(room) + 10) * unusual)])


def _edges(letters: _Letters, base: Ints) -> Floats:
    """How far left the row has come at each of `base`, the marks behind it included."""
    far = 1e5 * letters.row
    reached = np.where(letters.kind == _SPACE, np.inf, letters.left) - far
    reached = np.minimum.accumulate(reached) + far
    return np.asarray(reached[np.append(base[1:], len(reached)) - 1])


def _middle(values: Floats, row: Ints) -> Floats:
    """For each value the median of its row."""
    order = np.lexsort((values, row))
    starts = np.flatnonzero(np.diff(row, prepend=-1))
    counts = np.diff(starts, append=len(row))
    return np.repeat(values[order[starts + counts // 2]], counts)


def _lost_before(letters: _Letters, base: Ints, edge: Floats, size: Floats) -> Flags:
    """Which letters follow a space that stands off from its word more than the row's others."""
    lost = np.zeros(len(base), dtype=bool)
    where = np.flatnonzero(letters.kind == _SPACE)
    after = np.searchsorted(base, where)
    kept = (after > 0) & (after < len(base)) & np.append(True, np.diff(after) > 0)
    where, after = where[kept], after[kept]
    same = letters.row[base[after - 1]] == letters.row[where]
    where, after = where[same], after[same]
    if not len(where):
        return lost
    off = (edge[after - 1] - letters.right[where]) / size[after]
    off -= np.maximum(_middle(off, letters.row[where]), 0.0)
    before = base[after - 1]
    bears = (letters.kind[before] == _RTL) & ~np.isin(letters.code[before], _LAST)
    lost[after[(off > LOST_GAP) & bears]] = True
    return lost
