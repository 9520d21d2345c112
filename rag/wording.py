"""Sentences of our own, in the reader's language, and replies as plain text.

Every sentence comes from `rag.catalogue`. Knows no markup.
"""

from __future__ import annotations

from collections.abc import Sequence

from rag.catalogue import (
    FALLBACK,
    knows,
    languages,
    locale_of,
    messages,
    name_of,
    number,
    say,
)
from rag.types import Answer, AnswerSentence, Declined, Reply, SourceDocument

__all__ = ["FALLBACK", "knows", "languages", "locale_of", "messages", "name_of", "number", "say"]

ISOLATE, POP = "\u2068", "\u2069"  # a title keeps its own direction inside another's line


def attribution(document: SourceDocument, language: str) -> str:
    """Who says so and when: "Fifth Global Summit session report, 21 December 2024",
    with the document's language where the reader's is another, and its marks."""
    if document.date:
        date = format_date(document.date, language)
        text = say(language, "answer.attribution", title=document.title, date=date)
    else:
        text = say(language, "answer.attribution_undated", title=document.title)
    marks = []
    if document.language not in (language, "und", ""):
        name = language_name(document.language, language)
        marks.append(say(language, "answer.in_language", language=name))
    if document.machine_translated:
        marks.append(say(language, "answer.machine_translated"))
    if document.scanned_pages:
        marks.append(say(language, "answer.scanned"))
    if document.superseded_by:
        marks.append(say(language, "answer.superseded"))
    return f"{text} ({listed(marks, language)})" if marks else text


def listed(items: Sequence[str], language: str) -> str:
    """Items one after the other, with the language's comma."""
    return ("، " if language == "ar" else ", ").join(items)


def document_facts(document: SourceDocument, pages: Sequence[int], language: str) -> str:
    """A document in a reading list: title, kind, date, language, and the pages, where it has
    pages a reader can turn to."""
    facts = [name_of(language, "kinds", document.kind)]
    if document.date:
        facts.append(format_date(document.date, language))
    if document.language not in ("", "und"):
        facts.append(language_name(document.language, language))
    if document.media_type == "application/pdf" or max(pages, default=1) > 1:
        shown = listed([str(page) for page in pages], language)
        facts.append(say(language, "answer.page", page=shown))
    if document.superseded_by:
        facts.append(say(language, "answer.superseded"))
    return f"{ISOLATE}{document.title}{POP} ({' · '.join(filter(None, facts))})"


def format_date(date: str, language: str) -> str:
    """An ISO date, month or year as the reader writes it."""
    import datetime

    from babel.dates import format_date as babel_date
    from babel.dates import format_skeleton

    locale = locale_of(language)
    try:
        if len(date) == 10:
            return str(babel_date(datetime.date.fromisoformat(date), "long", locale=locale))
        if len(date) == 7:
            first = datetime.date.fromisoformat(f"{date}-01")
            return str(format_skeleton("yMMMM", first, locale=locale))
    except ValueError:
        pass
    return date


def language_name(code: str, language: str) -> str:
    """Name of a language in another; the code when CLDR has none."""
    from babel import Locale

    names = Locale.parse(locale_of(language)).languages
    return str(names.get(code, code))


def country_name(code: str, language: str) -> str:
    """Name of a country in a language; the code when CLDR has none."""
    from babel import Locale

    names = Locale.parse(locale_of(language)).territories
    return str(names.get(code, code))


def declined_text(reply: Declined, limit: int = 0) -> str:
    """A decline in words: the reason, the nearest documents, what is covered. `limit` is the
    longest question, in characters."""
    lines = [say(reply.language, f"decline.{reply.reason}", n=limit)]
    if reply.nearest:
        titles = "; ".join(f"{ISOLATE}{document.title}{POP}" for document in reply.nearest)
        lines.append(f"{say(reply.language, 'answer.nearest')}: {titles}.")
    if reply.covers:
        themes = listed(
            [name_of(reply.language, "themes", theme) for theme in reply.covers], reply.language
        )
        lines.append(say(reply.language, "answer.covers", themes=themes))
    lines += [f"- {choice}" for choice in reply.choices]
    return "\n".join([*lines, *reply.notes])


def answer_text(reply: Answer) -> str:
    """An answer in words: by its layout, then what stands in no row, then the notes."""
    layout = reply.layout
    lines = [reply.preface] if reply.preface else []
    if reply.mode != "extractive":
        lines.append(say(reply.language, "answer.written_by", model=reply.mode))
    if layout.kind != "quotes" and layout.lead:
        lines.append(layout.lead if layout.lead[-1] in ".؛:" else f"{layout.lead}:")
    if layout.rows:
        lines += _TEXTS.get(layout.kind, _rows_text)(reply)
    rest = unplaced(reply)
    below = [i for i in rest if reply.sentences[i].beside]
    also = [i for i in rest if not reply.sentences[i].beside]
    if also and layout.rows:
        lines.append(f"{say(reply.language, 'shape.also')}:")
    lines += _sentences_text(reply, also)
    if below:
        lines += [f"{say(reply.language, 'answer.more')}:", *_sentences_text(reply, below)]
    return "\n".join([*lines, *reply.notes])


def unplaced(reply: Answer) -> list[int]:
    """Indices of the sentences that stand in no row, in order."""
    placed = {i for row in reply.layout.rows for cell in row.cells for i in cell}
    return [i for i in range(len(reply.sentences)) if i not in placed]


def _sentences_text(reply: Answer, indices: Sequence[int]) -> list[str]:
    """Sentences under the name of the document they come from, where they are quoted."""
    lines: list[str] = []
    attributed = ""
    for i in indices:
        sentence = reply.sentences[i]
        if sentence.attribution and sentence.attribution != attributed:
            attributed = sentence.attribution
            lines.append(f"{ISOLATE}{attributed}{POP}:")
        lines += [f"  {_said(reply, i)}", *_glossed(reply, i)]
    return lines


def _glossed(reply: Answer, i: int) -> list[str]:
    """A line with what of a foreign quotation is said in the reader's language; none for others."""
    sentence = reply.sentences[i]
    return [f"    {gloss_text([sentence], reply.language)}"] if sentence.gloss else []


def gloss_text(sentences: Sequence[AnswerSentence], language: str) -> str:
    """What of foreign quotations is said in the reader's language; each thing once."""
    told = dict.fromkeys(thing for sentence in sentences for thing in sentence.gloss)
    things = " · ".join(f"{ISOLATE}{thing}{POP}" for thing in told)
    return say(language, "answer.gloss", things=things)


def _said(reply: Answer, i: int) -> str:
    """One sentence with its markers; in quotation marks where it is a quotation."""
    sentence = reply.sentences[i]
    markers = "".join(f" [{n}]" for n in sentence.citations)
    quoted = reply.mode == "extractive"
    return f"“{sentence.text}”{markers}" if quoted else f"{sentence.text}{markers}"


def _rows_text(reply: Answer) -> list[str]:
    """A line a row, the sentences under it with their sources."""
    lines = []
    for row in reply.layout.rows:
        lines.append(f"- {ISOLATE}{row.label}{POP}:")
        if not any(row.cells):
            lines.append(f"  {say(reply.language, 'shape.not_stated')}")
        for i in (i for cell in row.cells for i in cell):
            source = reply.sentences[i].attribution
            shown = source and reply.layout.kind not in ("reading", "differ")
            lines.append(f"  {_said(reply, i)}" + (f" ({ISOLATE}{source}{POP})" if shown else ""))
            lines += _glossed(reply, i)
    return lines


def _steps_text(reply: Answer) -> list[str]:
    """Numbered steps and the sentences around them, under the name of their source."""
    lines: list[str] = []
    attributed = ""
    for row in reply.layout.rows:
        for i in (i for cell in row.cells for i in cell):
            source = reply.sentences[i].attribution
            if source and source != attributed:
                attributed = source
                lines.append(f"{ISOLATE}{source}{POP}:")
            lines.append(f"  {f'{row.label}. ' if row.label else ''}{_said(reply, i)}")
            lines += _glossed(reply, i)
    return lines


def _table_text(reply: Answer) -> list[str]:
    """A table as a list of its rows: the label, then each heading with its cell."""
    lines = []
    layout = reply.layout
    missing = say(reply.language, "shape.not_stated")
    for row in layout.rows:
        lines.append(f"{ISOLATE}{row.label}{POP}")
        for heading, cell in zip(layout.columns, row.cells, strict=True):
            title = f"{ISOLATE}{heading}{POP}: " if len(layout.columns) > 1 else ""
            if not cell:
                lines.append(f"  - {title}{missing}")
            for i in cell:
                source = reply.sentences[i].attribution
                named = f" ({ISOLATE}{source}{POP})" if source else ""
                lines += [f"  - {title}{_said(reply, i)}{named}", *_glossed(reply, i)]
    return lines


_TEXTS = {"table": _table_text, "steps": _steps_text}


def reply_text(reply: Reply, limit: int = 0) -> str:
    """A reply as plain text in the reader's language. `limit`: see `declined_text`."""
    return answer_text(reply) if isinstance(reply, Answer) else declined_text(reply, limit)
