"""Takes from a text the characters that no reader sees, and counts them by kind.

Instructions to a model are planted in them: whole sentences fit into Unicode tags,
variation selectors or runs of zero-width characters, and direction overrides make
a line read otherwise than it is stored. Right-to-left text needs none of them.
Joiners stay where a script needs them: between letters of Arabic, Persian, Urdu
and the scripts of South and South-East Asia.

Knows no markup: text that a style sheet hides is `ingest.html_visible`'s.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping

# Kind -> class of characters, from the Unicode 16 character database. "control" holds
# lone surrogates and noncharacters too; tab, line feed and carriage return are text.
_KINDS = {
    "unicode tag": "\U000e0000-\U000e007f",
    "direction override": "\u202a-\u202e\u2066-\u2069\u206a-\u206f",
    "direction mark": "\u200e\u200f\u061c",
    "joiner": "\u200c\u200d",
    "zero width": "\u200b\u2060-\u2065\ufeff\u034f\u180b-\u180f\u115f\u1160\u17b4\u17b5\u3164"
    "\uffa0",
    "variation selector": "\ufe00-\ufe0f\U000e0100-\U000e01ef",
    "soft hyphen": "\u00ad",
    "private use": "\ue000-\uf8ff\U000f0000-\U000ffffd\U00100000-\U0010fffd",
    "annotation": "\ufff0-\ufffb",
    "control": "\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff"
    "\U000e0080-\U000e00ff\U000e01f0-\U000e0fff",
}
_BREAKS = "\x0b\x0c\x1c\x1d\x1e\x85"  # controls that end a line
_HIDDEN = re.compile("[" + "".join(_KINDS.values()) + "]+")
# Every kind that is hidden wherever it stands: all but joiners. Line ends are not in it.
UNSEEN = re.compile("[" + "".join(v for k, v in _KINDS.items() if k != "joiner") + "]")
_KIND_OF = [(kind, re.compile(f"[{chars}]")) for kind, chars in _KINDS.items()]
_JOINED = re.compile(  # letters and marks of the scripts that write with joiners
    "[\u0600-\u08ff\u0900-\u0dff\u0e00-\u0eff\u0f00-\u109f\u1780-\u17ff\u1800-\u18af\ufb50-\ufdff\ufe70-\ufefe]"
)
_MANY = 12  # joiners of one word: more than any word needs, so a channel for data


def visible(text: str) -> tuple[str, Mapping[str, int]]:
    """(the text as a reader sees it, how many characters were taken out by kind).

    A variation selector after a symbol (an emoji's style) and a byte order mark at the
    beginning are taken out and not counted: they are ordinary. The kinds are the keys
    of `_KINDS`; a kind with no character is absent. Takes time linear in the text.
    """
    taken: Counter[str] = Counter()
    pieces: list[str] = []
    at = joiners = 0
    for run in _HIDDEN.finditer(text):
        between = text[at : run.start()]
        joiners = joiners if between and not re.search(r"\s", between) else 0
        pieces.append(between)
        at = run.end()
        if _joins(text, run.start(), run.end()) and joiners < _MANY:
            pieces.append(run[0])
            joiners += 1
        else:
            taken.update(_counted(text, run.start(), run[0]))
            pieces.append("\n" if any(char in _BREAKS for char in run[0]) else "")
    pieces.append(text[at:])
    return "".join(pieces), dict(taken)


def joins(before: str, after: str) -> bool:
    """Whether a joiner between these two characters (or "") is part of the writing."""
    return bool(_JOINED.match(before) and _JOINED.match(after))


def _joins(text: str, start: int, end: int) -> bool:
    """Whether text[start:end] is one joiner between letters that are written with it."""
    if end - start != 1 or text[start] not in "\u200c\u200d":
        return False
    return joins(text[max(0, start - 1) : start], text[end : end + 1])


def _counted(text: str, start: int, run: str) -> Counter[str]:
    """Characters of one run by kind, without what is ordinary."""
    if run == "\ufeff" and start == 0:
        return Counter()
    if run in ("\ufe0e", "\ufe0f") and start > 0 and not text[start - 1].isalpha():
        return Counter()
    if run == "\u200d" and start > 0 and text[start - 1] > "\u2190":
        return Counter()  # joins the parts of an emoji
    return Counter(_kind(char) for char in run if char not in _BREAKS)


def _kind(char: str) -> str:
    return next(kind for kind, chars in _KIND_OF if chars.match(char))
