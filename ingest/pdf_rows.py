"""Rows of a right-to-left page, from its characters and where each is printed.

Files write a row in pieces and in any order, ligatures backwards, marks on lines of their own;
what is certain is what the eye sees. So characters are gathered into rows, ordered from the
right, parted into words where the print leaves room, and read by `pdf_bidi`. The order of the
rows is the file's: it keeps columns and cells together. Knows no PDF library.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ingest.pdf_bidi import as_read
from ingest.pdf_gaps import written
from ingest.pdf_glyphs import (
    LTR,
    MARK,
    NOTHING,
    RTL,
    SPACE,
    Codes,
    Floats,
    Letters,
    clusters,
    doubled,
    kind_of,
    order_ligatures,
    places,
)  # fmt: skip

SAME_ROW = 0.5  # share of the lower piece's height that two pieces of a row have in common
SCATTERED = 0.5  # rows a character; more is print that runs upwards, or no rows at all
RTL_PAGE = 0.5  # share of right-to-left letters above which the page's tables are, too
UNEVEN = 0.2  # share of boxes that do not stand as high as the one before

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


def rows_of(
    codes: Codes,
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
    letters = letters.taken(np.lexsort((places(letters), letters.row)))
    order_ligatures(letters)
    starts = np.flatnonzero(np.diff(letters.row, prepend=-1))
    sizes = np.array([max(size_of(index), 0.1) for index in letters.at[starts].tolist()])
    said = written(letters, sizes, kind_of()[codes] == SPACE)
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
        for place, row in zip(sides, said, strict=True)
        if (text := _SPACES.sub(" ", as_read(row, rtl_page or _is_rtl(row))).strip())
    ]


def uneven(boxes: Floats) -> bool:
    """Whether many boxes are as high as their letter, not as their font.

    So they are where a file spells out what it prints (ActualText).
    """
    printed = boxes[boxes[:, 1] - boxes[:, 3] > 0.01]
    return bool(len(printed) > 1 and (np.abs(np.diff(printed[:, 1])) > 0.05).mean() > UNEVEN)


def _is_rtl_page(letters: Letters, lefts: Floats, rights: Floats) -> bool:
    """Whether rows begin on the right: by most letters, or by the side where more rows agree."""
    strong = letters.kind[letters.kind <= LTR]
    if (strong == RTL).mean() > RTL_PAGE:
        return True
    flush = [
        int(np.unique(np.round(side), return_counts=True)[1].max()) for side in (lefts, rights)
    ]
    return flush[1] > flush[0]


def _is_rtl(row: str) -> bool:
    kinds = [kind_of()[ord(character)] for character in row if ord(character) < 0x10000]
    return kinds.count(RTL) > kinds.count(LTR)


def _gathered(
    codes: Codes, boxes: Floats, baselines: Floats | None
) -> tuple[Letters | None, Floats]:
    """What is printed, with the number of its row; and the rows' tops and bottoms, (rows, 2)."""
    kinds = kind_of()[codes]
    has_width = boxes[:, 2] - boxes[:, 0] > 0.01  # spaces without width are the PDF reader's own
    at = np.flatnonzero((kinds != NOTHING) & ((kinds != SPACE) | has_width))
    boxes = boxes[at]
    kept = ~doubled(codes[at], boxes, clusters(kinds[at], boxes))
    at, boxes = at[kept], boxes[kept]
    if not (kinds[at] <= LTR).any():
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
    marks = (kinds[at[starts]] == MARK).tolist()
    numbers, frames = _numbered(list(zip(tops, bottoms, marks, strict=True)))
    letters = Letters(
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
