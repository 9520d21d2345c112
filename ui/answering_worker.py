"""What runs in a worker of `ui.answering_pool`: it opens the collection and answers the calls
that come over its pipe, each in a thread, until the pipe closes or it is told to stop.
"""

from __future__ import annotations

import logging
import signal
import threading
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any

from rag.errors import CollectionError, ConfigurationError, SanadError
from rag.settings import Settings
from ui.answering import Answering

log = logging.getLogger(__name__)

Open = Callable[[], Answering]  # called in the worker; must be picklable


@dataclass(frozen=True, slots=True)
class Call:
    """What a worker is to do. `what` is a method of Answering, "cancel" or "stop"."""

    id: int
    what: str
    arguments: tuple[Any, ...] = ()


@dataclass(frozen=True, slots=True)
class Back:
    """What a worker gives back; the last of a call has `over`."""

    id: int
    value: Any = None
    error: SanadError | None = None
    over: bool = False


READY = Back(0)


def work(open_answering: Open, pipe: Connection) -> None:
    """Answer calls until told to stop, or until the server is gone. Signals are the server's
    business: it stops its workers when its streams have finished."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    desk = _Desk(open_answering(), pipe)
    with suppress(EOFError, OSError):
        pipe.send(READY)
        while (call := pipe.recv()).what != "stop":
            desk.take(call)


class _Desk:
    """The calls of one worker."""

    def __init__(self, answering: Answering, pipe: Connection) -> None:
        self._answering = answering
        self._pipe = pipe
        self._sending = threading.Lock()
        self._cancelled: dict[int, threading.Event] = {}

    def take(self, call: Call) -> None:
        """Begin a call, or cancel one."""
        if call.what == "cancel":
            gone = self._cancelled.get(call.id)
            if gone is not None:
                gone.set()
            return
        self._cancelled[call.id] = threading.Event()
        threading.Thread(target=self._answer, args=(call,), daemon=True).start()

    def _answer(self, call: Call) -> None:
        gone = self._cancelled[call.id]
        try:
            if call.what == "ask":
                with closing(self._answering.ask(call.arguments[0], gone.is_set)) as events:
                    for event in events:
                        if gone.is_set():
                            return
                        self._send(Back(call.id, event))
            else:
                self._send(Back(call.id, getattr(self._answering, call.what)(*call.arguments)))
            self._send(Back(call.id, over=True))
        except (CollectionError, ConfigurationError) as error:
            self._send(Back(call.id, error=type(error)(str(error)), over=True))
        except Exception as error:
            log.exception("a call was not answered")
            self._send(Back(call.id, error=SanadError(type(error).__name__), over=True))
        finally:
            del self._cancelled[call.id]

    def _send(self, back: Back) -> None:
        with self._sending, suppress(OSError):  # the server has gone; so do we
            self._pipe.send(back)


@dataclass(frozen=True, slots=True)
class OpenFolder:
    """Opens the collection of the settings, in a worker."""

    settings: Settings

    def __call__(self) -> Answering:
        """An answering over the live assistant of the data folder."""
        from rag.index.probe import ChromaProbe
        from ui.server import answering_here, live_assistant

        return answering_here(self.settings, live_assistant(self.settings, ChromaProbe()))
