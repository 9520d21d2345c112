"""The outermost layer of the server: a request id, and one form of error.

What layers below refuse in plain words (a foreign host, a body too large) becomes a
problem where the API was called. Knows no question.
"""

from __future__ import annotations

import logging
import re
import secrets
from typing import Any

from fastapi import Request

from ui.api.problems import CODES, MEDIA_TYPE, Problem, problem_of, respond
from ui.guard import App, Message, Receive, Scope, Send
from ui.public.journal import ENTRY, Entry, entry_of

log = logging.getLogger(__name__)

HEADER = b"x-request-id"
# UUIDs and hexadecimal ids (trace ids): the log holds the id, and nothing a visitor could write.
ACCEPTED = re.compile(rb"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|[0-9a-fA-F]{16,64}")
API = ("/api/", "/v1/")


class Edge:
    """Wraps the whole application."""

    def __init__(self, app: App) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        identity = request_id(scope)
        scope[ENTRY] = Entry(request=identity)
        reply = _Reply(scope, receive, send, identity)
        try:
            await self.app(scope, receive, reply.send)
        except Exception:
            log.exception("request %s failed", identity)
            if not reply.status:
                await reply.refuse(problem_of("error"))


def request_id(scope: Scope) -> str:
    """The caller's id where it is one, else a new one."""
    given = next((value for name, value in scope["headers"] if name.lower() == HEADER), b"")
    return given.decode() if ACCEPTED.fullmatch(given) else secrets.token_hex(12)


class _Reply:
    """One response on its way out."""

    def __init__(self, scope: Scope, receive: Receive, send: Send, identity: str) -> None:
        self._scope = scope
        self._receive = receive
        self._send = send
        self._header = (HEADER, identity.encode())
        self._plain: Message | None = None  # a refusal in plain words, until its text is here
        self._words = b""
        self.status = 0  # 0: nothing was sent

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            if self._is_plain_refusal(message):
                self._plain = message
                return
            message = {**message, "headers": [*message.get("headers", []), self._header]}
        elif self._plain is not None:
            self._words += message.get("body", b"")
            if not message.get("more_body"):
                await self._refuse_as(self._plain, self._words.decode("utf-8", "replace"))
            return
        await self._send(message)

    async def refuse(self, problem: Problem) -> None:
        """Send a problem where nothing has been sent."""
        await respond(Request(self._scope), problem)(self._scope, self._receive, self.send)

    def _is_plain_refusal(self, message: Message) -> bool:
        headers = dict(message.get("headers", []))
        kind = headers.get(b"content-type", b"")
        return (
            message["status"] >= 400
            and self._scope["path"].startswith(API)
            and not kind.startswith(MEDIA_TYPE.encode())
        )

    async def _refuse_as(self, plain: Message, words: str) -> None:
        code = entry_of(self._scope).refused or CODES.get(plain["status"], "refused")
        self._plain = None
        problem = respond(Request(self._scope), Problem(plain["status"], code, words))
        replaced = {name for name, _ in problem.raw_headers}
        kept = [pair for pair in plain.get("headers", []) if pair[0].lower() not in replaced]

        async def with_kept(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*kept, *message["headers"]]}
            await self.send(message)

        scope: Any = self._scope
        await problem(scope, self._receive, with_kept)
