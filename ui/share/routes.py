"""The routes of a shared answer.

GET  /<language>/shared?q=...  the question, and a button
POST /<language>/shared        the answer now, and what has changed since

It is asked as any question is: counted, given a turn, answered by the same walk and shown
by the same functions. Nothing is stored.
"""

from __future__ import annotations

from contextlib import aclosing
from typing import Any
from urllib.parse import parse_qsl

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response
from starlette.exceptions import HTTPException

from rag.wording import knows, languages, say
from ui.answering import Answering, Asked, Event, streamed
from ui.noted import noted
from ui.public.journal import entry_of
from ui.public.standing import Standing
from ui.public.visit import Refused
from ui.share.change import told
from ui.share.link import LONGEST_ADDRESS, Shared, shared_in, traces_from
from ui.share.page_html import shared_page

FORM = "application/x-www-form-urlencoded"
LOOK_S = 1.0  # how often an answer that is silent looks whether its reader is still there
MOST_PARAMETERS = 60
OURS = ("", "same-origin", "none")  # values of Sec-Fetch-Site of a press on our own button


def share_routes(standing: Standing, answering: Answering, limit: int) -> APIRouter:
    """Both of them, to be included before the chat. `limit`: the longest question."""
    routes = APIRouter(include_in_schema=False)

    @routes.get("/{language}/shared")
    def asked(request: Request, language: str) -> Response:
        _known(language)
        shared = _read(request.url.query, limit)
        return _page(shared_page(language, shared), 200 if shared else 400)

    @routes.post("/{language}/shared")
    async def replayed(request: Request, language: str) -> Response:
        _known(language)
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind != FORM:
            raise HTTPException(415, "not a form")
        shared = _read((await request.body()).decode("utf-8", "replace"), limit)
        if shared is None:
            return _page(shared_page(language, None), 400)
        if request.headers.get("sec-fetch-site", "") not in OURS:
            # Another site's page may not ask in its visitors' names.
            notice = say(language, "share.from_elsewhere")
            return _page(shared_page(language, shared, notices=[notice]), 403)
        try:
            last = await _answer(request, standing, answering, shared, language)
        except Refused as refused:
            entry_of(request.scope).refused = refused.code
            notice = say(language, f"limits.{refused.code}")
            return _page(shared_page(language, shared, notices=[notice]), refused.status)
        return _shown(last, shared, language)

    return routes


async def _answer(
    request: Request, standing: Standing, answering: Answering, shared: Shared, language: str
) -> Event | None:
    """The last event of the question; None where its reader left. Raises Refused."""
    entry = entry_of(request.scope)
    entry.face, entry.route = "chat", "shared"
    asked = Asked(shared.question, shared.filters, (), language, "page", room=True)
    last: Event | None = None
    async with (
        standing.gate.admit(standing.visits.of("chat", request.scope)),
        aclosing(streamed(answering, asked, LOOK_S)) as events,
        aclosing(noted(events, asked, entry, standing.questions)) as heard,
    ):
        async for event in heard:
            if event["type"] != "ping":
                last = event
            elif await request.is_disconnected():
                return None
    return last


def _shown(last: Event | None, shared: Shared, language: str) -> Response:
    """The page of the last event: the answer under what has changed."""
    if last is None or last["type"] == "failed":
        limit = f"limits.{last['code'] if last else ''}"
        notice = say(language, limit if knows(limit) else "chat.error")
        return _page(shared_page(language, shared, notices=[notice]), 503)
    traces: dict[str, Any] | None = last.get("traces")
    notices = told(shared.traces, traces_from(traces), language) if traces else []
    return _page(shared_page(language, shared, notices=notices, answer=last["html"]))


def _read(query: str, limit: int) -> Shared | None:
    if len(query) > LONGEST_ADDRESS:
        return None
    pairs = parse_qsl(query)[:MOST_PARAMETERS]
    clean = [(name, value.encode("utf-8", "replace").decode()) for name, value in pairs]
    return shared_in(clean, limit)


def _page(markup: str, status: int = 200) -> Response:
    """A page that is nobody's to keep, and no search engine's."""
    headers = {"cache-control": "no-store", "x-robots-tag": "noindex, nofollow"}
    return HTMLResponse(markup, status, headers)


def _known(language: str) -> None:
    if language not in languages():
        raise HTTPException(404, "no such language")
