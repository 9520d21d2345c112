"""The page in the frame, as HTML in its language and direction before the first paint.

What the script will say stands in templates, so that it holds no words of its own.
Knows no request.
"""

from __future__ import annotations

from dataclasses import dataclass

from rag.wording import languages, say
from ui.markup import direction, text
from ui.public.sites import Site
from ui.widget.assets import assets

WORDS = {
    "working": "widget.working",
    "cut": "widget.cut",
    "unreachable": "widget.unreachable",
    "copy": "widget.copy",
    "copied": "widget.copied",
    "copy_failed": "widget.copy_failed",
    "error": "chat.error",
    "stopped": "chat.stopped",
}
CROSS = '<svg viewBox="0 0 24 24" aria-hidden="true"><path d="M6 6l12 12M18 6 6 18"/></svg>'


@dataclass(frozen=True, slots=True)
class FramePage:
    """What a frame page shows."""

    site: Site
    language: str
    limit: int  # characters of a question
    privacy: tuple[str, ...]  # sentences: what is kept, who is asked
    starters: tuple[str, ...] = ()  # of the collection; a site may have its own


def frame_language(site: Site, asked: str, accepted: str, fallback: str) -> str:
    """The first language the site has of: the one asked for, those of an Accept-Language
    header in their order, the server's, the site's first."""
    known = [code for code in languages() if not site.languages or code in site.languages]
    tags = [asked, *(part.partition(";")[0] for part in accepted.split(",")[:20]), fallback]
    codes = [tag.strip().lower().partition("-")[0] for tag in tags]
    return next((code for code in (*codes, *site.languages, *known) if code in known), fallback)


def frame_page(page: FramePage) -> str:
    """The chat."""
    language = page.language

    def word(key: str) -> str:
        return text(say(language, key))

    own = page.site.starters
    starters = own.get(language, ()) if own else page.starters
    rows = "".join(
        f'<li><button type="button" dir="auto" data-ask="{text(asked)}">{text(asked)}</button></li>'
        for asked in starters
    )
    small = "".join(f"<span>{text(sentence)}</span>" for sentence in page.privacy)
    body = (
        f'<main tabindex="0"><div id="intro"><p class="greeting" dir="auto">'
        f'{word("widget.greeting")}</p><div id="starters"{"" if rows else " hidden"}>'
        f"<h2>{word('chat.examples')}</h2><ul>{rows}</ul></div></div>"
        f'<div id="log" role="log" aria-live="off" aria-label="{word("widget.log")}"></div></main>'
        f'<p id="status" role="status" class="sanad-unseen"></p>'
        f"{_question_box(language, page.limit)}"
        f'<footer class="small">{small}{_reader(language)}</footer>{_templates(language)}'
    )
    new = f'<button id="new" type="button" hidden>{word("chat.new_chat")}</button>'
    return _document(page.site.origins, language, new, body)


def _question_box(language: str, limit: int) -> str:
    """No form element: a sandboxed frame may submit none."""
    question, placeholder, ask, stop = (
        text(say(language, f"chat.{key}")) for key in ("question", "placeholder", "ask", "stop")
    )
    return (
        f'<div id="ask" role="form" aria-label="{question}"><textarea rows="1" '
        f'maxlength="{limit}" dir="{direction(language)}" aria-label="{question}" '
        f'placeholder="{placeholder}"></textarea>'
        f'<button id="send" type="button">{ask}</button>'
        f'<button id="stop" type="button" hidden>{stop}</button></div>'
    )


def notice_page(site: Site | None, language: str, words: str) -> str:
    """A page that only says why there is no chat, and where there may be one."""
    body = f'<main><p class="alone">{text(words)}<br>{_reader(language)}</p></main>'
    return _document(site.origins if site else (), language, "", body)


def _document(origins: tuple[str, ...], language: str, buttons: str, body: str) -> str:
    files = assets()
    close = text(say(language, "widget.close"))
    return (
        f'<!doctype html><html lang="{language}" dir="{direction(language)}" '
        f'class="sanad-room" data-origins="{text(" ".join(origins))}" '
        'data-face="widget" data-feedback="../../api/v1/feedback">'
        '<head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="robots" content="noindex">'
        f"<title>{text(say(language, 'widget.name'))}</title>"
        f'<link rel="stylesheet" href="../static/{files.style.name}">'
        f'<script src="../static/{files.script.name}" defer blocking="render"></script>'
        f"</head><body><noscript><p>{text(say(language, 'widget.noscript'))} {_reader(language)}"
        f'</p></noscript><header class="bar"><div><h1>{text(say(language, "chat.title"))}</h1>'
        f"<p>{text(say(language, 'widget.name'))}</p></div>{buttons}"
        f'<button id="close" type="button" aria-label="{close}" hidden>{CROSS}</button></header>'
        f"{body}</body></html>"
    )


def _reader(language: str) -> str:
    """The link to the whole chat page, in a tab of its own."""
    words, tab = (text(say(language, key)) for key in ("widget.full_reader", "chat.new_tab"))
    return (
        f'<a href="../../{language}/" target="_blank" rel="noopener">{words}'
        f'<span class="sanad-unseen"> ({tab})</span></a>'
    )


def _templates(language: str) -> str:
    """What the script puts on the page, and what it says."""
    said = {name: say(language, key) for name, key in WORDS.items()}
    said["again_at"] = say(language, "widget.again_at", time="{time}")
    words = "".join(f'<p data-word="{name}">{text(said[name])}</p>' for name in said)
    you, retry = text(say(language, "chat.you")), text(say(language, "widget.retry"))
    stage, copy = text(said["working"]), text(said["copy"])
    return (
        f'<template id="words">{words}</template>'
        '<template id="turn"><article class="sanad-turn" data-state="running">'
        f'<h2 class="sanad-question" dir="auto"><span class="sanad-unseen">{you}: </span>'
        f'<span class="sanad-asked"></span></h2><p class="sanad-stage">{stage}</p></article>'
        '</template><template id="notice"><div class="sanad-notice"><p></p>'
        f'<button type="button">{retry}</button></div></template>'
        f'<template id="actions"><div class="actions"><button type="button">{copy}</button>'
        f"{_reader(language)}</div></template>"
    )
