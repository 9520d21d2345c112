"""One document in the office as HTML: what was taken out of it beside what is stored, and what
was understood of it beside what an officer says. Pure functions.
"""

from __future__ import annotations

import datetime
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from ingest.catalog import LedgerRow
from rag.types import Page, SourceDocument
from rag.wording import country_name, format_date, language_name, name_of, say
from ui.library.entry_html import cited
from ui.markup import marked, text
from ui.office.frame_html import change, hidden, sure, word
from ui.office.job import Job
from ui.office.job_html import job_view, reasons_words, why
from ui.office.metadata import FIELDS, LISTS, Correction

MOST_SHOWN = 200_000  # characters of the stored text
HINTED = ("date", "language", "countries", "work_id", "superseded_by")


@dataclass(frozen=True, slots=True)
class Opened:
    """What the page shows. Without a document it could never be read."""

    id: str
    document: SourceDocument | None
    correction: Correction | None
    row: LedgerRow | None
    pages: Sequence[Page]
    job: Job
    removable: bool  # a file that was brought, and can be taken away
    wrong: Collection[str] = ()  # fields that were not understood


def document_body(opened: Opened, language: str, token: str) -> str:
    """What stands below the messages."""
    title = cited(opened.document) if opened.document else f"<bdi>{text(opened.id)}</bdi>"
    query = text(urlencode({"document": opened.id}))
    read = text(say(language, "library.read"))
    way = f' · <a href="./read?{query}">{read}</a>' if opened.document else ""
    form = _form(opened, language, token) if opened.document else ""
    job = job_view(opened.job, language, token) if opened.job.running or opened.job.trouble else ""
    return (
        f'<h1>{title}</h1><p class="sanad-note"><bdi>{text(opened.id)}</bdi>{way}</p>{job}'
        f'<div class="sanad-beside"><section>{_stripped(opened, language)}</section>'
        f"{_stored(opened, language)}</div>{form}{_remove(opened, language, token)}"
    )


def _stripped(opened: Opened, language: str) -> str:
    row = opened.row
    said = [f"<h2>{word(language, 'stripped_told')}</h2>"]
    if row is None:
        return "".join([*said, f"<p>{word(language, 'no_ledger')}</p>"])
    if row.status == "failed":
        told = f"{word(language, 'state_failed')} {why(row.reason, language)}"
        said.append(f'<p class="sanad-told">{told}</p>')
    if row.removed:
        rows = "".join(f"<li>{reasons_words([each], language)}</li>" for each in row.removed)
        said.append(f'<ul class="sanad-lines">{rows}</ul>')
    else:
        said.append(f"<p>{word(language, 'nothing_stripped')}</p>")
    if row.notes:
        notes = "".join(f'<li lang="en" dir="auto">{text(note)}</li>' for note in row.notes)
        said.append(f'<h3>{word(language, "noticed")}</h3><ul class="sanad-lines">{notes}</ul>')
    day = datetime.datetime.fromtimestamp(row.time, datetime.UTC).date().isoformat()
    when = word(language, "read_on", date=format_date(day, language))
    return "".join([*said, f'<p class="sanad-note">{when}</p>'])


def _stored(opened: Opened, language: str) -> str:
    """The text that answers quote, as far as a page can hold it."""
    left, shown = MOST_SHOWN, []
    for page in opened.pages:
        if left <= 0:
            shown.append(f'<p class="sanad-note">{word(language, "cut")}</p>')
            break
        body = "".join(f"<p>{text(line)}</p>" for line in page.text[:left].split("\n") if line)
        left -= len(page.text)
        number = text(say(language, "answer.page", page=page.number))
        head = f"<h3>{number}</h3>" if len(opened.pages) > 1 else ""
        shown.append(head + body)
    name = word(language, "stored")
    tongue = opened.document.language if opened.document else ""
    inside = "".join(shown) or f"<p>{word(language, 'nothing_stored')}</p>"
    said = tongue if shown else language
    return (
        f'<section><h2 id="sanad-stored">{name}</h2><div class="sanad-stored" tabindex="0" '
        f'role="region" aria-labelledby="sanad-stored"{marked(said)}>{inside}</div></section>'
    )


def _form(opened: Opened, language: str, token: str) -> str:
    assert opened.correction is not None
    fields = "".join(_field(name, opened, language) for name in FIELDS)
    told = f'<p class="sanad-note">{word(language, "correct_told")}</p>'
    inside = f'{hidden("id", opened.id)}<div class="sanad-fields">{fields}</div>'
    form = change(language, "office-document", token, word(language, "correct_now"), inside)
    return (
        f'<section class="sanad-correct"><h2>{word(language, "correct")}</h2>{told}{form}</section>'
    )


def _field(name: str, opened: Opened, language: str) -> str:
    """A field: what was understood, and what is written in its place."""
    assert opened.correction is not None
    understood = opened.correction.understood.get(name, "")
    written = opened.correction.written.get(name, "")
    if name == "machine_translated":
        entry = _flag(name, written, language)
    elif name in LISTS:
        entry = (
            f'<textarea id="f-{name}" name="{name}" rows="3" dir="auto">{text(written)}</textarea>'
        )
    else:
        entry = (
            f'<input id="f-{name}" name="{name}" value="{text(written)}" dir="auto" '
            'maxlength="400">'
        )
    notes = []
    if name in opened.wrong:
        notes.append(f'<p class="sanad-wrong" role="alert">{word(language, "not_understood")}</p>')
    if name in HINTED or name in LISTS:
        key = f"hint_{name}" if name in HINTED else "hint_list"
        notes.append(f'<p class="sanad-note">{word(language, key)}</p>')
    shown = _words_for(name, understood, language)
    return (
        f'<div class="sanad-field"><label for="f-{name}">{word(language, f"field_{name}")}</label>'
        f'<p class="sanad-understood">{word(language, "understood")} {shown}</p>{entry}'
        f"{''.join(notes)}</div>"
    )


def _words_for(name: str, value: str, language: str) -> str:
    """What was understood, with our own names of codes beside them."""
    if not value:
        return f"<i>{word(language, 'nothing')}</i>"
    if name == "machine_translated":
        return word(language, "yes" if value == "true" else "no")
    items = value.split("\n")
    names = [_name(name, item, language) for item in items]
    return ", ".join(
        f"<bdi>{text(item)}</bdi>" + (f" ({text(said)})" if said != item else "")
        for item, said in zip(items, names, strict=True)
    )


def _name(field: str, item: str, language: str) -> str:
    if field == "countries":
        return country_name(item, language)
    if field == "language":
        return language_name(item, language)
    if field in ("themes", "kind"):
        return name_of(language, "themes" if field == "themes" else "kinds", item)
    return item


def _flag(name: str, written: str, language: str) -> str:
    options = "".join(
        f'<option value="{value}"{" selected" if value == written else ""}>'
        f"{word(language, key)}</option>"
        for value, key in (("", "as_understood"), ("true", "yes"), ("false", "no"))
    )
    return f'<select id="f-{name}" name="{name}">{options}</select>'


def _remove(opened: Opened, language: str, token: str) -> str:
    if not opened.removable:
        return ""
    inside = hidden("id", opened.id) + sure(language, "remove_sure")
    form = change(language, "office-remove", token, word(language, "remove_now"), inside)
    told = f'<p class="sanad-note">{word(language, "remove_told")}</p>'
    return f"<section><h2>{word(language, 'remove')}</h2>{told}{form}</section>"
