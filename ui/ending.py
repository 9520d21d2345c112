"""How the server ends: nobody new comes in, who is being answered may finish or is told.

    signal -> not ready, gate closed -> streams finish, FINISH_S at most -> a last event
           -> the streams of open pages end -> the listening socket closes

Knows no question; `Server` is uvicorn's with these steps before its own.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ui.answering import UnderWay
from ui.public.gate import Gate

if TYPE_CHECKING:
    import uvicorn

LAST_S = 0.5  # for the last event on its way to a page
# What Gradio keeps open for as long as a page is.
OPEN = re.compile(r"/[a-z]{2}/gradio_api/(?:heartbeat/.*|queue/data/?)")
FINISH_S = 5.0  # with uvicorn's own wait it stays under the ten seconds that Docker gives


class Ending:
    """The state of a server that ends. Lives on the event loop; `begin` is for signals too."""

    def __init__(
        self, gate: Gate, under_way: UnderWay, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._gate = gate
        self._under_way = under_way
        self._clock = clock
        self._until = float("inf")
        self.over = asyncio.Event()  # set when the server closes

    @property
    def begun(self) -> bool:
        """Whether the server has been told to end."""
        return self._until != float("inf")

    def begin(self) -> None:
        """Admit nobody from now on."""
        self._gate.close()
        self._until = min(self._until, self._clock() + FINISH_S)

    def may_close(self) -> bool:
        """Whether the server may close now; at the end of the time given, tells who waits."""
        if not self.begun:
            return False
        late = self._clock() >= self._until
        if late:
            self._under_way.tell_all()
        if late or not self._under_way:
            self.over.set()
        return self.over.is_set()


class OpenPages:
    """Ends the streams of open pages with the server: they would keep it until they are cut
    off, with an error in its log for each."""

    def __init__(self, app: ASGIApp, ending: Ending) -> None:
        self.app = app
        self._over = ending.over

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not OPEN.fullmatch(scope["path"]):
            await self.app(scope, receive, send)
            return
        open_ = False

        async def noting(message: Message) -> None:
            nonlocal open_
            open_ = message["type"] == "http.response.start" or message.get("more_body", False)
            await send(message)

        async def until_over() -> Message:
            waits = asyncio.ensure_future(receive()), asyncio.ensure_future(self._over.wait())
            try:
                await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
                if waits[0].done():
                    return waits[0].result()
            finally:
                for wait in waits:
                    wait.cancel()
            await asyncio.sleep(LAST_S)
            return {"type": "http.disconnect"}

        await self.app(scope, until_over, noting)
        if open_:
            with suppress(OSError):
                await send({"type": "http.response.body", "body": b"", "more_body": False})


def server(config: uvicorn.Config, ending: Ending) -> uvicorn.Server:
    """A server that ends in these steps; a second signal ends it at once."""
    import uvicorn

    class Server(uvicorn.Server):
        def handle_exit(self, sig: int, frame: Any) -> None:
            if ending.begun:
                super().handle_exit(sig, frame)
            ending.begin()

        async def on_tick(self, counter: int) -> bool:
            if ending.may_close():
                self.should_exit = True
            return await super().on_tick(counter)

    return Server(config)
