"""What the forms of the office do; each ends on a page that is only looked at."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

from fastapi.responses import Response
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData, UploadFile

from rag.errors import ConfigurationError, ReadError
from rag.question.glossary import Glossary
from ui.markup import text
from ui.office import asked
from ui.office.desk import MOST_KEPT, Office
from ui.office.document_html import document_body
from ui.office.door import field
from ui.office.frame_html import notice, word_of
from ui.office.glossary_edit import GROUPS, MOST_NAMES, Entry, Stale, problem_with
from ui.office.glossary_html import OTHER, entry_body
from ui.office.metadata import FIELDS, Correction
from ui.office.replies import moved, shown
from ui.office.session import Session
from ui.office.uploads import Brought, Clash, bring

Change = Callable[[Office, str, Session, FormData], Awaitable[Response]]
CLASHES: dict[str, Clash] = {"refuse": "refuse", "number": "number", "replace": "replace"}
KEPT = ("new", "numbered", "replaced")
MOST_SOURCES = 20


async def upload(office: Office, language: str, session: Session, form: FormData) -> Response:
    """Keep files, and read the folder they lie in."""
    clash = CLASHES.get(field(form, "clash"), "refuse")
    files = [each for each in form.getlist("files") if isinstance(each, UploadFile)]
    brought = [
        await run_in_threadpool(bring, office.folder, each.filename or "", each.file, clash)
        for each in files
        if each.filename
    ]
    _remember(office, session, brought)
    if not any(each.outcome in KEPT for each in brought):
        return moved("office")
    return moved("office", *_started(office.jobs.start([str(office.folder)])))


def _remember(office: Office, session: Session, brought: Sequence[Brought]) -> None:
    while len(office.brought) >= MOST_KEPT:
        office.brought.pop(next(iter(office.brought)))
    office.brought[session.id] = brought


def _started(started: bool) -> list[tuple[str, str]]:
    return [] if started else [("said", "busy")]


async def run(office: Office, language: str, session: Session, form: FormData) -> Response:
    """Read the collection again: everything, or what a run before was about."""
    named = [each for each in form.getlist("source") if isinstance(each, str)][:MOST_SOURCES]
    # A form may only name what a run here named: no file of the machine, no address.
    known = office.jobs.now().sources
    sources = [each for each in named if each in known]
    if len(sources) != len(named):
        return moved("office", ("said", "strange"))
    allowed = field(form, "allow_shrink") == "yes" and office.jobs.now().trouble == "shrink"
    return moved("office", *_started(office.jobs.start(sources, allow_shrink=allowed)))


async def correct(office: Office, language: str, session: Session, form: FormData) -> Response:
    """Keep what an officer says of a document, and read it again."""
    identity = field(form, "id")
    typed = {name: field(form, name) for name in FIELDS}
    try:
        wrong = await run_in_threadpool(office.correct, identity, typed)
    except (ReadError, OSError):
        return moved("office-document", ("id", identity), ("said", "not_kept"))
    if wrong is None:
        return moved("office", ("said", "no_document"))
    if wrong:
        return await run_in_threadpool(_again, office, language, session, identity, typed, wrong)
    started = await run_in_threadpool(office.read_again, identity)
    said = "corrected" if started else "corrected_later"
    return moved("office-document", ("id", identity), ("said", said))


def _again(
    office: Office, language: str, session: Session, identity: str, typed: dict[str, str],
    wrong: Sequence[str],
) -> Response:  # fmt: skip
    """The form as it was typed, with what was not understood."""
    opened = office.opened(identity, wrong)
    if opened is None or opened.correction is None:
        return moved("office", ("said", "no_document"))
    written = {name: value.strip() for name, value in typed.items() if value.strip()}
    correction = Correction(written, opened.correction.understood)
    body = document_body(replace(opened, correction=correction), language, session.form_token)
    title = opened.document.title if opened.document else identity
    return shown(
        language, "office-document", title, body, session,
        said="not_all_understood", query=[("id", identity)], status=422,
    )  # fmt: skip


async def remove(office: Office, language: str, session: Session, form: FormData) -> Response:
    """Take away a file that was brought."""
    identity = field(form, "id")
    if field(form, "sure") != "yes":
        return moved("office-document", ("id", identity), ("said", "not_sure"))
    gone = await run_in_threadpool(office.remove, identity)
    return moved("office", ("said", "removed" if gone else "not_removed"))


async def glossary(office: Office, language: str, session: Session, form: FormData) -> Response:
    """Change, add or take away a concept."""
    version, old_id = field(form, "version"), field(form, "old_id")
    leaving = field(form, "remove") == "yes"
    if leaving and (field(form, "sure") != "yes" or not old_id):
        return moved("office-glossary", ("id", old_id), ("said", "not_sure"))
    entry = None if leaving else entry_of(form)
    held = await run_in_threadpool(office.glossary)
    wrong = problem_with(entry, Glossary(held.concepts), new=not old_id) if entry else ""
    if entry and wrong:
        return _entry_again(language, session, entry, old_id, version, wrong)
    try:
        await run_in_threadpool(office.change_glossary, version, entry, old_id)
    except Stale:
        return moved("office-glossary", ("id", old_id), ("said", "glossary_stale"))
    except ConfigurationError as error:
        body = f'<p class="sanad-note" lang="en" dir="ltr">{text(str(error))}</p>'
        title = word_of(language, "glossary")
        told = notice(word_of(language, "glossary_unwritten"))
        return shown(language, "office-glossary", title, told + body, session, status=409)
    said = "concept_removed" if leaving else "concept_kept"
    return moved("office-glossary", ("said", said))


def _entry_again(
    language: str, session: Session, entry: Entry, old_id: str, version: str, wrong: str
) -> Response:
    body = entry_body(entry, old_id, version, language, session.form_token, wrong)
    query = [("id", old_id)] if old_id else [("new", "1")]
    title = word_of(language, "glossary")
    return shown(language, "office-glossary", title, body, session, query=query, status=422)


def entry_of(form: FormData) -> Entry:
    """The concept of a form."""
    code = field(form, "code").strip().lower()
    names: dict[str, dict[str, list[str]]] = {group: {} for group in GROUPS}
    for key in form:
        group, _, language = key.partition(".")
        lines = [" ".join(line.split()) for line in field(form, key).splitlines()]
        given = list(dict.fromkeys(line for line in lines if line))[:MOST_NAMES]
        if group in names and given:
            names[group].setdefault(code if language == OTHER else language, []).extend(given)
    collides = [line.strip() for line in field(form, "collides_with").splitlines() if line.strip()]
    note = " ".join(field(form, "note").split())[:2000]
    return Entry(field(form, "id").strip(), names, tuple(collides[:MOST_NAMES]), note)


async def draft(office: Office, language: str, session: Session, form: FormData) -> Response:
    """Make a draft case of a question."""
    make = asked.draft_feedback if field(form, "kind") == "feedback" else asked.draft_question
    made = await run_in_threadpool(make, office.settings.data_dir, field(form, "key"))
    return moved("office-questions", ("said", "draft_made" if made else "draft_gone"))


CHANGES: dict[str, Change] = {
    "office-upload": upload,
    "office-run": run,
    "office-document": correct,
    "office-remove": remove,
    "office-glossary": glossary,
    "office-draft": draft,
}
