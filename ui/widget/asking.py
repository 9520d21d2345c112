"""One question from the frame: admitted, answered as a stream of pages, ended when the
visitor leaves.

The response is an ASGI application of its own, so that a turn at the gate is held
exactly as long as the answer takes. Knows no HTML.
"""

from __future__ import annotations

from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

from fastapi.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from rag.wording import (
    knows,
    say,
)
from ui.answering import Answering, Asked, Event, streamed
from ui.api.desk import PING_S, STREAM_HEADERS
from ui.api.sse import server_sent
from ui.leaving import unless_left
from ui.noted import noted
from ui.public.journal import entry_of
from ui.public.sites import Site
from ui.public.standing import Standing
from ui.public.visit import Refused


@dataclass(frozen=True, slots=True)
class FromFrame:
    """A question as it came from a frame."""

    site: Site
    token: str
    asked: Asked


class Exchange(Response):
    """Answers when it is sent."""

    def __init__(self, standing: Standing, answering: Answering, came: FromFrame) -> None:
        super().__init__()
        self._standing = standing
        self._answering = answering
        self._came = came

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def answer() -> None:
            try:
                await self._answer(scope, send)
            except Refused as why:
                language = self._came.asked.interface
                await refusal(scope, why, language)(scope, receive, send)

        await unless_left(receive, answer)

    async def _answer(self, scope: Scope, send: Send) -> None:
        """Raises Refused, before anything was sent."""
        site, asked = self._came.site, self._came.asked
        session = self._standing.tokens.read(self._came.token, site.key)
        visit = self._standing.visits.of("widget", scope, session, site)
        async with (
            self._standing.gate.admit(visit),
            aclosing(streamed(self._answering, asked, PING_S)) as events,
            aclosing(noted(events, asked, entry_of(scope), self._standing.questions)) as told,
        ):
            start = {"type": "http.response.start", "status": 200, "headers": STREAM_HEADERS}
            await send(start)
            async for event in told:
                part = ": ping\n\n" if event["type"] == "ping" else server_sent(self._worded(event))
                await send({"type": "http.response.body", "body": part.encode(), "more_body": True})
            await send({"type": "http.response.body", "body": b"", "more_body": False})

    def _worded(self, event: Event) -> Event:
        """The event, with words for the reader where it failed."""
        if event["type"] != "failed":
            return event
        language = self._came.asked.interface
        limit = f"limits.{event['code']}"
        key = limit if knows(limit) else "chat.error"
        return {**event, "message": say(language, key)}


def refusal(scope: Scope, why: Refused, language: str) -> JSONResponse:
    """Why a request is not served now, in the visitor's language."""
    entry_of(scope).refused = why.code
    body: dict[str, Any] = {
        "code": why.code,
        "message": say(language, f"limits.{why.code}"),
        "retry_after": why.retry_after,
    }
    headers = {"cache-control": "no-store"}
    if why.retry_after is not None:
        headers["retry-after"] = str(why.retry_after)
    return JSONResponse(body, why.status, headers)
