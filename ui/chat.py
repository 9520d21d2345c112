"""The chat page: Gradio components wired to `ui.chat_asking`.

With `ui.chat_theme` the only door to Gradio. One page a language, mounted at
`/<language>/`: labels, direction and examples are right from the first paint. Past
exchanges live in the visitor's browser; the server keeps the last questions of an
open page in memory, for follow-ups, and forgets them.
"""

from __future__ import annotations

import importlib.resources
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import gradio as gr
from fastapi import FastAPI

from rag.errors import CollectionError
from rag.types import Turn
from rag.wording import (
    knows,
    languages,
    say,
)
from ui import chat_html
from ui.answering import Asked, turn_of_json
from ui.chat_asking import ChatDesk
from ui.chat_theme import theme
from ui.examples import elsewhere, examples
from ui.exchange import Chat, reply_language, told, waiting
from ui.holdings import FILTER_KEYS, choices, chosen, scope_line
from ui.live import LiveAssistant
from ui.markup import direction, marked, text
from ui.room.shell import masthead

STATIC = importlib.resources.files("ui") / "static"
WAITING = 64  # questions that Gradio holds, a language; how many run the gate decides
REMEMBERED_S = 2 * 3600  # how long an idle page's conversation is kept in memory
# Before a question is sent, the exchange on the page moves to the log of past ones.
ARCHIVE = "(...sent) => { window.sanad?.archive(); return sent; }"
STOPPED = "() => { window.sanad?.stopped(); }"
FORGET = "() => { window.sanad?.forget(); return []; }"


Notice = Callable[[str], Sequence[str]]  # a language -> sentences that stand on every page


@dataclass(frozen=True, slots=True)
class Room:
    """What the pages are over: the collection they tell of, and where questions go."""

    chat: Chat
    desk: ChatDesk


def mount_chat(app: FastAPI, room: Room, notice: Notice) -> None:
    """Add a chat page in each interface language to a web application."""
    for language in languages():
        gr.mount_gradio_app(
            app,
            page(room, language, notice(language)),
            f"/{language}",
            theme=theme(),
            footer_links=[],
            run_history=False,
            show_error=False,
            max_file_size=1,
            ssr_mode=False,
            enable_monitoring=False,
        )


def head(language: str) -> tuple[str, str]:
    """Attributes of <html> and the end of <head> of a language's page."""
    attributes = {
        "lang": language,
        "dir": direction(language),
        "class": "sanad-room",  # what answer.css applies to
        "data-language": language,  # Gradio overwrites `lang`; chat.js puts it back
        "data-stopped": say(language, "chat.stopped"),
        "data-face": "chat",
        "data-feedback": "../api/v1/feedback",
    }
    chosen_theme = "new URLSearchParams(location.search).get('__theme') ?? ''"
    return (
        " ".join(f'{name}="{text(value)}"' for name, value in attributes.items()),
        f"<title>{text(say(language, 'chat.title'))}</title>"
        f"<script>document.documentElement.dataset.theme = {chosen_theme};</script>"
        '<link rel="stylesheet" href="../sanad/tokens.css">'
        '<link rel="stylesheet" href="../sanad/answer.css">'
        '<link rel="stylesheet" href="../sanad/page.css">'
        '<link rel="stylesheet" href="../sanad/chat.css">'
        '<link rel="icon" href="../sanad/icon.svg" type="image/svg+xml">'
        '<script src="../sanad/chat.js" defer></script>'
        '<script src="../sanad/feedback.js" defer></script>'
        f"<noscript><p>{text(say(language, 'chat.noscript'))}</p></noscript>",
    )


@dataclass(frozen=True, slots=True)
class _Parts:
    """The components that events read and write."""

    turn: gr.HTML
    question: gr.Textbox
    history: gr.State  # tuple[Turn, ...]
    filters: list[gr.Dropdown]


def page(room: Room, language: str, standing: Sequence[str]) -> gr.Blocks:
    """One language's page; `standing` says what becomes of a question."""
    chat, word = room.chat, partial(say, language)
    with gr.Blocks(title=word("chat.title"), analytics_enabled=False) as blocks:
        with gr.Row(elem_id="sanad-head"):
            _html(masthead(language, "", tagline=True))
            fresh = gr.Button(word("chat.new_chat"), elem_id="sanad-new", size="sm")
        notice = _html("", "sanad-notice")
        _html("", "sanad-log")  # past exchanges; written by chat.js alone
        turn = _html("", "sanad-turn")
        with gr.Column(elem_id="sanad-examples"):
            starters = _examples(language)
        with gr.Row(elem_id="sanad-ask"):
            question = gr.Textbox(
                label=word("chat.question"), placeholder=word("chat.placeholder"),
                show_label=False, container=False, lines=1, max_lines=6, max_length=chat.limit,
                scale=1, autofocus=True, elem_id="sanad-question", rtl=direction(language) == "rtl",
            )  # fmt: skip
            send = gr.Button(word("chat.ask"), variant="primary", elem_id="sanad-send", scale=0)
            stop = gr.Button(word("chat.stop"), elem_id="sanad-stop", scale=0)
        filters = _filters(language)
        scope = _html("", "sanad-scope")
        _html(f"<p{marked(language)}>{text(' '.join(standing))}</p>", "sanad-privacy")
        history = gr.State((), time_to_live=REMEMBERED_S)
        parts = _Parts(turn, question, history, filters)
        _wire_questions(room, language, parts, [send.click, question.submit], starters, stop)
        fresh.click(
            lambda: ("", "", ()), None, [turn, question, history], js=FORGET, queue=False,
            show_progress="hidden", api_visibility="private",
        )  # fmt: skip
        blocks.load(
            partial(_refresh, chat.live, chat.ingest_command, language), None,
            [notice, scope, *filters], show_progress="hidden", queue=False,
            api_visibility="private",
        )  # fmt: skip
    blocks.queue(max_size=WAITING, default_concurrency_limit=None, api_open=False)
    return blocks


def _html(value: str, elem_id: str | None = None) -> gr.HTML:
    return gr.HTML(value, elem_id=elem_id, apply_default_css=False, js_on_load=None)


def _examples(language: str) -> list[tuple[gr.Button, str]]:
    """Buttons of the example questions, with the question each asks."""
    buttons = []
    _html(f'<h2 class="sanad-label">{text(say(language, "chat.examples"))}</h2>')
    for asked in examples(language):
        buttons.append((gr.Button(asked, elem_classes=["sanad-example"]), asked))
    _html(f'<h2 class="sanad-label">{text(say(language, "chat.other_languages"))}</h2>')
    for code, asked in elsewhere(language):
        classes = ["sanad-example", f"sanad-{direction(code)}"]
        buttons.append((gr.Button(asked, elem_classes=classes), asked))
    return buttons


def _filters(language: str) -> list[gr.Dropdown]:
    """Empty multiple-choice lists; `_refresh` fills them when a page is opened."""
    with gr.Accordion(say(language, "chat.filters"), open=False, elem_id="sanad-filters"):
        return [
            gr.Dropdown(
                [], label=say(language, f"chat.filter_{key}"), multiselect=True, value=[],
                elem_id=f"sanad-filter-{key}",
            )
            for key in FILTER_KEYS
        ]  # fmt: skip


def _refresh(live: LiveAssistant, ingest_command: str, language: str) -> list[Any]:
    """Notice, scope line and filter choices for a page that has just been opened."""
    try:
        with live.use() as assistant:
            store = assistant.generation.store
            filled = [choices(store, key, language) for key in FILTER_KEYS]
            line = f"<p{marked(language)}>{text(scope_line(store, language))}</p>"
    except CollectionError:
        told = chat_html.notice(say(language, "chat.no_index"), ingest_command)
        return [told, "", *(gr.Dropdown(visible=False) for _ in FILTER_KEYS)]
    shown = [gr.Dropdown(choices=pairs, visible=bool(pairs)) for pairs in filled]
    return ["", line, *shown]


def _wire_questions(
    room: Room,
    language: str,
    parts: _Parts,
    triggers: list[Callable[..., Any]],
    starters: list[tuple[gr.Button, str]],
    stop: gr.Button,
) -> None:
    """Typed questions and examples run the same walk; Stop ends any of them. Each is a function
    in its own right: Gradio hands no request to others."""

    async def typed(
        question: str, history: tuple[Turn, ...], request: gr.Request, *picked: list[str] | None
    ) -> AsyncGenerator[tuple[Any, Any, Any], None]:
        asked = Asked(question, chosen(picked), history, language)
        async for step in _asked(room, asked, request):
            yield step

    def starting(question: str) -> Callable[..., Any]:
        async def started(
            history: tuple[Turn, ...], request: gr.Request, *picked: list[str] | None
        ) -> AsyncGenerator[tuple[Any, Any, Any], None]:
            async for step in typed(question, history, request, *picked):
                yield step

        return started

    common: dict[str, Any] = {
        "outputs": [parts.turn, parts.question, parts.history],
        "show_progress": "hidden",
        "concurrency_limit": None,
        "js": ARCHIVE,
        "api_visibility": "private",
    }
    events = [gr.on(triggers, typed, [parts.question, parts.history, *parts.filters], **common)]
    for button, asked in starters:
        events.append(button.click(starting(asked), [parts.history, *parts.filters], **common))
    stop.click(None, None, None, js=STOPPED, cancels=events, api_visibility="private")


async def _asked(
    room: Room, asked: Asked, request: gr.Request
) -> AsyncGenerator[tuple[Any, Any, Any], None]:
    """The exchange as it grows; the question box is emptied with the first step."""
    # Half of an emoji, as a box that is full leaves it, is no text and can be sent to nobody.
    asked = replace(asked, question=asked.question.encode("utf-8", "replace").decode("utf-8"))
    question = asked.question.strip()[: room.chat.limit]
    if not question:
        return
    html = waiting(question, reply_language(question, asked.interface))
    yield html, "", gr.skip()
    begun = False
    async with aclosing(
        room.desk.ask(request.request.scope, asked, request.session_hash or "")
    ) as events:
        async for event in events:
            if event["type"] == "page":
                html, begun = event["html"], True
                yield html, gr.skip(), tuple(turn_of_json(turn) for turn in event["history"])
            elif event["type"] == "failed":
                yield (
                    _failed(event, question if not begun else "", asked, html),
                    gr.skip(),
                    gr.skip(),
                )


def _failed(event: Mapping[str, Any], question: str, asked: Asked, html: str) -> str:
    """Why there is no answer, or none to its end: under what stands there already."""
    language = asked.interface
    key = f"limits.{event['code']}" if knows(f"limits.{event['code']}") else "chat.error"
    return (
        told(question, language, key)
        if question
        else chat_html.broken_off(html, say(language, key))
    )
