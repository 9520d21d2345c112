"""What can be done with a finished reply, as HTML: the row of buttons under it, and the reply
as data for the scripts that act on it. `chat.js` asks anew, `note.js` and `share.js` do
the rest.

Everything is escaped into attributes. Knows no server.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from rag.evidence.retrieve import Filters
from rag.question.glossary import Glossary
from rag.types import Answer, Finished, Reply
from rag.wording import say
from ui.markup import text
from ui.share.link import query_of, shared_of
from ui.terms import explained, terms_json

Seal = Callable[[Mapping[str, Any]], str]

ANSWERED = ("copy", "retry", "edit", "keep", "share")
UNANSWERED = ("retry", "edit")
# Drawn in a square of 24 with a line of 1.6; the style sheet turns "retry" with the page.
_ICONS = {
    "copy": "M9 9h10v11H9zM5 15V4h10v2",
    "retry": "M19 12a7 7 0 1 1-2.2-5.1M19 4v4h-4",
    "edit": "M5 19l1-4L16 5l3 3L9 18zM14 7l3 3",
    "keep": "M6 4h12v16l-6-4-6 4z",
    "share": "M12 15V4M8 8l4-4 4 4M5 13v7h14v-7",
}


def row(question: str, language: str, *, answered: bool) -> str:
    """The buttons under a reply; without an answer only those that ask again."""
    name = text(say(language, "chat.actions"))
    buttons = "".join(
        _button(act, question, language) for act in (ANSWERED if answered else UNANSWERED)
    )
    return f'<div class="sanad-actions" role="group" aria-label="{name}">{buttons}</div>'


def _button(act: str, question: str, language: str) -> str:
    again = f' data-question="{text(question)}"' if act in UNANSWERED else ""
    return (
        f'<button type="button" data-act="{act}"{again}>'
        f'<svg viewBox="0 0 24 24" aria-hidden="true"><path d="{_ICONS[act]}"/></svg>'
        f"<span>{text(say(language, f'chat.act_{act}'))}</span></button>"
    )


def reply_data(finished: Finished, filters: Filters, seal: Seal | None = None) -> str:
    """An answer, without what stands below it, as the JSON of `data-reply`; empty for a decline.
    Offsets are code points of
    the stored page, as in `rag.types`. "link" is what a shared address holds; by its "seal"
    the server knows the reply again."""
    reply = finished.reply
    if not isinstance(reply, Answer):
        return ""
    data: dict[str, Any] = {
        "question": reply.question,
        "searched": reply.searched,
        "language": reply.language,
        "mode": reply.mode,
        "status": reply.status,
        "generation": finished.generation,
        "filters": {key: list(values) for key, values in filters.items()},
        "sentences": [
            {"text": sentence.text, "citations": list(sentence.citations)}
            for sentence in reply.answering
        ],
        "citations": _citations(reply),
        "link": query_of(shared_of(finished, filters)),
    }
    if seal is not None:
        data["seal"] = seal(data)
    return json.dumps(data, ensure_ascii=False)


def terms_data(reply: Reply, glossary: Glossary) -> str:
    """What the glossary explains of an answer, as the JSON of `data-terms`; empty where it
    explains nothing."""
    if not isinstance(reply, Answer):
        return ""
    found = explained([sentence.text for sentence in reply.sentences], glossary, reply.language)
    return json.dumps(terms_json(found), ensure_ascii=False) if found else ""


def _citations(reply: Answer) -> Sequence[dict[str, Any]]:
    return [
        {
            "n": item.n,
            "document_id": item.quote.document_id,
            "page": item.quote.page,
            "start": item.quote.start,
            "end": item.quote.end,
            "quote": item.quote.text,
        }
        for item in reply.answering_evidence
    ]
