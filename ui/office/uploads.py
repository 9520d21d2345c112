"""Files that an officer brings: named safely, bounded, and never written over in silence.

They lie in one folder, an ordinary source of the ingestion. Reading them is not done here:
that is the sandbox's, with the reasons it gives.
"""

from __future__ import annotations

import os
import re
import secrets
import time
import unicodedata
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO, Literal

from ingest.folders import EXTENSIONS, SKIPPED_NAMES
from ingest.sidecar import SUFFIX
from rag.settings import Settings

MOST_FILES = 50  # at a time
MOST_BYTES = 100 * 2**20  # of a file
LONGEST_STEM = 120  # bytes: a file system takes 255, and names are added to
CHUNK = 2**20
ASIDE = "_aside"  # what was replaced or taken away; no document is read from there

Clash = Literal["refuse", "number", "replace"]
Outcome = Literal["new", "numbered", "replaced", "exists", "kind", "large", "empty", "unwritten"]


@dataclass(frozen=True, slots=True)
class Brought:
    """What became of one file."""

    given: str  # the name it came with: a stranger's words
    name: str  # the name it has; empty when it was not kept
    outcome: Outcome


def library_folder(settings: Settings) -> Path:
    """Where uploads lie; may not exist yet."""
    return (settings.library_folder or settings.data_dir / "library").absolute()


def safe_name(given: str) -> str:
    """A file name of letters, digits, and `.-_()+` in any script; empty where the kind of file
    is not one that is read."""
    last = given.replace("\\", "/").rpartition("/")[2]
    name = re.sub("-{2,}", "-", "".join(map(_safe, unicodedata.normalize("NFC", last))))
    suffix = PurePosixPath(name).suffix.lower()
    if suffix not in EXTENSIONS:
        return ""
    stem = name[: -len(suffix)].strip("-._") or "document"
    stem = stem.encode()[:LONGEST_STEM].decode("utf-8", "ignore").rstrip("-._") or "document"
    if f"{stem}{suffix}".lower() in SKIPPED_NAMES:  # such as README.md, which is no document
        stem = f"document-{stem}"
    return f"{stem}{suffix}"


def _safe(character: str) -> str:
    """Letters, digits and their marks stay (a vowel sign is a mark)."""
    kept = character.isalnum() or unicodedata.category(character) in ("Mn", "Mc")
    return character if kept or character in ".()+-_" else "-"


def bring(folder: Path, given: str, content: BinaryIO, clash: Clash) -> Brought:
    """Keep one file. It is written under another name first: a document is whole or not there."""
    name = safe_name(given)
    if not name:
        return Brought(given, "", "kind")
    scratch = folder / f".incoming-{secrets.token_hex(8)}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        size = _write(scratch, content)
        if size == 0 or size > MOST_BYTES:
            return Brought(given, "", "large" if size else "empty")
        return _place(folder, scratch, given, name, clash)
    except OSError:
        return Brought(given, "", "unwritten")
    finally:
        scratch.unlink(missing_ok=True)


def _write(path: Path, content: BinaryIO) -> int:
    """Bytes written; more than MOST_BYTES where there were too many."""
    size = 0
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o644)
    with os.fdopen(handle, "wb") as file:
        while size <= MOST_BYTES and (part := content.read(CHUNK)):
            size += file.write(part)
        file.flush()
        os.fsync(file.fileno())
    return size


def _place(folder: Path, scratch: Path, given: str, name: str, clash: Clash) -> Brought:
    """Under its name, or what was chosen where that is taken."""
    if _linked(scratch, folder / name):
        return Brought(given, name, "new")
    if clash == "replace":
        put_aside(folder, name, with_sidecar=False)  # it says what the document is
        os.replace(scratch, folder / name)
        return Brought(given, name, "replaced")
    if clash == "number":
        path = PurePosixPath(name)
        for number in range(2, 1000):
            other = f"{path.stem}-{number}{path.suffix}"
            if _linked(scratch, folder / other):
                return Brought(given, other, "numbered")
    return Brought(given, "", "exists")


def _linked(scratch: Path, path: Path) -> bool:
    """Give a file a name that nothing else has."""
    try:
        os.link(scratch, path)
    except FileExistsError:
        return False
    return True


def put_aside(folder: Path, name: str, *, with_sidecar: bool = True) -> bool:
    """Move a file to where no document is read; False when there is none."""
    aside = folder / ASIDE
    aside.mkdir(exist_ok=True)
    stamp = time.strftime("%Y%m%dT%H%M%S", time.gmtime())
    moved = False
    for each in (name, f"{name}{SUFFIX}")[: 2 if with_sidecar else 1]:
        path = folder / each
        if path.is_file() and not path.is_symlink():
            os.replace(path, aside / f"{stamp}-{secrets.token_hex(2)}-{each}")
            moved = moved or each == name
    return moved


def uploaded(folder: Path) -> list[str]:
    """Names of the files that were brought, sorted."""
    try:
        return sorted(
            entry.name
            for entry in folder.iterdir()
            if entry.is_file() and entry.suffix.lower() in EXTENSIONS and entry.name[0] not in "._"
        )
    except OSError:
        return []
