"""How much of a text a PDF reader finds again, and in what order.

Words are runs of letters, digits and underscores after NFKC, in lower case, without Arabic vowel
signs, tatweel and invisible marks of direction; bigrams are two that follow one another. Precision
and recall count each as often as it occurs. Imports no PDF library.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

_SIGNS = re.compile("[\u0610-\u061a\u064b-\u065f\u0670\u0640\u200b-\u200f\u202a-\u202e]")
_WORD = re.compile(r"\w+")
_NOT_PRINTED = re.compile(r"!\[.*?\]\(.*?\)|\]\(.*?\)|<[^>]+>")  # pictures, targets of links, tags


@dataclass(frozen=True, slots=True)
class Found:
    """Precision and recall of words and of bigrams, 0 to 1."""

    words: tuple[float, float]
    bigrams: tuple[float, float]


def words(text: str) -> list[str]:
    """The words of a text, in its order."""
    return _WORD.findall(_SIGNS.sub("", unicodedata.normalize("NFKC", text).lower()))


def markdown_of(folder: Path, printed: bool) -> str:
    """All Markdown of a folder, by name; without what is not printed where `printed`."""
    text = "\n".join(path.read_text("utf-8") for path in sorted(folder.glob("*.md")))
    return _NOT_PRINTED.sub(" ", text) if printed else text


def found(read: Sequence[str], source: Sequence[str]) -> Found:
    """What a reader's words have of the source's."""
    return Found(_shares(read, source), _shares(list(pairwise(read)), list(pairwise(source))))


def _shares(read: Sequence[Hashable], source: Sequence[Hashable]) -> tuple[float, float]:
    shared = (Counter(read) & Counter(source)).total()
    return shared / max(1, len(read)), shared / max(1, len(source))


def cut(first: Iterable[str], second: Iterable[str], source: Sequence[str]) -> int:
    """Where the source falls into what the first and what the second half of the pages say:
    the place at which most bigrams stand in their own half."""
    wanted = Counter(pairwise(first)), Counter(pairwise(second))
    bigrams = list(pairwise(source))
    before: Counter[tuple[str, str]] = Counter()
    after = Counter(bigrams)
    gain = best = place = 0
    for index, bigram in enumerate(bigrams, 1):
        gain -= after[bigram] <= wanted[1][bigram]
        after[bigram] -= 1
        before[bigram] += 1
        gain += before[bigram] <= wanted[0][bigram]
        if gain > best:
            best, place = gain, index
    return place
