"""What is served, by name: each path has one route, and each route a face and a class.

Everything else is 404. Gradio offers anybody an upload, a proxy, a file server, an API
and its own editor besides, and each release adds to them; so the list says what is
served, not what is not. Knows no request.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from ui.public.visit import Face

# Whose headers apply: Gradio's page, a page of the reading room, our own frame, a public
# script, data.
Class = Literal["gradio", "room", "widget", "script", "data"]
SMALL = 16 * 1024  # bytes of a body: a question, its filters and a few questions before it
LARGE = 64 * 1024  # Gradio sends its whole page state along
NOTE = 512 * 1024  # a briefing note with all it quotes
OFFICE = 512 * 1024  # a form of the knowledge officer, such as an entry of the glossary
UPLOAD = 256 * 1024 * 1024  # files of the officer; read only after who sends them is known
_SITE = "[a-z0-9-]{8,40}"
_API = r"(?:queue/data|cancel|heartbeat/.*|startup-events|reset|theme\.css)"


@dataclass(frozen=True, slots=True)
class Route:
    """One kind of request."""

    name: str
    path: re.Pattern[str]
    face: Face | None = None
    of: Class = "data"
    body: int = SMALL  # most bytes
    counted: Literal["question", "light", ""] = ""  # by the guard; other routes count themselves
    closes: bool = True  # by the guard, with its face; other routes close themselves or stay


def _route(name: str, path: str, face: Face | None = None, of: Class = "data") -> Route:
    return Route(name, re.compile(path), face, of)


def _of_widget(name: str, path: str) -> Route:
    """A route that asks the gate itself, and says in the visitor's language what it hears."""
    return Route(name, re.compile(f"/widget/{_SITE}/{path}"), "widget", "widget", closes=False)


ROUTES = (
    _route("start", "/"),
    _route("health", "/health/(?:live|ready)"),
    _route("metrics", "/metrics"),
    _route("asset", "/sanad/.*"),
    Route("page", re.compile("/[a-z]{2}/?"), "chat", "gradio", LARGE),
    _route("chips", "/[a-z]{2}/chips", "chat"),
    Route("next", re.compile("/[a-z]{2}/next"), "chat", counted="light"),
    _route("library", "/[a-z]{2}/library", "chat", "room"),
    _route("read", "/[a-z]{2}/read", "chat", "room"),
    _route("read_file", "/[a-z]{2}/read/(?:page|original)", "chat"),
    Route(
        "note", re.compile("/[a-z]{2}/note(?:/cards|/export/(?:docx|pdf|md))?"), "chat", "room",
        NOTE, "light",
    ),
    _route("shared", "/[a-z]{2}/shared", "chat", "room"),
    # The officer's pages have a door of their own, and stay open when the chat is closed.
    Route(
        "office", re.compile(r"/[a-z]{2}/office(?!-upload)(?:-[a-z]{1,20})?"), None, "room", OFFICE
    ),
    Route("office_upload", re.compile("/[a-z]{2}/office-upload"), None, "room", UPLOAD),
    Route(
        "gradio_asset",
        re.compile(r"/[a-z]{2}/(?:(?:assets|static)/.*|theme\.css|config|favicon\.ico|robots\.txt)"),
        "chat", "gradio", LARGE, closes=False,
    ),
    Route(
        "gradio_ask", re.compile("/[a-z]{2}/gradio_api/queue/join/?"), "chat", "gradio", LARGE,
        "question",
    ),
    Route(
        "gradio_run", re.compile("/[a-z]{2}/gradio_api/run/predict/?"), "chat", "gradio", LARGE,
        "light",
    ),
    Route(
        "gradio", re.compile(rf"/[a-z]{{2}}/gradio_api/{_API}/?"), "chat", "gradio", LARGE,
        closes=False,
    ),
    Route(
        "loader", re.compile(r"/widget(?:\.[A-Za-z0-9_-]{6,64})?\.js"), "widget", "script",
        closes=False,
    ),
    Route(
        "widget_asset", re.compile("/widget/static/.*"), "widget", "widget", closes=False
    ),
    _of_widget("widget_token", "token"),
    _of_widget("widget_ask", "ask"),
    _of_widget("widget_page", "(?:preview/?)?"),
    _route("ask", "/api/v1/ask", "api"),
    _route("search", "/api/v1/search", "api"),
    _route("documents", "/api/v1/documents(?:/.*)?", "api"),
    # The chat and the widget send theirs here too, so that it stays open for them.
    Route("feedback", re.compile("/api/v1/feedback"), "api", closes=False),
    _route("chat_completions", "/v1/chat/completions", "api"),
    _route("models", "/v1/models(?:/[^/]+)?", "api"),
    _route("schema", "/openapi.json", "api"),
)  # fmt: skip
LOCAL = _route("docs", "/docs/?")  # on this machine only


def route_of(path: str) -> Route | None:
    """The route of a path; None for what is not served."""
    return next((route for route in ROUTES if route.path.fullmatch(path)), None)
