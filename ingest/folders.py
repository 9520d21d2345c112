"""Which files of a folder are documents, and what a document's id is.

Knows nothing of the catalog or of the command line.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Collection
from pathlib import Path

from ingest.sidecar import SUFFIX

SKIPPED_NAMES = frozenset({"readme.md", "glossary.yaml", "questions.yaml", "license", "license.md"})
EXTENSIONS = frozenset(
    {".pdf", ".docx", ".html", ".htm", ".xhtml", ".md", ".markdown", ".txt", ".text"}
)


def printable(path: str | Path) -> str:
    r"""A path as text: bytes that are not UTF-8 are written as \xff."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def files_below(
    folder: Path, root: Path, apart: Collection[Path]
) -> tuple[list[Path], list[tuple[str, str]]]:
    """(files, sorted; folders that cannot be listed, each with the reason).

    Without hidden ones, `_` folders, our own files and what lies in `apart`. A
    link that leads out of `root` is not followed.
    """
    unread: list[tuple[str, str]] = []

    def note(error: OSError) -> None:
        place = printable(Path(error.filename).relative_to(root))
        unread.append((f"{place}/", f"cannot be listed: {error.strerror}; nothing is withdrawn"))

    files: list[Path] = []
    for place, folders, names in os.walk(folder, onerror=note):
        here = Path(place)
        folders[:] = [n for n in folders if not _hidden(n) and here / n not in apart]
        paths = (here / name for name in names if not _hidden(name) and not _ours(name))
        files += [path for path in paths if path not in apart and _belongs(path, root)]
    return sorted(files), unread


def reached(path: Path, root: Path) -> bool:
    """Whether `files_below(root)` comes to a file or folder, and reads it."""
    if path == root or not path.is_relative_to(root):
        return False
    if any(_hidden(part) for part in path.relative_to(root).parts):
        return False
    return not path.is_file() or (path.suffix.lower() in EXTENSIONS and not _ours(path.name))


def _hidden(name: str) -> bool:
    return name.startswith((".", "_"))


def _ours(name: str) -> bool:
    return name.lower() in SKIPPED_NAMES or name.endswith(SUFFIX)


def _belongs(path: Path, root: Path) -> bool:
    """A regular file inside `root`. One that may not be looked at counts: reading it
    gives the reason, and it is not taken for gone."""
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            return False
        return not path.is_symlink() or path.resolve().is_relative_to(root)
    except OSError as error:
        return error.errno not in (errno.ENOENT, errno.ENOTDIR, errno.ELOOP)
