"""The first page of the office as HTML: the run, bringing files, and every document with what
became of it. Pure functions.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from ingest.catalog import LedgerRow
from ingest.folders import EXTENSIONS
from rag.types import SourceDocument
from rag.wording import language_name, number, say
from ui.library.entry_html import cited
from ui.markup import text
from ui.office.frame_html import change, counted, hidden, word
from ui.office.job import Job
from ui.office.job_html import job_view, why
from ui.office.uploads import MOST_BYTES, MOST_FILES, Brought

PER_PAGE = 30


@dataclass(frozen=True, slots=True)
class Listed:
    """One line of the list: a stored document, or one that could not be read."""

    id: str
    document: SourceDocument | None = None
    row: LedgerRow | None = None
    corrected: bool = False


@dataclass(frozen=True, slots=True)
class Home:
    """What the page shows."""

    job: Job
    listed: Sequence[Listed]  # what matches
    words: str = ""
    page: int = 1
    brought: Sequence[Brought] = ()
    folder: str = ""


def home_body(home: Home, language: str, token: str) -> str:
    """What stands below the messages."""
    again = ""
    if not home.job.running:
        again = change(language, "office-run", token, word(language, "run_all"), quiet=True)
    return (
        f"<h1>{word(language, 'name')}</h1>{job_view(home.job, language, token)}{again}"
        f"{_upload(home, language, token)}{_documents(home, language)}"
    )


def _upload(home: Home, language: str, token: str) -> str:
    """The form for files; dropped ones are put into its field by the script."""
    kinds = ",".join(sorted(EXTENSIONS))
    told = word(
        language, "upload_told", files=number(MOST_FILES, language),
        size=number(MOST_BYTES // 2**20, language),
    )  # fmt: skip
    choices = "".join(
        f'<label><input type="radio" name="clash" value="{clash}"'
        f"{' checked' if clash == 'refuse' else ''}>{word(language, f'clash_{clash}')}</label>"
        for clash in ("refuse", "number", "replace")
    )
    return (
        f'<section class="sanad-upload"><h2>{word(language, "upload")}</h2>'
        f"{_brought(home, language)}"
        '<form method="post" action="./office-upload" enctype="multipart/form-data">'
        f"{hidden('token', token)}"
        f'<label class="sanad-drop" for="sanad-files"><span>{word(language, "choose")}</span>'
        '<input id="sanad-files" type="file" name="files" multiple required '
        f'accept="{kinds}"></label>'
        f'<p class="sanad-note">{told}</p><fieldset><legend>{word(language, "clash")}</legend>'
        f"{choices}</fieldset><button>{word(language, 'upload_now')}</button></form></section>"
    )


def _brought(home: Home, language: str) -> str:
    """What became of the files that were brought last."""
    if not home.brought:
        return ""
    rows = "".join(
        f"<li><bdi>{text(each.given)}</bdi>: {word(language, f'brought_{each.outcome}')}"
        f"{f' <bdi>{text(each.name)}</bdi>' if each.name and each.name != each.given else ''}</li>"
        for each in home.brought
    )
    return f'<ul class="sanad-lines sanad-told" role="status">{rows}</ul>'


def _documents(home: Home, language: str) -> str:
    pages = max(1, -(-len(home.listed) // PER_PAGE))
    page = min(home.page, pages)
    shown = home.listed[(page - 1) * PER_PAGE : page * PER_PAGE]
    rows = "".join(_row(each, language) for each in shown)
    heads = "".join(
        f'<th scope="col">{word(language, key)}</th>' for key in ("document", "state", "stripped")
    )
    label = word(language, "filter")
    return (
        f'<section class="sanad-held"><h2>{word(language, "documents")}</h2>'
        '<form method="get" action="./office" class="sanad-asking" role="search">'
        f'<label for="sanad-q">{label}</label>'
        '<input id="sanad-q" type="search" name="q" dir="auto" '
        f'value="{text(home.words)}" maxlength="200">'
        f"<button>{text(say(language, 'library.find'))}</button></form>"
        f'<table class="sanad-files"><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>'
        f"{_pager(home.words, page, pages, language)}</section>"
    )


def _row(each: Listed, language: str) -> str:
    query = text(urlencode({"id": each.id}))
    named = cited(each.document) if each.document else f"<bdi>{text(each.id)}</bdi>"
    tongue = ""
    if each.document:
        known = each.document.language not in ("", "und")
        tongue = f" · {text(language_name(each.document.language, language))}" if known else ""
    states = []
    if each.row and each.row.status == "failed":
        states.append(why(each.row.reason, language))
    if each.corrected:
        states.append(word(language, "state_corrected"))
    lines = sum(count for _, count in each.row.removed) if each.row else 0
    return (
        f'<tr><th scope="row"><a href="./office-document?{query}">{named}</a>'
        f'<p class="sanad-note"><bdi>{text(each.id)}</bdi>{tongue}</p></th>'
        f"<td>{'<br>'.join(states) or word(language, 'state_read')}</td>"
        f"{counted('stripped', lines, language)}</tr>"
    )


def _pager(words: str, page: int, pages: int, language: str) -> str:
    if pages == 1:
        return ""

    def way(to: int, key: str) -> str:
        pairs = [("q", words)] if words else []
        query = text(urlencode([*pairs, ("page", str(to))]))
        label = text(say(language, f"library.{key}"))
        return f'<a href="./office?{query}">{label}</a>' if 1 <= to <= pages else ""

    place = say(
        language, "library.page_of", page=number(page, language), pages=number(pages, language)
    )
    ways = f"{way(page - 1, 'before')}<span>{text(place)}</span>{way(page + 1, 'after')}"
    label = text(say(language, "library.paging"))
    return f'<nav class="sanad-pager" aria-label="{label}">{ways}</nav>'


def listed(
    documents: Sequence[SourceDocument],
    ledger: Mapping[str, LedgerRow],
    corrected: Collection[str],
) -> list[Listed]:
    """Every document: those that could not be read first, then what was read last."""
    stored = {document.id for document in documents}
    lost = [Listed(one, None, row) for one, row in ledger.items() if one not in stored]
    held = [Listed(d.id, d, ledger.get(d.id), d.id in corrected) for d in documents]
    held.sort(key=lambda each: each.row.time if each.row else 0.0, reverse=True)
    held.sort(key=lambda each: each.row is None or each.row.status != "failed")
    return [*lost, *held]
