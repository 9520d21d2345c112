"""Turns: how many questions run at the same time, and who is next.

The queue is bounded in length and in time, and goes round the addresses: somebody
who sends ten questions at once waits behind somebody who sends one. Lives on one
event loop. Knows no question and no clock but the loop's.
"""

from __future__ import annotations

import asyncio
from collections import Counter, OrderedDict, deque
from dataclasses import dataclass
from math import ceil

from ui.public.visit import Refused

SOON_S = 2  # when somebody with several questions under way may try again


@dataclass(frozen=True, slots=True)
class TurnLimits:
    """How much may run and wait."""

    at_once: int = 8
    queue: int = 32
    seconds: float = 10.0  # longest wait
    address_at_once: int = 4  # running and waiting


class Turns:
    """Lends turns; `take` and `give` pair up."""

    def __init__(self, limits: TurnLimits) -> None:
        self._limits = limits
        self.running = 0
        self._held: Counter[str] = Counter()  # by address, running and waiting
        self._waiting: OrderedDict[str, deque[asyncio.Future[None]]] = OrderedDict()

    @property
    def waiting(self) -> int:
        """How many wait."""
        return sum(map(len, self._waiting.values()))

    def check(self, address: str) -> None:
        """Raise Refused when there is no room even to wait."""
        if self._held[address] >= self._limits.address_at_once:
            raise Refused(429, "at_once", SOON_S)
        if self.running >= self._limits.at_once and self.waiting >= self._limits.queue:
            raise self._full()

    async def take(self, address: str) -> None:
        """Wait for a turn. Raises Refused when the queue is full or the wait too long."""
        self.check(address)
        self._held[address] += 1
        if self.running < self._limits.at_once:
            self.running += 1
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(address, deque()).append(turn)
        try:
            done, _ = await asyncio.wait([turn], timeout=self._limits.seconds)
        except BaseException:
            self._leave(address, turn)
            raise
        if not done:
            self._leave(address, turn)
            raise self._full()

    def give(self, address: str) -> None:
        """Hand a turn on, to the next address in the round."""
        self._release(address)
        if not self._waiting:
            self.running -= 1
            return
        following, turns = self._waiting.popitem(last=False)
        turn = turns.popleft()
        if turns:
            self._waiting[following] = turns  # to the end of the round
        turn.set_result(None)

    def _leave(self, address: str, turn: asyncio.Future[None]) -> None:
        """Somebody stops waiting, perhaps at the moment the turn came."""
        if turn.done():
            self.give(address)
            return
        self._release(address)
        turns = self._waiting[address]
        turns.remove(turn)
        if not turns:
            del self._waiting[address]

    def _release(self, address: str) -> None:
        self._held[address] -= 1
        if not self._held[address]:
            del self._held[address]

    def _full(self) -> Refused:
        return Refused(429, "queue_full", ceil(self._limits.seconds))
