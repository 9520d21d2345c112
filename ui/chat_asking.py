"""A question of the chat page: given a turn, answered as pages, written down.

    counted by `ui.guard` when it came -> a turn at the gate -> pages -> journal, metrics, log

Gradio carries the pages in requests of its own, so that a question leaves two lines in
the journal: when it came, and, under the same id, when it was over. Knows no Gradio.
"""

from __future__ import annotations

import re
import time
from collections import Counter, defaultdict
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing, contextmanager
from dataclasses import dataclass, field, replace
from urllib.parse import parse_qs

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ui.answering import Answering, Asked, Event, failed, streamed
from ui.noted import noted
from ui.public.journal import Entry, entry_of
from ui.public.standing import Standing
from ui.public.visit import Refused

ROUTE = "gradio_answer"
LOOK_S = 1.0  # how often an answer that is silent looks whether its page is still there
STREAM = re.compile("/[a-z]{2}/gradio_api/queue/data/?")


@dataclass(eq=False, slots=True)
class Waiting:
    """A question of a page: whether the page has left it."""

    left: bool = False


@dataclass(frozen=True, slots=True)
class ChatDesk:
    """Takes questions of the chat page. Lives on the event loop."""

    standing: Standing
    answering: Answering
    _waiting: dict[str, set[Waiting]] = field(default_factory=lambda: defaultdict(set))
    _streams: Counter[str] = field(default_factory=Counter)

    @contextmanager
    def stream(self, session: str) -> Iterator[None]:
        """An open stream of a page's answers. When the last one ends, the page has gone, or
        all it asked is answered: what it still asks, ends."""
        self._streams[session] += 1
        try:
            yield
        finally:
            self._streams[session] -= 1
            if not self._streams[session]:
                del self._streams[session]
                for question in self._waiting.get(session, ()):
                    question.left = True

    async def ask(
        self, scope: Scope, asked: Asked, session: str = ""
    ) -> AsyncGenerator[Event, None]:
        """The events of `Answering.ask` in the form "page"; a question that gets no turn is a
        `failed` event with the code of the refusal. `scope`: of the request it came with;
        `session`: Gradio's name of the page."""
        mine = Waiting()
        self._waiting[session].add(mine)
        entry = Entry(request=entry_of(scope).request, face="chat", route=ROUTE)
        asked = replace(asked, form="page", identity=entry.request, room=True)
        begun, status = time.monotonic(), 200
        standing = self.standing
        try:
            async with (
                standing.gate.turn(standing.visits.of("chat", scope)),
                aclosing(streamed(self.answering, asked, LOOK_S)) as events,
                aclosing(noted(events, asked, entry, standing.questions)) as told,
            ):
                async for event in told:
                    if mine.left:
                        break
                    if event["type"] != "ping":
                        yield event
        except Refused as refused:
            entry.refused, status = refused.code, refused.status
            yield failed(refused.code)
        finally:
            self._waiting[session].discard(mine)
            if not self._waiting[session]:
                del self._waiting[session]
            seconds = time.monotonic() - begun
            standing.metrics.note(entry, status, seconds)
            standing.journal.write(entry, status, seconds)


class Leaving:
    """Tells the desk when the stream of a page's answers has ended, whoever ended it. Gradio
    itself lets a question run on that nobody waits for any more. A stream of a page that has
    asked nothing just ends: Gradio raises, too late for a status, and anybody could fill the
    log with it."""

    def __init__(self, app: ASGIApp, desk: ChatDesk) -> None:
        self.app = app
        self._desk = desk

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not STREAM.fullmatch(scope["path"]):
            await self.app(scope, receive, send)
            return
        named = parse_qs(scope["query_string"].decode("latin-1")).get("session_hash", [""])
        begun = False

        async def noting(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        with self._desk.stream(named[0]):
            try:
                await self.app(scope, receive, noting)
            except RuntimeError as error:
                if not begun or not isinstance(error.__cause__, HTTPException):
                    raise
                await send({"type": "http.response.body", "body": b"", "more_body": False})
