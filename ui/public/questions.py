"""The log of questions: off unless an operator turns it on.

Kept are the day, the face, the language, what came of it, and the question without
e-mail addresses, links, phone and other long numbers. No address, no session, no time
of day. Old days are removed when a new one begins. Knows no request.
"""

from __future__ import annotations

import datetime
import json
import os
import re
import threading
import time
from collections.abc import Callable
from pathlib import Path

FOLDER = "questions"
_DAY = re.compile(r"(\d{4}-\d{2}-\d{2})\.jsonl")
_DIGIT = r"[0-9\u0660-\u0669\u06f0-\u06f9]"  # Western, Arabic and Persian
_BETWEEN = r"[\s().\-–/]{0,3}"
_YEAR = rf"(?:19|20){_DIGIT}{{2}}"
_YEARS = rf"{_YEAR} ?[-–/] ?{_YEAR}(?!{_DIGIT})"
# In this order: an e-mail address may hold a number, a link an e-mail address.
_SCRUBBED = (
    (re.compile(r"\b(?:https?://|www\.)\S+", re.I), "[link]"),
    (re.compile(r"[^\s@<>()]{1,64}@[^\s@<>()]{1,190}\.[^\s@<>().,;]{1,24}"), "[e-mail]"),
    (re.compile(r"(?<!\w)@\w{2,}"), "[name]"),
    # A run of seven digits is a phone or a number of somebody, however it is written; a span
    # of years is what people ask about.
    (re.compile(rf"(?<!\w)(?!{_YEARS})\+?\(?{_DIGIT}(?:{_BETWEEN}{_DIGIT}){{6,}}"), "[number]"),
)
_LONG = re.compile(r"\w{7,}")
_MANY_DIGITS = 5  # among letters: passports, bank accounts


def scrubbed(text: str) -> str:
    """A text without what names a person by number or address. Names in words stay: no
    rule finds them, which is why the log is off by default."""
    for pattern, mark in _SCRUBBED:
        text = pattern.sub(mark, text)
    text = _LONG.sub(_without_number, text)
    return " ".join(text.split())


def _without_number(word: re.Match[str]) -> str:
    digits = sum(character.isdigit() for character in word[0])
    return "[number]" if digits >= _MANY_DIGITS else word[0]


class QuestionLog:
    """One file a day in the data folder. Safe between threads."""

    def __init__(
        self,
        data_dir: Path,
        days: int = 30,
        *,
        enabled: bool = False,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._folder = data_dir / FOLDER
        self._days = days
        self.enabled = enabled
        self._clock = clock
        self._lock = threading.Lock()
        self._pruned = ""

    def keep(self, question: str, face: str, language: str, reply: str) -> None:
        """Keep one question, scrubbed; nothing when the log is off."""
        if not self.enabled:
            return
        today = self._today()
        line = {"face": face, "language": language, "reply": reply, "question": scrubbed(question)}
        with self._lock:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            path = self._folder / f"{today.isoformat()}.jsonl"
            with open(path, "a", encoding="utf-8", opener=_private) as file:
                file.write(json.dumps(line, ensure_ascii=False) + "\n")
            if self._pruned != today.isoformat():
                self._pruned = today.isoformat()
                self.delete(before=today - datetime.timedelta(days=self._days))

    def delete(self, before: datetime.date | None = None) -> int:
        """Delete whole days, all or those before a day; how many went."""
        gone = 0
        for path in sorted(self._folder.glob("*.jsonl")):
            named = _DAY.fullmatch(path.name)
            if named and (before is None or named[1] < before.isoformat()):
                path.unlink()
                gone += 1
        return gone

    def _today(self) -> datetime.date:
        return datetime.datetime.fromtimestamp(self._clock(), datetime.UTC).date()


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
