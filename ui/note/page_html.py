"""The page of the briefing note, and the words its scripts say on other pages.

The note itself is in the visitor's browser: the page is sent without one. Knows no request.
"""

from __future__ import annotations

from rag.wording import say
from ui.markup import marked, text
from ui.note.bodies import LONGEST_INTRODUCTION, LONGEST_TITLE
from ui.public.routes import NOTE
from ui.room.shell import page

FORMATS = {"docx": "Word", "pdf": "PDF", "md": "Markdown"}
STYLES = ("note.css",)
SCRIPTS = ("note_page.js",)
# What the scripts say: keys of the catalogue. The first are for every page with answers.
ANYWHERE = (
    "note.kept", "note.in_note", "note.open", "note.cannot_keep", "note.full", "share.copied",
    "share.link_copied", "share.copy_by_hand", "share.collection", "share.name",
    "translate.ask", "translate.working", "translate.label", "translate.failed",
)  # fmt: skip
HERE = (
    "note.preparing", "note.ready", "note.failed", "note.too_large", "note.loading",
    "note.not_shown", "note.moved", "note.removed", "note.cleared", "note.undo",
)  # fmt: skip


def words(language: str, keys: tuple[str, ...] = ANYWHERE) -> str:
    """Sentences for the scripts, in a template: nothing of it is seen or read out."""
    said = "".join(
        f'<p data-word="{key}">{text(say(language, key, date="{date}"))}</p>' for key in keys
    )
    return f'<template id="sanad-words">{said}</template>'


def note_page(language: str) -> str:
    """The page without a note."""

    def word(key: str, **values: object) -> str:
        return text(say(language, f"note.{key}", **values))

    buttons = "".join(
        f'<button type="button" data-export="{name}">{shown}</button>'
        for name, shown in FORMATS.items()
    )
    keep = say(language, "chat.act_keep")
    body = (
        f'<h1>{word("name")}</h1><p class="note-lead">{word("lead")}</p>'
        f"<noscript><p>{text(say(language, 'chat.noscript'))}</p></noscript>"
        f'<div id="sanad-note" data-most="{NOTE}"{marked(language)}>'
        f'<p class="note-empty" hidden>{word("empty", keep=keep)} '
        f'<a href="./">{text(say(language, "chat.nav_ask"))}</a></p>'
        '<div class="note-body" hidden>'
        f'<label class="note-own">{word("title_label")}<input name="title" dir="auto" '
        f'maxlength="{LONGEST_TITLE}" placeholder="{word("name")}"></label>'
        f'<label class="note-own">{word("introduction")}<textarea name="introduction" rows="3" '
        f'dir="auto" maxlength="{LONGEST_INTRODUCTION}"></textarea></label>'
        '<ol class="note-cards"></ol></div>'
        '<div class="note-foot"><p class="note-status" role="status"></p>'
        f'<div class="note-exports" role="group" aria-label="{word("export")}" hidden>'
        f'<span aria-hidden="true">{word("export")}</span>{buttons}</div></div>'
        f'<button type="button" class="note-clear" hidden>{word("clear")}</button></div>'
        f'<p class="note-where">{word("where")}</p>{words(language, ANYWHERE + HERE)}'
    )
    return page(language, "note", say(language, "note.name"), body, styles=STYLES, scripts=SCRIPTS)
