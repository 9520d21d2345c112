"""The list of the library as HTML: the search, what was found, the way through its pages.

Pure functions. Knows no request.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rag.wording import country_name, language_name, name_of, number, say
from ui.library.entry_html import entry
from ui.library.shelf import FACETS, Shelf
from ui.library.wanted import Wanted
from ui.markup import text

PER_PAGE = 25
MOST_CHOICES = 300  # of one facet; a longer list serves nobody


def list_view(
    shelf: Shelf, alike: Mapping[str, Sequence[str]] | None, asked: Wanted, language: str
) -> str:
    """Search and list."""
    found = shelf.find(asked.words, asked.chosen)
    pages = max(1, -(-len(found) // PER_PAGE))
    page = min(asked.page, pages)
    shown = found[(page - 1) * PER_PAGE : page * PER_PAGE]
    entries = "".join(f"<li>{entry(work, shelf, alike, language)}</li>" for work in shown)
    if not shown:
        entries = f"<li><p>{text(say(language, 'library.nothing'))}</p></li>"
    versions = sum(len(work.versions) for work in found)
    count = say(
        language, "library.found", works=say(language, "library.works", n=len(found)),
        documents=say(language, "count.documents", n=versions),
    )  # fmt: skip
    return (
        f"{_search(shelf, asked, language)}"
        f'<section id="sanad-found" aria-label="{text(say(language, "library.documents"))}">'
        f'<p class="sanad-count" role="status">{text(count)}</p>'
        f'<ol class="sanad-entries">{entries}</ol>{_pager(asked, page, pages, language)}</section>'
    )


def facet_name(facet: str, value: str, language: str) -> str:
    """A value of a facet in the reader's words."""
    if facet == "country":
        return country_name(value, language)
    if facet == "language":
        if value in ("", "und"):
            return say(language, "library.unknown_language")
        return language_name(value, language)
    if facet in ("theme", "kind"):
        return name_of(language, f"{facet}s", value)
    return value


def _search(shelf: Shelf, asked: Wanted, language: str) -> str:
    label = text(say(language, "library.search"))
    clear = text(say(language, "library.clear"))
    facets = "".join(_facet(shelf, facet, asked, language) for facet in FACETS)
    opened = " open" if asked.chosen else ""
    cleared = f'<a href="./library">{clear}</a>' if asked.narrowed else ""
    return (
        '<form class="sanad-search" role="search" method="get" action="./library">'
        f'<p class="sanad-asking"><label for="sanad-q">{label}</label>'
        f'<input id="sanad-q" type="search" name="q" value="{text(asked.words)}" dir="auto" '
        f'maxlength="200" autocomplete="off">'
        f"<button>{text(say(language, 'library.find'))}</button></p>"
        f'<details class="sanad-more"{opened}><summary>{text(say(language, "library.filters"))}'
        f'</summary><div class="sanad-facets">{facets}</div></details>'
        f'<p class="sanad-cleared">{cleared}</p></form>'
    )


def _facet(shelf: Shelf, facet: str, asked: Wanted, language: str) -> str:
    """A list to choose from, with how many works each value has."""
    chosen = asked.chosen.get(facet, ())
    counted = shelf.counts(facet)[:MOST_CHOICES]
    known = {value for value, _ in counted}
    counted += [(value, 0) for value in chosen if value not in known]
    named = [(facet_name(facet, value, language), value, count) for value, count in counted]
    if facet == "year":
        named.sort(key=lambda each: each[1], reverse=True)
    elif facet == "country":
        named.sort(key=lambda each: each[0])
    first = chosen[0] if chosen else ""
    options = "".join(
        f'<option value="{text(value)}"{" selected" if value == first else ""}>'
        f"{text(name)} ({number(count, language)})</option>"
        for name, value, count in named
    )
    every = text(say(language, "library.any"))
    return (
        f"<label>{text(say(language, f'library.{facet}'))}"
        f'<select name="{facet}"><option value="">{every}</option>{options}</select></label>'
    )


def _pager(asked: Wanted, page: int, pages: int, language: str) -> str:
    if pages == 1:
        return ""

    def way(to: int, key: str, rel: str) -> str:
        word = text(say(language, f"library.{key}"))
        return f'<a rel="{rel}" href="{text(asked.at(to))}">{word}</a>' if 1 <= to <= pages else ""

    place = say(
        language, "library.page_of", page=number(page, language), pages=number(pages, language)
    )
    ways = f"{way(page - 1, 'before', 'prev')}<span>{text(place)}</span>"
    label = text(say(language, "library.paging"))
    return (
        f'<nav class="sanad-pager" aria-label="{label}">{ways}'
        f"{way(page + 1, 'after', 'next')}</nav>"
    )
