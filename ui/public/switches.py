"""Switches an operator throws while the server runs: the model, and each face.

A small file in the data folder names what is off; it is looked at with each
question, so no restart is needed. Knows no request.
"""

from __future__ import annotations

import json
import os
import tempfile
import threading
from pathlib import Path

from rag.errors import ConfigurationError
from ui.public.visit import FACES

FILE = "switches.json"
NAMES = ("model", *FACES)


class Switches:
    """What is on. A file that does not read leaves everything as it was. Thread-safe."""

    def __init__(self, data_dir: Path) -> None:
        self.path = data_dir / FILE
        self.problem = ""  # why the file as it is now is not used
        self._lock = threading.Lock()
        self._seen: tuple[int, int, int] | None = None
        self._off: frozenset[str] = frozenset()

    def on(self, name: str) -> bool:
        """Whether the model or a face is on."""
        return name not in self.off()

    def off(self) -> frozenset[str]:
        """The names that are off now."""
        with self._lock:
            try:
                stat = self.path.stat()
                seen = (stat.st_mtime_ns, stat.st_size, stat.st_ino)
                if seen != self._seen:
                    self._off, self._seen, self.problem = _read(self.path), seen, ""
            except FileNotFoundError:
                self._off, self._seen, self.problem = frozenset(), None, ""
            except (OSError, ConfigurationError) as error:
                self.problem = f"the switches stay as they were: {error}"
            return self._off


def throw(data_dir: Path, name: str, on: bool) -> frozenset[str]:
    """Throw one switch; what is off then. Raises ConfigurationError for an unknown name."""
    if name not in NAMES:
        raise ConfigurationError(f"{name!r} is no switch; known: {', '.join(NAMES)}")
    path = data_dir / FILE
    try:
        before = _read(path)
    except FileNotFoundError:
        before = frozenset()
    off = before - {name} if on else before | {name}
    data_dir.mkdir(parents=True, exist_ok=True)
    handle, scratch = tempfile.mkstemp(dir=data_dir, prefix=f".{FILE}-")
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        json.dump({"off": sorted(off)}, file)
    Path(scratch).chmod(0o644)  # the server may run as another user
    Path(scratch).replace(path)
    return off


def _read(path: Path) -> frozenset[str]:
    text = path.read_text("utf-8")
    try:
        off = json.loads(text)["off"]
        named = frozenset(str(name) for name in off)
    except (ValueError, KeyError, TypeError, RecursionError):
        named = None
    if named is None or isinstance(off, str) or not named <= set(NAMES):
        raise ConfigurationError(
            f'{path} is not {{"off": [...]}} with names of {", ".join(NAMES)}; remove it, or use '
            "sanad switch NAME on"
        )
    return named
