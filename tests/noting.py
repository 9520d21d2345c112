"""Kept answers for tests of the briefing note: as a browser keeps them, from real replies."""

from __future__ import annotations

import json
from typing import Any

from rag.assistant import Assistant
from rag.types import Answer, Finished
from ui.actions_html import reply_data
from ui.note.bodies import NoteBody
from ui.note.checked import Checking
from ui.note.note import Note
from ui.note.seal import Seals

KENYA = "How did Kenya structure its county action plans?"
UGANDA = "What did Uganda review?"
KENYA_AR = "كيف نظّمت كينيا خطط عمل مقاطعاتها؟"
TODAY = "2026-11-23"
SEALS = Seals(b"s" * 32)
# What must stay words wherever it stands: markup of pages, of Markdown, of Typst, of XML, and
# characters that turn or end text.
HOSTILE = (
    "<script>window.__pwned=1</script> ![i](http://evil.example/x.png) [l](javascript:x) "
    "#let x = 1 $x$ `raw` *b* _i_ @ref <lbl> &amp; ]]> \u202eevil\u202c \u2067x \x00\x07 "
    "https://evil.example www.evil.example a@evil.example"
)


def finished(assistant: Assistant, question: str, **filters: list[str]) -> Finished:
    """The end of a question's walk."""
    *_, last = assistant.ask(question, filters, (), lambda: False)
    assert isinstance(last, Finished)
    return last


def kept(assistant: Assistant, question: str) -> dict[str, Any]:
    """A reply as the page holds it, sealed."""
    last = finished(assistant, question)
    assert isinstance(last.reply, Answer)
    return json.loads(reply_data(last, {}, SEALS.seal))


def written(assistant: Assistant, sentence: str = "Every county has a plan.") -> dict[str, Any]:
    """A reply in which a model wrote one sentence on two quotations, sealed."""
    reply = kept(assistant, KENYA)
    reply["mode"] = "tiny-writer"
    reply["sentences"] = [{"text": sentence, "citations": [1, 2]}]
    return {**reply, "seal": SEALS.seal(reply)}


def note_of(
    assistant: Assistant, *replies: dict[str, Any], language: str = "en", home: str = "",
    title: str = "", introduction: str = "", comment: str = "", out: tuple[int, ...] = (),
) -> Note:  # fmt: skip
    """A note of kept replies, checked; comment and left-out sentences are the first's."""
    items = [{"id": f"i{n}", "reply": reply} for n, reply in enumerate(replies)]
    if items:
        items[0] |= {"comment": comment, "out": list(out)}
    sent = {"title": title, "introduction": introduction, "items": items}
    body = NoteBody.model_validate(json.loads(json.dumps(sent)))
    return Checking(assistant.generation, SEALS).note(body, language, TODAY, home)
