"""/<language>/library: the page, rendered here. Its script only fetches it again."""

from __future__ import annotations

from pathlib import Path

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response
from starlette.exceptions import HTTPException

from rag.errors import SanadError
from rag.wording import languages, say
from ui.library.holding import Holding
from ui.library.unread import unread
from ui.library.views_html import library_body
from ui.library.wanted import Wanted, wanted
from ui.live import LiveAssistant
from ui.markup import text
from ui.room.shell import page

UNCHANGED = "private, no-cache"


def library_routes(live: LiveAssistant, data_dir: Path, *, office: bool) -> APIRouter:
    """The page of every language. `office`: whether there is an office to lead to."""
    routes = APIRouter(include_in_schema=False)
    holding = Holding(live)

    @routes.get("/{language}/library")
    def library(request: Request, language: str) -> Response:
        if language not in languages():
            raise HTTPException(404)
        asked = wanted(request.query_params.multi_items())
        try:
            held = holding.current()
        except SanadError:
            return _sent(_empty(language), language, asked, 503)
        body = library_body(
            held.shelf, held.alike(live), unread(data_dir), asked, language,
            as_of=held.created, office=office,
        )  # fmt: skip
        return _sent(body, language, asked)

    return routes


def _sent(body: str, language: str, asked: Wanted, status: int = 200) -> Response:
    made = page(
        language, "library", say(language, "library.name"), body,
        query=asked.query(), styles=("library.css",), scripts=("library.js",),
    )  # fmt: skip
    return HTMLResponse(made, status, {"cache-control": UNCHANGED})


def _empty(language: str) -> str:
    """The page of a server without an index; what to type is the operator's, not a visitor's."""
    told = text(say(language, "library.no_index"))
    return f"<h1>{text(say(language, 'library.name'))}</h1><p>{told}</p>"
