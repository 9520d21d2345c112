"""What every answer of the web server carries, and what it never serves.

Two ASGI wrappers: `Guard` serves only known routes, refuses large bodies, adds security
headers, answers for other origins, counts what Gradio's chat asks, and closes each
request with a line in the journal; `PageHead` writes language, direction and stylesheet
into the page before the browser draws it. Know no question.
"""

from __future__ import annotations

import gzip
import json
import re
import time
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any

import anyio

from rag.wording import languages, say
from ui.public.headers import PREFLIGHT, cors, with_headers
from ui.public.journal import entry_of
from ui.public.metrics import may_read
from ui.public.routes import LARGE, LOCAL, Route, route_of
from ui.public.standing import Standing
from ui.public.visit import FORWARDED, Refused

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
Around = Callable[[str, str], tuple[str, str]]

MAX_BODY = LARGE
LOOPBACK_NAMES = ("127.0.0.1", "localhost", "[::1]")


class Guard:
    """Wraps the application; without a `standing` it only adds headers and refuses."""

    def __init__(self, app: App, standing: Standing | None = None) -> None:
        self.app = app
        self._standing = standing

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
            return
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        scope["sanad.local"] = local = self._local(scope)  # read by /health/ready
        self._believe(scope)
        await self._http(scope, receive, send, local)

    async def _http(self, scope: Scope, receive: Receive, send: Send, local: bool) -> None:
        headers: dict[bytes, bytes] = dict(scope["headers"])
        route = route_of(scope["path"]) or (LOCAL if _docs(scope, local) else None)
        origin = headers.get(b"origin", b"").decode("latin-1")
        allowed = origin in self._readers()
        secure = scope.get("scheme") == "https"
        status = 0

        async def guarded(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                given = message.get("headers", [])
                message = {
                    **message,
                    "headers": with_headers(given, route, secure, origin, allowed),
                }
            await send(message)

        begun = time.monotonic()
        try:
            if _is_preflight(scope["method"], headers):
                status = 204 if allowed and cors(route, origin, allowed) else 403
                given = with_headers((), route, secure, origin, allowed)
                given += PREFLIGHT if status == 204 else ()
                await send({"type": "http.response.start", "status": status, "headers": given})
                await send({"type": "http.response.body", "body": b""})
            elif refusal := self._refused(scope, route, headers, local):
                await _respond(guarded, *refusal)
            else:
                await self._admitted(scope, receive, guarded, route)
        finally:
            self._close(scope, route, status, time.monotonic() - begun)

    async def _admitted(
        self, scope: Scope, receive: Receive, send: Send, route: Route | None
    ) -> None:
        try:
            await self._count(scope, route)
        except Refused as refused:
            entry_of(scope).refused = refused.code
            await _turn_away(send, scope["path"], route, refused)
            return
        await self.app(scope, receive, send)

    async def _count(self, scope: Scope, route: Route | None) -> None:
        """Raise Refused when the route's face is off, or Gradio's chat asks too often."""
        standing = self._standing
        if standing is None or route is None or route.face is None:
            return
        visit = standing.visits.of(route.face, scope)
        if route.closes:
            standing.gate.open_for(visit)
        if scope["method"] == "POST" and route.counted == "question":
            await standing.gate.count(visit)
        elif scope["method"] == "POST" and route.counted == "light":
            await standing.gate.light(visit, "next" if route.name == "next" else "page")

    def _refused(
        self, scope: Scope, route: Route | None, headers: Mapping[bytes, bytes], local: bool
    ) -> tuple[int, str] | None:
        authorization = headers.get(b"authorization", b"").decode("latin-1")
        token = self._standing.metrics_token if self._standing else ""
        measures = route is not None and route.name == "metrics"
        if measures and not (self._standing and may_read(local, authorization, token)):
            return 404, NOT_SERVED
        return refused(scope["method"], route, headers)

    def _readers(self) -> frozenset[str]:
        """Origins whose pages may read the API."""
        if self._standing is None:
            return frozenset()
        return self._standing.cors_origins | self._standing.sites.origins()

    def _local(self, scope: Scope) -> bool:
        """Whether a request comes from this machine: by its socket, past no proxy, and under
        a name of loopback (a name elsewhere can be made to mean 127.0.0.1)."""
        headers = dict(scope["headers"])
        client = scope.get("client")
        host = headers.get(b"host", b"").decode("latin-1")
        name = host.rpartition(":")[0] if re.search(r":\d+$", host) else host
        return (
            client is not None
            and client[0] in ("127.0.0.1", "::1")
            and name in LOOPBACK_NAMES
            and not any(header.lower() in FORWARDED for header in headers)
        )

    def _believe(self, scope: Scope) -> None:
        """Keep what a trusted proxy says of a request; drop what anybody else does, for
        Gradio builds addresses of it."""
        headers = scope["headers"]
        if self._standing is not None and self._standing.visits.from_proxy(scope):
            protocol = dict(headers).get(b"x-forwarded-proto", b"")
            if protocol in (b"http", b"https"):
                scope["scheme"] = protocol.decode()
        else:
            scope["headers"] = [each for each in headers if each[0].lower() not in FORWARDED]

    def _close(self, scope: Scope, route: Route | None, status: int, seconds: float) -> None:
        if self._standing is None:
            return
        entry = entry_of(scope)
        entry.route = route.name if route else "none"
        entry.face = entry.face or (route.face if route and route.face else "")
        self._standing.metrics.note(entry, status or 500, seconds)
        self._standing.journal.write(entry, status or 500, seconds)


NOT_SERVED = "not served here"


def refused(
    method: str, route: Route | None, headers: Mapping[bytes, bytes]
) -> tuple[int, str] | None:
    """Status and reason for a request that is not served; None for the others."""
    if route is None:
        return 404, NOT_SERVED
    if method in ("POST", "PUT", "PATCH"):
        length = headers.get(b"content-length", b"")
        # Where both are given, the length is not what counts (RFC 9112, 6.3).
        if not length.isdigit() or b"transfer-encoding" in headers:
            return 411, "a body needs a content-length"
        if int(length) > route.body:
            return 413, f"a body may have at most {route.body} bytes"
    return None


def _docs(scope: Scope, local: bool) -> bool:
    return local and LOCAL.path.fullmatch(scope["path"]) is not None


def _is_preflight(method: str, headers: Mapping[bytes, bytes]) -> bool:
    return method == "OPTIONS" and b"access-control-request-method" in headers


async def _turn_away(send: Send, path: str, route: Route | None, refused: Refused) -> None:
    """Say why, in the language of the page; Gradio's client shows the member `error`."""
    code = path[1:3] if path[1:3] in languages() else "en"
    text = say(code, f"limits.{refused.code}")
    extra = []
    if refused.retry_after is not None:
        extra.append((b"retry-after", str(refused.retry_after).encode()))
    if route is not None and route.counted:
        body = json.dumps({"error": text, "detail": text, "code": refused.code})
        # Gradio's client shows these words, but for a 503 it has words of its own, in English.
        status = 429 if refused.status == 503 else refused.status
        await _respond(send, status, body, "application/json", extra)
    else:
        await _respond(send, refused.status, text, extra=extra)


async def _respond(
    send: Send,
    status: int,
    reason: str,
    of: str = "text/plain; charset=utf-8",
    extra: list[tuple[bytes, bytes]] | None = None,
) -> None:
    body = reason.encode()
    headers = [(b"content-type", of.encode()), (b"content-length", str(len(body)).encode())]
    headers += extra or []
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


class PageHead:
    """Rewrites the start of each page in `heads` (path -> attributes of <html>, end of <head>),
    and writes what stands above and below Gradio's part (path, query -> both) into it.

    Gradio adds all that only after its scripts have run: too late for the first paint and
    for a screen reader.
    """

    def __init__(
        self, app: App, heads: Mapping[str, tuple[str, str]], around: Around | None = None
    ) -> None:
        self.app = app
        self.heads = heads
        self._around = around

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] not in self.heads:
            await self.app(scope, receive, send)
            return
        query = scope["query_string"].decode("latin-1")
        # Gradio fails on a `page` it has not, and looks for files of a `deep_link`.
        scope = {**scope, "query_string": b""}
        if scope["method"] != "GET":
            await self.app(scope, receive, send)
            return
        attributes, ending = self.heads[scope["path"]]
        plain = [h for h in scope["headers"] if h[0].lower() != b"accept-encoding"]
        packs = b"gzip" in dict(scope["headers"]).get(b"accept-encoding", b"")
        drawn = ("", "")
        if self._around is not None:
            drawn = await anyio.to_thread.run_sync(self._around, scope["path"], query)
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
                page = with_parts(with_head(body.decode(), attributes, ending), drawn).encode()
                kept = [h for h in start["headers"] if h[0].lower() != b"content-length"]
                kept.append((b"vary", b"accept-encoding"))
                if packs and start["status"] == 200:
                    page = gzip.compress(page, 6, mtime=0)
                    kept.append((b"content-encoding", b"gzip"))
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


def with_parts(page: str, drawn: tuple[str, str]) -> str:
    """A page with markup before and after Gradio's element; as it is where that is not found."""
    above, below = drawn
    page = re.sub("(?=<gradio-app)", lambda _: above, page, count=1)
    return page.replace("</gradio-app>", f"</gradio-app>{below}", 1)
