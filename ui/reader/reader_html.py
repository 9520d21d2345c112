"""The reader as HTML: what the document is, the page, and the ways on.

Pure functions from an opened document to markup. Every way on is a link to `read?...`, so
that the page works without a script; the panel beside the chat follows the same links.
"""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import urlencode

from rag.types import Mistranslation, SourceDocument
from rag.wording import format_date, language_name, say
from ui.markup import link, marked, text
from ui.reader.deep_link import deep_link
from ui.reader.letters import WHOLE, Box
from ui.reader.opening import PDF, Opened
from ui.reader.place import Asked, Place, View, address
from ui.reader.text_html import page_html
from ui.said_html import title

DOT = '<span aria-hidden="true">&nbsp;· </span>'


def article(opened: Opened, language: str, *, part: bool) -> str:
    """The whole reader; as `part` of another page its headings stand a level lower."""
    level = 2 if part else 1
    lead = f'<h{level} class="sanad-reader-title" tabindex="-1">{title(opened.document)}</h{level}>'
    return (
        f'<article class="sanad-reader" data-view="{opened.view}" '
        f'data-quote="{text(opened.asked.place.compact())}"{marked(language)}>'
        f"{_quotes(opened, language)}"
        f'<header>{lead}<p class="sanad-facts">{_facts(opened, language)}</p>'
        f"{_cautions(opened, language)}{_views(opened, language)}</header>"
        f"{_notes(opened, language)}{_body(opened, language, level + 1)}{_pages(opened, language)}"
        f"<footer>{_versions(opened, language)}{_elsewhere(opened, language, part=part)}</footer>"
        "</article>"
    )


def notice(language: str, words: str) -> str:
    """An article that only says why there is none."""
    return (
        f'<article class="sanad-reader"{marked(language)}>'
        f'<p class="sanad-reader-note" tabindex="-1">{text(words)}</p></article>'
    )


def _way(asked: Asked, words: str, name: str, more: str = "") -> str:
    """A link to another place in the reader; `name` keeps the focus when it is followed."""
    return f'<a href="{text(address(asked))}" data-way="{name}"{more}>{text(words)}</a>'


# What the document is


def _facts(opened: Opened, language: str) -> str:
    document, page = opened.document, opened.page
    facts = [
        document.publisher,
        format_date(document.date, language) if document.date else "",
        "" if document.language in ("", "und") else language_name(document.language, language),
    ]
    if len(opened.numbers) > 1:
        facts.append(say(language, "answer.page", page=page.label or str(page.number)))
    return DOT.join(f"<bdi>{text(fact)}</bdi>" for fact in facts if fact)


def _cautions(opened: Opened, language: str) -> str:
    told = []
    if opened.document.machine_translated:
        told.append(text(say(language, "chat.machine_translation_note")))
    if opened.document.scanned_pages:
        told.append(text(say(language, "chat.scanned_note")))
    if opened.document.superseded_by:
        words = text(say(language, "chat.superseded_note"))
        newer = opened.newer
        told.append(f"{words} {_document_way(opened, newer, 'newer')}" if newer else words)
    told += [mistranslation(wrong, language) for wrong in opened.mistranslations]
    return "".join(f'<p class="sanad-caution">{words}</p>' for words in told)


def mistranslation(wrong: Mistranslation, language: str) -> str:
    """Which name is probably wrong, each name in its own direction."""
    places = {"found": "\ue000", "meant": "\ue001"}  # private characters: no text of ours has them
    words = text(say(language, "chat.mistranslation_note", **places))
    for name, place in places.items():
        words = words.replace(place, f"<bdi>{text(getattr(wrong, name))}</bdi>")
    return words


# The ways on


def _quotes(opened: Opened, language: str) -> str:
    """Previous and next quote of the answer."""
    asked = opened.asked
    if len(asked.quotes) < 2 or asked.place not in asked.quotes:
        return ""
    at = asked.quotes.index(asked.place)
    words = say(language, "reader.quote_of", k=at + 1, of=len(asked.quotes))
    ways = [
        (at - 1, "reader.previous_quote", "previous-quote"),
        (at + 1, "reader.next_quote", "next-quote"),
    ]
    before, after = (
        _way(_at_quote(asked, asked.quotes[k]), say(language, key), name)
        if 0 <= k < len(asked.quotes)
        else f'<span class="sanad-off" data-way="{name}">{text(say(language, key))}</span>'
        for k, key, name in ways
    )
    return (
        f'<nav class="sanad-ways sanad-quotes" aria-label="{text(say(language, "reader.quotes"))}">'
        f'{before}<span class="sanad-where">{text(words)}</span>{after}</nav>'
    )


def _at_quote(asked: Asked, place: Place) -> Asked:
    return replace(asked.with_place(place), view=asked.view)


def _views(opened: Opened, language: str) -> str:
    """As it is printed, or its text."""
    if not opened.may_be_drawn:
        return ""
    views: tuple[tuple[View, str], ...] = (
        ("page", "reader.view_page"), ("text", "reader.view_text"),
    )  # fmt: skip
    ways = "".join(
        _way(
            replace(opened.asked, view=view), say(language, key), f"view-{view}",
            ' aria-current="true"' if view == opened.view else "",
        )
        for view, key in views
    )  # fmt: skip
    name = text(say(language, "reader.views"))
    return f'<nav class="sanad-views" aria-label="{name}">{ways}</nav>'


def _pages(opened: Opened, language: str) -> str:
    """Previous and next page, or part of a long page."""
    numbers, spans = opened.numbers, opened.parts
    at = numbers.index(opened.page.number)
    in_parts = len(spans) > 1 and opened.view == "text"
    if len(numbers) == 1 and not in_parts:
        return ""
    place = Place(opened.document.id, opened.page.number)
    asked = replace(opened.asked, place=place, at=-1, beside=False)
    before = after = None
    if in_parts and opened.part > 0:
        before = replace(asked, at=spans[opened.part - 1][0])
    elif at > 0:
        before = replace(asked, place=replace(place, page=numbers[at - 1]))
    if in_parts and opened.part + 1 < len(spans):
        after = replace(asked, at=spans[opened.part + 1][0])
    elif at + 1 < len(numbers):
        after = replace(asked, place=replace(place, page=numbers[at + 1]))
    words = say(language, "reader.page_of", page=str(opened.page.number), pages=str(numbers[-1]))
    if in_parts:
        part = say(language, "reader.part_of", k=opened.part + 1, of=len(spans))
        words = part if len(numbers) == 1 else f"{words} · {part}"
    first, last = _turn(before, "previous", language), _turn(after, "next", language)
    return (
        f'<nav class="sanad-ways" aria-label="{text(say(language, "reader.pages"))}">'
        f'{first}<span class="sanad-where">{text(words)}</span>{last}</nav>'
    )


def _turn(to: Asked | None, which: str, language: str) -> str:
    """A link to the page or part before or after; words where there is none."""
    what = "part" if to is not None and to.at >= 0 else "page"
    words = say(language, f"reader.{which}_{what}")
    if to is None:
        return f'<span class="sanad-off">{text(words)}</span>'
    return _way(to, words, f"{which}-page")


def _versions(opened: Opened, language: str) -> str:
    if not opened.versions:
        return ""
    rows = "".join(
        f"<li>{_document_way(opened, version, f'version-{k}')}</li>"
        for k, version in enumerate(opened.versions)
    )
    return (
        f"<h3>{text(say(language, 'reader.versions'))}</h3><ul>{rows}</ul>"
        f'<p class="sanad-note">{text(say(language, "reader.versions_note"))}</p>'
    )


def _document_way(opened: Opened, document: SourceDocument, name: str) -> str:
    """A link to another version, at the same page: nothing finer is known to correspond."""
    asked = Asked(Place(document.id, opened.page.number), beside=True)
    same = document.language == opened.document.language
    spoken = "" if same else f"{language_name(document.language, document.language)}: "
    return (
        f'<a href="{text(address(asked))}" data-way="{name}"{marked(document.language)}>'
        f"{text(spoken)}{title(document)}</a>"
    )


def _elsewhere(opened: Opened, language: str, *, part: bool) -> str:
    """The original file, the page on the web, and this as a page of its own."""
    document, number = opened.document, opened.page.number
    ways = []
    tab = text(say(language, "chat.new_tab"))
    if opened.has_original:
        here = f"#page={number}" if document.media_type == PDF else ""
        target = f"read/original?{urlencode({'document': document.id})}{here}"
        ways.append(
            f'<a href="{text(target)}" target="_blank" rel="noopener">'
            f"{text(say(language, 'reader.original'))}"
            f'<span class="sanad-unseen"> ({tab})</span></a>'
        )
    quote = opened.page.text[slice(*opened.mark)] if opened.mark else ""
    ways.append(
        link(
            deep_link(document, number, quote), say(language, "chat.open_original"),
            say(language, "chat.new_tab"),
        )
    )  # fmt: skip
    if part:
        ways.append(
            f'<a href="{text(address(opened.asked))}" target="_blank" rel="noopener" data-leave>'
            f"{text(say(language, 'reader.as_page'))}"
            f'<span class="sanad-unseen"> ({tab})</span></a>'
        )
    listed = "".join(f"<li>{way}</li>" for way in ways if way)
    return f'<ul class="sanad-elsewhere">{listed}</ul>' if listed else ""


# The page


def _notes(opened: Opened, language: str) -> str:
    return "".join(
        f'<p class="sanad-reader-note">{text(say(language, key))}</p>' for key in opened.notes
    )


def _body(opened: Opened, language: str, level: int) -> str:
    document = opened.document
    if opened.view == "page":
        return _picture(opened, language)
    words = page_html(opened.page, opened.parts[opened.part], opened.mark, level, document.title)
    return f'<div class="sanad-text"{marked(document.language)}>{words}</div>'


def _picture(opened: Opened, language: str) -> str:
    """The page as an image, the boxes of the quote drawn over it."""
    drawn = opened.drawn
    assert drawn is not None
    document, number = opened.document, opened.page.number
    values = {"document": document.id, "page": number, "v": document.sha256[:16]}
    source = f"read/page?{urlencode(values)}"
    alt = say(language, "reader.picture", page=str(number))
    return (
        f'<figure class="sanad-picture" dir="ltr"><img src="{text(source)}" width="{drawn.width}" '
        f'height="{drawn.height}" alt="{text(alt)}">{_boxes(drawn.boxes)}</figure>'
    )


def _boxes(boxes: tuple[Box, ...]) -> str:
    """SVG, whose places are attributes: the page's policy allows no inline style."""
    if not boxes:
        return ""
    first = ' id="quote"'
    drawn = "".join(
        f'<rect{first if k == 0 else ""} x="{box.left}" y="{box.top}" '
        f'width="{box.right - box.left}" height="{box.bottom - box.top}"/>'
        for k, box in enumerate(sorted(boxes, key=lambda box: (box.top, box.left)))
    )
    return (
        f'<svg viewBox="0 0 {WHOLE} {WHOLE}" preserveAspectRatio="none" aria-hidden="true">'
        f"{drawn}</svg>"
    )
