"""One writer a data folder: an advisory lock that names its owner."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rag.errors import ConfigurationError, LockedError

LOCK = "LOCK"


@contextmanager
def writer_lock(data_dir: Path) -> Iterator[None]:
    """Hold the folder's lock; raise LockedError at once when another process does.

    The kernel drops the lock when its owner dies, so nothing ever needs unlocking
    by hand. Raises ConfigurationError when the folder cannot be written to.
    """
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        handle = os.open(data_dir / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as error:
        raise folder_error(data_dir, "written to", error) from error
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            owner = os.read(handle, 32).decode(errors="replace").strip() or "unknown"
            raise LockedError(
                f"{data_dir} is being written by process {owner}; wait for it to finish"
            ) from None
        os.ftruncate(handle, 0)
        os.pwrite(handle, f"{os.getpid()}\n".encode(), 0)
        yield
    finally:
        os.close(handle)


def lock_owner(data_dir: Path) -> str:
    """Process id of the writer at work, or an empty string. Writes nothing.

    Raises ConfigurationError when the folder cannot be read.
    """
    try:
        with (data_dir / LOCK).open("r", errors="replace") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return file.read(32).strip() or "unknown"
    except FileNotFoundError:
        return ""
    except OSError as error:
        raise folder_error(data_dir, "read", error) from error
    return ""


def folder_error(data_dir: Path, action: str, error: OSError) -> ConfigurationError:
    """The one sentence for a data folder that is none, or that may not be used."""
    if data_dir.exists() and not data_dir.is_dir():
        return ConfigurationError(f"data folder {data_dir} is a file; name a folder (--data-dir)")
    return ConfigurationError(
        f"data folder {data_dir} cannot be {action}: {error.strerror}; mend its permissions or "
        "name another folder (--data-dir)"
    )
