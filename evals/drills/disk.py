"""Small disks: a tmpfs of a few megabytes where mounting is permitted, else a limit on the size
of each file, which the kernel reports as EFBIG."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def mount(folder: Path, options: str) -> bool:
    """A tmpfs on a folder, or new options for the one that is there; False where that is not
    permitted."""
    command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
    try:
        return not subprocess.run(command, capture_output=True, check=False).returncode
    except OSError:
        return False


@contextmanager
def small_disk(folder: Path, size: int) -> Iterator[bool]:
    """A disk of `size` bytes at `folder` until the block ends; False where none can be made."""
    folder.mkdir(parents=True, exist_ok=True)
    made = mount(folder, f"size={size}")
    try:
        yield made
    finally:
        if made:
            subprocess.run(["umount", "-l", str(folder)], capture_output=True, check=False)


def grow(folder: Path, size: int) -> None:
    """Give a small disk more room."""
    mount(folder, f"remount,size={size}")


def used(folder: Path) -> int:
    """Bytes of the files under a folder, each in whole pages of 4 kB."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return sum(-(-path.stat().st_size // 4096) * 4096 + 4096 for path in files)
