"""Reads files in a child process that may be killed: files come from strangers.

Each file has limits on memory, processor time, wall time and output. A child
serves many files, so that its imports are paid once, and is replaced when a
file breaks a limit or the child dies. The parent never waits past the wall
limit and takes nothing from the child but JSON. Knows nothing of file formats.
POSIX only; macOS does not enforce the memory limit.
"""

from __future__ import annotations

import json
import os
import queue
import selectors
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import Self

from ingest.types import RawDocument
from ingest.wire import document_from_json
from rag.errors import ReadError

DEFAULT_READER = "ingest.read:read_bytes"
FRAME_BYTES = 9  # before a reply: "+" (or "!": replace me) and its length, big-endian
_CHUNK = 1 << 16


@dataclass(frozen=True, slots=True)
class Limits:
    """What one file may cost."""

    memory_mb: int = 1024  # address space; every file of three collections reads in 768
    cpu_s: int = 20
    wall_s: float = 30.0
    input_mb: int = 200
    pages: int = 5000
    characters: int = 20_000_000
    files_per_child: int = 500  # then a fresh child, so that leaks stay small


class Sandbox:
    """One child process. Safe to share between threads: files wait for their turn."""

    def __init__(self, limits: Limits | None = None, reader: str = DEFAULT_READER) -> None:
        """`reader` is `module:function` of `(bytes, name) -> RawDocument`; tests bring theirs."""
        self.limits = limits or Limits()
        self._reader = reader
        self._child: subprocess.Popen[bytes] | None = None
        self._served = 0
        self._lock = threading.Lock()

    def read(self, data: bytes, name: str) -> RawDocument:
        """The document in `data`. `ReadError` with a predicate: "needs a password"."""
        if len(data) > self.limits.input_mb * 10**6:
            raise ReadError(f"is larger than {self.limits.input_mb} MB")
        with self._lock:
            return document_from_json(self._exchange(data, name))

    def close(self) -> None:
        """Stop the child. The sandbox can be used again; it then starts another."""
        with self._lock:
            self._stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def pid(self) -> int | None:
        """The child's process id, None where there is none at the moment."""
        return self._child.pid if self._child is not None else None

    def _exchange(self, data: bytes, name: str) -> bytes:
        """Send one file, return one reply; any failure stops the child."""
        child = self._ready_child()
        deadline = time.monotonic() + self.limits.wall_s
        header = json.dumps({"name": name[-1000:], "size": len(data)}).encode() + b"\n"
        try:
            reply, healthy = _converse(child, header + data, deadline, self._longest_reply())
        except TimeoutError:
            self._stop()
            raise ReadError(f"took longer than {self.limits.wall_s:g} s to read") from None
        except EOFError:
            code = self._stop()
            raise ReadError(self._why_it_died(code)) from None
        except BaseException:
            self._stop()
            raise
        self._served += 1
        if not healthy:
            self._stop()
        return reply

    def _longest_reply(self) -> int:
        return 12 * self.limits.characters + 10_000_000  # JSON escapes a character in at most 12

    def _ready_child(self) -> subprocess.Popen[bytes]:
        tired = self._served >= self.limits.files_per_child
        if self._child is not None and (tired or self._child.poll() is not None):
            self._stop()
        if self._child is None:
            self._child = _start(self.limits, self._reader)
            self._served = 0
        return self._child

    def _stop(self) -> int | None:
        """Kill and reap; the exit code, negative for a signal."""
        child, self._child = self._child, None
        if child is None:
            return None
        try:
            child.wait(0.2 if child.stdout and _at_end(child) else 0)
        except subprocess.TimeoutExpired:
            child.kill()
        for stream in (child.stdin, child.stdout):
            if stream is not None:
                with suppress(BrokenPipeError):
                    stream.close()
        return child.wait()

    def _why_it_died(self, code: int | None) -> str:
        if code == -signal.SIGXCPU:
            return f"took more than {self.limits.cpu_s} s of processor time to read"
        if code == -signal.SIGALRM:
            return f"took longer than {self.limits.wall_s:g} s to read"
        if code == -signal.SIGKILL:
            return "was given up: its reader was killed, probably for want of memory"
        if code is not None and code < 0:
            return f"crashed its reader ({signal.Signals(-code).name}): it is probably damaged"
        return f"stopped its reader (exit code {code}): it is probably damaged"


class SandboxPool:
    """Several sandboxes for a pool of threads; `read` waits for a free one."""

    def __init__(self, n: int, limits: Limits | None = None, reader: str = DEFAULT_READER) -> None:
        self._all = tuple(Sandbox(limits, reader) for _ in range(n))
        self._free: queue.LifoQueue[Sandbox] = queue.LifoQueue()
        for sandbox in self._all:
            self._free.put(sandbox)

    def read(self, data: bytes, name: str) -> RawDocument:
        """As `Sandbox.read`."""
        sandbox = self._free.get()
        try:
            return sandbox.read(data, name)
        finally:
            self._free.put(sandbox)

    def close(self) -> None:
        """Stop every child."""
        for sandbox in self._all:
            sandbox.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _start(limits: Limits, reader: str) -> subprocess.Popen[bytes]:
    """A child with pipes on both ends, no inherited environment worth stealing, no output."""
    environment = {
        "PATH": os.defpath,
        "LANG": "C.UTF-8",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONPATH": os.pathsep.join(path or os.getcwd() for path in sys.path),
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
    }
    child = subprocess.Popen(
        [sys.executable, "-P", "-m", "ingest.sandbox_child", json.dumps(asdict(limits)), reader],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environment,
        start_new_session=True,
        bufsize=0,
    )
    for stream in (child.stdin, child.stdout):
        assert stream is not None
        os.set_blocking(stream.fileno(), False)
    return child


def _converse(
    child: subprocess.Popen[bytes], request: bytes, deadline: float, most: int
) -> tuple[bytes, bool]:
    """Write the request and read the framed reply at once, so that neither side can block.

    Returns the reply and whether the child is fit for another file.

    Raises TimeoutError past the deadline, EOFError when the child closes its end,
    ReadError when the reply would be longer than `most` bytes.
    """
    assert child.stdin is not None and child.stdout is not None
    unsent, received = memoryview(request), bytearray()
    with selectors.DefaultSelector() as selector:
        selector.register(child.stdout, selectors.EVENT_READ)
        selector.register(child.stdin, selectors.EVENT_WRITE)
        while True:
            ready = selector.select(max(0.0, deadline - time.monotonic()))
            if not ready or time.monotonic() > deadline:
                raise TimeoutError
            for key, events in ready:
                if events & selectors.EVENT_WRITE:
                    unsent = unsent[_send(key.fd, unsent) :]
                    if not unsent:
                        selector.unregister(child.stdin)
                else:
                    chunk = os.read(key.fd, _CHUNK)
                    if not chunk:
                        raise EOFError
                    received += chunk
            if len(received) >= FRAME_BYTES:
                end = FRAME_BYTES + int.from_bytes(received[1:FRAME_BYTES], "big")
                if end > most:
                    raise ReadError("holds more text than is allowed")
                if len(received) >= end:
                    return bytes(received[FRAME_BYTES:end]), received[:1] == b"+"


def _send(descriptor: int, unsent: memoryview) -> int:
    try:
        return os.write(descriptor, unsent[:_CHUNK])
    except BrokenPipeError:
        raise EOFError from None


def _at_end(child: subprocess.Popen[bytes]) -> bool:
    """Whether the child closed its end: it is dying and its exit code is worth a moment."""
    assert child.stdout is not None
    try:
        return os.read(child.stdout.fileno(), 1) == b""
    except BlockingIOError:
        return False
