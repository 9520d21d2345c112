"""Where to go from an answer, as HTML: questions that are asked when they are pressed, and the
filters that the question names. `chat.js` puts it under the answer. Knows no server.
"""

from __future__ import annotations

from rag.wording import say
from ui.chips_html import narrower
from ui.markup import marked, text
from ui.suggest import Next
from ui.suggest_candidates import Candidate


def next_html(found: Next, language: str) -> str:
    """The whole piece; empty where there is nothing."""
    if not found.questions and not found.filters:
        return ""
    heading = text(say(language, "chat.next"))
    rows = "".join(f"<li>{_question(one)}</li>" for one in found.questions)
    asked = f'<h3 class="sanad-label">{heading}</h3><ul>{rows}</ul>' if rows else ""
    return (
        f'<section class="sanad-next" aria-label="{heading}"{marked(language)}>{asked}'
        f"{narrower(found.filters, language)}</section>"
    )


def _question(one: Candidate) -> str:
    """A question; of a section, its heading over the title of its document."""
    shown = f"<span>{text(one.question)}</span>"
    name = ""
    if one.title:
        shown = f"<span>{text(one.part)}</span><small>{text(one.title)}</small>"
        name = f' aria-label="{text(one.question)}"'
    return (
        f'<button type="button" class="sanad-onward" dir="auto" data-ask="{text(one.question)}" '
        f"data-send{name}>{shown}</button>"
    )
