"""What readers asked and told: the log of questions (where it is on), feedback, draft cases.

Both files are written by the server, and hold what strangers typed. Knows no markup.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evals.drafts import of_feedback
from rag.question.courtesy import courtesy
from rag.words.text import fold
from ui.api.feedback import FILE as FEEDBACK
from ui.public.questions import FOLDER

DRAFTS = "drafts.jsonl"
MOST_LINES = 20_000  # of all files of a kind, the newest
MOST_SHOWN = 200
UNANSWERED = ("declined", "partial")


@dataclass(frozen=True, slots=True)
class Asked:
    """One question, however often it was put."""

    key: str
    question: str
    language: str
    reply: str  # what came of it last
    times: int
    day: str  # when it was last put, ISO


def unanswered(data_dir: Path) -> list[Asked]:
    """Questions that were not answered, or not fully, when they were last put: the most often
    put first, then the newest. A greeting is none."""
    last: dict[str, Asked] = {}
    for day, line in _logged(data_dir):
        question = str(line.get("question", "")).strip()
        if not question or courtesy(question):
            continue
        key = _key(question)
        times = last[key].times + 1 if key in last else 1
        language, reply = str(line.get("language", "")), str(line.get("reply", ""))
        last[key] = Asked(key, question, language, reply, times, day)
    open_ = [asked for asked in last.values() if asked.reply in UNANSWERED]
    open_.sort(key=lambda asked: asked.day, reverse=True)
    open_.sort(key=lambda asked: -asked.times)
    return open_[:MOST_SHOWN]


def feedback(data_dir: Path) -> list[dict[str, Any]]:
    """What readers told, newest first."""
    told = [line for line in _lines(data_dir / FEEDBACK) if line.get("question")]
    return told[::-1][:MOST_SHOWN]


def draft_question(data_dir: Path, key: str) -> bool:
    """Make a draft case of an unanswered question; False when there is none of this key."""
    found = next((asked for asked in unanswered(data_dir) if asked.key == key), None)
    if found is None:
        return False
    entry = {"question": found.question, "language": found.language, "status": found.reply}
    _add(data_dir, entry, f"question-{key}")
    return True


def draft_feedback(data_dir: Path, identity: str) -> bool:
    """Make a draft case of a piece of feedback; False when there is none of this id."""
    found = next((told for told in feedback(data_dir) if told.get("id") == identity), None)
    if found is None:
        return False
    _add(data_dir, {**found, "question": str(found["question"])}, f"feedback-{identity}")
    return True


def drafted(data_dir: Path) -> frozenset[str]:
    """Ids of the draft cases that were made here."""
    return frozenset(str(line.get("id", "")) for line in _lines(data_dir / DRAFTS))


def _add(data_dir: Path, entry: dict[str, Any], identity: str) -> None:
    """Add a case to the drafts, once."""
    if identity in drafted(data_dir):
        return
    line = json.dumps(of_feedback(entry, identity).values, ensure_ascii=False) + "\n"
    handle = os.open(data_dir / DRAFTS, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(line.encode("utf-8", "replace"))


def _logged(data_dir: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """(day, line) of the log of questions, oldest first."""
    found: deque[tuple[str, dict[str, Any]]] = deque(maxlen=MOST_LINES)
    for path in sorted((data_dir / FOLDER).glob("*.jsonl")):
        found.extend((path.stem, line) for line in _lines(path))
    return iter(found)


def _lines(path: Path) -> list[dict[str, Any]]:
    """The objects of a file of JSON lines; what is none is left out."""
    found: deque[dict[str, Any]] = deque(maxlen=MOST_LINES)
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            for line in file:
                try:
                    value = json.loads(line)
                except (ValueError, RecursionError):
                    continue
                if isinstance(value, dict):
                    found.append(value)
    except OSError:
        return []
    return list(found)


def _key(question: str) -> str:
    return hashlib.sha256(fold(question).encode("utf-8", "replace")).hexdigest()[:16]
