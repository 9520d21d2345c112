"""Letters of a printed page with their places, and the rows they stand in.

Places are in ten-thousandths of the page's width and height, from its top left corner.
Knows no PDF library and no quote.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

WHOLE = 10_000  # width and height of a page
SAME_ROW = 0.6  # share of the lower line's height that two pieces of one row have in common
_RIGHT_TO_LEFT = ("R", "AL")

Runs = Literal["lines", "words"]


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle on a page."""

    left: int
    top: int
    right: int
    bottom: int

    def holds(self, other: Box) -> bool:
        """Whether the other's centre lies inside."""
        x, y = other.left + other.right, other.top + other.bottom
        return 2 * self.left <= x <= 2 * self.right and 2 * self.top <= y <= 2 * self.bottom

    def with_(self, other: Box) -> Box:
        """Both together."""
        return Box(
            min(self.left, other.left), min(self.top, other.top),
            max(self.right, other.right), max(self.bottom, other.bottom),
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Letter:
    """One character of a page's text layer, in the order of the file."""

    character: str
    box: Box
    line: int  # pieces of the text as the PDF reader broke them
    word: int  # letters without a space between them have the same


def plain(text: str) -> str:
    """Letters and digits alone, in one form: compatibility forms and ligatures resolved, case
    folded, digits Western. What hyphenation, spacing and punctuation change is gone."""
    if text.isascii():
        return "".join(filter(str.isalnum, text.lower()))
    folded = unicodedata.normalize("NFKC", text).casefold()
    return "".join(_digit(c) for c in folded if c.isalnum())


def _digit(character: str) -> str:
    value = unicodedata.decimal(character, None)
    return character if value is None else str(value)


def rows(letters: Sequence[Letter], runs: Runs = "lines") -> list[list[int]]:
    """Indices of the letters and digits, row by row as they are read.

    A PDF of a right-to-left language often writes a row in pieces, in any order, and a
    ligature backwards: so the letters of a row are ordered by their place. Latin words in it
    are read from the left, together or, with `runs` "words", each by itself.
    """
    pieces: list[list[int]] = []
    frames: list[Box] = []
    for piece in _pieces(letters):
        frame = _around(letters[index].box for index in piece)
        if frames and _on_row(frames[-1], frame):
            pieces[-1] += piece
            frames[-1] = frames[-1].with_(frame)
        else:
            pieces.append(piece)
            frames.append(frame)
    return [_as_read(piece, letters, runs) for piece in pieces]


def _pieces(letters: Sequence[Letter]) -> Iterable[list[int]]:
    piece: list[int] = []
    for index, letter in enumerate(letters):
        if not letter.character.isalnum():
            continue
        if piece and letters[piece[-1]].line != letter.line:
            yield piece
            piece = []
        piece.append(index)
    if piece:
        yield piece


def _on_row(a: Box, b: Box) -> bool:
    shared = min(a.bottom, b.bottom) - max(a.top, b.top)
    return shared > SAME_ROW * max(1, min(a.bottom - a.top, b.bottom - b.top))


def _around(boxes: Iterable[Box]) -> Box:
    first, *others = boxes
    for box in others:
        first = first.with_(box)
    return first


def _as_read(piece: list[int], letters: Sequence[Letter], runs: Runs) -> list[int]:
    """The letters of a row in reading order; rows of left-to-right scripts keep the file's."""
    right_to_left = [_is_rtl(letters[index].character) for index in piece]
    if sum(right_to_left) * 2 < len(piece):
        return piece
    visual = sorted(piece, key=lambda i: -(letters[i].box.left + letters[i].box.right))
    read: list[int] = []
    run: list[int] = []  # of Latin letters and figures, which are read the other way
    for index in visual:
        if _is_rtl(letters[index].character):
            read += [*reversed(run), index]
            run = []
        else:
            if run and runs == "words" and letters[run[-1]].word != letters[index].word:
                read += reversed(run)
                run = []
            run.append(index)
    return [*read, *reversed(run)]


def _is_rtl(character: str) -> bool:
    return unicodedata.bidirectional(character[:1]) in _RIGHT_TO_LEFT
