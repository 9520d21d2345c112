"""The files of ui/static as they are sent: compressed once, kept by browsers.

/sanad/<name>?v=<hash>   for ever, while the hash is that of the file
/sanad/<name>            checked at each use (RFC 9110, 13.1.2); scripts that scripts import
/sanad/fonts/<name>      for ever: fonts have their hash in the name

Knows no page.
"""

from __future__ import annotations

import gzip
import hashlib
import importlib.resources
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

ROOT = Path(str(importlib.resources.files("ui") / "static"))
FOR_EVER = "public, max-age=31536000, immutable"
CHECKED = "no-cache"  # kept, but asked about before each use
TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".txt": "text/plain; charset=utf-8",
    ".woff2": "font/woff2",
}
PACKED = frozenset((".css", ".js", ".mjs", ".svg", ".txt"))  # the others are compressed already
HASH_CHARACTERS = 12


@dataclass(frozen=True, slots=True)
class RoomFile:
    """One file, plain and compressed."""

    body: bytes
    packed: bytes  # gzip; empty where it would not be smaller
    version: str  # start of the SHA-256 of the body, hexadecimal
    media_type: str


def room_file(name: str) -> RoomFile | None:
    """The file of a name below ui/static; None for what is not there or of no known type."""
    try:
        path = (ROOT / name).resolve()
        inside = path.is_relative_to(ROOT.resolve()) and path.suffix in TYPES and path.is_file()
    except (OSError, ValueError):  # a name that no file can have: too long, or with a NUL
        return None
    if not inside:
        return None
    return _read(path, path.stat().st_mtime_ns)


@lru_cache(maxsize=128)
def _read(path: Path, _changed: int) -> RoomFile:
    body = path.read_bytes()
    packed = gzip.compress(body, 9, mtime=0) if path.suffix in PACKED else b""
    version = hashlib.sha256(body).hexdigest()[:HASH_CHARACTERS]
    return RoomFile(body, packed, version, TYPES[path.suffix])


def versioned(name: str) -> str:
    """A name with the hash that lets a browser keep the file. Raises FileNotFoundError."""
    found = room_file(name)
    if found is None:
        raise FileNotFoundError(f"{name!r} is not a file of {ROOT}")
    return f"{name}?v={found.version}"


async def room_files(scope: Scope, receive: Receive, send: Send) -> None:
    """The application that sends them, mounted where they are asked for."""
    request = Request(scope)
    name = request.path_params.get("path") or scope["path"].removeprefix(scope.get("root_path", ""))
    name = name.lstrip("/")
    found = room_file(name) if scope["method"] in ("GET", "HEAD") else None
    response = _answer(name, found, request) if found else Response(status_code=404)
    await response(scope, receive, send)


def _answer(name: str, found: RoomFile, request: Request) -> Response:
    tag = f'"{found.version}"'
    kept = name.startswith("fonts/") or request.query_params.get("v") == found.version
    headers = {"etag": tag, "cache-control": FOR_EVER if kept else CHECKED}
    if found.packed:
        headers["vary"] = "accept-encoding"
    if tag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    body = found.body
    if found.packed and "gzip" in request.headers.get("accept-encoding", ""):
        body, headers["content-encoding"] = found.packed, "gzip"
    return Response(body, media_type=found.media_type, headers=headers)
