"""Citation markers out of a model's text as it streams: whole sentences and what they cite.

A sentence is handed over when it is certain that it has ended and that no marker of its
own follows. Markers are taken out in any form (`rag.writing.marker_forms`), Markdown and HTML are
reduced to plain text (`rag.writing.markup`). The result is the same however the text was cut into
chunks; time is linear in the text and no sentence is longer than `rag.words.sentences.LONGEST`.

Knows no evidence but its numbers, and does not judge whether a sentence is true.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from rag.words.sentences import LONGEST, split_sentences
from rag.writing.markup import Markup, Piece

_LINKED = "\0"  # after "]" where the address of a link was left out
_WORDS = re.compile(r"\s+|\S+")
_WORD = re.compile(r"\w")
_ENDED = re.compile(r"[.!?؟۔…。！？]\s*[)\]»”’\"'\0]*$")
_BRACKETED = re.compile(r"\([^()]*\)\s+\S")
_BETWEEN = re.compile(r"[\s,،;؛&]*")  # "[1], [2]"
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]{0,15}$")
_LINK = re.compile(rf"!?\[([^\[\]]*)\]{_LINKED}")
_EMPTY = re.compile(r"\s*[(（]\s*[,،;؛]?\s*[)）]")


@dataclass(frozen=True, slots=True)
class Drafted:
    """One whole sentence, list item or table cell that a model wrote, without its markers."""

    text: str
    citations: tuple[int, ...] = ()  # numbers that were shown, in the order they were cited
    invented: tuple[int, ...] = ()  # numbers that were not
    item: bool = False  # of a list, or a cell of a table
    heading: bool = False


class MarkerParser:
    """A parser of one answer. Not for two threads; never raises."""

    def __init__(self, shown: Iterable[int], language: str) -> None:
        self._shown = frozenset(shown)
        self._language = language
        self._markup = Markup()
        self._ready: list[Drafted] = []
        self._held: Drafted | None = None  # ended, but its markers may be on the next line
        self._text = ""
        self._marks: dict[tuple[int, int], None] = {}  # (place in the text, number), in order
        self._lead: dict[int, None] = {}  # markers before the first word of a line
        self._led = False  # the sentence was opened by a marker: "[1] Text. [2] Text."
        self._item = self._heading = False
        self._gap = False  # something was taken out just before
        self._between = ""  # separators after a marker
        self._ended_at = 0  # where the first sentence that may have ended ends; 0: none
        self._try_at = 0  # length of text from which to look again

    def feed(self, chunk: str) -> list[Drafted]:
        """The sentences that are certain after this much of the text."""
        return self._take(self._markup.feed(chunk))

    def close(self) -> list[Drafted]:
        """The rest; the text has ended."""
        self._take_into(self._markup.close())
        self._end_line()
        if self._held:
            self._ready.append(self._held)
            self._held = None
        return self._drain()

    def _take(self, pieces: Iterable[Piece]) -> list[Drafted]:
        self._take_into(pieces)
        return self._drain()

    def _drain(self) -> list[Drafted]:
        ready, self._ready = self._ready, []
        return ready

    def _take_into(self, pieces: Iterable[Piece]) -> None:
        for kind, text, numbers in pieces:
            if kind == "text":
                self._add(text)
            elif kind == "marker":
                self._mark(numbers)
            elif kind == "link":
                self._append(_LINKED)
            elif kind == "address":
                self._shorten(_SCHEME.sub("", self._text))
                self._gap = True
            else:
                self._end_line()
                self._item = kind == "item" or (kind == "cell" and self._item)
                self._heading = kind == "heading"

    def _mark(self, numbers: Iterable[int]) -> None:
        self._between, self._gap = "", True
        if self._text:
            self._marks.update(((len(self._text), n), None) for n in numbers)
        else:
            self._lead.update(dict.fromkeys(numbers))

    def _add(self, text: str) -> None:
        if self._gap:
            text = self._joined(text)
        if not self._text:
            text = text.lstrip()
            if text:
                self._open_sentence()
        for word in _WORDS.finditer(text):
            if word[0].isspace():
                self._space()
            else:
                self._append(word[0])

    def _joined(self, text: str) -> str:
        """What goes on after a marker: without the separators between markers, punctuation
        close to the word, words apart."""
        separators = _BETWEEN.match(text)
        assert separators is not None
        text = text[separators.end() :]
        self._between = (self._between + separators[0])[:8]
        if not text:
            return ""
        between, self._between, self._gap = self._between, "", False
        if text[0] == ")" and self._text.endswith("("):  # "([1])"
            self._shorten(self._text[:-1])
            self._gap = True
            return self._joined(text[1:])
        first = (between.strip() + text)[0]
        if first in ".,،؛…)" or (first in "?!؟:;" and not between):
            self._shorten(self._text.rstrip(" "))
            mark = between.strip()
            return f"{mark} {text}" if mark and between.endswith(" ") else mark + text
        apart = " " if text[0].isalnum() and not between else ""
        return apart + between + text

    def _shorten(self, text: str) -> None:
        self._text = text
        self._ended_at = self._ended_at if self._ended_at <= len(text) else 0
        beyond: list[int] = []
        while self._marks and next(reversed(self._marks))[0] > len(text):
            beyond.append(self._marks.popitem()[0][1])
        self._marks.update(((len(text), n), None) for n in reversed(beyond))

    def _open_sentence(self) -> None:
        """The first words of a line: markers before them go to the sentence above when it
        has none and the line is not an item of its own, else to this one."""
        held, lead = self._held, self._lead
        if held and lead and not self._item and not (held.citations or held.invented):
            held, lead = self._cite(held, lead), {}
        if held:
            self._ready.append(held)
        self._held, self._lead = None, {}
        self._led = bool(lead)
        self._marks = dict.fromkeys((0, n) for n in lead)

    def _append(self, word: str) -> None:
        while word:
            room = LONGEST + 1 - len(self._text)
            self._text += word[:room]
            word = word[room:]
            if len(self._text) > LONGEST:
                self._release()
            if len(self._text) > LONGEST:  # one sentence and a space
                self._hand_over([(0, len(self._text))], len(self._text))

    def _space(self) -> None:
        """A word has ended: see whether a sentence before it has."""
        if not self._text or self._text[-1] == " ":
            return
        if self._ended_at and len(self._text) >= self._try_at and self._settled():
            self._release()
        ended = _ENDED.search(self._text, max(0, len(self._text) - 12))
        self._append(" ")
        if ended and not self._ended_at:
            self._ended_at = len(self._text)

    def _settled(self) -> bool:
        """Whether enough follows to tell an end of a sentence from an abbreviation."""
        tail = self._text[self._ended_at :]
        if len(tail) > 100:
            return True
        if tail.startswith("("):
            return _BRACKETED.match(tail) is not None
        return _WORD.search(tail) is not None

    def _release(self) -> None:
        """Hand over every sentence of the text but the last, which may go on."""
        spans = split_sentences(self._text, self._language)
        self._ended_at = 0
        # each failed look is paid for by at least as many characters as keep it linear
        self._try_at = len(self._text) + max(16, len(self._text) // 8)
        if len(spans) > 1:
            self._hand_over(spans[:-1], spans[-1][0])
            self._try_at = 0

    def _hand_over(self, spans: list[tuple[int, int]], rest: int) -> None:
        """Sentences at `spans`; the text from `rest` on stays."""
        drafts: list[Drafted] = []
        begins = [start for start, _ in spans[1:]] + [rest]
        for (start, end), after in zip(spans, begins, strict=True):
            # of "[1] Text. [2] Text." the second marker is the second sentence's
            last = end if self._led and after < len(self._text) else after
            own = [n for at, n in self._marks if at <= last]
            self._marks = {mark: None for mark in self._marks if mark[0] > last}
            self._led = any(at <= after for at, _ in self._marks)
            text = _plain(self._text[start:end])
            if _WORD.search(text):
                drafts.append(self._cite(Drafted(text, (), (), self._item, self._heading), own))
            elif drafts:
                drafts[-1] = self._cite(drafts[-1], own)
        self._ready += drafts
        self._marks = {(max(0, at - rest), n): None for at, n in self._marks}
        self._text = self._text[rest:]

    def _cite(self, drafted: Drafted, numbers: Iterable[int]) -> Drafted:
        known = [n for n in numbers if n in self._shown]
        unknown = [n for n in numbers if n not in self._shown]
        return replace(
            drafted,
            citations=tuple(dict.fromkeys((*drafted.citations, *known))),
            invented=tuple(dict.fromkeys((*drafted.invented, *unknown))),
        )

    def _end_line(self) -> None:
        """A line, an item or a cell has ended; its last sentence waits for markers below."""
        if not _WORD.search(self._text):  # markers and punctuation only
            self._lead.update((n, None) for _, n in self._marks)
            if self._held and self._lead:
                self._held = self._cite(self._held, self._lead)
                self._lead = {}
        else:
            spans = split_sentences(self._text, self._language)
            self._hand_over(spans, len(self._text))
            self._held = self._ready.pop() if self._ready else None
        self._text, self._marks, self._led = "", {}, False
        self._gap, self._between = False, ""
        self._ended_at = self._try_at = 0


def _plain(text: str) -> str:
    """A sentence without what links and markers leave behind."""
    text = _LINK.sub(r"\1", text).replace("]" + _LINKED, "").replace(_LINKED, "")
    return " ".join(_EMPTY.sub("", text).split())
