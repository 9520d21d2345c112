"""How `openai_server` misbehaves: by name, what a handler of it then does."""

from __future__ import annotations

import select
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.openai_server import Handler


def _normal(handler: Handler) -> None:
    handler.begin(chunked=True)
    handler.say_all(handler.text)
    handler.end()


def _silent(handler: Handler) -> None:
    """Accept, and say nothing at all."""
    handler.hold()


def _headers(handler: Handler) -> None:
    handler.begin()
    handler.hold()


def _stall(handler: Handler) -> None:
    """One piece, then silence."""
    handler.begin()
    handler.say(handler.text[: handler.script.piece])
    handler.hold()


def _stall_after_finish(handler: Handler) -> None:
    """Everything but the end of the stream."""
    handler.begin()
    handler.say_all(handler.text)
    handler.event(handler.chunk({}, "stop"))
    handler.hold()


def _reset_after_finish(handler: Handler) -> None:
    """Everything but the usage, then a reset."""
    handler.begin()
    handler.say_all(handler.text)
    handler.event(handler.chunk({}, "stop"))
    select.select([handler.connection], [], [], 0.1)  # let it be read before it is thrown away
    handler.reset()


def _comments(handler: Handler) -> None:
    """Bytes that keep a connection alive and say nothing."""
    handler.begin()
    while not handler.server.server.stopped.wait(0.02):
        handler.send(b": keep-alive\n\n")


def _drip(handler: Handler) -> None:
    """A little, again and again, without end."""
    handler.begin()
    while not handler.server.server.stopped.wait(handler.script.pause):
        handler.say("more ")


def _half(handler: Handler) -> None:
    handler.say(handler.text[: len(handler.text) // 2])


def _cut(handler: Handler) -> None:
    """Half of the text, then a clean end without [DONE]."""
    handler.begin()
    _half(handler)
    handler.close_connection = True


def _torn(handler: Handler) -> None:
    """Half of a chunked body, then the end of the connection."""
    handler.begin(chunked=True)
    _half(handler)
    handler.close_connection = True


def _reset(handler: Handler) -> None:
    """Half of the text, then a reset."""
    handler.begin()
    _half(handler)
    handler.wfile.flush()
    select.select([handler.connection], [], [], 0.1)  # let it be read before it is thrown away
    handler.reset()


def _reset_first(handler: Handler) -> None:
    handler.reset()


def _no_finish(handler: Handler) -> None:
    """[DONE] without a word on how it ended."""
    handler.begin()
    handler.say_all(handler.text)
    handler.event("[DONE]")
    handler.close_connection = True


def _error_late(handler: Handler) -> None:
    """Half of the text, then an error event."""
    handler.begin()
    _half(handler)
    handler.event({"error": {"message": "overloaded", "type": "server_error"}})
    handler.close_connection = True


def _raw(*data: bytes | str) -> Callable[[Handler], None]:
    """A first piece, these events, and the end."""

    def behave(handler: Handler) -> None:
        handler.begin()
        for each in data:
            if isinstance(each, str):
                handler.event(each)
            else:
                handler.send(each)
        handler.end()
        handler.close_connection = True

    return behave


def _saying(text: str, finish: str = "stop", size: int = 10_000) -> Callable[[Handler], None]:
    def behave(handler: Handler) -> None:
        handler.begin()
        for start in range(0, len(text), size):
            handler.say(text[start : start + size])
        handler.end(finish)
        handler.close_connection = True

    return behave


def _finishing(reason: str) -> Callable[[Handler], None]:
    def behave(handler: Handler) -> None:
        handler.begin()
        _half(handler)
        handler.end(reason)
        handler.close_connection = True

    return behave


def _flood(handler: Handler) -> None:
    """One line without end, as fast as it goes."""
    handler.begin()
    handler.send(b"data: ")
    while not handler.server.server.stopped.is_set():
        handler.send(b"x" * 2**16)


def _strict(handler: Handler) -> None:
    """A server that does not know `stream_options`."""
    if "stream_options" in handler.request_seen.body:
        handler.answer(400, {"error": {"message": "extra field", "code": "unknown_field"}})
    else:
        _normal(handler)


def _thinking(handler: Handler) -> None:
    """Reasoning in a field of its own and, after it, in the text."""
    handler.begin()
    handler.event(handler.chunk({"reasoning_content": "Is it 42? Not for me to say."}))
    handler.say_all(f"<think>Let me see: 42.</think>{handler.text}")
    handler.end()
    handler.close_connection = True


def _not_a_stream(handler: Handler) -> None:
    """A whole completion, for a server that does not stream."""
    message = {"role": "assistant", "content": handler.text}
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    handler.answer(200, handler.frame([choice]) | {"object": "chat.completion"})


def _page(handler: Handler) -> None:
    """The page of a proxy or a captive portal."""
    handler.answer(200, "<!doctype html><title>Sign in</title>", "text/html")


BEHAVIOURS: dict[str, Callable[[Handler], None]] = {
    "normal": _normal,
    "silent": _silent,
    "headers": _headers,
    "stall": _stall,
    "stall_after_finish": _stall_after_finish,
    "reset_after_finish": _reset_after_finish,
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
