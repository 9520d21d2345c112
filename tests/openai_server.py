"""An HTTP server that speaks the streaming chat protocol of OpenAI and misbehaves on command.

    with misbehaving_server("cut", text="Kyiv has a plan [1].") as server:
        ... server.url, server.requests, server.client_left ...

A behaviour is a name of `openai_behaviours.BEHAVIOURS`, or an HTTP status such as "429". A request
for a model of such a name gets that behaviour whatever the server's own is.
"""

from __future__ import annotations

import json
import select
import socket
import struct
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.openai_behaviours import BEHAVIOURS

Text = str | Sequence[str] | Callable[[dict[str, Any]], str]


@dataclass(frozen=True)
class Script:
    """What a server says and how."""

    behaviour: str = "normal"
    text: Text = "The city of Kyiv has a plan [1]."  # or one a request, or made from its body
    piece: int = 7  # characters a chunk
    times: int | None = None  # so often it misbehaves, then it is normal; None: always
    retry_after: str = "0"  # header of a 429
    pause: float = 0.05  # seconds between the pieces of "drip"
    usage: bool = True  # whether it tells usage when asked to
    location: str = ""  # where "307" leads


@dataclass(frozen=True)
class Request:
    """One request as it came; header names in lower case."""

    path: str
    headers: dict[str, str]
    body: dict[str, Any]

    @property
    def prompt(self) -> str:
        """All that the model was told."""
        return "\n".join(str(message["content"]) for message in self.body["messages"])


@dataclass
class Server:
    """A running server: its address and what it was asked."""

    url: str
    requests: list[Request] = field(default_factory=list)
    client_left: threading.Event = field(default_factory=threading.Event)
    stopped: threading.Event = field(default_factory=threading.Event)


@contextmanager
def misbehaving_server(behaviour: str = "normal", **script: Any) -> Iterator[Server]:
    """A server of this behaviour; the other arguments are the fields of `Script`."""
    told = Script(behaviour, **script)
    if behaviour == "refuse":
        with socket.socket() as taken:  # bound, but nobody listens
            taken.bind(("127.0.0.1", 0))
            yield Server(f"http://127.0.0.1:{taken.getsockname()[1]}/v1")
        return
    http = _Http(("127.0.0.1", 0), Handler)
    http.script = told
    http.server = Server(f"http://127.0.0.1:{http.server_port}/v1")
    thread = threading.Thread(target=http.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield http.server
    finally:
        http.server.stopped.set()
        http.shutdown()
        thread.join()
        http.server_close()


class _Http(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    script: Script
    server: Server
    misbehaved = 0
    lock = threading.Lock()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that leaves is no error here."""


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Http

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""

    def do_POST(self) -> None:
        length = int(self.headers.get("content-length", 0))
        raw = self.rfile.read(length)
        try:
            body = json.loads(raw)
        except ValueError:  # not ours: a trace, perhaps packed
            body = {"raw": repr(raw)}
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.request_seen = Request(self.path, headers, body)
        with self.server.lock:
            self.server.server.requests.append(self.request_seen)
            script = self.server.script
            name = str(body.get("model", ""))
            name = name if _known(name) else script.behaviour
            limit = script.times
            if name != "normal" and limit is not None and self.server.misbehaved >= limit:
                name = "normal"
            self.server.misbehaved += name != "normal"
            self.text = _text(script.text, body, len(self.server.server.requests) - 1)
        behave = BEHAVIOURS.get(name)
        try:
            if behave:
                behave(self)
            else:
                self.answer(
                    int(name),
                    {"error": {"message": self.headers.get("authorization"), "code": "said_so"}},
                )
        except OSError:
            self.left()

    do_GET = do_POST

    # What behaviours are made of.

    @property
    def script(self) -> Script:
        return self.server.script

    def answer(self, status: int, body: Any, kind: str = "application/json") -> None:
        """A whole reply that is no stream."""
        data = body.encode() if isinstance(body, str) else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        if status == 429:
            self.send_header("Retry-After", self.script.retry_after)
        if self.script.location:
            self.send_header("Location", self.script.location)
        self.end_headers()
        self.wfile.write(data)

    def begin(self, *, chunked: bool = False) -> None:
        """The head of a stream; its body ends with the connection unless chunked."""
        self.chunked = chunked
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header(
            *(("Transfer-Encoding", "chunked") if chunked else ("Connection", "close"))
        )
        self.end_headers()
        self.wfile.flush()

    def send(self, data: bytes) -> None:
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data) if self.chunked else data)
        self.wfile.flush()

    def event(self, data: Any) -> None:
        text = data if isinstance(data, str) else json.dumps(data, ensure_ascii=False)
        self.send(f"data: {text}\n\n".encode())

    def say(self, text: str) -> None:
        """One piece of the answer."""
        self.event(self.chunk({"content": text}))

    def chunk(self, delta: dict[str, Any], finish: str | None = None) -> dict[str, Any]:
        choice = {"index": 0, "delta": delta, "finish_reason": finish}
        return self.frame([choice])

    def frame(self, choices: list[Any]) -> dict[str, Any]:
        model = self.request_seen.body.get("model", "")
        return {
            "id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1_700_000_000,
            "model": model, "choices": choices,
        }  # fmt: skip

    def say_all(self, text: str) -> None:
        self.event(self.chunk({"role": "assistant", "content": ""}))
        for start in range(0, len(text), self.script.piece):
            self.say(text[start : start + self.script.piece])

    def end(self, reason: str = "stop") -> None:
        """Finish reason, usage where it was asked for, and [DONE]."""
        self.event(self.chunk({}, reason))
        asked = self.request_seen.body.get("stream_options", {}).get("include_usage")
        if asked and self.script.usage:
            told = len(self.request_seen.prompt.split())
            said = -(-len(self.text) // self.script.piece)
            usage = {"prompt_tokens": told, "completion_tokens": said, "total_tokens": told + said}
            self.event(self.frame([]) | {"usage": usage})
        self.event("[DONE]")
        if self.chunked:
            self.wfile.write(b"0\r\n\r\n")

    def hold(self) -> None:
        """Say no more until the client leaves or the server stops."""
        self.wfile.flush()
        while not self.server.server.stopped.is_set():
            readable, _, _ = select.select([self.connection], [], [], 0.02)
            if readable and not self.connection.recv(1, socket.MSG_PEEK):
                self.left()
                return

    def left(self) -> None:
        self.close_connection = True
        self.server.server.client_left.set()

    def reset(self) -> None:
        """End the connection with a reset in place of a farewell."""
        self.wfile.flush()
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True
        self.connection.close()


def _text(text: Text, body: dict[str, Any], turn: int) -> str:
    if callable(text):
        return text(body)
    return text if isinstance(text, str) else text[min(turn, len(text) - 1)]


def _known(name: str) -> bool:
    return name in BEHAVIOURS or (len(name) == 3 and name.isdigit())
