"""What a reader is asked under a finished reply, as HTML: whether it helped, and if not, why.

`feedback.js` sends it to /api/v1/feedback; nothing is sent before a button is pressed.
What is said later stands in a template. Knows no server.
"""

from __future__ import annotations

import json

from rag.types import Answer, Finished
from rag.wording import say
from ui.markup import marked, text

MOST_CHARACTERS = 2000  # of the question and of the reason, as the API takes them
MOST_DOCUMENTS = 50
# A thumb up; the style sheet turns it round for the other.
_THUMB = (
    '<svg viewBox="0 0 24 24" aria-hidden="true"><path d="M3.5 11h4v9h-4zM7.5 11.5 11 4c1.6 0 2.6 '
    '1 2.6 2.6V10h5a1.8 1.8 0 0 1 1.8 2.1l-1.2 6.3A2 2 0 0 1 17.2 20H7.5"/></svg>'
)


def asked(finished: Finished, language: str, identity: str) -> str:
    """The two buttons, with what is to be sent of a reply. `identity`: the reply's."""

    def word(key: str) -> str:
        return text(say(language, f"feedback.{key}"))

    buttons = "".join(
        f'<button type="button" class="sanad-{verdict}" data-verdict="{verdict}"'
        f"{state}>{_THUMB}{word(verdict)}</button>"
        for verdict, state in (("good", ""), ("bad", ' aria-expanded="false"'))
    )
    return (
        f'<div class="sanad-feedback" role="group" aria-label="{word("question")}"'
        f'{marked(language)} data-about="{text(_about(finished, identity))}">'
        f'<p class="sanad-thumbs">{buttons}</p><p class="sanad-told" tabindex="-1"></p>'
        f'<template><div class="sanad-reason"><label>{word("reason")}'
        f'<textarea rows="2" maxlength="{MOST_CHARACTERS}" dir="auto"></textarea></label>'
        f'<p class="sanad-note">{word("kept")}</p>'
        f'<button type="button" data-send>{word("send")}</button></div>'
        f'<p data-word="thanks">{word("thanks")}</p><p data-word="failed">{word("failed")}</p>'
        "</template></div>"
    )


def _about(finished: Finished, identity: str) -> str:
    """The body of the request, but for verdict and reason."""
    reply = finished.reply
    answer = reply if isinstance(reply, Answer) else None
    cited = dict.fromkeys(item.quote.document_id for item in (answer.evidence if answer else ()))
    about = {
        "reply": identity,
        "question": reply.question[:MOST_CHARACTERS],
        "status": answer.status if answer else "declined",
        "documents": list(cited)[:MOST_DOCUMENTS],
        "generation": finished.generation,
        "language": reply.language,
    }
    return json.dumps(about, ensure_ascii=False)
