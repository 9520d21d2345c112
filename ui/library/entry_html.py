"""One work of the library as HTML: what was understood of it, its versions, and their marks.

Pure functions. Knows no request.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import urlencode

from rag.types import SourceDocument
from rag.wording import country_name, format_date, language_name, listed, name_of, number, say
from ui.library.shelf import Shelf, Work
from ui.markup import direction, link, marked, text

MOST_NAMES = 8  # countries or themes of an entry; more are counted


def entry(
    work: Work, shelf: Shelf, alike: Mapping[str, Sequence[str]] | None, language: str
) -> str:
    """One entry of the list."""
    first = work.shown(language)
    versions = "".join(
        f"<li>{_version(version, first, shelf, alike or {}, language)}</li>"
        for version in work.versions
    )
    return (
        f'<article class="sanad-entry"><h3>{cited(first)}</h3>'
        f'<p class="sanad-known">{_kind_line(first, language)}</p>{_subjects(first, language)}'
        f'<ul class="sanad-versions">{versions}</ul></article>'
    )


def cited(document: SourceDocument) -> str:
    """A title in its own language and direction."""
    return f"<cite{marked(document.language)}>{text(document.title)}</cite>"


def _kind_line(document: SourceDocument, language: str) -> str:
    date = format_date(document.date, language) if document.date else ""
    facts = [name_of(language, "kinds", document.kind), date, document.event, document.publisher]
    shown = [f"<bdi>{text(fact)}</bdi>" for fact in facts if fact]
    if not document.date:
        shown.append(f'<span class="sanad-missing">{text(say(language, "library.no_date"))}</span>')
    return " · ".join(shown)


def _subjects(document: SourceDocument, language: str) -> str:
    countries = [country_name(code, language) for code in document.countries]
    themes = [name_of(language, "themes", theme) for theme in document.themes]
    rows = (("library.countries", countries), ("library.themes", themes))
    return "".join(
        f'<p class="sanad-known"><span>{text(say(language, key))}</span> '
        f"{_some(names, language)}</p>"
        for key, names in rows
        if names
    )


def _some(names: Sequence[str], language: str) -> str:
    shown = [f"<bdi>{text(name)}</bdi>" for name in names[:MOST_NAMES]]
    if more := len(names) - len(shown):
        shown.append(text(say(language, "library.more", number=number(more, language))))
    return listed(shown, language)


def _version(
    document: SourceDocument,
    first: SourceDocument,
    shelf: Shelf,
    alike: Mapping[str, Sequence[str]],
    language: str,
) -> str:
    """Its language, its title where that differs, what to do with it, and its marks."""
    unknown = document.language in ("", "und")
    tongue = say(language, "library.unknown_language") if unknown else language_name(
        document.language, language
    )  # fmt: skip
    title = "" if document.title == first.title else f' <span dir="auto">{cited(document)}</span>'
    date = ""
    if document.date and document.date != first.date:
        date = f' <span class="sanad-note">{text(format_date(document.date, language))}</span>'
    named = f"<span{marked(document.language)}>{text(document.title)}</span>"
    of = f'<span class="sanad-unseen"> {named} ({text(tongue)})</span>'
    query = text(urlencode({"document": document.id}))
    actions = (
        f'<a href="./read?{query}">{text(say(language, "library.read"))}{of}</a>'
        f'<a href="./?{query}">{text(say(language, "library.ask"))}{of}</a>'
        + link(document.url, say(language, "chat.open_original"), say(language, "chat.new_tab"))
    )
    return (
        f'<p><b class="sanad-tongue">{text(tongue)}</b>{title}{date}</p>'
        f'<p class="sanad-ways">{actions}</p>{_marks(document, shelf, alike, language)}'
    )


def _marks(
    document: SourceDocument, shelf: Shelf, alike: Mapping[str, Sequence[str]], language: str
) -> str:
    """What a reader should know before relying on a version."""
    marks = []
    if document.superseded_by:
        marks.append(_superseded(document.superseded_by, shelf, language))
    if document.machine_translated:
        marks.append(text(say(language, "library.machine_translated")))
    if document.scanned_pages:
        marks.append(text(say(language, "library.scanned", count=document.scanned_pages)))
    if document.has_lost_links:
        marks.append(text(say(language, "library.lost_links")))
    near = [_named(other, shelf) for other in alike.get(document.id, ())[:3]]
    if near:
        marks.append(f"{text(say(language, 'library.alike'))} {listed(near, language)}")
    return _list("sanad-marks", marks)


def _superseded(newer: str, shelf: Shelf, language: str) -> str:
    known = newer in shelf.by_document
    key = "library.superseded_by" if known else "library.superseded"
    named = f" {_named(newer, shelf)}" if known else ""
    return f"{text(say(language, key))}{named}"


def _named(document_id: str, shelf: Shelf) -> str:
    """A document by its title, as a link to the reader."""
    work = shelf.by_document.get(document_id)
    found = next((v for v in work.versions if v.id == document_id), None) if work else None
    if found is None:
        return f"<bdi>{text(document_id)}</bdi>"
    query = text(urlencode({"document": document_id}))
    way = direction(found.language)
    return f'<a href="./read?{query}" dir="{way}">{cited(found)}</a>'


def _list(name: str, items: Sequence[str]) -> str:
    if not items:
        return ""
    return f'<ul class="{name}">{"".join(f"<li>{item}</li>" for item in items)}</ul>'
