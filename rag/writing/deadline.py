"""An asynchronous stream of text, read by a thread that does not wait for ever.

Each stream runs as a task on one event loop in one background thread, which
starts with the first stream and serves them all: the providers' libraries keep
their connections by event loop, so a loop for each call would break them. The
reading thread keeps the clock itself. Whatever the library does, the reader is
free at the deadline, and the task is cancelled, which closes its connection.
Knows no model and no HTTP.
"""

from __future__ import annotations

import asyncio
import queue
import threading
import time
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import aclosing
from dataclasses import dataclass
from typing import Literal

POLL_SECONDS = 0.05  # how soon a reader who left is noticed

Source = Callable[[], AsyncGenerator[str, None]]
Limit = Literal["first", "between", "total"]


@dataclass(frozen=True, slots=True)
class Deadlines:
    """Seconds: to the first text from the start, between texts, and for all of it."""

    first: float
    between: float
    total: float


class OverdueError(Exception):
    """A deadline passed; `limit` says which."""

    def __init__(self, limit: Limit) -> None:
        super().__init__(limit)
        self.limit: Limit = limit


class AbandonedError(Exception):
    """The reader left."""


@dataclass(frozen=True, slots=True)
class _End:
    error: BaseException | None


def paced(
    source: Source, deadlines: Deadlines, cancelled: Callable[[], bool]
) -> Generator[str, None, None]:
    """The texts of `source` as they come.

    Raises OverdueError, AbandonedError when `cancelled()` turns true, and what
    `source` raises. However this ends, the source is closed. What waits to be
    read is not limited here: the source must limit what it yields.
    """
    if cancelled():
        raise AbandonedError
    arrived: queue.SimpleQueue[str | _End] = queue.SimpleQueue()
    begun = time.monotonic()
    end = begun + deadlines.total
    limit: Limit = "first"
    until = begun + deadlines.first
    running = asyncio.run_coroutine_threadsafe(_pump(source, arrived), _loop.running())
    try:
        while True:
            if time.monotonic() >= end:
                raise OverdueError("total")
            item = _next(arrived, min(until, end), cancelled)
            if item is None:
                raise OverdueError(limit if until < end else "total")
            if isinstance(item, _End):
                if item.error is not None:
                    raise item.error
                return
            yield item
            limit, until = "between", time.monotonic() + deadlines.between
    finally:
        running.cancel()


def _next(
    arrived: queue.SimpleQueue[str | _End], until: float, cancelled: Callable[[], bool]
) -> str | _End | None:
    """The next item, or None when there is none at `until`."""
    while not cancelled():
        left = until - time.monotonic()
        try:
            return arrived.get(timeout=min(max(left, 0.0), POLL_SECONDS))
        except queue.Empty:
            if left <= 0:
                return None
    raise AbandonedError


async def _pump(source: Source, arrived: queue.SimpleQueue[str | _End]) -> None:
    try:
        async with aclosing(source()) as texts:
            async for text in texts:
                arrived.put(text)
    except asyncio.CancelledError:
        arrived.put(_End(AbandonedError()))
        raise
    except Exception as error:  # noqa: BLE001  # raised again where the texts are read
        arrived.put(_End(error))
    else:
        arrived.put(_End(None))


class _Loop:
    """The event loop of all streams, in a thread that starts when first needed."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    def running(self) -> asyncio.AbstractEventLoop:
        with self._lock:
            # A forked child inherits the object but not the thread.
            if self._loop is None or self._thread is None or not self._thread.is_alive():
                self._loop = asyncio.new_event_loop()
                self._thread = threading.Thread(
                    target=self._loop.run_forever, name="sanad-models", daemon=True
                )
                self._thread.start()
            return self._loop


_loop = _Loop()
