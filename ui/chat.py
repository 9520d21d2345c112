"""The chat page: Gradio components wired to `ui.exchange`. The only door to Gradio.

One page a language, mounted at `/<language>/`: labels, direction and examples are
right from the first paint. Past exchanges live in the visitor's browser; the server
keeps the last questions of an open page in memory, for follow-ups, and forgets them.
"""

from __future__ import annotations

import importlib.resources
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import gradio as gr
from fastapi import FastAPI

from rag.errors import CollectionError
from rag.types import Turn
from rag.wording import languages, messages, say
from ui import chat_html
from ui.examples import elsewhere, examples
from ui.exchange import Chat
from ui.holdings import FILTER_KEYS, choices, chosen, scope_line
from ui.live import LiveAssistant
from ui.markup import direction, marked, text

STATIC = importlib.resources.files("ui") / "static"
AT_ONCE = 4  # questions answered at the same time, a language
WAITING = 32  # further questions that may wait
REMEMBERED_S = 2 * 3600  # how long an idle page's conversation is kept in memory
# Before a question is sent, the exchange on the page moves to the log of past ones.
ARCHIVE = "(...sent) => { window.sanad?.archive(); return sent; }"
STOPPED = "() => { window.sanad?.stopped(); }"
FORGET = "() => { window.sanad?.forget(); return []; }"


Notice = Callable[[str], Sequence[str]]  # a language -> sentences that stand on every page


def mount_chat(app: FastAPI, chat: Chat, notice: Notice) -> None:
    """Add a chat page in each interface language to a web application."""
    for language in languages():
        gr.mount_gradio_app(
            app,
            page(chat, language, notice(language)),
            f"/{language}",
            theme=_theme(),
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
    }
    chosen_theme = "new URLSearchParams(location.search).get('__theme') ?? ''"
    return (
        " ".join(f'{name}="{text(value)}"' for name, value in attributes.items()),
        f"<title>{text(say(language, 'chat.title'))}</title>"
        f"<script>document.documentElement.dataset.theme = {chosen_theme};</script>"
        '<link rel="stylesheet" href="../sanad/answer.css">'
        '<link rel="stylesheet" href="../sanad/chat.css">'
        '<link rel="icon" href="../sanad/icon.svg" type="image/svg+xml">'
        '<script src="../sanad/chat.js" defer></script>'
        f"<noscript><p>{text(say(language, 'chat.noscript'))}</p></noscript>",
    )


@dataclass(frozen=True, slots=True)
class _Parts:
    """The components that events read and write."""

    turn: gr.HTML
    question: gr.Textbox
    history: gr.State  # tuple[Turn, ...]
    filters: list[gr.Dropdown]


def page(chat: Chat, language: str, standing: Sequence[str]) -> gr.Blocks:
    """One language's page; `standing` says what becomes of a question."""
    word = partial(say, language)
    with gr.Blocks(title=word("chat.title"), analytics_enabled=False) as blocks:
        with gr.Row(elem_id="sanad-head"):
            _html(_masthead(language))
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
        _wire_questions(chat, language, parts, [send.click, question.submit], starters, stop)
        fresh.click(
            lambda: ("", "", ()), None, [turn, question, history], js=FORGET, queue=False,
            show_progress="hidden", api_visibility="private",
        )  # fmt: skip
        blocks.load(
            partial(_refresh, chat.live, chat.ingest_command, language), None,
            [notice, scope, *filters], show_progress="hidden", queue=False,
            api_visibility="private",
        )  # fmt: skip
    blocks.queue(max_size=WAITING, default_concurrency_limit=AT_ONCE, api_open=False)
    return blocks


def _html(value: str, elem_id: str | None = None) -> gr.HTML:
    return gr.HTML(value, elem_id=elem_id, apply_default_css=False, js_on_load=None)


def _masthead(language: str) -> str:
    links = "".join(
        f'<a href="../{code}/" lang="{code}" dir="{direction(code)}" hreflang="{code}"'
        f"{' aria-current=page' if code == language else ''}>"
        f"{text(str(messages(code)['language_name']))}</a>"
        for code in sorted(languages(), key=lambda code: (code != "en", code))
    )
    title, tagline, switch = (
        text(say(language, f"chat.{key}")) for key in ("title", "tagline", "page_language")
    )
    return (
        f'<header class="sanad-masthead"{marked(language)}>'
        f'<h1>{title}</h1><p>{tagline}</p><nav aria-label="{switch}">{links}</nav></header>'
    )


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
    chat: Chat,
    language: str,
    parts: _Parts,
    triggers: list[Callable[..., Any]],
    starters: list[tuple[gr.Button, str]],
    stop: gr.Button,
) -> None:
    """Typed questions and examples run the same walk; Stop ends any of them."""
    ask = partial(_ask, chat, language)
    common: dict[str, Any] = {
        "outputs": [parts.turn, parts.question, parts.history],
        "show_progress": "hidden",
        "concurrency_limit": AT_ONCE,
        "concurrency_id": "questions",
        "js": ARCHIVE,
        "api_visibility": "private",
    }
    typed = [parts.question, parts.history, *parts.filters]
    events = [gr.on(triggers, ask, typed, **common)]
    for button, asked in starters:
        picked = [parts.history, *parts.filters]
        events.append(button.click(partial(ask, asked), picked, **common))
    stop.click(None, None, None, js=STOPPED, cancels=events, api_visibility="private")


def _ask(
    chat: Chat, language: str, question: str, history: tuple[Turn, ...], *picked: list[str] | None
) -> Iterator[tuple[Any, Any, Any]]:
    """The exchange as it grows; the question box is emptied with the first step."""
    box: Any = ""
    for shown in chat.ask(question, chosen(picked), language, history):
        yield shown.html, box, shown.history
        box = gr.skip()


def _theme() -> gr.themes.Base:
    """Gradio's own parts in the colours and type of answer.css, which defines them."""
    page_, paper, ink, muted, rule, accent, on_accent = (
        f"var(--sanad-{name})"
        for name in ("page", "paper", "ink", "muted", "rule", "accent", "on-accent")
    )
    both = {
        "body_background_fill": page_,
        "body_text_color": ink,
        "body_text_color_subdued": muted,
        "background_fill_primary": paper,
        "background_fill_secondary": page_,
        "block_background_fill": page_,
        "block_border_color": rule,
        "block_label_text_color": muted,
        "block_title_text_color": muted,
        "border_color_primary": rule,
        "border_color_accent": accent,
        "color_accent_soft": rule,
        "input_background_fill": paper,
        "input_background_fill_focus": paper,
        "input_border_color": rule,
        "input_border_color_focus": accent,
        "input_placeholder_color": muted,
        "button_primary_background_fill": accent,
        "button_primary_background_fill_hover": accent,
        "button_primary_text_color": on_accent,
        "button_primary_text_color_hover": on_accent,
        "button_secondary_background_fill": page_,
        "button_secondary_background_fill_hover": paper,
        "button_secondary_text_color": ink,
        "button_secondary_text_color_hover": ink,
        "button_secondary_border_color": rule,
        "button_secondary_border_color_hover": accent,
    }
    theme = gr.themes.Base(font=["var(--sanad-sans)"], font_mono=["ui-monospace", "monospace"])
    dark = {f"{name}_dark": value for name, value in both.items()}
    return theme.set(
        **both, **dark, block_shadow="none", block_border_width="0px", input_shadow="none",
        input_shadow_focus="none", color_accent=accent,
    )  # fmt: skip
