"""How the server ends: nobody new comes in, who is being answered may finish or is told.

    signal -> not ready, gate closed -> streams finish, FINISH_S at most -> a last event
           -> the listening socket closes

Knows no question; `Server` is uvicorn's with these steps before its own.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ui.answering import UnderWay
from ui.public.gate import Gate

if TYPE_CHECKING:
    import uvicorn

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
        return late or not self._under_way


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
