"""The API over a real assistant, in-process or on a port, for tests of several modules."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator
from typing import Any

from fastapi.testclient import TestClient

from rag.assistant import Assistant
from rag.settings import Settings
from ui.answering import Answering, InProcess
from ui.api.application import api_app
from ui.api.edge import Edge
from ui.ending import Ending, server
from ui.exchange import Chat
from ui.guard import App, Guard
from ui.live import LiveAssistant
from ui.public.standing import standing

PLENTY = {
    "limit_address_minute": 100_000, "limit_address_hour": 100_000, "limit_light_minute": 100_000,
}  # fmt: skip
STREAM = {"Accept": "text/event-stream"}
KENYA = "How did Kenya structure its county action plans?"


def answering_with(assistant: Assistant) -> InProcess:
    """Answers from one assistant, whatever the data folder does."""
    live = LiveAssistant(lambda before: assistant, lambda: "one")
    return InProcess(live, Chat(live, "sanad ingest FOLDER", 1000))


def settings_for(data_dir, **given: Any) -> Settings:
    """Settings of a test's own, with room for many questions."""
    return Settings(data_dir=data_dir, **{**PLENTY, **given})


def api(settings: Settings, answering: Answering) -> tuple[App, Ending]:
    """The API without the chat, and how to end it."""
    shared = standing(settings)
    ending = Ending(shared.gate, answering.under_way)
    app = api_app(settings, shared, answering, ending)
    return Edge(Guard(app, shared)), ending


def client_of(settings: Settings, answering: Answering) -> TestClient:
    """A client on this machine."""
    app, _ = api(settings, answering)
    return TestClient(app, "http://127.0.0.1", client=("127.0.0.1", 50000))


@contextlib.contextmanager
def on_a_port(app: App, ending: Ending, lifespan: Any = "off") -> Iterator[str]:
    """A served application; its address. Ends as `sanad serve` does. Gradio needs a lifespan."""
    import uvicorn

    from ui.server import address, listen

    listening = listen("127.0.0.1", 0)
    config = uvicorn.Config(app, log_level="error", lifespan=lifespan, timeout_graceful_shutdown=3)
    running = server(config, ending)
    thread = threading.Thread(target=running.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    try:
        yield address(listening)
    finally:
        ending.begin()
        thread.join(20)


def until(condition, seconds: float = 20.0) -> bool:
    """Whether something becomes true in time."""
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.01)
    return bool(condition())


class Scripted(InProcess):
    """Answers with given events, one each time `step` is released; notes how it ended."""

    def __init__(self, assistant: Assistant, events: list[dict[str, Any]]) -> None:
        given = answering_with(assistant)
        super().__init__(given.live, given.chat)
        self._events = events
        self.step = threading.Semaphore(0)
        self.ended = threading.Event()

    def ask(self, asked, cancelled=lambda: False):
        """The events, and an end that is noted."""
        try:
            for event in self._events:
                while not self.step.acquire(timeout=0.01):
                    if cancelled():
                        return
                yield event
        finally:
            self.ended.set()
