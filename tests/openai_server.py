"""An HTTP server that speaks the streaming chat protocol of OpenAI and misbehaves on command.

    with misbehaving_server("cut", text="Kyiv has a plan [1].") as server:
        ... server.url, server.requests, server.client_left ...

A behaviour is a name of `BEHAVIOURS`, or an HTTP status such as "429". A request
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
    http = _Http(("127.0.0.1", 0), _Handler)
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


class _Handler(BaseHTTPRequestHandler):
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


def _normal(handler: _Handler) -> None:
    handler.begin(chunked=True)
    handler.say_all(handler.text)
    handler.end()


def _silent(handler: _Handler) -> None:
    """Accept, and say nothing at all."""
    handler.hold()


def _headers(handler: _Handler) -> None:
    handler.begin()
    handler.hold()


def _stall(handler: _Handler) -> None:
    """One piece, then silence."""
    handler.begin()
    handler.say(handler.text[: handler.script.piece])
    handler.hold()


def _stall_after_finish(handler: _Handler) -> None:
    """Everything but the end of the stream."""
    handler.begin()
    handler.say_all(handler.text)
    handler.event(handler.chunk({}, "stop"))
    handler.hold()


def _comments(handler: _Handler) -> None:
    """Bytes that keep a connection alive and say nothing."""
    handler.begin()
    while not handler.server.server.stopped.wait(0.02):
        handler.send(b": keep-alive\n\n")


def _drip(handler: _Handler) -> None:
    """A little, again and again, without end."""
    handler.begin()
    while not handler.server.server.stopped.wait(handler.script.pause):
        handler.say("more ")


def _half(handler: _Handler) -> None:
    handler.say(handler.text[: len(handler.text) // 2])


def _cut(handler: _Handler) -> None:
    """Half of the text, then a clean end without [DONE]."""
    handler.begin()
    _half(handler)
    handler.close_connection = True


def _torn(handler: _Handler) -> None:
    """Half of a chunked body, then the end of the connection."""
    handler.begin(chunked=True)
    _half(handler)
    handler.close_connection = True


def _reset(handler: _Handler) -> None:
    """Half of the text, then a reset."""
    handler.begin()
    _half(handler)
    handler.wfile.flush()
    select.select([handler.connection], [], [], 0.1)  # let it be read before it is thrown away
    handler.reset()


def _reset_first(handler: _Handler) -> None:
    handler.reset()


def _no_finish(handler: _Handler) -> None:
    """[DONE] without a word on how it ended."""
    handler.begin()
    handler.say_all(handler.text)
    handler.event("[DONE]")
    handler.close_connection = True


def _error_late(handler: _Handler) -> None:
    """Half of the text, then an error event."""
    handler.begin()
    _half(handler)
    handler.event({"error": {"message": "overloaded", "type": "server_error"}})
    handler.close_connection = True


def _raw(*data: bytes | str) -> Callable[[_Handler], None]:
    """A first piece, these events, and the end."""

    def behave(handler: _Handler) -> None:
        handler.begin()
        for each in data:
            if isinstance(each, str):
                handler.event(each)
            else:
                handler.send(each)
        handler.end()
        handler.close_connection = True

    return behave


def _saying(text: str, finish: str = "stop", size: int = 10_000) -> Callable[[_Handler], None]:
    def behave(handler: _Handler) -> None:
        handler.begin()
        for start in range(0, len(text), size):
            handler.say(text[start : start + size])
        handler.end(finish)
        handler.close_connection = True

    return behave


def _finishing(reason: str) -> Callable[[_Handler], None]:
    def behave(handler: _Handler) -> None:
        handler.begin()
        _half(handler)
        handler.end(reason)
        handler.close_connection = True

    return behave


def _flood(handler: _Handler) -> None:
    """One line without end, as fast as it goes."""
    handler.begin()
    handler.send(b"data: ")
    while not handler.server.server.stopped.is_set():
        handler.send(b"x" * 2**16)


def _strict(handler: _Handler) -> None:
    """A server that does not know `stream_options`."""
    if "stream_options" in handler.request_seen.body:
        handler.answer(400, {"error": {"message": "extra field", "code": "unknown_field"}})
    else:
        _normal(handler)


def _thinking(handler: _Handler) -> None:
    """Reasoning in a field of its own and, after it, in the text."""
    handler.begin()
    handler.event(handler.chunk({"reasoning_content": "Is it 42? Not for me to say."}))
    handler.say_all(f"<think>Let me see: 42.</think>{handler.text}")
    handler.end()
    handler.close_connection = True


def _not_a_stream(handler: _Handler) -> None:
    """A whole completion, for a server that does not stream."""
    message = {"role": "assistant", "content": handler.text}
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    handler.answer(200, handler.frame([choice]) | {"object": "chat.completion"})


def _page(handler: _Handler) -> None:
    """The page of a proxy or a captive portal."""
    handler.answer(200, "<!doctype html><title>Sign in</title>", "text/html")


BEHAVIOURS: dict[str, Callable[[_Handler], None]] = {
    "normal": _normal,
    "silent": _silent,
    "headers": _headers,
    "stall": _stall,
    "stall_after_finish": _stall_after_finish,
    "comments": _comments,
    "drip": _drip,
    "cut": _cut,
    "torn": _torn,
    "reset": _reset,
    "reset_first": _reset_first,
    "no_finish": _no_finish,
    "utf8": _raw(b'data: {"choices":[{"index":0,"delta":{"content":"\xff\xfe\xfa"}}]}\n\n'),
    "json": _raw('{"choices": [{"delta": {"content": "half an ob'),
    "schema": _raw('{"answer": "The schema is ours."}', '{"choices": [{"delta": "not a dict"}]}'),
    "number": _raw('{"choices": [{"index": 0, "delta": {"content": 42}}]}'),
    "error_event": _raw('{"error": {"message": "overloaded", "type": "server_error"}}'),
    "error_late": _error_late,
    "empty": _saying(""),
    "blank": _saying(" \n\t "),
    "nothing": _raw(),
    "megabyte": _saying("a megabyte of text. " * 52_500),
    "one_megabyte": _saying("x" * 2**20, size=2**20),
    "flood": _flood,
    "filtered": _finishing("content_filter"),
    "length": _finishing("length"),
    "strict": _strict,
    "thinking": _thinking,
    "not_a_stream": _not_a_stream,
    "page": _page,
}  # fmt: skip
