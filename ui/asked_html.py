"""What became of a question, as HTML: the question that was searched, and questions to
choose from. Their buttons put a question into the box; `chat.js` does it.
"""

from __future__ import annotations

from collections.abc import Sequence

from rag.wording import say
from ui.markup import marked, text


def searched(question: str, language: str) -> str:
    """The standalone question that was searched, and a way to change it; empty where it
    is the one typed."""
    if not question:
        return ""
    label, change = (text(say(language, f"chat.{key}")) for key in ("searched", "edit"))
    return (
        f'<p class="sanad-searched"{marked(language)}>{label} <q dir="auto">{text(question)}</q> '
        f'<button type="button" class="sanad-edit" data-ask="{text(question)}">'
        f"{change}</button></p>"
    )


def choices(questions: Sequence[str]) -> str:
    """Questions to choose from; each is asked at once."""
    if not questions:
        return ""
    rows = "".join(
        f'<li><button type="button" class="sanad-choice" dir="auto" data-ask="{text(question)}">'
        f"{text(question)}</button></li>"
        for question in questions
    )
    return f'<ul class="sanad-choices">{rows}</ul>'
