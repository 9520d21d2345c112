"""One question over HTTP: admitted, answered event by event, ended when the client leaves.

    gate -> events -> a rendering (JSON at the end, or a stream) -> journal

The response is an ASGI application of its own, so that a turn at the gate is held
exactly as long as the answer takes. Knows no form of reply: a `Rendering` does.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from typing import Any, Protocol

from fastapi import Request
from fastapi.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from ui.answering import Answering, Asked, Event, streamed
from ui.api.problems import Problem, problem_of, problem_of_refused, respond
from ui.leaving import unless_left
from ui.noted import noted
from ui.public.journal import entry_of
from ui.public.standing import Standing
from ui.public.visit import Face, Refused, Visit

STREAM_HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),  # a proxy that collects would undo the stream
]
PING_S = 15.0  # proxies cut what is silent for longer


class Rendering(Protocol):
    """The form of a reply."""

    def whole(self, event: Event) -> dict[str, Any] | None:
        """The body of a reply at once, from its `finished` event; None from other events."""
        ...

    def parts(self, event: Event) -> list[str]:
        """What an event adds to a stream, as text of server-sent events."""
        ...


@dataclass(frozen=True, slots=True)
class Desk:
    """What answering over HTTP needs."""

    standing: Standing
    answering: Answering

    def visit(self, request: Request, face: Face = "api") -> Visit:
        """Who asks. A paused face or site is refused by the gate."""
        return self.standing.visits.of(face, request.scope)

    async def light(self, request: Request, what: str, face: Face = "api") -> None:
        """Admit a cheap request. Raises Refused."""
        entry = entry_of(request.scope)
        entry.face, entry.route = face, what
        await self.standing.gate.light(self.visit(request, face), what)

    @asynccontextmanager
    async def reading(self, request: Request, what: str) -> AsyncIterator[None]:
        """Admit a request that reads the collection: cheap, but many at once would hold up
        everybody's questions, so it takes a turn like them. Raises Refused."""
        await self.light(request, what)
        async with self.standing.gate.turn(self.visit(request)):
            yield

    def reply(
        self, request: Request, asked: Asked, rendering: Rendering, *, stream: bool
    ) -> Response:
        """The response to a question."""
        return _Answered(self, request, asked, rendering, stream)


class _Answered(Response):
    """Answers when it is sent."""

    def __init__(
        self, desk: Desk, request: Request, asked: Asked, rendering: Rendering, stream: bool
    ) -> None:
        super().__init__()
        self._desk = desk
        self._request = request
        self._asked = asked
        self._rendering = rendering
        self._stream = stream

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def answer() -> None:
            problem = await self._answer(send)
            if problem is not None:
                await respond(self._request, problem)(scope, receive, send)

        await unless_left(receive, answer)

    async def _answer(self, send: Send) -> Problem | None:
        """Send the answer; what is wrong where nothing was sent."""
        standing = self._desk.standing
        entry = entry_of(self._request.scope)
        entry.face, entry.route = "api", self._request.scope["route"].name
        try:
            async with (
                standing.gate.admit(self._desk.visit(self._request)),
                aclosing(streamed(self._desk.answering, self._asked, PING_S)) as events,
                aclosing(noted(events, self._asked, entry, standing.questions)) as told,
            ):
                return await (self._streamed if self._stream else self._whole)(told, send)
        except Refused as refused:
            entry.refused = refused.code
            return problem_of_refused(refused)

    async def _whole(self, events: AsyncIterator[Event], send: Send) -> Problem | None:
        async for event in events:
            if event["type"] == "failed":
                return problem_of(event["code"])
            body = self._rendering.whole(event)
            if body is not None:
                await _send_json(body, send)
        return None

    async def _streamed(self, events: AsyncIterator[Event], send: Send) -> Problem | None:
        """Server-sent events; trouble before the first of them is still a status."""
        begun = False
        async for event in events:
            if event["type"] == "failed" and not begun:
                return problem_of(event["code"])
            if not begun:
                start = {"type": "http.response.start", "status": 200, "headers": STREAM_HEADERS}
                await send(start)
                begun = True
            text = ": ping\n\n"
            if event["type"] != "ping":
                text = "".join(self._rendering.parts(event))
            await send({"type": "http.response.body", "body": text.encode(), "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})
        return None


async def _send_json(body: dict[str, Any], send: Send) -> None:
    response = JSONResponse(body)
    headers = [*response.raw_headers, (b"cache-control", b"no-store")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": response.body})
