"""The gate: whether a visit may ask now. Switches, pauses, limits, and turns.

    face on? -> site paused? -> room to wait? -> limits of address, session, site -> a turn

Knows neither HTTP nor what is asked. Lives on the server's event loop.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from rag.settings import Settings
from ui.public.counting import DAY, HOUR, MINUTE, Counting, Window
from ui.public.switches import Switches
from ui.public.turns import TurnLimits, Turns
from ui.public.visit import Refused, Visit

SWITCHED_OFF_S = 300  # when to look again at what an operator has closed
CLOSING_S = 10
# Cheap to answer, but it stays on the disk: nobody alone may soon fill what all may write to.
KEPT = ("feedback",)
# Questions are tried for it: as many as there may be answers.
DEAR = ("next",)


class Admission:
    """A turn. `leave` hands it on; a second time does nothing."""

    def __init__(self, turns: Turns, address: str) -> None:
        self._turns = turns
        self._address = address
        self._left = False

    def leave(self) -> None:
        """The question is done."""
        if not self._left:
            self._left = True
            self._turns.give(self._address)


class Gate:
    """Admits visits or raises Refused."""

    def __init__(
        self, settings: Settings, switches: Switches, counting: Counting | None = None
    ) -> None:
        self._settings = settings
        self._switches = switches
        self._counting = counting or Counting()
        self._closing = False
        self.turns = Turns(
            TurnLimits(
                settings.limit_at_once,
                settings.limit_queue,
                settings.limit_queue_seconds,
                settings.limit_address_at_once,
            )
        )

    @asynccontextmanager
    async def admit(self, visit: Visit) -> AsyncIterator[None]:
        """A turn for one question. Raises Refused."""
        admission = await self.enter(visit)
        try:
            yield
        finally:
            admission.leave()

    async def enter(self, visit: Visit) -> Admission:
        """A turn to be left by hand, where the answer is a stream. Raises Refused."""
        self.open_for(visit)
        self.turns.check(visit.address)
        await self._count(self._windows(visit))
        await self.turns.take(visit.address)
        return Admission(self.turns, visit.address)

    async def count(self, visit: Visit) -> None:
        """Count a question that takes its `turn` later, as those of Gradio's queue do.
        Raises Refused."""
        self.open_for(visit)
        self.turns.check(visit.address)
        await self._count(self._windows(visit))

    @asynccontextmanager
    async def turn(self, visit: Visit) -> AsyncIterator[None]:
        """A turn for a question that was counted when it came. Raises Refused."""
        self.open_for(visit)
        await self.turns.take(visit.address)
        try:
            yield
        finally:
            self.turns.give(visit.address)

    async def light(self, visit: Visit, what: str) -> None:
        """Count a cheap request, such as "token" or "feedback". Raises Refused."""
        self.open_for(visit)
        settings = self._settings
        amount = settings.limit_address_minute if what in DEAR else settings.limit_light_minute
        windows = [Window(amount, MINUTE, (what, visit.address))]
        if what in KEPT:
            hour = self._settings.limit_address_hour
            windows.append(Window(hour, HOUR, (what, visit.address)))
        await self._count(windows)

    def open_for(self, visit: Visit) -> None:
        """Raise Refused when the face is off, the site paused, or the server ending."""
        if self._closing:
            raise Refused(503, "closing", CLOSING_S)
        if not self._switches.on(visit.face):
            raise Refused(503, "face_off", SWITCHED_OFF_S)
        if visit.site is not None and visit.site.paused:
            raise Refused(403, "paused")

    def close(self) -> None:
        """Admit nobody from now on; who is inside may finish."""
        self._closing = True

    async def _count(self, windows: list[Window]) -> None:
        full = await self._counting.hit(windows)
        if full is not None:
            raise Refused(429, full.window.code, full.retry_after)

    def _windows(self, visit: Visit) -> list[Window]:
        settings = self._settings
        windows = [
            Window(settings.limit_address_minute, MINUTE, ("address", visit.address)),
            Window(settings.limit_address_hour, HOUR, ("address", visit.address)),
        ]
        if visit.session:
            windows.append(Window(settings.limit_session_hour, HOUR, ("session", visit.session)))
        if visit.site is not None:
            daily = visit.site.daily_questions
            amount = settings.limit_site_day if daily is None else daily
            windows.append(Window(amount, DAY, ("site", visit.site.key), "site_budget"))
        return windows
