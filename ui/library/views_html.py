"""The library page as HTML: its three views, coverage as pictures, and what could not be read.

Every picture is a table of numbers with a bar beside each: what is read out and what is
seen are one thing. Pure functions. Knows no request.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import urlencode

from rag.wording import format_date, listed, number, say
from rag.words.text import fold
from ui.library.coverage import Gaps, Picture, gaps, pictures
from ui.library.list_html import facet_name, list_view
from ui.library.shelf import Shelf
from ui.library.unread import Unread
from ui.library.wanted import VIEWS, Wanted
from ui.markup import text

MOST_UNREAD = 200  # names on the page; the rest is counted


def library_body(
    shelf: Shelf,
    alike: Mapping[str, Sequence[str]] | None,
    failed: Sequence[Unread],
    asked: Wanted,
    language: str,
    *,
    as_of: str = "",
    office: bool = False,
) -> str:
    """What stands in <main>. `as_of`: the ISO date of the collection; `office`: whether there
    is a way to the officer's pages."""
    said = text(say(language, "library.name"))
    date = ""
    if as_of:
        date = say(language, "library.as_of", date=format_date(as_of[:10], language))
        date = f'<p class="sanad-note">{text(date)}</p>'
    if asked.view == "unread":
        body = unread_view(failed, language)
    elif asked.view == "coverage":
        body = coverage_view(shelf, language)
    else:
        body = list_view(shelf, alike, asked, language)
    door = ""
    if office:
        door = f'<a href="./office">{text(say(language, "library.office"))}</a>'
        door = f'<p class="sanad-door">{door}</p>'
    return f"<h1>{said}</h1>{date}{_views(asked, len(failed), language)}{body}{door}"


def _views(asked: Wanted, failed: int, language: str) -> str:
    names = {"": "documents", "coverage": "coverage", "unread": "unread"}
    ways = []
    for view in VIEWS:
        current = ' aria-current="page"' if view == asked.view else ""
        count = f" ({number(failed, language)})" if view == "unread" else ""
        where = f"./library?view={view}" if view else "./library"
        word = say(language, f"library.{names[view]}")
        ways.append(f'<a href="{where}"{current}>{text(word)}{count}</a>')
    label = text(say(language, "library.views"))
    return f'<nav class="sanad-views" aria-label="{label}">{"".join(ways)}</nav>'


# Coverage


def coverage_view(shelf: Shelf, language: str) -> str:
    """The pictures, and the gaps in words."""
    drawn = "".join(_picture(picture, language) for picture in pictures(shelf))
    return f'{_gaps(gaps(shelf), language)}<div class="sanad-pictures">{drawn}</div>'


def _picture(picture: Picture, language: str) -> str:
    rows = "".join(
        _row(picture, value, count, language) for value, count in _ordered(picture, language)
    )
    notes = []
    if picture.without:
        works = say(language, "library.works", n=picture.without)
        notes.append(say(language, f"library.without_{picture.facet}", works=works))
    if picture.rest:
        notes.append(say(language, "library.more", number=number(picture.rest, language)))
    told = "".join(f'<p class="sanad-note">{text(note)}</p>' for note in notes)
    caption = text(say(language, f"library.by_{picture.facet}"))
    value, works = (text(say(language, f"library.{key}")) for key in (picture.facet, "column"))
    head = (
        f'<thead class="sanad-unseen"><tr><th scope="col">{value}</th><th scope="col">{works}</th>'
        "<td></td></tr></thead>"
    )
    return (
        f'<section><table class="sanad-picture"><caption>{caption}</caption>{head}'
        f"<tbody>{rows}</tbody></table>{told}</section>"
    )


def _ordered(picture: Picture, language: str) -> list[tuple[str, int]]:
    """Years as they come; else the most first, and those of one length by name."""
    if picture.facet == "year":
        return list(picture.rows)
    return sorted(
        picture.rows, key=lambda row: (-row[1], fold(facet_name(picture.facet, row[0], language)))
    )


def _row(picture: Picture, value: str, count: int, language: str) -> str:
    name = text(facet_name(picture.facet, value, language))
    if count:
        query = text(urlencode({picture.facet: value}))
        name = f'<a href="./library?{query}">{name}</a>'
    width = round(100 * count / max(1, picture.most), 1)
    bar = (
        '<svg viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true" focusable="false">'
        f'<rect width="{width}" height="10"/></svg>'
    )
    empty = "" if count else ' class="sanad-empty"'
    return (
        f'<tr{empty}><th scope="row"><bdi>{name}</bdi></th><td>{number(count, language)}</td>'
        f"<td>{bar}</td></tr>"
    )


def _gaps(found: Gaps, language: str) -> str:
    said = []
    if found.years:
        spans = [
            first if first == last
            else say(language, "library.span", first=first, last=last)
            for first, last in found.years
        ]  # fmt: skip
        said.append(say(language, "library.gap_years", years=listed(spans, language)))
    for facet in ("theme", "country", "language"):
        values = found.once.get(facet, ())
        names = sorted((facet_name(facet, value, language) for value in values), key=fold)
        if names:
            said.append(say(language, f"library.once_{facet}", names=listed(names, language)))
    if not said:
        return ""
    rows = "".join(f"<li>{text(line)}</li>" for line in said)
    heading = text(say(language, "library.gaps"))
    return f'<section class="sanad-gaps"><h2>{heading}</h2><ul>{rows}</ul></section>'


# What could not be read


def unread_view(failed: Sequence[Unread], language: str) -> str:
    """Names and kinds of reason."""
    if not failed:
        return f"<p>{text(say(language, 'library.all_read'))}</p>"
    rows = "".join(
        f"<li><bdi>{text(each.document)}</bdi>"
        f'<p class="sanad-note">{text(say(language, f"library.why_{each.kind}"))}'
        f"{' ' + text(say(language, 'library.kept')) if each.kept else ''}</p></li>"
        for each in failed[:MOST_UNREAD]
    )
    more = len(failed) - MOST_UNREAD
    rest = text(say(language, "library.more", number=number(more, language))) if more > 0 else ""
    told = text(say(language, "library.unread_told"))
    return f'<p class="sanad-told-once">{told}</p><ul class="sanad-unread">{rows}</ul><p>{rest}</p>'
