"""A reader that misbehaves on demand: what the sandbox must survive."""

from __future__ import annotations

import ctypes
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable

from ingest.types import Block, RawDocument, RawPage

_hoard: list[bytes] = []


def read_bytes(data: bytes, name: str) -> RawDocument:
    """Does what the file says, and answers with its process id if it lives."""
    order, _, argument = data.decode().partition(":")
    block = Block("paragraph", str(os.getpid()))
    if order == "recurse":
        read_bytes(data, name)
    if order == "flood":
        block = Block("paragraph", "x" * 50_000_000)
    if order in _TRICKS:
        _TRICKS[order](argument)
    return RawDocument((RawPage(1, (block,)),), {"order": order})


def _spin(_: str) -> None:
    while True:
        pass


def _eat(_: str) -> None:
    while True:
        _hoard.append(b"x" * 50_000_000)


def _print(_: str) -> None:
    print("noise on the protocol's pipe" * 1000)  # noqa: T201
    os.write(1, b"more noise")


def _write(path: str) -> None:
    with open(path, "w") as file:
        file.write("x")


def _raise(_: str) -> None:
    raise KeyError("a library's own error")


_TRICKS: dict[str, Callable[[str], object]] = {
    "sleep": lambda _: time.sleep(60),
    "spin": _spin,
    "eat": _eat,
    "segfault": lambda _: ctypes.string_at(0),
    "exit": lambda _: os._exit(3),
    "print": _print,
    "connect": lambda _: socket.create_connection(("127.0.0.1", 9), timeout=1),
    "shell": lambda _: subprocess.run([sys.executable, "-V"], check=True),
    "write": _write,
    "raise": _raise,
}
