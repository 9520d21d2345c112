"""Replies as HTML: pure functions from our types to markup, for the chat.

Document text, titles, file names and questions are data: every string goes through
`markup.text`, every link through `markup.link`. Each piece carries its own `lang` and
`dir`. Knows no server and no Gradio.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from rag.types import Answer, Declined, Mistranslation, SourceDocument
from rag.wording import (
    format_date,
    language_name,
    listed,
    name_of,
    say,
)
from ui.layout_html import laid_out
from ui.markup import link, marked, text
from ui.reader.deep_link import deep_link
from ui.reader.place import Asked, address, place_of
from ui.said_html import EXTRACTIVE, label, marker, source_words, title
from ui.said_html import Cited as Cited
from ui.said_html import quotations as quotations


def source_link(document: SourceDocument, language: str) -> str:
    """Link to the page a document comes from; empty where there is none to trust."""
    return link(document.url, say(language, "chat.open_original"), say(language, "chat.new_tab"))


# One exchange

# Nobody else's text can look like this: there every quotation mark is escaped.
_STAGE = re.compile('<p class="sanad-stage">[^<]*</p>')


def turn(
    question: str, body: str, language: str, *, running: bool, announcement: str = "",
    data: Mapping[str, str] | None = None,
) -> str:  # fmt: skip
    """A question and what stands under it. `announcement` is read out once, by the
    screen reader, when it appears; `data` is for scripts, name -> JSON."""
    state = "running" if running else "finished"
    told = "".join(f' data-{name}="{text(value)}"' for name, value in (data or {}).items() if value)
    return (
        f'<article class="sanad-turn" data-state="{state}"{marked(language)}{told}>'
        f'<p role="status" class="sanad-unseen">{text(announcement)}</p>'
        f'<h2 class="sanad-question" dir="auto">'
        f'<span class="sanad-unseen">{text(say(language, "chat.you"))}: </span>'
        f"{text(question)}</h2>{body}</article>"
    )


def stage(words: str) -> str:
    """What is being done now."""
    return f'<p class="sanad-stage">{text(words)}</p>'


def broken_off(html: str, words: str) -> str:
    """A running `turn` that ends where it is, and why."""
    ended = html.replace('data-state="running"', 'data-state="finished"', 1)
    return f"{_STAGE.sub('', ended).removesuffix('</article>')}{notice(words)}</article>"


def notice(words: str, command: str = "") -> str:
    """A sentence that is not an answer, and the command that helps."""
    code = f'<pre dir="ltr"><code>{text(command)}</code></pre>' if command else ""
    return f'<div class="sanad-notice"><p>{text(words)}</p>{code}</div>'


# Answers


def answer(reply: Answer, cited: Mapping[int, Cited]) -> str:
    """A finished answer: label, sentences as its layout has them, warning, sources, and the
    passages behind them."""
    language = reply.language
    shown = [cited[n] for n in sorted(cited)]
    warning = "chat.warning" if reply.mode == EXTRACTIVE else "chat.warning_written"
    return (
        f"{_preface(reply)}{label(language, reply.mode)}{laid_out(reply, cited)}"
        '<div class="sanad-after">'
        + "".join(f'<p class="sanad-note">{text(note)}</p>' for note in reply.notes)
        + f'<p class="sanad-note">{text(say(language, warning))}</p>'
        + f"{sources(shown, language)}</div>"
        + "".join(passage(item, language) for item in shown)
    )


def _preface(reply: Answer) -> str:
    return f'<p class="sanad-preface">{text(reply.preface)}</p>' if reply.preface else ""


def sources(shown: Sequence[Cited], language: str) -> str:
    """The closed list of documents under an answer."""
    by_document: dict[str, list[Cited]] = {}
    for item in shown:
        by_document.setdefault(item.document.id, []).append(item)
    rows = "".join(_source_row(items, language) for items in by_document.values())
    heading = f"{say(language, 'answer.sources')} ({len(by_document)})"
    return (
        f'<details class="sanad-sources"><summary>{text(heading)}</summary>'
        f"<ul>{rows}</ul></details>"
    )


def _source_row(items: Sequence[Cited], language: str) -> str:
    buttons = " ".join(marker(item, language) for item in items)
    document = items[0].document
    line = f"{source_words(document, language)} {buttons}"
    address = source_link(document, language)
    return f"<li>{line}{f'<br>{address}' if address else ''}</li>"


# The passage behind a number


def passage(item: Cited, language: str) -> str:
    """A dialog with the exact passage, its quote marked, and where it comes from."""
    document = item.document
    name = f"{say(language, 'chat.passage')} {item.n}"
    close = text(say(language, "chat.close"))
    trail = item.evidence.passage.headings
    headings = " › ".join(trail[1:] if trail[:1] == (document.title,) else trail)
    return (
        f'<dialog class="sanad-passage" data-n="{item.n}" aria-label="{text(name)}"'
        f'{marked(language)}><header><p class="sanad-label">{text(name)}</p>'
        f'<button type="button" class="sanad-close">{close}</button></header>'
        f'<div class="sanad-scroll" tabindex="0"><h3>{title(document)}</h3>'
        f'<p class="sanad-facts">{_facts(item, language)}</p>'
        f"{_ways(item, language)}{_warnings(item, language)}"
        f"<div{marked(document.language)}>"
        + (f'<p class="sanad-headings">{text(headings)}</p>' if headings else "")
        + f'<div class="sanad-text">{passage_text(item)}</div></div>'
        "</div></dialog>"
    )


def _ways(item: Cited, language: str) -> str:
    """To the quote in its document here, and at its source."""
    quote = item.evidence.quote
    place = place_of(quote)
    here = (
        f'<a href="{text(address(Asked(place)))}" data-quote="{text(place.compact())}">'
        f"{text(say(language, 'reader.open'))}</a>"
    )
    there = link(
        deep_link(item.document, quote.page, quote.text),
        say(language, "chat.open_original"), say(language, "chat.new_tab"),
    )  # fmt: skip
    source = f'<span class="sanad-original">{there}</span>' if there else ""
    return f'<p class="sanad-ways-on">{here}{source}</p>'


def _facts(item: Cited, language: str) -> str:
    document = item.document
    label = item.page.label or str(item.page.number)
    facts = [
        document.publisher,
        format_date(document.date, language) if document.date else "",
        say(language, "answer.page", page=label),
        "" if document.language in ("", "und") else language_name(document.language, language),
    ]
    return '<span aria-hidden="true">&nbsp;· </span>'.join(
        f"<bdi>{text(fact)}</bdi>" for fact in facts if fact
    )


def _warnings(item: Cited, language: str) -> str:
    document = item.document
    told = []
    if document.machine_translated:
        told.append(text(say(language, "chat.machine_translation_note")))
    if document.scanned_pages:
        told.append(text(say(language, "chat.scanned_note")))
    if document.superseded_by:
        told.append(text(say(language, "chat.superseded_note")))
    told += [_mistranslation(wrong, language) for wrong in item.evidence.mistranslations]
    return "".join(f'<p class="sanad-caution">{words}</p>' for words in told)


def _mistranslation(wrong: Mistranslation, language: str) -> str:
    """Which name is probably wrong, each name in its own direction."""
    places = {"found": "\ue000", "meant": "\ue001"}  # private characters: no text of ours has them
    words = text(say(language, "chat.mistranslation_note", **places))
    for name, place in places.items():
        words = words.replace(place, f"<bdi>{text(getattr(wrong, name))}</bdi>")
    return words


def passage_text(item: Cited) -> str:
    """The passage in paragraphs with the quote in <mark>; nothing is marked when the
    stored text is not the quote."""
    passage, quote, page = item.evidence.passage, item.evidence.quote, item.page.text
    exact = quote.page == passage.page and page[quote.start : quote.end] == quote.text
    inside = (quote.start, quote.end) if exact else (passage.start, passage.start)
    start = min(passage.start, inside[0])
    end = max(passage.end, inside[1])
    return "".join(f"<p>{piece}</p>" for piece in _paragraphs(page, start, end, *inside))


def _paragraphs(page: str, start: int, end: int, first: int, last: int) -> Iterable[str]:
    """Lines of page[start:end]; what lies in page[first:last] is marked."""
    for line in re.finditer(r"[^\n]+", page[start:end]):
        low, high = start + line.start(), start + line.end()
        a, b = min(max(first, low), high), max(min(last, high), low)
        if a < b:
            yield f"{text(page[low:a])}<mark>{text(page[a:b])}</mark>{text(page[b:high])}"
        elif page[low:high].strip():
            yield text(page[low:high])


# Declines


def declined(reply: Declined, limit: int) -> str:
    """Why there is no answer, the nearest documents, and what the collection covers."""
    language = reply.language
    parts = [f'<p class="sanad-declined">{text(reason(reply, limit))}</p>']
    if reply.nearest:
        named = ((source_words(d, language), source_link(d, language)) for d in reply.nearest)
        rows = "".join(f"<li>{'<br>'.join(filter(None, words))}</li>" for words in named)
        label = text(say(language, "answer.nearest"))
        parts.append(f'<p class="sanad-label">{label}</p><ul class="sanad-nearest">{rows}</ul>')
    if reply.covers:
        themes = listed([name_of(language, "themes", theme) for theme in reply.covers], language)
        covered = text(say(language, "answer.covers", themes=themes))
        parts.append(f'<p class="sanad-note">{covered}</p>')
    parts += [f'<p class="sanad-note">{text(note)}</p>' for note in reply.notes]
    return f'<div class="sanad-after">{"".join(parts)}</div>'


def reason(reply: Declined, limit: int) -> str:
    """Why there is no answer, in words. `limit` is the longest question, in characters."""
    return say(reply.language, f"decline.{reply.reason}", n=limit)
