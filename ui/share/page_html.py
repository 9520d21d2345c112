"""The page of a shared answer: the question, a button that asks it, and then what it says now
and what has changed. Knows no request.
"""

from __future__ import annotations

from collections.abc import Sequence

from rag.wording import country_name, language_name, listed, name_of, say
from ui.chips import pairs_of
from ui.markup import marked, text
from ui.note.page_html import words
from ui.reader.panel import panel
from ui.room.shell import page
from ui.share.link import Shared, parameters

STYLES = ("chat.css", "reader.css", "note.css")
SCRIPTS = ("share.js", "shared.js", "reader.js")


def shared_page(
    language: str, shared: Shared | None, *, notices: Sequence[str] = (), answer: str = ""
) -> str:
    """The page. `notices` stand above; `answer` is markup of ours, and takes the place of the
    button. Without a question the link is damaged."""
    title = say(language, "share.name")
    if shared is None:
        body = f'<p class="note-lead">{text(say(language, "share.damaged"))}</p>'
    elif answer:
        body = answer
    else:
        body = _asked(shared, language)
    told = "".join(f"<p>{text(notice)}</p>" for notice in notices)
    above = f'<div class="share-told" role="status"{marked(language)}>{told}</div>' if told else ""
    own = f'<p class="share-own"><a href="./">{text(say(language, "share.ask"))}</a></p>'
    return page(
        language,
        "shared",
        title,
        f"<h1>{text(title)}</h1>{above}{body}{own}{words(language)}{panel(language)}",
        query=parameters(shared) if shared else (),
        styles=STYLES,
        scripts=SCRIPTS,
    )


def _asked(shared: Shared, language: str) -> str:
    """The question as it came, and the button. It is a form: asking costs, so that no program
    that only follows links may do it."""
    fields = "".join(
        f'<input type="hidden" name="{text(name)}" value="{text(value)}">'
        for name, value in parameters(shared)
    )
    only = ""
    if shared.filters:
        named = listed([_named(k, v, language) for k, v in pairs_of(shared.filters)], language)
        only = f'<p class="sanad-note">{text(say(language, "share.only"))} {text(named)}</p>'
    return (
        f'<p class="note-lead">{text(say(language, "share.lead"))}</p>'
        f'<blockquote class="share-question" dir="auto">{text(shared.question)}</blockquote>{only}'
        f'<form method="post" action="./shared">{fields}'
        f'<button class="sanad-button share-show">{text(say(language, "share.show"))}</button>'
        "</form>"
    )


def _named(key: str, value: str, language: str) -> str:
    """A filter's value in words."""
    if key == "country":
        return country_name(value, language)
    if key == "language":
        return language_name(value, language)
    return name_of(language, {"theme": "themes", "kind": "kinds"}.get(key, key), value)
