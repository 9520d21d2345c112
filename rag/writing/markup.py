"""Reads a model's Markdown or HTML as it streams, in pieces of plain text.

Emphasis, headings, list numbers, code fences, tags, comments, scripts, addresses and
what a model thinks aloud (`<think>`) are left out; citation markers, line ends and
the cells of a table come as pieces of their own. Every decision waits until no further
character can change it, so the pieces are the same however the text was cut. What is
waited for is bounded: time is linear in the text, memory does not grow with it.

Knows no sentence and not which numbers were shown. What it takes for a list number at
the beginning of a line ("12. December") is lost.
"""

from __future__ import annotations

import html
import re
from typing import Literal, NamedTuple

from rag.words.hidden import UNSEEN
from rag.writing.marker_forms import marker_numbers, may_become_marker
from rag.writing.unshown import Address, Destination, LineEnd, TagText, Unshown

Kind = Literal["text", "marker", "link", "address", "line", "item", "heading", "cell"]

_OPEN, _CLOSE = tuple("[【［〔"), tuple("]】］〕")
_IN_BRACKET, _IN_PARENTHESIS, _IN_TAG, _IN_SUPERSCRIPT = 64, 48, 300, 22  # look-ahead
_PLAIN = re.compile(r"[^\[\]【】［］〔〕(<*_~`\n|:.]+")
_BRACKET = re.compile(r"[^\[\]【】［］〔〕\n]{0,64}")
_PARENTHESIS = re.compile(r"[^()\[\]\n]{0,48}")
_TAG = re.compile(r"[^<>\n]{0,300}")
_TAG_NAME = re.compile(r"/?\s*([a-zA-Z][a-zA-Z0-9]*)")
_SUPERSCRIPT = re.compile(r"([^<\n]{1,16})</sup>", re.IGNORECASE)
_BLOCKS = frozenset(
    "br p div li ul ol tr td th table h1 h2 h3 h4 h5 h6 hr section article blockquote pre dd dt"
    " details summary".split()
)
_SILENT = frozenset(("script", "style", "think", "thinking"))
_EMPHASIS = re.compile(r"([*_~`])\1*")
_DESTINATION = re.compile(r"[^()\s]{0,64}")
_INDENT = re.compile(r"[ \t>\u00a0]+")
_OPENER = re.compile(
    r"(?P<heading>#{1,6}[ \t])|(?P<item>[•▪◦‣]|[-*+·–](?=\s))|(?P<number>\d{1,3}[.)–-](?=\s))"
    r"|(?P<fence>```|~~~)|(?P<box>\[[ xX]\][ \t])|(?P<row>\|)"
)
_OPENING = re.compile(r"#{1,6}|[-*+·–]|\d{1,3}[.)–-]?|`{1,2}|~{1,2}|\[(?:[ xX]\]?)?")

_CODED = re.compile(r"&#?\w{1,10};|\\([!-%'-/:-@\[\]^_`{-~])")
_CODED_BEGUN = re.compile(r"(?:&#?\w{0,10}|\\)\Z")
_LINES = str.maketrans(dict.fromkeys("\r\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029", "\n"))


class Piece(NamedTuple):
    """One event of the text: `text` of a "text", `numbers` of a "marker"."""

    kind: Kind
    text: str = ""
    numbers: tuple[int, ...] = ()


class Markup:
    """A reader of one streamed text. Not for two threads."""

    def __init__(self) -> None:
        self._undecoded = ""
        self._raw = ""
        self._pieces: list[Piece] = []
        self._line_opens = True
        self._in_row = False
        self._unshown: Unshown | None = None  # what is being left out
        self._before = "\n"  # the last characters read

    def feed(self, chunk: str) -> list[Piece]:
        """The pieces that are certain after this much of the text."""
        return self._read(chunk, final=False)

    def close(self) -> list[Piece]:
        """The pieces that were waiting for more; the text has ended."""
        return self._read("", final=True)

    def _read(self, chunk: str, *, final: bool) -> list[Piece]:
        self._raw += self._decoded(chunk, final)
        at = 0
        while at < len(self._raw):
            after = self._step(at, final)
            if after < 0:
                break
            at = after
        self._raw = self._raw[at:]
        if final and self._unshown:
            self._text(self._unshown.closing, at)
        pieces, self._pieces = self._pieces, []
        return pieces

    def _decoded(self, chunk: str, final: bool) -> str:
        """The text with entities as characters, without escapes and hidden characters."""
        text = self._undecoded + chunk
        begun = None if final else _CODED_BEGUN.search(text, max(0, len(text) - 13))
        end = begun.start() if begun else len(text)
        self._undecoded = text[end:]
        text = _CODED.sub(lambda coded: coded[1] or html.unescape(coded[0]), text[:end])
        return UNSEEN.sub("", text.translate(_LINES))

    def _step(self, at: int, final: bool) -> int:
        """Read one piece at `at`: where the next begins, or -1 to wait for more text."""
        if self._unshown:
            return self._leave_out(at, final)
        if self._line_opens:
            after = self._opener(at, final)
            if after != at:
                return after
        plain = _PLAIN.match(self._raw, at)
        if plain:
            return self._text(plain[0], plain.end())
        return _READERS[self._raw[at]](self, at, final)

    def _text(self, text: str, after: int) -> int:
        if text:
            self._pieces.append(Piece("text", text))
            self._before = (self._before + text[-4:])[-4:]
            self._line_opens = False
        return after

    def _event(self, kind: Kind, after: int, *, line_opens: bool = False) -> int:
        self._pieces.append(Piece(kind))
        self._line_opens, self._before = line_opens, "\n"
        return after

    def _marker(self, numbers: tuple[int, ...], after: int) -> int:
        self._pieces.append(Piece("marker", "", numbers))
        self._line_opens, self._before = False, "]"
        return after

    def _leave_out(self, at: int, final: bool) -> int:
        assert self._unshown is not None
        after, ended = self._unshown.skip(self._raw, at, final)
        if ended:
            closing, self._unshown = self._unshown.closing, None
            self._text(closing, after)
        return after

    def _waits(self, end: int, begin: int, limit: int, final: bool) -> bool:
        """Whether a look ahead over raw[begin:end] stopped only because the text did."""
        return end >= len(self._raw) and end - begin < limit and not final

    def _opener(self, at: int, final: bool) -> int:
        """What stands at the beginning of a line: `at` where it is plain text."""
        indent = _INDENT.match(self._raw, at)
        if indent:
            return indent.end()
        found = _OPENER.match(self._raw, at)
        if found is None:
            return -1 if not final and _OPENING.fullmatch(self._raw, at) else at
        self._line_opens, self._before = bool(found["item"]), "\n"
        if found["heading"]:
            self._pieces.append(Piece("heading"))
        elif found["item"] or found["number"] or found["row"]:
            self._pieces.append(Piece("item"))
        elif found["fence"]:
            self._unshown = LineEnd()
        self._in_row = bool(found["row"])
        return found.end()

    def _newline(self, at: int, final: bool) -> int:
        self._in_row = False
        return self._event("line", at + 1, line_opens=True)

    def _pipe(self, at: int, final: bool) -> int:
        return self._event("cell", at + 1) if self._in_row else self._text("|", at + 1)

    def _emphasis(self, at: int, final: bool) -> int:
        """Marks of emphasis and code are dropped; "5 * 3", "~50" and "snake_case" stay."""
        run = _EMPHASIS.match(self._raw, at)
        assert run is not None
        if self._waits(run.end(), at, 3, final):
            return -1
        mark, before, after = run[1], self._before[-1], self._raw[run.end() : run.end() + 1] or "\n"
        stays = {
            "*": (before.isspace() and after.isspace()) or (before.isdigit() and after.isdigit()),
            "_": before.isalnum() and after.isalnum(),
            "~": after.isdigit(),
            "`": False,
        }[mark]
        if len(run[0]) == 1 and stays and before != mark:
            return self._text(mark, run.end())
        self._before = self._before[1:] + mark
        return run.end()

    def _bracket(self, at: int, final: bool) -> int:
        """A marker in any kind of square bracket, single or double; else one character."""
        raw = self._raw
        double = raw[at + 1 : at + 2] in _OPEN
        begin = at + 1 + double
        end = _BRACKET.match(raw, begin).end()  # type: ignore[union-attr]
        if self._waits(end, begin, _IN_BRACKET, final):
            return -1
        if end - begin == _IN_BRACKET:
            return self._text(raw[at], at + 1)
        numbers = marker_numbers(raw[begin:end].rstrip(" ,،;؛-–"))
        if end == len(raw) and may_become_marker(raw[begin:end]):
            return end
        if numbers and raw[end : end + 1] in ("", "\n"):  # unclosed
            return self._marker(numbers, end)
        if not numbers or raw[end] not in _CLOSE:
            return self._text(raw[at], at + 1)
        end += 1
        if double and end == len(raw) and not final:
            return -1
        if double and raw[end : end + 1] not in (*_CLOSE, ""):
            return self._text(raw[at], at + 1)
        after = self._destination(min(end + double, len(raw)), final)
        return after if after < 0 else self._marker(numbers, after)

    def _closing(self, at: int, final: bool) -> int:
        """The end of a bracket that was text: a link where an address follows."""
        after = self._destination(at + 1, final)
        if after < 0:
            return -1
        self._text(self._raw[at], at + 1)
        if after > at + 1:
            self._pieces.append(Piece("link"))
        return after

    def _destination(self, at: int, final: bool) -> int:
        """Begin to leave out "(address)" of a link: the place after its parenthesis; `at`
        where there is none; -1 to wait."""
        raw = self._raw
        if at == len(raw) and not final:
            return -1
        if raw[at : at + 1] != "(":
            return at
        inside = _DESTINATION.match(raw, at + 1)
        assert inside is not None
        if self._waits(inside.end(), at + 1, _IN_BRACKET, final):
            return -1
        if inside[0] and not re.search(r"[/#:<]|\.\S", inside[0]):
            return at
        self._unshown = Destination()
        return at + 1

    def _parenthesis(self, at: int, final: bool) -> int:
        """ "(Source 2)" is a marker; any other parenthesis is text."""
        end = _PARENTHESIS.match(self._raw, at + 1).end()  # type: ignore[union-attr]
        if self._waits(end, at + 1, _IN_PARENTHESIS, final):
            return -1
        if end - at - 1 < _IN_PARENTHESIS and self._raw[end : end + 1] == ")":
            numbers = marker_numbers(self._raw[at + 1 : end], labelled=True)
            if numbers:
                return self._marker(numbers, end + 1)
        return self._text("(", at + 1)

    def _angle(self, at: int, final: bool) -> int:
        """A tag or a comment; "a < b" and "<5" are text."""
        raw = self._raw
        if raw.startswith("<!--", at):
            self._unshown = TagText("-->")
            return at + 4
        first = raw[at + 1 : at + 2]
        if first and not (first.isalpha() or first in "/!?"):
            return self._text("<", at + 1)
        end = _TAG.match(raw, at + 1).end()  # type: ignore[union-attr]
        if self._waits(end, at + 1, _IN_TAG, final):
            return -1
        if end - at - 1 == _IN_TAG or raw[end : end + 1] != ">":
            return self._text("<", at + 1)
        return self._tag(raw[at + 1 : end], end + 1, final)

    def _tag(self, inside: str, after: int, final: bool) -> int:
        match = _TAG_NAME.match(inside)
        name = match[1].lower() if match else ""
        opens = not inside.startswith("/")
        if name == "sup" and opens:
            found = _SUPERSCRIPT.match(self._raw, after)
            if not found and self._waits(len(self._raw), after, _IN_SUPERSCRIPT, final):
                return -1
            numbers = marker_numbers(found[1]) if found else ()
            return self._marker(numbers, found.end()) if found and numbers else after
        if name in _SILENT and opens:
            self._unshown = TagText(f"</{name}>")
        elif name in _BLOCKS:
            self._newline(after, final)
            if name == "li" and opens:
                self._pieces.append(Piece("item"))
        return after

    def _colon(self, at: int, final: bool) -> int:
        """ "https://..." is left out; any other colon is text."""
        ahead = self._raw[at : at + 3]
        if ahead != "://" and "://".startswith(ahead) and not final:
            return -1
        return self._address(at + 3) if ahead == "://" else self._text(":", at + 1)

    def _stop(self, at: int, final: bool) -> int:
        """ "www." begins an address; any other full stop is text."""
        if re.search(r"(?:^|\W)www\Z", self._before, re.IGNORECASE):
            return self._address(at + 1)
        return self._text(".", at + 1)

    def _address(self, after: int) -> int:
        self._pieces.append(Piece("address"))
        self._unshown = Address()
        return after


_READERS = {
    **dict.fromkeys(_OPEN, Markup._bracket),
    **dict.fromkeys(_CLOSE, Markup._closing),
    **dict.fromkeys("*_~`", Markup._emphasis),
    "\n": Markup._newline,
    "|": Markup._pipe,
    "(": Markup._parenthesis,
    "<": Markup._angle,
    ":": Markup._colon,
    ".": Markup._stop,
}
