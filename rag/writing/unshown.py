"""Parts of a streamed text that are left out: an address, a comment, a line's rest.

Each knows where it ends, however the text is cut and however long it is. Knows not
how it began.
"""

from __future__ import annotations

import re
from typing import Protocol

_URL = re.compile(r"[^\s<>\[\]\"“”«»|【】［］〔〕]+")
_URL_CLOSING = re.compile(r"[.,;:!?)،؛؟]*$")
_STOP = re.compile(r"[()\n]")


class Unshown(Protocol):
    """What is being left out."""

    closing: str  # text that turned out to stand after it, once it has ended

    def skip(self, raw: str, at: int, final: bool) -> tuple[int, bool]:
        """(where reading goes on, whether it has ended); -1 to wait for more text."""
        ...


class Address:
    """A bare web address; the punctuation after it is text."""

    closing = ""

    def skip(self, raw: str, at: int, final: bool) -> tuple[int, bool]:
        """To the first character that no address has."""
        piece = _URL.match(raw, at)
        if piece is None:
            return at, True
        closing = _URL_CLOSING.search(piece[0])
        assert closing is not None
        kept = self.closing if closing[0] == piece[0] else ""
        self.closing = (kept + closing[0])[-3:]
        return piece.end(), piece.end() < len(raw)


class Destination:
    """The address of a link, from after its opening parenthesis."""

    closing = ""

    def __init__(self) -> None:
        self._depth = 1

    def skip(self, raw: str, at: int, final: bool) -> tuple[int, bool]:
        """Past the parenthesis that closes it, or to the end of the line."""
        for stop in _STOP.finditer(raw, at):
            if stop[0] == "\n":
                return stop.start(), True
            self._depth += 1 if stop[0] == "(" else -1
            if not self._depth:
                return stop.end(), True
        return len(raw), False


class LineEnd:
    """The rest of a line."""

    closing = ""

    def skip(self, raw: str, at: int, final: bool) -> tuple[int, bool]:
        """To the line break."""
        end = raw.find("\n", at)
        return (end, True) if end >= 0 else (len(raw), False)


class TagText:
    """A comment, or all that stands in a tag that shows nothing."""

    closing = ""

    def __init__(self, mark: str) -> None:
        self._mark = re.compile(re.escape(mark), re.IGNORECASE)
        self._length = len(mark)

    def skip(self, raw: str, at: int, final: bool) -> tuple[int, bool]:
        """Past the mark that ends it; all of the text where the mark never comes."""
        found = self._mark.search(raw, at)
        if found:
            return found.end(), True
        kept = len(raw) - self._length
        return (len(raw) if final else kept if kept > at else -1), False
