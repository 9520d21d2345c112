"""What the chat page asks for besides answers: its filters anew, and where to go from an answer.

    GET  /<language>/chips?country=KE     the filters as HTML
    POST /<language>/next                 questions to go on with, as HTML, or nothing

Own requests and not Gradio's, so that neither delays an answer.
"""

from __future__ import annotations

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import HTMLResponse
from pydantic import BaseModel, ConfigDict, Field

from rag.errors import CollectionError
from rag.wording import languages
from ui.chips import chips, filters_from
from ui.chips_html import filters_html
from ui.live import LiveAssistant
from ui.next_html import next_html
from ui.suggest import Seen, Suggestions

FRESH = {"cache-control": "no-store"}
MOST = 10**9  # the store has no larger number


class Place(BaseModel):
    """Where a quote begins."""

    model_config = ConfigDict(extra="forbid")
    document_id: str = Field(max_length=1000)
    page: int = Field(ge=1, le=MOST)
    start: int = Field(ge=0, le=MOST)


class AfterAnswer(BaseModel):
    """An answer on the page, of `data-reply`."""

    model_config = ConfigDict(extra="forbid")
    question: str = Field(min_length=1, max_length=4000)
    language: str = Field(max_length=12)
    filters: dict[str, list[str]] = Field(default={}, max_length=12)
    quoted: list[Place] = Field(default=[], max_length=50)


def chat_routes(live: LiveAssistant, suggestions: Suggestions, longest: int) -> APIRouter:
    """Both, to be included in the application before the chat is mounted. `longest` question
    in characters."""
    routes = APIRouter(include_in_schema=False)

    @routes.get("/{language}/chips")
    def shown(request: Request, language: str) -> HTMLResponse:
        _known(language)
        filters = filters_from(request.query_params.multi_items())
        try:
            with live.use() as assistant:
                held = chips(assistant.generation.store, filters, language)
        except CollectionError:
            return HTMLResponse("", headers=FRESH)
        return HTMLResponse(filters_html(held, language), headers=FRESH)

    @routes.post("/{language}/next")
    def onward(language: str, told: AfterAnswer) -> HTMLResponse:
        _known(language)
        if told.language not in languages() or len(told.question) > longest:
            return HTMLResponse("", headers=FRESH)
        quoted = tuple((one.document_id, one.page, one.start) for one in told.quoted)
        pairs = [(key, value) for key, values in told.filters.items() for value in values]
        filters = filters_from(pairs)
        seen = Seen(told.question, told.language, filters, quoted)
        try:
            found = suggestions.after(seen)
        except CollectionError:
            return HTMLResponse("", headers=FRESH)
        spent = {"server-timing": f"next;dur={found.milliseconds}"}
        return HTMLResponse(next_html(found, told.language), headers={**FRESH, **spent})

    return routes


def _known(language: str) -> None:
    if language not in languages():
        raise HTTPException(404, "no such page")
