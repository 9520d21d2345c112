"""The file a document was read from, while it still is what was read.

The catalog says where a source lies; the bytes are given out only when their SHA-256 is the
one stored with the document, so that no other file can leave by this door. Knows no request.
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from ingest.catalog import Catalog
from ingest.sources import is_url
from rag.errors import SanadError
from rag.types import SourceDocument

MOST_BYTES = 100 * 2**20  # they are held in memory while a page is drawn
CHUNK = 256 * 1024
SUFFIXES = {
    "application/pdf": ".pdf",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": ".docx",
    "text/html": ".html",
    "application/xhtml+xml": ".xhtml",
    "text/markdown": ".md",
    "text/plain": ".txt",
}


class Originals:
    """Finds original files. `allowed`: whether this installation gives them out."""

    def __init__(self, data_dir: Path, *, allowed: bool = True) -> None:
        self._data_dir = data_dir
        self._allowed = allowed

    def has(self, document: SourceDocument) -> bool:
        """Whether the file seems to be there; `read` looks closer."""
        path = self._path(document)
        try:
            return path is not None and 0 < path.stat().st_size <= MOST_BYTES
        except OSError:
            return False

    def read(self, document: SourceDocument) -> bytes | None:
        """The bytes that were ingested; None when they are not there any more."""
        path = self._path(document)
        if path is None:
            return None
        try:
            with path.open("rb") as file:
                data = file.read(MOST_BYTES + 1)
        except OSError:
            return None
        if len(data) > MOST_BYTES or hashlib.sha256(data).hexdigest() != document.sha256:
            return None
        return data

    def opened(self, document: SourceDocument) -> BinaryIO | None:
        """The file that was ingested, checked as `read` does and open at its beginning. It is
        sent from the disk: who reads slowly, and often, must not fill the memory."""
        path = self._path(document)
        if path is None:
            return None
        try:
            file = path.open("rb")
        except OSError:
            return None
        try:
            small = os.fstat(file.fileno()).st_size <= MOST_BYTES
            if small and hashlib.file_digest(file, "sha256").hexdigest() == document.sha256:
                file.seek(0)
                return file
        except OSError:
            pass
        file.close()
        return None

    def _path(self, document: SourceDocument) -> Path | None:
        """The regular file inside its source's root; None where there is none."""
        if not self._allowed or not document.sha256:
            return None
        try:
            with Catalog(self._data_dir, read_only=True) as catalog:
                source = catalog.owner(document.id)
                root = catalog.sources().get(source, "")
        except (SanadError, sqlite3.Error, OSError):
            return None
        if not root or is_url(root) or "\0" in document.id:
            return None
        names = [document.id, document.id.removeprefix(f"{source}/")]
        return next((path for name in names if (path := inside(Path(root), name))), None)


def chunks(file: BinaryIO) -> Iterator[bytes]:
    """The content of an open file, which is closed after it. Raises OSError when the file is
    written to meanwhile: what comes then was not checked."""
    with file:
        before = os.fstat(file.fileno())
        while part := file.read(CHUNK):
            now = os.fstat(file.fileno())
            if (now.st_mtime_ns, now.st_size) != (before.st_mtime_ns, before.st_size):
                raise OSError("the file changed while it was sent")
            yield part


def inside(root: Path, name: str) -> Path | None:
    """The file of a name below a root, or the root where it is that file; links that lead out
    are not followed."""
    try:
        real = root.resolve(strict=True)
        if real.is_file():
            return real if root.name == name else None
        path = (real / name).resolve(strict=True)
        return path if path.is_relative_to(real) and path.is_file() else None
    except (OSError, ValueError, RuntimeError):
        return None


def file_name(document: SourceDocument) -> str:
    """What a download is called: the last part of the id, with the ending of its kind."""
    name = document.id.rstrip("/").rpartition("/")[2] or "document"
    suffix = SUFFIXES.get(document.media_type, "")
    return name if not suffix or name.lower().endswith(suffix) else f"{name}{suffix}"
