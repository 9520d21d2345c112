"""The chat page: Gradio components wired to `ui.chat_asking`.

With `ui.chat_theme` the only door to Gradio. One page a language, mounted at
`/<language>/`: what stands around Gradio's part (`ui.opening`) is in the page as it is sent.
Past exchanges live in the visitor's browser, the filters in the page's address; the server
keeps the last questions of an open page in memory, for follow-ups, and forgets them.
"""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from functools import partial
from typing import Any
from urllib.parse import parse_qsl

import gradio as gr
from fastapi import FastAPI

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
from ui.chips import filters_from
from ui.exchange import TURNS_KEPT, Chat, reply_language, told, waiting
from ui.markup import direction, text
from ui.note.page_html import words
from ui.opening import around, opened
from ui.reader.panel import panel
from ui.room.files import versioned
from ui.room.shell import head_links
from ui.suggest import Suggestions

CHAT_STYLES = ("chat.css", "reader.css")
CHAT_SCRIPTS = ("chat.js", "chips.js", "keeping.js", "terms.js", "feedback.js")
CHAT_MODULES = ("reader.js", "note.js", "share.js", "translate.js")
WAITING = 64  # questions that Gradio holds, a language; how many run the gate decides
REMEMBERED_S = 2 * 3600  # how long an idle page's conversation is kept in memory
MOST_PARAMETERS = 60  # of an address that are read
MOST_ALONG = 20_000  # characters sent with a question
# Before a question is sent, the exchange on the page moves to the log of past ones, and the
# filters in the address go along.
SEND = "(question, history) => window.sanad.sent(question, history)"
STOPPED = "() => { window.sanad?.stopped(); }"
FORGET = "() => { window.sanad?.forget(); return []; }"


Notice = Callable[[str], Sequence[str]]  # a language -> sentences that stand on every page


@dataclass(frozen=True, slots=True)
class Room:
    """What the pages are over: the collection they tell of, and where questions go."""

    chat: Chat
    desk: ChatDesk
    suggestions: Suggestions


def mount_chat(app: FastAPI, room: Room) -> None:
    """Add a chat page in each interface language to a web application."""
    for language in languages():
        gr.mount_gradio_app(
            app,
            page(room, language),
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
    return (
        " ".join(f'{name}="{text(value)}"' for name, value in attributes.items()),
        f"<title>{text(say(language, 'chat.title'))}</title>"
        f"{head_links(language, CHAT_STYLES)}"
        + "".join(
            f'<script type="module" src="../sanad/{text(versioned(name))}"></script>'
            for name in CHAT_MODULES
        )
        + f"<noscript><p>{text(say(language, 'chat.noscript'))}</p></noscript>",
    )


def opening(room: Room, notice: Notice, path: str, query: str) -> tuple[str, str]:
    """What stands above and below Gradio's part of the page at a path."""
    language, chat = path.strip("/"), room.chat
    pairs = parse_qsl(query[:4000])[:MOST_PARAMETERS]
    told = opened(chat.live, room.suggestions, filters_from(pairs), language, chat.ingest_command)
    above, below = around(told, language, pairs, notice(language), chat.limit)
    # At the end of the page, not deferred: a deferred script waits for all of Gradio's.
    scripts = "".join(
        f'<script src="../sanad/{text(versioned(name))}"></script>' for name in CHAT_SCRIPTS
    )
    return above, f"{below}{panel(language)}{words(language)}{scripts}"


@dataclass(frozen=True, slots=True)
class _Parts:
    """The components that events read and write."""

    turn: gr.HTML
    question: gr.Textbox
    history: gr.State  # tuple[Turn, ...]
    picked: gr.Textbox  # the address's parameters, put in by SEND


def page(room: Room, language: str) -> gr.Blocks:
    """One language's page."""
    chat, word = room.chat, partial(say, language)
    with gr.Blocks(title=word("chat.title"), analytics_enabled=False) as blocks:
        turn = gr.HTML("", elem_id="sanad-turn", apply_default_css=False, js_on_load=None)
        with gr.Row(elem_id="sanad-ask"):
            question = gr.Textbox(
                label=word("chat.question"), placeholder=word("chat.placeholder"),
                show_label=False, container=False, lines=1, max_lines=6, max_length=chat.limit,
                scale=1, elem_id="sanad-question", rtl=direction(language) == "rtl",
            )  # fmt: skip
            send = gr.Button(word("chat.ask"), variant="primary", elem_id="sanad-send", scale=0)
            stop = gr.Button(word("chat.stop"), elem_id="sanad-stop", scale=0)
            fresh = gr.Button(word("chat.new_chat"), elem_id="sanad-fresh")  # pressed by chat.js
        picked = gr.Textbox(visible=False)
        history = gr.State((), time_to_live=REMEMBERED_S)
        parts = _Parts(turn, question, history, picked)
        _wire_questions(room, language, parts, [send.click, question.submit], stop)
        fresh.click(
            lambda: ("", "", ()), None, [turn, question, history], js=FORGET, queue=False,
            show_progress="hidden", api_visibility="private",
        )  # fmt: skip
    blocks.queue(max_size=WAITING, default_concurrency_limit=None, api_open=False)
    return blocks


def _wire_questions(
    room: Room,
    language: str,
    parts: _Parts,
    triggers: list[Callable[..., Any]],
    stop: gr.Button,
) -> None:
    """What is asked, and Stop, which ends it."""

    async def typed(
        question: str, history: tuple[Turn, ...], picked: str, request: gr.Request
    ) -> AsyncGenerator[tuple[Any, Any, Any], None]:
        filters, earlier = sent_along(picked)
        asked = Asked(question, filters, history or earlier, language)
        async for step in _asked(room, asked, request):
            yield step

    event = gr.on(
        triggers, typed, [parts.question, parts.history, parts.picked],
        outputs=[parts.turn, parts.question, parts.history],
        show_progress="hidden", concurrency_limit=None, js=SEND, api_visibility="private",
    )  # fmt: skip
    stop.click(None, None, None, js=STOPPED, cancels=[event], api_visibility="private")


def sent_along(picked: str) -> tuple[dict[str, list[str]], tuple[Turn, ...]]:
    """What the page sends with a question (SEND): the filters of its address, and earlier turns
    where the visitor's browser kept them and the server has none. Neither is trusted."""
    try:
        told = json.loads(picked[:MOST_ALONG])
        pairs = parse_qsl(str(told["address"]))[:MOST_PARAMETERS]
        earlier = tuple(turn_of_json(turn) for turn in told["earlier"][:TURNS_KEPT])
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return {}, ()
    return filters_from(pairs), earlier


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
