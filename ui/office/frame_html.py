"""What every page of the office has: the ways between them, the messages, the form around a
change. And the page in front of them all. Pure functions.
"""

from __future__ import annotations

from collections.abc import Sequence

from rag.wording import number, say
from ui.markup import text
from ui.room.shell import page

PLACES = {
    "office": "office.documents", "office-glossary": "office.glossary",
    "office-questions": "office.questions",
}  # fmt: skip
# What an address may let a page say: nobody else's words, and none that lack their values.
SAID = frozenset(
    "busy strange no_document corrected corrected_later not_kept not_sure not_all_understood "
    "removed not_removed glossary_stale concept_kept concept_removed draft_made draft_gone".split()
)
STYLES = ("library.css", "office.css")


def office_page(
    language: str,
    here: str,
    title: str,
    body: str,
    token: str,
    *,
    said: str = "",
    query: Sequence[tuple[str, str]] = (),
) -> str:
    """A page of the office. `said`: one of SAID, as a message above it; anything else says
    nothing."""
    ways = "".join(
        f'<a href="./{place}"{_current(place == here)}>{text(say(language, key))}</a>'
        for place, key in PLACES.items()
    )
    label = text(say(language, "office.pages"))
    leave = change(language, "office-logout", token, word(language, "logout"), quiet=True)
    nav = f'<nav class="sanad-views" aria-label="{label}">{ways}</nav>'
    head = f'<div class="sanad-officer">{nav}{leave}</div>'
    told = notice(word_of(language, said)) if said in SAID else ""
    return page(
        language, here, title, f"{head}{told}{body}",
        query=query, styles=STYLES, scripts=("office.js",),
    )  # fmt: skip


def login_page(language: str, said: str = "", minutes: int = 0) -> str:
    """Where the password is asked for. `minutes`: until the next try, where there were many."""
    told = ""
    if said:
        told = notice(
            say(language, f"office.{said}", n=minutes) if minutes else word_of(language, said)
        )
    body = (
        f'<h1>{word(language, "name")}</h1>{told}<form class="sanad-login" method="post" '
        f'action="./office-login"><label for="sanad-password">{word(language, "password")}</label>'
        '<input id="sanad-password" type="password" name="password" required maxlength="500" '
        f'autocomplete="current-password"><button>{word(language, "login")}</button></form>'
    )
    return page(language, "office", say(language, "office.name"), body, styles=STYLES)


def word_of(language: str, key: str) -> str:
    """One of the office's own sentences."""
    return say(language, f"office.{key}")


def word(language: str, key: str, **values: object) -> str:
    """The same as HTML."""
    return text(say(language, f"office.{key}", **values))


def notice(words: str) -> str:
    """A message that is read out."""
    return f'<p class="sanad-told" role="status">{text(words)}</p>'


def change(
    language: str, action: str, token: str, label: str, inside: str = "", *, quiet: bool = False
) -> str:
    """A form that changes something; `inside` and `label` are HTML."""
    name = ' class="sanad-quiet"' if quiet else ""
    return (
        f'<form method="post" action="./{action}"{name}>'
        f'<input type="hidden" name="token" value="{text(token)}">{inside}'
        f"<button>{label}</button></form>"
    )


def hidden(name: str, value: str) -> str:
    """A value that a form sends along."""
    return f'<input type="hidden" name="{text(name)}" value="{text(value)}">'


def sure(language: str, key: str) -> str:
    """A box to tick before something is taken away."""
    return (
        f'<label class="sanad-sure"><input type="checkbox" name="sure" value="yes" required>'
        f"{word(language, key)}</label>"
    )


def counted(key: str, count: int, language: str) -> str:
    """A cell of a table with a count, under the name of its column; a dash for none."""
    shown = number(count, language) if count else "–"
    empty = "" if count else ' class="sanad-none"'
    return f'<td data-column="{word(language, key)}"{empty}>{shown}</td>'


def _current(is_here: bool) -> str:
    return ' aria-current="page"' if is_here else ""
