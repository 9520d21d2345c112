"""How often: moving windows over the `limits` library, in this process or in Redis.

The only door to `limits`. When Redis is away, this process counts alone, and says so
in the log: a store that fails must neither close the service nor open it.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import ceil

from limits import RateLimitItem, RateLimitItemPerSecond
from limits.errors import StorageError
from limits.storage import MemoryStorage, Storage, storage_from_string
from limits.strategies import MovingWindowRateLimiter

from rag.errors import ConfigurationError

log = logging.getLogger(__name__)
MINUTE, HOUR, DAY = 60, 3600, 86400
AGAIN_S = 30.0  # how long this process counts alone before it tries the store again
SWEEP_S = 60.0  # how often windows that are over are forgotten
BACK_S = 5.0  # a clock is put right by less than that every day


@dataclass(frozen=True, slots=True)
class Window:
    """At most `amount` in any `seconds`, for whatever `what` names."""

    amount: int
    seconds: int
    what: tuple[str, ...]  # such as ("address", "1a2b...")
    code: str = "too_many"

    @property
    def item(self) -> RateLimitItem:
        """The same in the words of the library."""
        return RateLimitItemPerSecond(self.amount, self.seconds)


@dataclass(frozen=True, slots=True)
class Full:
    """A window that is full, and the seconds until it has room."""

    window: Window
    retry_after: int


Ask = Callable[[MovingWindowRateLimiter, Sequence[Window]], Full | None]


class Memory(MemoryStorage):
    """The library's memory, which empties a window that is over and keeps its name for ever:
    each address of each day would stay, and be looked at with every hit."""

    def __init__(self) -> None:
        super().__init__()
        self._swept = self._latest = time.time()

    def acquire_entry(self, key: str, limit: int, expiry: int, amount: int = 1) -> bool:
        """See `MovingWindowSupport.acquire_entry`."""
        self._sweep()
        return super().acquire_entry(key, limit, expiry, amount)

    def get_moving_window(self, key: str, limit: int, expiry: int) -> tuple[float, int]:
        """See `MovingWindowSupport.get_moving_window`; the library asks it before each count."""
        now = time.time()
        if now < self._latest - BACK_S:  # the clock was put back: a window would last as long
            self.reset()
        self._latest = now
        return super().get_moving_window(key, limit, expiry)

    def _sweep(self) -> None:
        now = time.time()
        if now < self._swept + SWEEP_S:
            return
        self._swept = now
        for key in list(self.events):
            with self.locks[key]:  # the library's own thread shortens the lists
                events = self.events[key]
                if not events or events[0].expiry <= now:  # the newest comes first
                    self.clear(key)


class Counting:
    """Counts hits in windows."""

    def __init__(self, store: Storage | None = None) -> None:
        """Without a `store` this process counts alone."""
        self.memory = Memory()
        self._own = MovingWindowRateLimiter(self.memory)
        self._shared = MovingWindowRateLimiter(store) if store is not None else None
        self._alone_until = 0.0

    async def hit(self, windows: Sequence[Window]) -> Full | None:
        """Count in every window, or in none: then the first that is full."""
        return await self._asked(_hit, windows)

    async def look(self, windows: Sequence[Window]) -> Full | None:
        """The first window that is full; counts nothing."""
        return await self._asked(_look, windows)

    async def _asked(self, ask: Ask, windows: Sequence[Window]) -> Full | None:
        shared = self._shared
        if shared is not None and time.monotonic() >= self._alone_until:
            try:
                return await asyncio.to_thread(ask, shared, windows)
            except StorageError:
                self._alone_until = time.monotonic() + AGAIN_S
                log.warning("the store of limits is away; this process counts alone")
        return ask(self._own, windows)


def _look(limiter: MovingWindowRateLimiter, windows: Sequence[Window]) -> Full | None:
    for window in windows:
        if window.amount == 0:
            return Full(window, window.seconds)
        if not limiter.test(window.item, *window.what):
            return _full(limiter, window)
    return None


def _hit(limiter: MovingWindowRateLimiter, windows: Sequence[Window]) -> Full | None:
    if full := _look(limiter, windows):
        return full
    for window in windows:
        # Between the look and the count another process may have taken the last place.
        if not limiter.hit(window.item, *window.what):
            return _full(limiter, window)
    return None


def _full(limiter: MovingWindowRateLimiter, window: Window) -> Full:
    until = limiter.get_window_stats(window.item, *window.what).reset_time
    return Full(window, max(1, ceil(until - time.time())))


def store_of(url: str) -> Storage | None:
    """The store of the setting; None for this process's memory.

    Raises ConfigurationError; its text does not hold the address, which may hold a password.
    """
    if not url:
        return None
    try:
        found = storage_from_string(url, wrap_exceptions=True, socket_timeout=1.0)
    except Exception as error:  # noqa: BLE001  # whatever is made of an address
        raise ConfigurationError(
            f"SANAD_LIMITS_STORE cannot be used ({type(error).__name__}); it takes "
            'redis://HOST:PORT/N and needs pip install "sanad[redis]"'
        ) from None
    if not isinstance(found, Storage):
        raise ConfigurationError("SANAD_LIMITS_STORE takes redis:// or rediss://")
    return found
