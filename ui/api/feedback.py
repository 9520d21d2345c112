"""Feedback of readers: JSON lines in the data folder, bounded, without addresses.

Each line holds what a draft evaluation case needs: the question, the verdict, what was
cited, and from which generation. Knows no request.
"""

from __future__ import annotations

import datetime
import json
import os
import secrets
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rag.errors import SanadError

FILE = "feedback.jsonl"
MAX_BYTES = 16 * 1024 * 1024  # of the file; whoever fills it gains nothing


class FeedbackFullError(SanadError):
    """The file of feedback is as large as it may become."""


class FeedbackFile:
    """Appends to one file, readable by its owner alone. Safe between threads."""

    def __init__(self, data_dir: Path, max_bytes: int = MAX_BYTES) -> None:
        self.path = data_dir / FILE
        self._max_bytes = max_bytes
        self._lock = threading.Lock()

    def keep(self, told: Mapping[str, Any]) -> str:
        """Store one piece of feedback with its day; its id. Raises FeedbackFullError."""
        identity = secrets.token_hex(8)
        day = datetime.datetime.now(datetime.UTC).date().isoformat()
        line = json.dumps({"id": identity, "day": day, **told}, ensure_ascii=False) + "\n"
        data = line.encode()
        with self._lock:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            handle = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            try:
                if os.fstat(handle).st_size + len(data) > self._max_bytes:
                    raise FeedbackFullError(
                        f"{self.path} has reached {self._max_bytes} bytes; move it away"
                    )
                os.write(handle, data)
            finally:
                os.close(handle)
        return identity
