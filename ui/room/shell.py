"""The frame of every page of the reading room: head, masthead, ways to the other pages, foot.

    /<language>/          the chat (Gradio, ui.chat)
    /<language>/library   every document
    /<language>/note      the briefing note
    /<language>/read      a document, opened at a quote

Pure functions from strings to markup. Knows no request.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from urllib.parse import urlencode

from rag.wording import languages, say
from ui.markup import direction, marked, text
from ui.room.files import ROOT, versioned

STATIC = "../sanad/"  # from a page of a language
STYLES = ("fonts.css", "tokens.css", "answer.css", "page.css")
PLACES = {"": "chat.nav_ask", "library": "library.name", "note": "note.name"}
THEMES = {"": "look.system", "light": "look.light", "dark": "look.dark"}  # values of theme.js
# Drawn with first on each page; the others are fetched when a letter of theirs appears.
FIRST_FONTS = {"ar": ("kufi", "sans-latin")}
LATIN_FONTS = ("sans-latin", "serif-latin")


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
    modules = "".join(
        f'<script type="module" src="{STATIC}{text(versioned(name))}"></script>'
        for name in ("note.js", *scripts)  # which counts the answers kept, in the masthead
    )
    skip = text(say(language, "chat.skip"))
    return (
        f'<!doctype html><html class="sanad-room sanad-page" data-language="{text(language)}"'
        f'{marked(language)}><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{text(title)} · {text(say(language, 'chat.title'))}</title>"
        f"{head_links(language, styles)}{modules}</head>"
        f'<body><a class="sanad-skip" href="#main">{skip}</a>'
        f"{masthead(language, here, query=query)}"
        f'<main id="main" tabindex="-1">{body}</main>{foot(language)}</body></html>'
    )


def head_links(language: str, styles: Sequence[str] = ()) -> str:
    """What every page loads first: the theme before anything is drawn, styles, the fonts of
    its language, the icon."""
    sheets = "".join(
        f'<link rel="stylesheet" href="{STATIC}{text(versioned(name))}">'
        for name in (*STYLES, *styles)
    )
    fonts = "".join(
        f'<link rel="preload" href="{STATIC}fonts/{text(font(stem))}" as="font" '
        'type="font/woff2" crossorigin>'
        for stem in FIRST_FONTS.get(language, LATIN_FONTS)
    )
    return (
        f'<script src="{STATIC}{text(versioned("theme.js"))}"></script>{fonts}{sheets}'
        f'<link rel="icon" href="{STATIC}{text(versioned("icon.svg"))}" type="image/svg+xml">'
    )


@lru_cache(maxsize=16)
def font(stem: str) -> str:
    """The file of a font: its name with the hash. Raises StopIteration for an unknown one."""
    return next(path.name for path in (ROOT / "fonts").glob(f"{stem}.*.woff2"))


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


def foot(language: str) -> str:
    """The choice of a theme; theme.js shows it, for without a script it would do nothing."""
    choices = "".join(
        f'<label><input type="radio" name="sanad-theme" value="{value}">'
        f"<span>{text(say(language, key))}</span></label>"
        for value, key in THEMES.items()
    )
    return (
        f'<footer class="sanad-foot"{marked(language)}><fieldset class="sanad-theme" hidden>'
        f"<legend>{text(say(language, 'look.theme'))}</legend>{choices}</fieldset></footer>"
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
