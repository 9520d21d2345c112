"""What is remembered of an address between runs, in the catalog.

Validators (ETag, Last-Modified) only save bytes: an answer of 304 stands for the content
whose hash is remembered, and now and then the whole page is asked for all the same.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

FULL_AGAIN = 7 * 86_400.0  # seconds after which a 304 is not asked for: servers make mistakes
MAX_VALIDATOR = 500  # characters


@dataclass(frozen=True, slots=True)
class Visit:
    """An address as it was when it last answered with content, and how often it was missing
    since. Addresses are in their normal form."""

    source: str
    etag: str = ""
    modified: str = ""
    sha256: str = ""  # of the content; empty when it never answered with any
    read: float = 0.0  # seconds since the epoch when the content was last sent
    url: str = ""  # that answered
    media_type: str = ""
    kind: str = "page"
    text: str = ""
    loose: str = ""
    sketch: tuple[int, ...] = ()
    canonical: str = ""
    alternates: Mapping[str, str] = field(default_factory=dict)
    noindex: bool = False
    missed: int = 0  # runs in a row in which it was gone

    def validators(self, now: float) -> dict[str, str]:
        """Headers of a conditional request; none where the content should be sent again."""
        if not self.sha256 or not 0 <= now - self.read < FULL_AGAIN:
            return {}
        found = {"If-None-Match": self.etag, "If-Modified-Since": self.modified}
        return {
            name: value
            for name, value in found.items()
            if value and len(value) <= MAX_VALIDATOR and value.isascii() and value.isprintable()
        }


def to_json(visit: Visit) -> str:
    """One line."""
    return json.dumps(asdict(visit), ensure_ascii=False, separators=(",", ":"))


def from_json(text: str) -> Visit:
    """What a newer version added is passed over."""
    values: dict[str, Any] = json.loads(text)
    known = {f.name for f in fields(Visit)}
    values = {name: value for name, value in values.items() if name in known}
    values["sketch"] = tuple(values.get("sketch", ()))
    return Visit(**values)
