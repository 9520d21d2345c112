"""Where words, cells and lost letters part in rows of glyphs, by the room between them.

The room is measured in the letters' size. Knows no PDF library.
"""

from __future__ import annotations

import numpy as np

from ingest.pdf_bidi import LOST
from ingest.pdf_glyphs import MARK, RTL, SPACE, Flags, Floats, Ints, Letters

WORD_GAP = 0.18  # of the letters' size: more is usually room between words, less inside one
WORD_GAPS = (0.12, 0.28)  # of the size: where a page's own limit is looked for
NARROW_SPACE = 0.08  # of the size: enough where the file writes a space
CELL_GAP = 0.9  # of the size, and
CELL_GAPS = 2.2  # times the page's usual room between words: a new cell
LOST_GAP = 0.4  # of the size, more than is usual, between a word and its space: a letter is missing
_LAST = np.array([ord(letter) for letter in "ةىء"], np.uint16)  # nothing can be missing after it


def written(letters: Letters, sizes: Floats, is_space: Flags) -> list[str]:
    """A string a row, from the right, with spaces between words and tabs between cells.

    `is_space` of each character of the page: the PDF reader's own spaces are believed where
    there is some room for them.
    """
    spaces = letters.kind == SPACE
    base = np.flatnonzero(~spaces & (letters.kind != MARK))
    row = letters.row[base]
    size = sizes[row]
    edge = edges(letters, base)
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


def edges(letters: Letters, base: Ints) -> Floats:
    """How far left the row has come at each of `base`, the marks behind it included."""
    far = 1e5 * letters.row
    reached = np.where(letters.kind == SPACE, np.inf, letters.left) - far
    reached = np.minimum.accumulate(reached) + far
    return np.asarray(reached[np.append(base[1:], len(reached)) - 1])


def _middle(values: Floats, row: Ints) -> Floats:
    """For each value the median of its row."""
    order = np.lexsort((values, row))
    starts = np.flatnonzero(np.diff(row, prepend=-1))
    counts = np.diff(starts, append=len(row))
    return np.repeat(values[order[starts + counts // 2]], counts)


def _lost_before(letters: Letters, base: Ints, edge: Floats, size: Floats) -> Flags:
    """Which letters follow a space that stands off from its word more than the row's others."""
    lost = np.zeros(len(base), dtype=bool)
    where = np.flatnonzero(letters.kind == SPACE)
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
    bears = (letters.kind[before] == RTL) & ~np.isin(letters.code[before], _LAST)
    lost[after[(off > LOST_GAP) & bears]] = True
    return lost
