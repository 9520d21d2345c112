"""Where a quote stands on a printed page: boxes around its lines, or nothing.

    the quote's letters, exactly, in the order of the file
    -> nearly, by rows as they are read (right-to-left files are written in pieces)
    -> boxes, kept only if the letters under them are the quote's

Nothing is marked when the quote stands there twice and the page's text does not say which
one is meant, or when more than a few letters differ. Knows no PDF library.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ui.reader.letters import Box, Letter, plain, rows

SHORTEST = 12  # letters of a quote that may differ at all
SHUFFLED = 0.35  # share of its letters that may stand elsewhere: a Latin name in an Arabic row
SAME = 0.95  # share of the letters that must be the same, in whatever order
NEAR = 48  # letters around the nearest place in which its ends are looked for
UNDER = 0.9  # share of the letters under the boxes that are the quote's, and of the quote's
LONGEST = 4_000  # letters of a quote
MOST_CELLS = 8_000_000  # of the table of edits: a long quote on a very full page is let be
GAP = 3  # heights of a row: a wider gap between letters parts two boxes
# Letters of Arabic that files write backwards (in a ligature), map to others or leave out.
_WEAK = str.maketrans("", "", "اأإآٱىءج")


@dataclass(frozen=True, slots=True)
class Wanted:
    """A quote and the stored page it is taken from."""

    quote: str
    page: str
    start: int  # index of the quote in the page


def strong(text: str) -> str:
    """`plain` letters without those that files write backwards, map to others or leave out."""
    return plain(text).translate(_WEAK)


def boxes(wanted: Wanted, letters: Sequence[Letter]) -> tuple[Box, ...]:
    """Boxes around the quote, a row each or more; empty when its place is not certain."""
    quote = plain(wanted.quote)
    if not quote or len(quote) > LONGEST or not letters:
        return ()
    read = rows(letters)
    chosen = _exactly(wanted, quote, letters) or _nearly(quote, letters)
    found = _boxes(chosen, read, letters)
    return found if _is_under(quote, found, letters) else ()


# Exactly


def _exactly(wanted: Wanted, quote: str, letters: Sequence[Letter]) -> set[int]:
    """Indices of the letters, where they follow one another in the file."""
    owners: list[int] = []
    parts: list[str] = []
    for index, letter in enumerate(letters):
        part = plain(letter.character)
        parts.append(part)
        owners += [index] * len(part)
    stream = "".join(parts)
    ends = [(at, at + len(quote) - 1) for at in _places(quote, stream)]
    found = [(a, b) for a, b in ends if _is_whole(owners[a], owners[b], letters)]
    stored = plain(wanted.page)
    before = len(plain(wanted.page[: wanted.start]))
    same = _places(quote, stored)
    if len(found) == 1 and len(same) <= 1:
        which = 0
    elif len(found) == len(same) and before in same:
        which = same.index(before)
    else:
        return set()
    first, last = found[which]
    return {owners[at] for at in range(first, last + 1)}


def _places(part: str, whole: str) -> list[int]:
    """Where a part begins, each time it occurs."""
    places = []
    at = whole.find(part)
    while at >= 0:
        places.append(at)
        at = whole.find(part, at + 1)
    return places


def _is_whole(first: int, last: int, letters: Sequence[Letter]) -> bool:
    """Whether no word is cut at either end; a figure may follow, as the number of a note."""
    before = letters[first - 1] if first else None
    after = letters[last + 1] if last + 1 < len(letters) else None
    begins = before is None or before.word != letters[first].word or not _is_letter(before)
    ends = after is None or after.word != letters[last].word or not after.character.isalpha()
    return begins and ends


def _is_letter(letter: Letter) -> bool:
    return letter.character.isalnum()


# Nearly


@dataclass(frozen=True, slots=True)
class _Stream:
    """The strong letters of a page in an order of reading."""

    text: str
    at: list[int]  # position in `order` of each
    order: list[int]  # indices of the page's letters


@dataclass(frozen=True, slots=True)
class _Span:
    """A stretch of a stream, and how many edits part it from the quote."""

    start: int
    end: int
    cost: int


def _nearly(quote: str, letters: Sequence[Letter]) -> set[int]:
    """Indices of the letters that are nearly the quote's, rows being read one after another.

    Where a row of a right-to-left page holds several Latin words, files differ in their order:
    both are tried.
    """
    part = quote.translate(_WEAK)
    if len(part) < SHORTEST:
        return set()
    streams = [_stream(rows(letters, runs), letters) for runs in ("lines", "words")]
    placed = [(span, stream) for stream in streams if (span := _span(part, stream.text))]
    if not placed:
        return set()
    span, stream = min(placed, key=lambda each: each[0].cost)
    ends = _ends(part, span, stream, letters)
    if ends is None:
        return set()
    first, last = (stream.at[ends[0]], stream.at[ends[1] - 1])
    before = stream.at[ends[0] - 1] if ends[0] else -1
    after = stream.at[ends[1]] if ends[1] < len(stream.at) else len(stream.order)
    order = stream.order
    while first - 1 > before and _same_word(order[first - 1], order[first], letters):
        first -= 1
    while last + 1 < after and _same_word(order[last + 1], order[last], letters):
        last += 1
    return {order[position] for position in range(first, last + 1)}


def _stream(read: list[list[int]], letters: Sequence[Letter]) -> _Stream:
    order = [index for row in read for index in row]
    kept = [
        (character, position)
        for position, index in enumerate(order)
        for character in strong(letters[index].character)
    ]
    return _Stream("".join(c for c, _ in kept), [position for _, position in kept], order)


def _same_word(a: int, b: int, letters: Sequence[Letter]) -> bool:
    return letters[a].word == letters[b].word


def _span(part: str, whole: str) -> _Span | None:
    """The one place in `whole` that is nearest to `part`; None where another is about as near.

    Sellers' edit distance of a part (The theory and computation of evolutionary distances,
    1980), a row of the table at a time.
    """
    if len(whole) < len(part) * SAME or len(whole) * len(part) > MOST_CELLS:
        return None
    table = _distances(part, whole)
    costs = table[-1]
    end = int(costs.argmin())
    cost = int(costs[end])
    if cost > SHUFFLED * len(part):
        return None
    start = _start(table, part, whole, end)
    reach = len(part) // 2
    elsewhere = np.concatenate([costs[: max(0, start + reach)], costs[end + reach :]])
    if len(elsewhere) and int(elsewhere.min()) < 2 * cost + 2:
        return None
    return _Span(start, end, cost)


def _ends(
    part: str, span: _Span, stream: _Stream, letters: Sequence[Letter]
) -> tuple[int, int] | None:
    """Start and end, between words, of the stretch near a span whose letters are most nearly
    the quote's; None where they are not the same."""
    text, words = stream.text, [letters[stream.order[at]].word for at in stream.at]
    cuts = [i for i in range(len(text) + 1) if i in (0, len(text)) or words[i] != words[i - 1]]
    starts = [i for i in cuts if abs(i - span.start) <= NEAR]
    ends = [i for i in cuts if abs(i - span.end) <= NEAR]
    low, high = max(0, span.start - NEAR), span.end + NEAR
    alphabet = sorted(set(part) | set(text[low:high]))
    meant = np.array([part.count(c) for c in alphabet])
    here = np.array(list(text[low:high]))
    sums = np.zeros((len(here) + 1, len(alphabet)), dtype=np.int32)
    for column, character in enumerate(alphabet):
        sums[1:, column] = np.cumsum(here == character)
    best, found = SAME, None
    for a in sorted(starts, key=lambda i: abs(i - span.start)):
        for b in sorted(ends, key=lambda i: abs(i - span.end)):
            if b <= a:
                continue
            same = int(np.minimum(sums[b - low] - sums[a - low], meant).sum())
            share = same / max(len(part), b - a)
            if share > best:
                best, found = share, (a, b)
    return found


def _distances(part: str, whole: str) -> npt.NDArray[np.int32]:
    """(len(part) + 1, len(whole) + 1): edits of part[:i] to some stretch that ends at j."""
    codes = np.array([ord(c) for c in whole], dtype=np.int32)
    columns = np.arange(len(whole) + 1, dtype=np.int32)
    table = np.zeros((len(part) + 1, len(whole) + 1), dtype=np.int32)
    for i, character in enumerate(part, 1):
        row = table[i - 1] + 1
        row[1:] = np.minimum(row[1:], table[i - 1, :-1] + (codes != ord(character)))
        table[i] = np.minimum.accumulate(row - columns) + columns
    return table


def _start(table: npt.NDArray[np.int32], part: str, whole: str, end: int) -> int:
    """Where the stretch that ends at `end` begins."""
    i, j = len(part), end
    while i:
        here = table[i, j]
        if j and here == table[i - 1, j - 1] + (part[i - 1] != whole[j - 1]):
            i, j = i - 1, j - 1
        elif here == table[i - 1, j] + 1:
            i -= 1
        else:
            j -= 1
    return j


# Boxes


def _boxes(chosen: set[int], read: list[list[int]], letters: Sequence[Letter]) -> tuple[Box, ...]:
    """One box for each run of chosen letters that no other letter of their row interrupts."""
    found: list[Box] = []
    for row in read:
        run: Box | None = None
        for index in sorted(row, key=lambda i: letters[i].box.left + letters[i].box.right):
            box = letters[index].box
            if index not in chosen:
                run = None
            elif run is None or box.left - run.right > GAP * (run.bottom - run.top):
                run = box
                found.append(run)
            else:
                run = found[-1] = run.with_(box)
    return tuple(found)


def _is_under(quote: str, found: Sequence[Box], letters: Sequence[Letter]) -> bool:
    """Whether the letters under the boxes are the quote's and no others."""
    under = Counter(
        character
        for letter in letters
        if any(box.holds(letter.box) for box in found)
        for character in strong(letter.character)
    )
    meant = Counter(quote.translate(_WEAK) or quote)
    return (under & meant).total() >= UNDER * max(under.total(), meant.total(), 1)
