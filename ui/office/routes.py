"""The pages of the knowledge officer. None of them, and nothing behind them, is there for
anybody without a session: who has none is led to the password.

    /<language>/office            the run, files, every document      office-upload  office-run
    /<language>/office-document   one document                        office-remove
    /<language>/office-glossary   the glossary
    /<language>/office-questions  unanswered questions and feedback   office-draft  office-drafts
    /<language>/office-job        how far a run is, as JSON
    /<language>/office-login      and office-logout
"""

from __future__ import annotations

from functools import partial

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response
from starlette.exceptions import HTTPException

from rag.settings import Settings
from rag.wording import languages
from ui.library.holding import Holding
from ui.live import LiveAssistant
from ui.office import changes, views
from ui.office.desk import Office, caught_up
from ui.office.door import Door, Strange, door_of, field, let_in, let_out, same_origin
from ui.office.frame_html import login_page
from ui.office.job import Jobs
from ui.office.replies import PRIVATE, moved, refused
from ui.office.session import Session
from ui.office.uploads import MOST_FILES
from ui.public.counting import Full
from ui.public.standing import Standing

LONGEST_PASSWORD = 500


def office_routes(live: LiveAssistant, settings: Settings, standing: Standing) -> APIRouter:
    """All of them, for a server that has a password. Raises ConfigurationError where the data
    folder cannot be written to."""
    routes = APIRouter(include_in_schema=False)
    door = door_of(settings, standing)
    jobs = Jobs(settings, after=partial(caught_up, live, settings.data_dir))
    office = Office(live, settings, Holding(live), jobs)
    _entrance(routes, door)
    _views(routes, door, office)
    _changes(routes, door, office)
    return routes


def _entrance(routes: APIRouter, door: Door) -> None:
    @routes.post("/{language}/office-login")
    async def login(request: Request, language: str) -> Response:
        _known(language)
        if not same_origin(request.headers, request.url.scheme):
            return refused(language)
        form = await request.form(max_files=0, max_fields=5)
        tried = await door.tried(request, field(form, "password")[:LONGEST_PASSWORD])
        if isinstance(tried, Full):
            minutes = max(1, -(-tried.retry_after // 60))
            page = login_page(language, "too_often", minutes)
            wait = {"retry-after": str(tried.retry_after)}
            return HTMLResponse(page, 429, {**PRIVATE, **wait})
        if not tried:
            return HTMLResponse(login_page(language, "wrong_password"), 403, PRIVATE)
        secure = request.url.scheme == "https"
        return let_in(moved("office"), door.sessions.open(), secure=secure)

    @routes.post("/{language}/office-logout")
    async def logout(request: Request, language: str) -> Response:
        session = _session(request, language, door)
        if session is None:
            return moved("office")
        try:
            await door.form(request, session)
        except Strange:
            return refused(language)
        door.sessions.close(session)
        return let_out(moved("office"), secure=request.url.scheme == "https")


def _views(routes: APIRouter, door: Door, office: Office) -> None:
    """Everything that is only looked at; read in a thread."""

    def view(place: str, show: views.View) -> None:
        def handle(request: Request, language: str) -> Response:
            session = _session(request, language, door)
            if session is not None:
                return show(office, request, language, session)
            if place == "office":
                return HTMLResponse(login_page(language), headers=PRIVATE)
            return moved("office")

        routes.add_api_route(f"/{{language}}/{place}", handle, methods=["GET"])

    for place, show in views.VIEWS.items():
        view(place, show)


def _changes(routes: APIRouter, door: Door, office: Office) -> None:
    """Everything that changes something: a form of ours, from a page of ours."""

    def change(place: str, make: changes.Change) -> None:
        async def handle(request: Request, language: str) -> Response:
            session = _session(request, language, door)
            if session is None:
                return moved("office")
            files = MOST_FILES if place == "office-upload" else 0
            try:
                form = await door.form(request, session, files)
            except Strange:
                return refused(language)
            except HTTPException:  # more parts, or longer ones, than a form of ours has
                return refused(language, "too_much", 413)
            try:
                return await make(office, language, session, form)
            finally:
                await form.close()

        routes.add_api_route(f"/{{language}}/{place}", handle, methods=["POST"])

    for place, make in changes.CHANGES.items():
        change(place, make)


def _session(request: Request, language: str, door: Door) -> Session | None:
    _known(language)
    return door.session(request)


def _known(language: str) -> None:
    if language not in languages():
        raise HTTPException(404)
