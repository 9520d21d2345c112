"""The sandbox's child: limits itself, then reads one file after another from its pipe.

Run as `python -m ingest.sandbox_child LIMITS_JSON MODULE:FUNCTION`. A request is a
line of JSON (`name`, `size`) and `size` bytes; a reply is "+" (or "!" where this
process should not serve another file), eight bytes of length, and JSON. Ends
with its parent: at the end of the pipe, when the parent's process id changes,
and at the latest when the file's wall time is over. Knows nothing of formats.
"""

from __future__ import annotations

import gc
import importlib
import json
import logging
import math
import os
import resource
import signal
import sys
import threading
import time
import warnings
from collections.abc import Callable
from typing import Any, BinaryIO

from ingest.types import RawDocument
from ingest.wire import document_to_json
from rag.errors import ReadError

Reader = Callable[[bytes, str], RawDocument]

_FORBIDDEN = (
    "socket.",
    "subprocess.",
    "os.system",
    "os.exec",
    "os.fork",
    "os.posix_spawn",
    "os.spawn",
    "ftplib.",
    "urllib.",
    "webbrowser.",
)
_LARGE = 10_000_000  # bytes of file and reply after which the memory is tidied at once
_GRACE_S = 2.0  # the parent gives up first and says so


def main(arguments: list[str]) -> None:
    """Serve until the pipe ends."""
    limits: dict[str, Any] = json.loads(arguments[0])
    requests, replies = _take_pipes()
    _quieten()
    _limit_for_good(limits)
    threading.Thread(target=_end_with_parent, args=(os.getppid(),), daemon=True).start()
    module, _, function = arguments[1].partition(":")
    reader: Reader = getattr(importlib.import_module(module), function)
    sys.addaudithook(_forbid)
    while header := requests.readline(10_000):
        request = json.loads(header)
        data = requests.read(request["size"])
        _limit_for_file(limits)
        reply, healthy = _answer(reader, data, request["name"], limits)
        signal.setitimer(signal.ITIMER_REAL, 0)
        replies.write((b"+" if healthy else b"!") + len(reply).to_bytes(8, "big") + reply)
        replies.flush()
        if len(data) + len(reply) > _LARGE:
            del data, reply
            gc.collect()


def _answer(reader: Reader, data: bytes, name: str, limits: dict[str, Any]) -> tuple[bytes, bool]:
    """(reply, whether this process is fit for another file)."""
    try:
        raw = reader(data, name)
        _check_size(raw, limits)
        return document_to_json(raw), True
    except ReadError as exc:
        return _error(str(exc)), True
    except MemoryError:
        return _error(f"needs more than {limits['memory_mb']} MB of memory to read"), False
    except RecursionError:
        return _error("is damaged: its parts are nested too deeply"), False
    except Exception as exc:  # noqa: BLE001  # a reader's library, given any bytes; the parent tells
        return _error(f"could not be read: {type(exc).__name__}: {str(exc)[:200]}"), True


def _error(reason: str) -> bytes:
    return json.dumps({"error": reason}).encode("ascii")


def _check_size(raw: RawDocument, limits: dict[str, Any]) -> None:
    if len(raw.pages) > limits["pages"]:
        raise ReadError(f"has {len(raw.pages)} pages, more than {limits['pages']}")
    characters = sum(len(block.text) for page in raw.pages for block in page.blocks)
    if characters > limits["characters"]:
        raise ReadError(f"holds {characters} characters, more than {limits['characters']}")


def _take_pipes() -> tuple[BinaryIO, BinaryIO]:
    """Keep the pipes for ourselves; whatever a reader prints goes nowhere."""
    requests, replies = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nowhere = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nowhere, descriptor)
    return requests, replies


def _quieten() -> None:
    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore")


def _limit_for_good(limits: dict[str, Any]) -> None:
    memory = limits["memory_mb"] * 2**20
    for kind, value in (
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, 64),
    ):
        try:
            resource.setrlimit(kind, (value, value))
        except (ValueError, OSError):
            continue  # the operator's own limit is already lower, or the system knows none


def _limit_for_file(limits: dict[str, Any]) -> None:
    """Processor time counts from the start of the process, so each file moves the limit on.

    Both signals are left to their default, which ends the process even inside native code.
    """
    used = resource.getrusage(resource.RUSAGE_SELF)
    end = math.ceil(used.ru_utime + used.ru_stime) + limits["cpu_s"]
    resource.setrlimit(resource.RLIMIT_CPU, (end, resource.getrlimit(resource.RLIMIT_CPU)[1]))
    signal.setitimer(signal.ITIMER_REAL, limits["wall_s"] + _GRACE_S)


def _end_with_parent(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(0.5)
    os._exit(1)


def _forbid(event: str, arguments: tuple[object, ...]) -> None:
    """No network, no other programs, no writing: a reader needs none of them."""
    writing = (
        event == "open"
        and len(arguments) > 1
        and isinstance(arguments[1], str)
        and any(letter in arguments[1] for letter in "wax+")
    )
    if (writing and arguments[0] != os.devnull) or event.startswith(_FORBIDDEN):
        raise PermissionError(f"a file's reader tried {event}")


if __name__ == "__main__":
    main(sys.argv[1:])
