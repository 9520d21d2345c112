"""`sanad serve` as a process of its own, watched from outside. Knows no question."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import psutil

from evals.bench.load_figures import Sample
from evals.bench.process import QUIET, ProgramFailed, sanad

READY_S = 120.0  # on a machine that is busy with other things
ENDING_S = 20.0
EVERY_S = 1.0
Measured = Callable[[psutil.Process], float]


class Served:
    """A running server: its address, and what it uses."""

    def __init__(self, address: str, process: subprocess.Popen[bytes]) -> None:
        self.address = address
        self._root = psutil.Process(process.pid)
        self._begun = time.monotonic()
        self._last = (time.monotonic(), _busy_s(), self.cpu_s())

    @property
    def pid(self) -> int:
        """The server's process id."""
        return self._root.pid

    def cpu_s(self) -> float:
        """CPU seconds of the server and its workers since they were started."""
        return sum(self._each(lambda process: sum(process.cpu_times()[:2])))

    def sample(self) -> Sample:
        """The server now."""
        now, busy, cpu = time.monotonic(), _busy_s(), self.cpu_s()
        before, busy_before, cpu_before = self._last
        self._last = (now, busy, cpu)
        elapsed = max(now - before, 1e-3)
        return Sample(
            at_s=now - self._begun,
            rss_mb=sum(self._each(lambda process: process.memory_info().rss)) / 1e6,
            handles=int(sum(self._each(lambda process: process.num_fds()))),
            cpu_s=cpu,
            others=max(0.0, (busy - busy_before - (cpu - cpu_before)) / elapsed),
        )

    def _each(self, measured: Measured) -> list[float]:
        found = []
        for process in (self._root, *self._root.children(recursive=True)):
            with suppress(psutil.NoSuchProcess):
                found.append(float(measured(process)))
        return found


class Watch:
    """Samples a server until the block ends."""

    def __init__(self, served: Served) -> None:
        self._served = served
        self._over = threading.Event()
        self.samples: list[Sample] = []
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Watch:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()
        self.samples.append(self._served.sample())

    def _run(self) -> None:
        self._served.sample()  # from here on, not from the start of the server
        while True:
            self.samples.append(self._served.sample())
            if self._over.wait(EVERY_S):
                return


@contextmanager
def serving(
    data: Path, settings: Mapping[str, str], environment: Mapping[str, str] | None = None
) -> Iterator[Served]:
    """A server over a data folder, with settings as SANAD_ variables and other variables as
    they are; ended with the block.

    Raises ProgramFailed when it is not ready in time.
    """
    port = _free_port()
    command = sanad("serve", "--data-dir", str(data), "--port", str(port))
    given = {f"SANAD_{name.upper()}": value for name, value in settings.items()}
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SANAD_")}
    process = subprocess.Popen(
        command,
        env={**kept, **QUIET, **given, **(environment or {})},
        stdout=subprocess.DEVNULL,
        stderr=None,
    )
    address = f"http://127.0.0.1:{port}"
    try:
        _wait_until_ready(address, process)
        yield Served(address, process)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(ENDING_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_until_ready(address: str, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + READY_S
    while time.monotonic() < end:
        if process.poll() is not None:
            raise ProgramFailed(f"sanad serve ended with {process.returncode} before it was ready")
        with suppress(URLError, OSError), urlopen(f"{address}/health/ready", timeout=5):
            return
        time.sleep(0.2)
    raise ProgramFailed(f"sanad serve was not ready after {READY_S:.0f} s")


def _free_port() -> int:
    """A port that was free a moment ago; `sanad serve` takes no 0."""
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])


def _busy_s() -> float:
    """CPU seconds that the whole machine has worked since it was started."""
    spent = psutil.cpu_times()
    return float(sum(spent) - spent.idle - spent.iowait - spent.guest - spent.guest_nice)
