"""What stands on the chat page before Gradio's own part is there: masthead, questions to begin
with, a box to type in at once, filters, how much there is to ask.

    top     above Gradio's part; the early box goes when Gradio's own is there
    foot    below it

Written into the page as it is sent, so that a visitor reads and types while the scripts load.
Knows no server.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rag.errors import CollectionError
from rag.evidence.retrieve import Filters
from rag.wording import languages, say
from ui import chat_html
from ui.chips import chips, filters_from, pairs_of
from ui.chips_html import filters_html
from ui.holdings import scope_line
from ui.live import LiveAssistant
from ui.markup import direction, marked, text
from ui.room.shell import foot, masthead
from ui.suggest import Suggestions


@dataclass(frozen=True, slots=True)
class Opened:
    """What a page tells of the collection when it is opened."""

    notice: str = ""  # why there is none, as HTML
    scope: str = ""
    filters: str = ""  # as HTML
    starters: tuple[str, ...] = ()
    elsewhere: tuple[tuple[str, str], ...] = ()  # (language, question) of the other languages


def opened(
    live: LiveAssistant, suggestions: Suggestions, filters: Filters, language: str, command: str
) -> Opened:
    """The state of the collection now. `command` builds an index where there is none."""
    try:
        with live.use() as assistant:
            store, name = assistant.generation.store, assistant.generation.manifest.name
            known = {code: suggestions.starters(name, code) for code in languages()}
            return Opened(
                scope=scope_line(store, language),
                filters=filters_html(chips(store, filters, language), language),
                starters=known[language],
                elsewhere=tuple(
                    (code, asked[0]) for code, asked in known.items() if asked and code != language
                ),
            )
    except CollectionError:
        return Opened(notice=chat_html.notice(say(language, "chat.no_index"), command))


def around(
    page: Opened, language: str, pairs: Sequence[tuple[str, str]], standing: Sequence[str],
    longest: int,
) -> tuple[str, str]:  # fmt: skip
    """Top and foot. `pairs` are the parameters of the address, `standing` says what becomes of a
    question, `longest` is in characters."""
    kept = pairs_of(filters_from(pairs))
    new = text(say(language, "chat.new_chat"))
    top = (
        f'<div class="sanad-top"{marked(language)}>'
        f'<a class="sanad-skip" href="#sanad-question">{text(say(language, "chat.skip_ask"))}</a>'
        f'<div id="sanad-head">{masthead(language, "", tagline=True, query=kept)}'
        f'<button type="button" id="sanad-new">{new}</button></div>'
        f'<div id="sanad-notice">{page.notice}</div><div id="sanad-log"></div>'
        f"{starters_html(page, language)}</div>{_early(language, longest)}"
    )
    below = (
        f'<div class="sanad-below"{marked(language)}>'
        f'<div id="sanad-filters">{page.filters}</div>'
        f'<div id="sanad-scope">{_line(page.scope)}</div>{_keeping(language)}'
        f'<div id="sanad-privacy">{_line(" ".join(standing))}</div>{foot(language)}</div>'
    )
    return top, below


def _line(words: str) -> str:
    return f"<p>{text(words)}</p>" if words else ""


def starters_html(page: Opened, language: str) -> str:
    """Questions to begin with, each asked when it is pressed; nothing where none is known."""
    own = _asking(say(language, "chat.examples"), [(language, each) for each in page.starters])
    other = _asking(say(language, "chat.other_languages"), page.elsewhere)
    others = f'<div class="sanad-others">{other}</div>' if other else ""
    return f'<section id="sanad-examples"{marked(language)}>{own}{others}</section>'


def _asking(heading: str, questions: Sequence[tuple[str, str]]) -> str:
    if not questions:
        return ""
    rows = "".join(
        f'<li><button type="button" class="sanad-example" data-ask="{text(asked)}" data-send'
        f"{marked(code)}>{text(asked)}</button></li>"
        for code, asked in questions
    )
    return f'<h2 class="sanad-label">{text(heading)}</h2><ul>{rows}</ul>'


def _early(language: str, longest: int) -> str:
    """A box that looks as Gradio's will; what is typed into it goes there."""
    keys = ("question", "placeholder", "ask", "early")
    name, hint, ask, sent = (text(say(language, f"chat.{key}")) for key in keys)
    return (
        f'<div id="sanad-early"{marked(language)}><div class="sanad-early-row">'
        f'<textarea rows="1" maxlength="{longest}" aria-label="{name}" placeholder="{hint}" '
        f'dir="{direction(language)}"></textarea><button type="button">{ask}</button>'
        f"</div><p hidden>{sent}</p></div>"
    )


def _keeping(language: str) -> str:
    """The switch to keep the conversation in the browser, and what scripts say of it."""
    words = {key: text(say(language, f"chat.{key}")) for key in (
        "keep_here", "keep_help", "kept_before", "kept_delete", "kept_deleted",
    )}  # fmt: skip
    return (
        '<div id="sanad-keeping" hidden><label><input type="checkbox" '
        f'aria-describedby="sanad-keep-help"> <span>{words["keep_here"]}</span></label> '
        f'<small id="sanad-keep-help">{words["keep_help"]}</small> '
        f'<button type="button" hidden>{words["kept_delete"]}</button>'
        f'<p role="status"></p><template data-before="{words["kept_before"]}" '
        f'data-deleted="{words["kept_deleted"]}"></template></div>'
    )
