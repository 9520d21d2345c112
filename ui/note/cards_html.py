"""The kept answers of a note as cards: question, sentences with their sources, the author's
comment, and what can be done with them. `note_page.js` puts them on the page.

What is not in the collection any more is said here, before anything is exported. Knows no
browser.
"""

from __future__ import annotations

from rag.wording import say
from ui.chat_html import source_link
from ui.markup import marked, text
from ui.note.bodies import LONGEST_COMMENT
from ui.note.note import Item, Note, Quotation, Said
from ui.note.paper import in_reader, label_of, page_words
from ui.said_html import source_words

_WORDS = {"up": "move_up", "down": "move_down", "remove": "remove"}
# Drawn in a square of 24 with a line of 1.6.
_ICONS = {
    "up": "M12 19V5M6 11l6-6 6 6",
    "down": "M12 5v14M6 13l6 6 6-6",
    "remove": "M6 6l12 12M18 6L6 18",
}


def cards(note: Note) -> str:
    """All of them, in their order, as items of a list."""
    return "".join(_card(item, i, note) for i, item in enumerate(note.items))


def _card(item: Item, i: int, note: Note) -> str:
    language = note.language
    heading = f"note-question-{i}"
    sentences = "".join(_sentence(said, f"{i}-{j}", j, note) for j, said in enumerate(item.said))
    caution = ""
    if item.earlier:
        caution = f'<p class="sanad-note">{text(say(language, "note.earlier"))}</p>'
    named = text(say(language, "note.comment"))
    return (
        f'<li class="note-card" data-id="{text(item.identity)}">'
        f'<article aria-labelledby="{heading}"><div class="note-head">'
        f'<h2 id="{heading}" tabindex="-1" dir="auto">{text(item.question)}</h2>'
        f"{_tools(item.question, language)}</div>"
        f'<p class="sanad-label">{text(label_of(item, language))}</p>{caution}{sentences}'
        f'<label class="note-own">{named}'
        f'<textarea name="comment" rows="2" dir="auto" maxlength="{LONGEST_COMMENT}">'
        f"\n{text(item.comment)}</textarea></label></article></li>"
    )


def _tools(question: str, language: str) -> str:
    buttons = "".join(
        f'<button type="button" data-do="{act}" title="{text(say(language, f"note.{word}"))}" '
        f'aria-label="{text(say(language, f"note.{word}"))}: {text(question)}">'
        f'<svg viewBox="0 0 24 24" aria-hidden="true"><path d="{_ICONS[act]}"/></svg></button>'
        for act, word in _WORDS.items()
    )
    return f'<div class="note-tools">{buttons}</div>'


def _sentence(said: Said, name: str, j: int, note: Note) -> str:
    """A sentence, what it rests on, and a box to leave it out."""
    identity = f"note-said-{name}"
    checked = " checked" if said.included else ""
    box = (
        f'<label class="note-include"><input type="checkbox" data-i="{j}"{checked} '
        f'aria-describedby="{identity}">{text(say(note.language, "note.include"))}</label>'
    )
    out = "" if said.included else " note-out"
    return (
        f'<div class="note-sentence sanad-said{out}"><div id="{identity}">'
        f"{_words(said, note)}</div>{box}</div>"
    )


def _words(said: Said, note: Note) -> str:
    language = note.language
    if said.speaker == "gone":
        was = ""
        if said.text:
            before = text(say(language, "note.was"))
            was = f'<p class="note-was">{before} <q dir="auto">{text(said.text)}</q></p>'
        return f'<p class="note-gone">{text(say(language, "note.gone"))}</p>{was}'
    lost = f'<p class="note-gone">{text(say(language, "note.lost"))}</p>' if said.lost else ""
    if said.speaker == "documents":
        quoted = _quote(said.rests_on[0])
        return f"{quoted}{_from(said.rests_on[0], note)}{lost}"
    sources = "".join(f"<li>{_quote(each)}{_from(each, note)}</li>" for each in said.rests_on)
    listed = ""
    if sources:
        heading = text(say(language, "answer.sources"))
        listed = f"<details><summary>{heading}</summary><ul>{sources}</ul></details>"
    return f'<p class="sanad-written"{marked(said.language)}>{text(said.text)}</p>{listed}{lost}'


def _quote(quotation: Quotation) -> str:
    return (
        f'<blockquote{marked(quotation.document.language)}><p class="sanad-quote">'
        f'<span class="sanad-end">{text(quotation.text)}</span></p></blockquote>'
    )


def _from(quotation: Quotation, note: Note) -> str:
    """Who says so, on which page, and where to read on."""
    language = note.language
    page = page_words(quotation, language)
    parts = [
        source_words(quotation.document, language),
        f"<bdi>{text(page)}</bdi>" if page else "",
        _to_reader(quotation, note),
        source_link(quotation.document, language),
    ]
    line = '<span aria-hidden="true"> · </span>'.join(part for part in parts if part)
    return f'<p class="sanad-from">{line}</p>'


def _to_reader(quotation: Quotation, note: Note) -> str:
    words = text(say(note.language, "note.read"))
    return f'<a href="./{text(in_reader(quotation, note))}">{words}</a>'
