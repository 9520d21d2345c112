"""Page furniture: the running heads, feet and page numbers that repeat from page to page.

Works on lists of strings (lines or blocks, top to bottom); knows nothing of their layout.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

MIN_PAGES = 3
SHARE = 0.5  # of the pages, or of the odd or the even ones
DEPTH = 3  # how many lines from either end can be furniture
MAX_LENGTH = 160  # characters

_DIGITS = re.compile(r"\d+")
_ROMAN = re.compile(r"[ivxlc]{1,7}")
_SPACE = re.compile(r"\s+")


def furniture_key(text: str) -> str:
    """Equal for two lines that differ in digits, case or spacing only."""
    key = _DIGITS.sub("#", _SPACE.sub(" ", text.strip()).lower())
    return "#" if _ROMAN.fullmatch(key) else key


def furniture_at(page: Sequence[str], keys: frozenset[str]) -> set[int]:
    """Positions of furniture: repeated lines with only such lines between them and an edge."""
    found: set[int] = set()
    for order in (range(len(page)), range(len(page) - 1, -1, -1)):
        for depth, index in enumerate(order):
            if depth == DEPTH or furniture_key(page[index]) not in keys:
                break
            found.add(index)
    return found


def repeated_keys(pages: Sequence[Sequence[str]]) -> frozenset[str]:
    """Keys of lines at the edge of at least half of three or more pages.

    Odd and even pages are looked at separately too: books alternate their heads.
    """
    found: set[str] = set()
    for group in (pages, pages[0::2], pages[1::2]):
        if len(group) < MIN_PAGES:
            continue
        counts = Counter(key for page in group for key in _edge_keys(page))
        found |= {
            key for key, count in counts.items() if count >= max(MIN_PAGES, SHARE * len(group))
        }
    return frozenset(found)


def _edge_keys(page: Sequence[str]) -> set[str]:
    lines = [*page[:DEPTH], *page[-DEPTH:]]
    return {furniture_key(line) for line in lines if line.strip() and len(line) <= MAX_LENGTH}
