"""The frame of every page of the reading room: head, masthead, ways to the other pages.

    /<language>/          the chat (Gradio, ui.chat)
    /<language>/library   every document
    /<language>/note      the briefing note
    /<language>/read      a document, opened at a quote

Pure functions from strings to markup. Knows no request.
"""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlencode

from rag.wording import languages, say
from ui.markup import direction, marked, text

STATIC = "../sanad/"  # from a page of a language
STYLES = ("tokens.css", "answer.css", "page.css")
PLACES = {"": "chat.nav_ask", "library": "library.name", "note": "note.name"}


def page(
    language: str,
    here: str,
    title: str,
    body: str,
    *,
    query: Sequence[tuple[str, str]] = (),
    styles: Sequence[str] = (),
    scripts: Sequence[str] = (),
) -> str:
    """A whole HTML page. `here` is its path below the language, `query` what the same page in
    another language needs; `styles` and `scripts` are files of ui/static, scripts as modules."""
    links = "".join(
        f'<link rel="stylesheet" href="{STATIC}{text(name)}">' for name in (*STYLES, *styles)
    )
    modules = "".join(
        f'<script type="module" src="{STATIC}{text(name)}"></script>' for name in scripts
    )
    skip = text(say(language, "chat.skip"))
    return (
        f'<!doctype html><html class="sanad-room sanad-page" data-language="{text(language)}"'
        f'{marked(language)}><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{text(title)} · {text(say(language, 'chat.title'))}</title>{links}"
        f'<link rel="icon" href="{STATIC}icon.svg" type="image/svg+xml">{modules}</head>'
        f'<body><a class="sanad-skip" href="#main">{skip}</a>'
        f"{masthead(language, here, query=query)}"
        f'<main id="main" tabindex="-1">{body}</main></body></html>'
    )


def masthead(
    language: str, here: str, *, tagline: bool = False, query: Sequence[tuple[str, str]] = ()
) -> str:
    """Name, the pages, and the same page in other languages. On the chat page the name is
    its heading."""
    name = text(say(language, "chat.title"))
    named = (
        f"<h1>{name}</h1>" if here == "" else f'<p class="sanad-name"><a href="./">{name}</a></p>'
    )
    said = f"<p>{text(say(language, 'chat.tagline'))}</p>" if tagline else ""
    return (
        f'<header class="sanad-masthead"{marked(language)}>{named}{said}'
        f'<nav class="sanad-places" aria-label="{text(say(language, "chat.pages"))}">'
        f"{_places(language, here)}</nav>"
        f'<nav class="sanad-languages" aria-label="{text(say(language, "chat.page_language"))}">'
        f"{_languages(language, here, query)}</nav></header>"
    )


def _places(language: str, here: str) -> str:
    return "".join(
        f'<a href="./{place}"{_current(place == here)}>{text(say(language, key))}</a>'
        for place, key in PLACES.items()
    )


def _languages(language: str, here: str, query: Sequence[tuple[str, str]]) -> str:
    rest = f"?{urlencode(list(query))}" if query else ""
    return "".join(
        f'<a href="../{code}/{here}{text(rest)}" lang="{code}" dir="{direction(code)}" '
        f'hreflang="{code}"{_current(code == language)}>{text(say(code, "language_name"))}</a>'
        for code in sorted(languages(), key=lambda code: (code != "en", code))
    )


def _current(is_here: bool) -> str:
    return ' aria-current="page"' if is_here else ""
