"""The pages of the office that are only looked at."""

from __future__ import annotations

from collections.abc import Callable

from fastapi import Request
from fastapi.responses import FileResponse, JSONResponse, Response

from rag.wording import say
from ui.office import asked
from ui.office.asked_html import asked_body
from ui.office.desk import Office
from ui.office.document_html import document_body
from ui.office.frame_html import word_of
from ui.office.glossary_edit import Entry
from ui.office.glossary_html import entry_body, list_body
from ui.office.home_html import home_body
from ui.office.job_html import stage_plain
from ui.office.replies import PRIVATE, moved, shown
from ui.office.session import Session

View = Callable[[Office, Request, str, Session], Response]
MOST_CHARACTERS = 200
MOST_PAGES = 100_000


def home(office: Office, request: Request, language: str, session: Session) -> Response:
    """The run, files, and every document."""
    asked_for = request.query_params
    words = asked_for.get("q", "").strip()[:MOST_CHARACTERS]
    page = asked_for.get("page", "1")
    number = int(page) if page.isascii() and page.isdigit() and len(page) < 7 else 1
    body = home_body(office.home(session.id, words, max(1, number)), language, session.form_token)
    return shown(
        language, "office", word_of(language, "name"), body, session,
        said=asked_for.get("said", ""), query=[("q", words)] if words else [],
    )  # fmt: skip


def document(office: Office, request: Request, language: str, session: Session) -> Response:
    """One document."""
    identity = request.query_params.get("id", "")
    opened = office.opened(identity)
    if opened is None:
        return moved("office", ("said", "no_document"))
    title = opened.document.title if opened.document else identity
    return shown(
        language, "office-document", title,
        document_body(opened, language, session.form_token), session,
        said=request.query_params.get("said", ""), query=[("id", identity)],
    )  # fmt: skip


def glossary(office: Office, request: Request, language: str, session: Session) -> Response:
    """Every concept, or one of them to change."""
    held, asked_for = office.glossary(), request.query_params
    identity = asked_for.get("id", "")
    token = session.form_token
    concept = held.by_id.get(identity)
    if concept is not None:
        names = {
            "forms": concept.forms, "abbreviations": concept.abbreviations,
            "mistranslations": concept.mistranslations,
        }  # fmt: skip
        entry = Entry(concept.id, names, concept.collides_with, concept.note)
        body, query = entry_body(entry, identity, held.version, language, token), [("id", identity)]
    elif asked_for.get("new") and not held.problem:
        body, query = entry_body(Entry("", {}), "", held.version, language, token), [("new", "1")]
    else:
        body, query = list_body(held, language), []
    return shown(
        language, "office-glossary", word_of(language, "glossary"), body, session,
        said=asked_for.get("said", ""), query=query,
    )  # fmt: skip


def questions(office: Office, request: Request, language: str, session: Session) -> Response:
    """What was not answered, and what readers told."""
    folder = office.settings.data_dir
    body = asked_body(
        asked.unanswered(folder), asked.feedback(folder), asked.drafted(folder), language,
        session.form_token, logged=office.settings.log_questions,
    )  # fmt: skip
    said = request.query_params.get("said", "")
    title = word_of(language, "questions")
    return shown(language, "office-questions", title, body, session, said=said)


def drafts(office: Office, request: Request, language: str, session: Session) -> Response:
    """The draft cases, as a suite."""
    path = office.settings.data_dir / asked.DRAFTS
    if not path.is_file():
        return moved("office-questions")
    return FileResponse(path, headers=PRIVATE, media_type="application/jsonl", filename=path.name)


def job(office: Office, request: Request, language: str, session: Session) -> Response:
    """How far a run is."""
    now = office.jobs.now()
    numbers = {"running": now.running, "stage": now.stage, "done": now.done, "of": now.of}
    said = stage_plain(now, language) if now.running else say(language, "office.run_over")
    return JSONResponse({**numbers, "said": said}, headers=PRIVATE)


VIEWS: dict[str, View] = {
    "office": home,
    "office-document": document,
    "office-glossary": glossary,
    "office-questions": questions,
    "office-drafts": drafts,
    "office-job": job,
}
