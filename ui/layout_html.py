"""Layouts as HTML: tables, lists, numbered steps, reading lists, sources side by side.

Every piece carries its own language and direction, every cell its own buttons. What stands
in no row follows below. Knows no server.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby

from rag.types import Answer, AnswerSentence, Row
from rag.wording import ISOLATE, POP, say, unplaced
from ui.markup import marked, text
from ui.said_html import (
    EXTRACTIVE,
    Cited,
    glossed,
    grouped,
    quote_line,
    source,
    source_words,
    titled,
    written,
)


def laid_out(reply: Answer, cited: Mapping[int, Cited]) -> str:
    """The sentences of an answer as its layout has them; what the documents also say is folded
    away below."""
    layout = reply.layout
    rest = [reply.sentences[i] for i in unplaced(reply)]
    also = grouped([s for s in rest if not s.beside], cited, reply.language, reply.mode)
    more = _folded([s for s in rest if s.beside], reply, cited)
    if not layout.rows:
        return also + more
    body = _LAYOUTS.get(layout.kind, _rows)(reply, cited)
    lead = f'<p class="sanad-lead">{text(layout.lead)}</p>'
    lead = lead if layout.lead and layout.kind != "table" else ""
    told = f'<p class="sanad-label">{text(say(reply.language, "shape.also"))}</p>' if also else ""
    return f"{lead}{body}{told}{also}{more}"


def _folded(below: Sequence[AnswerSentence], reply: Answer, cited: Mapping[int, Cited]) -> str:
    if not below:
        return ""
    more = text(f"{say(reply.language, 'answer.more')} ({len(below)})")
    said = grouped(below, cited, reply.language, reply.mode)
    return f'<details class="sanad-more"><summary>{more}</summary>{said}</details>'


def _said(sentence: AnswerSentence, reply: Answer, cited: Mapping[int, Cited]) -> str:
    """One sentence in a row: a quotation in its own language, or a model's sentence."""
    if reply.mode != EXTRACTIVE:
        return written(sentence, cited, reply.language)
    language = source(sentence, cited).language
    line = quote_line(sentence, cited, reply.language)
    below = glossed([sentence], reply.language)
    return f"<blockquote{marked(language)}>{line}</blockquote>{below}"


def _sourced(sentence: AnswerSentence, reply: Answer, cited: Mapping[int, Cited]) -> str:
    """`_said` with the document under a quotation."""
    said = _said(sentence, reply, cited)
    if reply.mode != EXTRACTIVE:
        return said
    words = source_words(source(sentence, cited), reply.language)
    return f'{said}<p class="sanad-from">{words}</p>'


def _of_row(row: Row, reply: Answer) -> list[AnswerSentence]:
    return [reply.sentences[i] for cell in row.cells for i in cell]


# A table


def _table(reply: Answer, cited: Mapping[int, Cited]) -> str:
    """A table; a phone stacks its cells, each under the name of its column. The roles keep
    it a table for a screen reader even then."""
    layout = reply.layout
    heads = "".join(
        f'<th scope="col" role="columnheader"><bdi>{text(name)}</bdi></th>'
        for name in layout.columns
    )
    rows = "".join(
        f'<tr role="row"><th scope="row" role="rowheader"><bdi>{text(row.label)}</bdi></th>'
        + "".join(
            _cell(cell, column, reply, cited)
            for cell, column in zip(row.cells, layout.columns, strict=True)
        )
        + "</tr>"
        for row in layout.rows
    )
    name = text(layout.lead)
    return (
        f'<div class="sanad-wide" role="region" tabindex="0" aria-label="{name}">'
        f'<table class="sanad-table" role="table"><caption>{name}</caption>'
        f'<thead role="rowgroup"><tr role="row"><td role="cell"></td>{heads}</tr></thead>'
        f'<tbody role="rowgroup">{rows}</tbody></table></div>'
    )


def _cell(indices: Sequence[int], column: str, reply: Answer, cited: Mapping[int, Cited]) -> str:
    begun = f'<td role="cell" data-column="{text(column)}"'
    if not indices:
        missing = text(say(reply.language, "shape.not_stated"))
        return f'{begun} class="sanad-missing">{missing}</td>'
    said = "".join(_sourced(reply.sentences[i], reply, cited) for i in indices)
    return f"{begun}>{said}</td>"


# Lists


def _rows(reply: Answer, cited: Mapping[int, Cited]) -> str:
    """One item a row, its sentences under its name."""
    missing = f'<p class="sanad-missing">{text(say(reply.language, "shape.not_stated"))}</p>'
    show = _said if reply.layout.kind in ("reading", "differ") else _sourced
    items = "".join(
        f'<li><p class="sanad-row">{_name(row, cited)}</p>'
        + ("".join(show(sentence, reply, cited) for sentence in _of_row(row, reply)) or missing)
        + "</li>"
        for row in reply.layout.rows
    )
    return f'<ul class="sanad-rows sanad-{text(reply.layout.kind)}">{items}</ul>'


def _name(row: Row, cited: Mapping[int, Cited]) -> str:
    """The label of a row, a document's title in it marked as one."""
    label = row.label.replace(ISOLATE, "").replace(POP, "")
    for item in cited.values():
        if item.document.id == row.document_id and item.document.title in label:
            return titled(label, item.document)
    return f"<bdi>{text(label)}</bdi>"


# Steps


def _steps(reply: Answer, cited: Mapping[int, Cited]) -> str:
    """A section a source; numbered rows as a list, others as sentences around it."""
    parts = []
    for _, rows in groupby(reply.layout.rows, key=lambda row: row.document_id):
        listed = list(rows)
        first = _of_row(listed[0], reply)
        words = source_words(source(first[0], cited), reply.language) if first else ""
        runs = "".join(
            _numbered(list(run), reply, cited) if numbered else _around(list(run), reply, cited)
            for numbered, run in groupby(listed, key=lambda row: bool(row.label))
        )
        above = f'<p class="sanad-from">{words}</p>' if reply.mode == EXTRACTIVE else ""
        parts.append(f'<section class="sanad-said">{above}{runs}</section>')
    return "".join(parts)


def _numbered(rows: Sequence[Row], reply: Answer, cited: Mapping[int, Cited]) -> str:
    items = "".join(
        "<li>"
        + "".join(_said(sentence, reply, cited) for sentence in _of_row(row, reply))
        + "</li>"
        for row in rows
    )
    return f'<ol class="sanad-steps">{items}</ol>'


def _around(rows: Sequence[Row], reply: Answer, cited: Mapping[int, Cited]) -> str:
    return "".join(
        _said(sentence, reply, cited) for row in rows for sentence in _of_row(row, reply)
    )


_LAYOUTS = {"table": _table, "steps": _steps}
