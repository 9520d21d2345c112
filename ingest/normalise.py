"""Normalises the characters of a text and keeps, for each, where it came from.

NFC, with presentation forms and Latin ligatures as letters, one space for any
white space, and without what is invisible: controls, bidi marks, Unicode tags,
soft hyphens, variation selectors, private characters. Joiners stay inside words
of the scripts that are written with them. Counts nothing (`rag.words.hidden` does);
knows nothing of blocks or pages.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from rag.words.hidden import joins

_LETTER_FORMS = "\ufb00-\ufb06\ufb13-\ufb17\ufb1d-\ufbb1\ufbd3-\ufd3d\ufd50-\ufdfb\ufe70-\ufefc"
_INVISIBLE = (
    "\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f"
    "\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb"
    "\ufdd0-\ufdef\ufffe\uffff\U000e0000-\U000e0fff"
    "\ue000-\uf8ff\U000f0000-\U000ffffd\U00100000-\U0010fffd"
)
_SPACES = r"\s\x1c-\x1f\u2800"
_RUN = f"[{_SPACES}{_INVISIBLE}]*"
_SPECIAL = re.compile(  # every alternative takes linear time: cleaning runs outside the sandbox
    f"(?P<run>{_RUN}(?! )[{_SPACES}{_INVISIBLE}]{_RUN}| {{2,}})"
    "|(?P<joiner>[\u200c\u200d]+)"
    f"|(?P<form>[{_LETTER_FORMS}])"
)
_SPACE = re.compile(f"[{_SPACES}]")
_MAX_CLUSTER = 32  # characters; Unicode's stream-safe format allows 30 marks

Mapped = tuple[str, Sequence[int]]


def normalise(text: str) -> Mapped:
    """(normalised text without outer spaces, the raw index of each of its characters)."""
    pieces: list[str] = []
    offsets: list[int] = []
    position = 0
    for match in _SPECIAL.finditer(text):
        _append_plain(text, position, match.start(), pieces, offsets)
        shown = _replacement(match)
        pieces.append(shown)
        offsets += [match.start()] * len(shown)
        position = match.end()
    _append_plain(text, position, len(text), pieces, offsets)
    return _trimmed("".join(pieces), offsets)


def _append_plain(text: str, start: int, end: int, pieces: list[str], offsets: list[int]) -> None:
    pieces.append(text[start:end])
    offsets += range(start, end)


def _replacement(match: re.Match[str]) -> str:
    if match["run"]:
        return " " if _SPACE.search(match["run"]) else ""
    if match["form"]:
        return unicodedata.normalize("NFKC", match["form"])
    if match["joiner"]:
        text, start, end = match.string, match.start(), match.end()
        inside = joins(text[max(0, start - 1) : start], text[end : end + 1])
        return match["joiner"][0] if inside else ""
    return ""


def _trimmed(text: str, offsets: list[int]) -> Mapped:
    """Composed, with no double space left by a removal, and without outer spaces."""
    if not unicodedata.is_normalized("NFC", text):
        text, offsets = _composed(text, offsets)
    if "  " in text:
        keep = [i for i, char in enumerate(text) if char != " " or i == 0 or text[i - 1] != " "]
        text, offsets = "".join(text[i] for i in keep), [offsets[i] for i in keep]
    start = len(text) - len(text.lstrip(" "))
    stripped = text.strip(" ")
    return stripped, offsets[start : start + len(stripped)]


def _composed(text: str, offsets: list[int]) -> tuple[str, list[int]]:
    """NFC, cluster by cluster: a composed character comes from its cluster's first."""
    shown: list[str] = []
    places: list[int] = []
    start = 0
    while start < len(text):
        end = start + 1
        while end < min(len(text), start + _MAX_CLUSTER) and _extends(text[end]):
            end += 1
        cluster = text[start:end]
        composed = unicodedata.normalize("NFC", cluster)
        shown.append(composed)
        if composed == cluster:
            places += offsets[start:end]
        else:
            places += [offsets[start]] * len(composed)
        start = end
    return "".join(shown), places


def _extends(char: str) -> bool:
    """Can join the character before it when composing (marks, Hangul vowels and finals)."""
    return unicodedata.category(char)[0] == "M" or "\u1160" <= char <= "\u11ff"
