"""What every answer of the web server carries, and what it never serves.

Two ASGI wrappers: `Guard` adds security headers, refuses large bodies and the
routes of Gradio that a reading chat has no use for; `PageHead` writes language,
direction and stylesheet into the page before the browser draws it. Know no question.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

MAX_BODY = 64 * 1024  # bytes; a question and its filters
# What is served; everything else is 404. Gradio 6 offers anybody an upload, a proxy, a file
# server, an API and its own editor besides, and each release adds to them.
SERVED = re.compile(
    r"/|/(?:sanad|health)/.*"
    r"|/[a-z-]{2,12}(?:/(?:(?:assets|static)/.*|theme\.css|config|favicon\.ico|robots\.txt)?)?"
    r"|/[a-z-]{2,12}/gradio_api/"
    r"(?:queue/(?:join|data)|cancel|heartbeat/.*|run/predict|startup-events|reset|theme\.css)/?"
)
# The page compiles its templates (gr.HTML) and starts from inline scripts, so scripts
# need both exceptions; nothing may come from, or go to, another host.
POLICY = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self' 'unsafe-inline' 'unsafe-eval'",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data:",
        "font-src 'self' data:",
        "connect-src 'self'",
        "object-src 'none'",
        "base-uri 'self'",
        "form-action 'none'",
        "frame-ancestors 'self'",
    )
)
HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"content-security-policy", POLICY.encode()),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), microphone=(), geolocation=(), payment=()"),
)


class Guard:
    """Headers on every response; 404, 411 or 413 for what is not served."""

    def __init__(self, app: App) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
            return
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                given = [h for h in message.get("headers", []) if h[0].lower() not in _NAMES]
                message = {**message, "headers": [*given, *HEADERS]}
            await send(message)

        refusal = refused(scope["method"], scope["path"], dict(scope["headers"]))
        if refusal:
            await _respond(guarded, *refusal)
        else:
            await self.app(scope, receive, guarded)


_NAMES = {name for name, _ in HEADERS}


def refused(method: str, path: str, headers: Mapping[bytes, bytes]) -> tuple[int, str] | None:
    """Status and reason for a request that is not served; None for the others."""
    if not SERVED.fullmatch(path):
        return 404, "not served here"
    if method in ("POST", "PUT", "PATCH"):
        length = headers.get(b"content-length", b"")
        if not length.isdigit():
            return 411, "a body needs a content-length"
        if int(length) > MAX_BODY:
            return 413, f"a body may have at most {MAX_BODY} bytes"
    return None


async def _respond(send: Send, status: int, reason: str) -> None:
    body = reason.encode()
    headers = [(b"content-type", b"text/plain"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


class PageHead:
    """Rewrites the start of each page in `heads` (path -> attributes of <html>, end of <head>).

    Gradio adds both only after its scripts have run: too late for the first paint and
    for a screen reader.
    """

    def __init__(self, app: App, heads: Mapping[str, tuple[str, str]]) -> None:
        self.app = app
        self.heads = heads

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_page = scope["type"] == "http" and scope["method"] == "GET"
        if not is_page or scope["path"] not in self.heads:
            await self.app(scope, receive, send)
            return
        attributes, ending = self.heads[scope["path"]]
        plain = [h for h in scope["headers"] if h[0].lower() != b"accept-encoding"]
        start: Message = {}
        body = b""

        async def rewriting(message: Message) -> None:
            nonlocal start, body
            if message["type"] == "http.response.start":
                start = message
                return
            if message["type"] != "http.response.body":
                await send(message)
                return
            body += message.get("body", b"")
            if not message.get("more_body"):
                page = with_head(body.decode(), attributes, ending).encode()
                kept = [h for h in start["headers"] if h[0].lower() != b"content-length"]
                length = (b"content-length", str(len(page)).encode())
                await send({**start, "headers": [*kept, length]})
                await send({"type": "http.response.body", "body": page})

        await self.app({**scope, "headers": plain}, receive, rewriting)


def with_head(page: str, attributes: str, ending: str) -> str:
    """A page with attributes on <html>, `ending` at the end of its <head>, and without
    the sharing metadata of somebody else's site."""
    page = re.sub(r"<html\s+lang=\"[^\"]*\"", lambda _: f"<html {attributes}", page, count=1)
    page = re.sub(r"<meta\s+(?:property=\"og:|name=\"twitter:)[^>]*>\s*", "", page)
    page = re.sub(r"<link rel=\"manifest\"[^>]*>\s*", "", page)
    return page.replace("</head>", f"{ending}</head>", 1)
