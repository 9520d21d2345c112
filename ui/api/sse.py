"""Replies of /api/v1/ask: the object of the command line, or typed server-sent events."""

from __future__ import annotations

import json
from typing import Any

from ui.answering import Event


def server_sent(data: Any, event: str = "") -> str:
    """One server-sent event. JSON has no line breaks of its own, so one data line will do."""
    named = f"event: {event}\n" if event else ""
    return f"{named}data: {json.dumps(data, ensure_ascii=False)}\n\n"


class Plain:
    """The events as they are; the last is `finished` with the whole reply, or `failed`."""

    def whole(self, event: Event) -> dict[str, Any] | None:
        """The reply."""
        return event["reply"] if event["type"] == "finished" else None

    def parts(self, event: Event) -> list[str]:
        """The event under its type."""
        return [server_sent(event, event["type"])]
