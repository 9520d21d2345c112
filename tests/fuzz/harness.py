"""What a harness is, and what harnesses share."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path


@dataclass(frozen=True)
class Harness:
    """`run` raises where a promise is broken. `seeds` are inputs to begin with, `pieces` parts of
    inputs that mean something to the parser."""

    run: Callable[[bytes], None]
    seeds: tuple[bytes, ...]
    pieces: tuple[str, ...] = ()


def text_of(data: bytes) -> str:
    """Text of any bytes; what is no UTF-8 becomes lone surrogates, as JSON can bring them."""
    return data.decode("utf-8", "surrogateescape")


@lru_cache(maxsize=1)
def scratch() -> Path:
    """A folder for this process; in memory where there is one."""
    shared = Path("/dev/shm")
    folder = Path(tempfile.mkdtemp(prefix="sanad-fuzz-", dir=shared if shared.is_dir() else None))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def file_of(name: str, data: bytes) -> Path:
    """A file with these bytes."""
    path = scratch() / name
    path.write_bytes(data)
    return path
