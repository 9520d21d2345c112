"""Answering in several processes: more than one core's worth of questions at a time.

    ask -> the ready worker with the least to do -> events over its pipe -> the one who asked

Each worker opens the collection for itself and answers any number of questions, each
in a thread. A worker that dies is replaced; its questions are told that they failed.
A worker ends when its pipe closes, so none outlives the server, however that ends.
Knows no protocol and no screen.
"""

from __future__ import annotations

import itertools
import logging
import multiprocessing
import os
import queue
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

from rag.errors import SanadError
from rag.evidence.retrieve import Filters
from ui.answering import (
    Asked,
    Event,
    Events,
    UnderWay,
    failed,
    not_cancelled,
)
from ui.answering_worker import Back, Call, Open, work
from ui.answering_worker import OpenFolder as OpenFolder  # what a server gives to `Pool`
from ui.live import LiveState

log = logging.getLogger(__name__)

LOOK_S = 0.1  # how often a waiting question looks whether its asker has gone
SHORT_LIFE_S = 5.0  # a worker that dies sooner is started again after a pause
PAUSE_S = 2.0
ENDING_S = 2.0
# A worker is one core's worth of answering. The products in an answer are small, and a BLAS that
# spreads them over the cores mostly waits, at full power, for its own threads: docs/load.md.
ONE_CORE = {
    "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "TOKENIZERS_PARALLELISM": "false",
}  # fmt: skip
Inbox = queue.SimpleQueue[Back]


class _Worker:
    """One process and the calls it is answering."""

    def __init__(self, open_answering: Open) -> None:
        context = multiprocessing.get_context("spawn")  # a fork copies locks that threads hold
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=work, args=(open_answering, theirs), daemon=True)
        with _environment(ONE_CORE):
            self._process.start()
        theirs.close()
        self._sending = threading.Lock()
        self._guard = threading.Lock()  # of the inboxes and `alive`
        self._inboxes: dict[int, Inbox] = {}
        self.alive = True
        self.ready = False  # whether it has opened the collection
        self.begun = time.monotonic()

    @property
    def pid(self) -> int:
        """Its process."""
        return self._process.pid or 0

    @property
    def busy(self) -> int:
        """Calls under way."""
        return len(self._inboxes)

    def call(self, call: Call) -> Inbox | None:
        """Hand a call over; None when the worker is dead."""
        inbox: Inbox = queue.SimpleQueue()
        with self._guard:
            if not self.alive:
                return None
            self._inboxes[call.id] = inbox
        self._send(call)
        return inbox

    def forget(self, call_id: int, *, cancel: bool) -> None:
        """Nobody waits for a call any more."""
        with self._guard:
            self._inboxes.pop(call_id, None)
        if cancel:
            self._send(Call(call_id, "cancel"))

    def _send(self, call: Call) -> None:
        with self._sending, suppress(OSError, ValueError):  # dead: `follow` tells the caller
            self._pipe.send(call)

    def follow(self) -> None:
        """Pass on what comes back until the worker ends; then tell who still waits."""
        with suppress(EOFError, OSError):
            while True:
                back: Back = self._pipe.recv()
                self.ready = True  # the first message says so
                with self._guard:
                    inbox = self._inboxes.get(back.id)
                if inbox is not None:
                    inbox.put(back)
        with self._guard:
            self.alive = False
            waiting = dict(self._inboxes)
        with self._sending:
            self._pipe.close()  # here alone: nobody else may be reading it
        for call_id, inbox in waiting.items():
            inbox.put(Back(call_id, error=SanadError("a worker ended"), over=True))

    def end(self) -> None:
        """Tell the process to end; end it when it does not."""
        self._send(Call(0, "stop"))
        self._process.join(ENDING_S)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()


_environment_guard = threading.Lock()  # dead workers are replaced in threads of their own


@contextmanager
def _environment(wanted: Mapping[str, str]) -> Iterator[None]:
    """Variables for a process that is started in the block, which the libraries in it read
    while they load; what the operator has set stays."""
    with _environment_guard:
        added = {name: value for name, value in wanted.items() if name not in os.environ}
        os.environ.update(added)
        try:
            yield
        finally:
            for name in added:
                del os.environ[name]


class Pool:
    """An `Answering` over worker processes."""

    def __init__(self, open_answering: Open, workers: int, state: Callable[[], LiveState]) -> None:
        """`state` says what this process serves; the workers follow the same data folder."""
        self.under_way = UnderWay()
        self._open = open_answering
        self._state = state
        self._ids = itertools.count(1)
        self._guard = threading.Lock()
        self._closed = threading.Event()
        self._workers = [_Worker(open_answering) for _ in range(workers)]
        for worker in self._workers:
            self._follow(worker)

    @property
    def pids(self) -> tuple[int, ...]:
        """The processes of the workers."""
        return tuple(worker.pid for worker in self._workers)

    @property
    def ready(self) -> int:
        """How many workers have opened the collection; until one has, questions wait."""
        return sum(worker.ready and worker.alive for worker in self._workers)

    def ask(self, asked: Asked, cancelled: Callable[[], bool] = not_cancelled) -> Events:
        """See `Answering.ask`."""
        try:
            yield from self._call("ask", (asked,), cancelled)
        except SanadError as error:
            log.warning("a question was not answered: %s", error)
            yield failed("error")

    def search(self, question: str, k: int, filters: Filters) -> Event:
        """See `Answering.search`."""
        return next(self._call("search", (question, k, filters)))

    def documents(self, filters: Filters) -> Event:
        """See `Answering.documents`."""
        return next(self._call("documents", (filters,)))

    def state(self) -> LiveState:
        """See `Answering.state`."""
        return self._state()

    def close(self) -> None:
        """End the workers."""
        self._closed.set()
        with self._guard:
            workers = tuple(self._workers)
        for worker in workers:
            worker.end()

    def _call(
        self,
        what: str,
        arguments: tuple[Any, ...],
        cancelled: Callable[[], bool] = not_cancelled,
    ) -> Iterator[Event]:
        """The values of a call. Raises what the worker raised, or SanadError when it died."""
        worker, call_id, inbox = self._hand_over(what, arguments)
        over = False
        try:
            while not cancelled():
                try:
                    back = inbox.get(timeout=LOOK_S)
                except queue.Empty:
                    continue
                over = back.over
                if back.error is not None:
                    raise back.error
                if over:
                    return
                yield back.value
        finally:
            worker.forget(call_id, cancel=not over)

    def _hand_over(self, what: str, arguments: tuple[Any, ...]) -> tuple[_Worker, int, Inbox]:
        call = Call(next(self._ids), what, arguments)
        with self._guard:
            workers = sorted(self._workers, key=lambda worker: (not worker.ready, worker.busy))
        for worker in workers:
            inbox = worker.call(call)
            if inbox is not None:
                return worker, call.id, inbox
        raise SanadError("no worker is running; a new one is being started")

    def _follow(self, worker: _Worker) -> None:
        def watch() -> None:
            worker.follow()
            if not self._closed.is_set():
                self._replace(worker)

        threading.Thread(target=watch, name="worker", daemon=True).start()

    def _replace(self, dead: _Worker) -> None:
        log.warning("worker process %d ended and is replaced", dead.pid)
        dead.end()
        if time.monotonic() - dead.begun < SHORT_LIFE_S and self._closed.wait(PAUSE_S):
            return
        with self._guard:
            if self._closed.is_set():
                return
            fresh = _Worker(self._open)
            self._workers[self._workers.index(dead)] = fresh
        self._follow(fresh)
