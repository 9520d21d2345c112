"""The history of a conversation as a client tells it: untrusted input, cut and cleaned.

Knows no collection: whether a document exists is for the store to say.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from rag.types import Turn

TURNS = 6  # earlier questions that are looked at
LONGEST = 1000  # characters of a question, typed or made; AskSettings.question_characters
DOCUMENTS = 10  # ids taken from one turn
DOCUMENT_ID = 500  # characters of an id
_HIDDEN = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff"
    "\U000e0000-\U000e0fff]+"
)


def bounded(history: Iterable[object], turns: int = TURNS) -> tuple[Turn, ...]:
    """The last turns of a history, cleaned: questions as one line of visible text, cut to
    LONGEST; whatever is no Turn of strings is left out."""
    kept = []
    for turn in list(history)[-turns:]:
        if not isinstance(turn, Turn) or not isinstance(turn.question, str):
            continue
        text = clean(turn.question[: 2 * LONGEST])[:LONGEST]
        listed = turn.documents if isinstance(turn.documents, tuple | list) else ()
        ids = [id for id in listed[:DOCUMENTS] if isinstance(id, str) and len(id) <= DOCUMENT_ID]
        if text:
            kept.append(Turn(text, tuple(id for id in ids if id == clean(id))))
    return tuple(kept)


def clean(text: str) -> str:
    """One line of visible text: no controls, no hidden or direction characters, no lone
    surrogates."""
    text = text.encode("utf-8", "replace").decode("utf-8")
    return " ".join(_HIDDEN.sub(" ", text).split())
