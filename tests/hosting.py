"""The widget on pages of other sites, for tests: a server of ours, a server of theirs, and
a wire between them that can be cut."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from rag.settings import Settings
from tests.serving import on_a_port
from ui.answering import Answering
from ui.api.application import api_app
from ui.api.edge import Edge
from ui.ending import Ending
from ui.guard import App, Guard
from ui.public.sites import Site, sites_path, write_sites
from ui.public.standing import Standing, standing
from ui.widget.routes import widget_routes

KEY = "a-site-of-tests"
LOREM = "<p>" + "Words of the site around. " * 60 + "</p>"


def widget_app(settings: Settings, answering: Answering) -> tuple[App, Standing, Ending]:
    """The widget and the API without the chat's own pages."""
    shared = standing(settings)
    ending = Ending(shared.gate, answering.under_way)
    app = api_app(settings, shared, answering, ending)
    app.include_router(widget_routes(shared, answering, settings))
    return Edge(Guard(app, shared)), shared, ending


@dataclass
class Host:
    """A site that is not ours: its pages by path, each with headers of its own."""

    origin: str
    pages: dict[str, tuple[str, dict[str, str]]] = field(default_factory=dict)

    def put(self, body: str, *, head: str = "", lang: str = "en", **headers: str) -> str:
        """A page; its address. Headers are written with underscores."""
        path = f"/{len(self.pages)}"
        direction = "rtl" if lang == "ar" else "ltr"
        page = (
            f'<!doctype html><html lang="{lang}" dir="{direction}"><head><meta charset="utf-8">'
            '<meta name="viewport" content="width=device-width, initial-scale=1">'
            f'<title>A site</title><link rel="icon" href="data:,">{head}</head>'
            f"<body><main><h1>A site</h1>{LOREM}</main>{body}</body></html>"
        )
        self.pages[path] = page, {name.replace("_", "-"): text for name, text in headers.items()}
        return self.origin + path


@contextlib.contextmanager
def hosting() -> Iterator[Host]:
    """A site on a port of its own: another origin than ours."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            page, headers = host.pages.get(self.path, ("", {}))
            self.send_response(200 if page else 404)
            for name, text in {"content-type": "text/html", **headers}.items():
                self.send_header(name, text)
            self.end_headers()
            self.wfile.write(page.encode())

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    host = Host(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield host
    server.shutdown()
    server.server_close()


@dataclass(frozen=True)
class Embedded:
    """Our server, told of a site."""

    address: str
    standing: Standing
    settings: Settings
    host: Host

    def site(self, **fields: Any) -> None:
        """Write the site as it is from now on."""
        told = {"key": KEY, "name": "A site", "origins": (self.host.origin,), **fields}
        write_sites(sites_path(self.settings), [Site(**told)])

    def tag(self, attributes: str = "", key: str = KEY, address: str = "") -> str:
        """The one line a page has."""
        source = f"{address or self.address}/widget.js"
        return f'<script src="{source}" data-site="{key}" {attributes} async></script>'


@contextlib.contextmanager
def embedded(settings: Settings, answering: Answering, host: Host) -> Iterator[Embedded]:
    """The widget served, for one site."""
    app, shared, ending = widget_app(settings, answering)
    with on_a_port(app, ending) as address:
        made = Embedded(address, shared, settings, host)
        made.site()
        yield made


class Wire:
    """A TCP connection to a server that can be cut while it is in use."""

    def __init__(self, address: str) -> None:
        self._port = int(address.rpartition(":")[2])
        self._open: list[socket.socket] = []
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.address = f"http://127.0.0.1:{self._listening.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        """Every connection ends now, as when the server dies."""
        for end in self._open:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        self._open.clear()

    def close(self) -> None:
        """Cut, and take no more."""
        self._listening.shutdown(socket.SHUT_RDWR)  # or a waiting accept keeps it open
        self._listening.close()
        self.cut()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = self._listening.accept()
                far = socket.create_connection(("127.0.0.1", self._port))
                self._open += [near, far]
                for one, other in ((near, far), (far, near)):
                    threading.Thread(target=_carry, args=(one, other), daemon=True).start()


def _carry(one: socket.socket, other: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := one.recv(65536):
            other.sendall(data)
    with contextlib.suppress(OSError):
        other.shutdown(socket.SHUT_WR)
