"""The routes of the briefing note.

/<language>/note                  the page
/<language>/note/cards            a note as cards: every quotation looked up
/<language>/note/export/<format>  the note as a file

A note is checked, shown or set, and forgotten: nothing of it is written down.
"""

from __future__ import annotations

import datetime
import logging
from collections.abc import Callable

import anyio
from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, JSONResponse, Response
from starlette.exceptions import HTTPException

from rag.errors import CollectionError
from rag.wording import languages, say
from ui.api.routes import json_only
from ui.live import LiveAssistant
from ui.note.bodies import NoteBody
from ui.note.cards_html import cards
from ui.note.checked import Checking
from ui.note.docx import docx
from ui.note.markdown import markdown
from ui.note.note import Note
from ui.note.page_html import note_page
from ui.note.paper import Paper, paper_of
from ui.note.pdf import TypesettingError, pdf
from ui.note.seal import Seals
from ui.public.standing import Standing
from ui.public.turns import TurnLimits, Turns
from ui.public.visit import Refused

log = logging.getLogger(__name__)

MAKERS: dict[str, tuple[Callable[[Paper], bytes], str]] = {
    "docx": (docx, "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
    "pdf": (pdf, "application/pdf"),
    "md": (markdown, "text/markdown; charset=utf-8"),
}
PRIVATE = {"cache-control": "no-store"}
# Setting a note may take half a minute: notes have turns of their own, so that they keep nobody
# from asking. Two are set at the same time, others wait.
TURNS = TurnLimits(at_once=2, queue=8, seconds=20.0, address_at_once=4)
NOWHERE = ("127.0.0.1", "localhost", "::1", "testserver")  # names nobody else can open


def note_routes(standing: Standing, live: LiveAssistant, seals: Seals) -> APIRouter:
    """All of them, to be included before the chat."""
    routes = APIRouter(include_in_schema=False)
    turns = Turns(TURNS)

    @routes.get("/{language}/note")
    def page(language: str) -> Response:
        _known(language)
        return HTMLResponse(note_page(language))

    @routes.post("/{language}/note/cards", dependencies=[Depends(json_only)])
    async def shown(request: Request, language: str, body: NoteBody) -> Response:
        def made(note: Note) -> Response:
            return JSONResponse({"html": cards(note)}, headers=PRIVATE)

        return await answered(request, language, body, made)

    @routes.post("/{language}/note/export/{form}", dependencies=[Depends(json_only)])
    async def exported(request: Request, language: str, form: str, body: NoteBody) -> Response:
        if form not in MAKERS:
            raise HTTPException(404, "no such format")
        maker, media_type = MAKERS[form]

        def made(note: Note) -> Response:
            name = f'attachment; filename="briefing-note-{note.date}.{form}"'
            file = maker(paper_of(note))
            return Response(file, 200, {**PRIVATE, "content-disposition": name}, media_type)

        return await answered(request, language, body, made)

    async def answered(
        request: Request, language: str, body: NoteBody, made: Callable[[Note], Response]
    ) -> Response:
        """What is made of a note, in a turn of its own: counted by the guard when it came."""
        _known(language)

        def work() -> Response:
            with live.use() as assistant:
                checking = Checking(assistant.generation, seals)
                note = checking.note(body, language, _today(), home_of(request))
            return made(note)

        visit = standing.visits.of("chat", request.scope)
        try:
            standing.gate.open_for(visit)
            await turns.take(visit.address)
            try:
                return await anyio.to_thread.run_sync(work)
            finally:
                turns.give(visit.address)
        except Refused as refused:
            return _failed(refused.status, say(language, f"limits.{refused.code}"))
        except CollectionError:
            return _failed(503, say(language, "chat.no_index"))
        except TypesettingError as error:
            log.error("a note was not set: %s", error)
            return _failed(500, say(language, "note.failed"))

    return routes


def home_of(request: Request) -> str:
    """The address of our pages; empty where only this machine can open it."""
    return "" if request.url.hostname in NOWHERE else str(request.base_url)


def _known(language: str) -> None:
    if language not in languages():
        raise HTTPException(404, "no such language")


def _today() -> str:
    return datetime.datetime.now(datetime.UTC).date().isoformat()


def _failed(status: int, message: str) -> Response:
    return JSONResponse({"message": message}, status, PRIVATE)
