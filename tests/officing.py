"""The library and the office without the chat around them, for tests of several modules."""

from __future__ import annotations

from pathlib import Path

from fastapi.staticfiles import StaticFiles
from fastapi.testclient import TestClient

from rag.settings import Settings
from tests.serving import answering_with
from ui.api.application import api_app
from ui.api.edge import Edge
from ui.ending import Ending
from ui.guard import App, Guard
from ui.library.routes import library_routes
from ui.live import LiveAssistant
from ui.office.routes import office_routes
from ui.public.standing import standing
from ui.server import answering_here

STATIC = Path(__file__).resolve().parents[1] / "ui" / "static"
PASSWORD = "a long pass phrase"


def rooms(settings: Settings, live: LiveAssistant) -> tuple[App, Ending]:
    """The application, and how to end it."""
    shared, answering = standing(settings), answering_here(settings, live)
    ending = Ending(shared.gate, answering.under_way)
    app = api_app(settings, shared, answering, ending)
    office = bool(settings.office_password.get_secret_value())
    app.include_router(library_routes(live, settings.data_dir, office=office))
    if office:
        app.include_router(office_routes(live, settings, shared))
    app.mount("/sanad", StaticFiles(directory=str(STATIC)))
    return Edge(Guard(app, shared)), ending


def visitor_of(settings: Settings, live: LiveAssistant) -> TestClient:
    """A client on this machine."""
    app, _ = rooms(settings, live)
    return TestClient(app, "http://127.0.0.1", client=("127.0.0.1", 50000))


def live_of(assistant) -> LiveAssistant:
    """One assistant, whatever the data folder does."""
    return answering_with(assistant).live
