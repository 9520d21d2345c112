"""Drawers for the sandbox that answer as a child taken over by a file would."""

from __future__ import annotations

import base64
import time

from ingest.types import RawDocument

WEBP = base64.b64encode(b"RIFF....WEBPxxxx").decode()
SOUND = {"picture": WEBP, "width": 10, "height": 20, "letters": [["a", 0, 0, 9, 9, 0, 0]]}
REPLIES = {
    "1": SOUND,
    "2": {**SOUND, "picture": base64.b64encode(b"<svg onload=alert(1)>").decode()},
    "3": {**SOUND, "width": "10; x"},
    "4": {**SOUND, "letters": [["a", 0, 0, 9, 10**9, 0, 0]]},
    "5": {**SOUND, "letters": "x"},
    "6": {},
    "7": {**SOUND, "picture": "%%%"},
    "8": {**SOUND, "letters": [["a", 0, 0, 9.5, 9, 0, 0]]},
}


def told(data: bytes, name: str) -> RawDocument:
    """The reply of a number; number 9 takes its time."""
    if name == "9":
        time.sleep(2)
    return RawDocument(pages=(), metadata=dict(REPLIES.get(name, SOUND)))
