"""The journal: one line of JSON a request, with no text of anybody and no address.

An `Entry` begins with the request, travels in the ASGI scope under `ENTRY`, and whoever
answers adds to it. Its fields are names from short lists and numbers, so that nothing
a visitor writes can reach the log. Knows no request.
"""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Callable, Mapping, MutableMapping
from dataclasses import dataclass, field
from typing import Any, TextIO

ENTRY = "sanad.entry"


@dataclass(slots=True)
class Entry:
    """What is known of one request; filled in as it is answered."""

    request: str = field(default_factory=lambda: secrets.token_hex(8))
    face: str = ""
    route: str = ""  # a name of a route, never a path
    site: str = ""  # key of a configured site
    refused: str = ""  # code of a Refused
    reply: str = ""  # answered, partial, declined, failed
    language: str = ""  # of the answer
    mode: str = ""  # extractive, or written
    timings_ms: dict[str, float] = field(default_factory=dict)  # by stage
    input_tokens: int | None = None
    output_tokens: int | None = None

    def take_reply(self, body: Mapping[str, Any]) -> None:
        """What the journal and the metrics keep of a `reply_json`."""
        self.reply = str(body.get("status") or "")
        self.language = str(body.get("language") or "")
        self.mode = "extractive" if body.get("mode") == "extractive" else "written"
        timings = body.get("timings_ms") or {}
        self.timings_ms |= {str(stage): float(ms) for stage, ms in timings.items()}
        usage = body.get("usage") or {}
        self.input_tokens = usage.get("input_tokens", self.input_tokens)
        self.output_tokens = usage.get("output_tokens", self.output_tokens)


def entry_of(scope: MutableMapping[str, Any]) -> Entry:
    """The entry of a request; a new one where the guard has made none."""
    entry = scope.setdefault(ENTRY, Entry())
    assert isinstance(entry, Entry)
    return entry


class Journal:
    """Writes entries to a stream; to nowhere without one."""

    def __init__(
        self, stream: TextIO | None = None, clock: Callable[[], float] = time.time
    ) -> None:
        self._stream = stream
        self._clock = clock

    def write(self, entry: Entry, status: int, seconds: float) -> None:
        """One line."""
        if self._stream is None:
            return
        told = {
            "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(self._clock())),
            "request": entry.request,
            "face": entry.face,
            "route": entry.route,
            "status": f"{status // 100}xx",
            "ms": round(seconds * 1000, 1),
            "site": entry.site,
            "refused": entry.refused,
            "reply": entry.reply,
            "language": entry.language,
            "mode": entry.mode,
            "timings_ms": entry.timings_ms,
            "input_tokens": entry.input_tokens,
            "output_tokens": entry.output_tokens,
        }
        kept = {key: value for key, value in told.items() if value not in ("", None, {})}
        self._stream.write(json.dumps(kept) + "\n")
        self._stream.flush()
