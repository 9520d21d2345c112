"""The only door to Ray: starting it, or joining one that runs, and datasets of small tasks.

A Ray of our own listens on loopback alone, asks for a token of this process, and ends
with it; what it wrote while it ran is removed. Nothing is reported to anybody. Knows
neither documents nor vectors: bytes go out, bytes come back.
"""

from __future__ import annotations

import logging
import os
import queue
import re
import secrets
import shutil
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from rag.errors import ConfigurationError, EngineError

Row = tuple[int, bytes]  # a number of the caller's, and what belongs to it
Work = Callable[[bytes], bytes]

WINDOWS = 2  # under way at once
TASKS = 8  # of one window, for each processor: the last ones end at about the same time
OBJECT_STORE = 512 * 2**20  # bytes of shared memory of a Ray of our own; beyond, it uses its folder
SMALLEST_STORE = 80 * 2**20  # Ray takes no less
_PREFIX = "sanad-ray-"
_QUIET = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_enable_metrics_collection": "0",
    "RAY_DATA_DISABLE_PROGRESS_BARS": "1",
    "RAY_ENABLE_AUTO_CONNECT": "0",  # a thread that is late must not start another Ray
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
}
# Ray reads this when it is imported: without clusters every socket is on 127.0.0.1.
_ALONE = {"RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0", "RAY_AUTH_MODE": "token"}


def find_ray(address: str, find: Callable[[str], object | None] = find_spec) -> None:
    """Raise ConfigurationError where Ray is not installed, or `address` is none of a cluster."""
    if find("ray") is None:
        raise ConfigurationError(
            "the engine is ray, which is not installed; install it with "
            'pip install "sanad[ray]", or use --engine local'
        )
    if address.startswith("ray://"):
        raise ConfigurationError(
            f"SANAD_RAY_ADDRESS is {address!r}, the address of a Ray client; run the command on "
            "a node of the cluster and name its head there, HOST:PORT"
        )
    if address and not re.fullmatch(r"[\w.-]+:\d{1,5}|\[[0-9a-fA-F:]+\]:\d{1,5}", address):
        raise ConfigurationError(
            f"SANAD_RAY_ADDRESS is {address!r}; it takes HOST:PORT of the cluster's head, or "
            "nothing for a Ray of this run's own"
        )


class Session:
    """A connection to Ray."""

    def __init__(self, address: str = "") -> None:
        """Raises EngineError when Ray does not start or does not answer."""
        self._folder: Path | None = None
        os.environ.update(_QUIET)
        if not address:
            os.environ.update(_ALONE)
            os.environ["RAY_AUTH_TOKEN"] = _token()
            _sweep()
            self._folder = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-"))
        try:
            self.processors, self._gpus = _connected(address, self._folder)
        except (Exception, SystemExit) as error:  # Ray's own tree has no root for these
            self.close()
            raise _stopped(error) from error

    def lanes(self, work: Work, *, gpu: bool = False) -> Lanes:
        """Where rows are worked on; `gpu`: on a GPU each, where the cluster has any."""
        blocks = TASKS * self.processors
        return Lanes(work, blocks, num_gpus=1 if gpu and self._gpus else 0)

    def close(self) -> None:
        """Leave the cluster; end a Ray of our own and remove its folder."""
        import ray

        with suppress(Exception):
            ray.shutdown()
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)


class Lanes:
    """Windows of rows under way at once; results are taken by one thread, in any order."""

    def __init__(self, work: Work, blocks: int, num_gpus: int) -> None:
        self._work, self._blocks, self._num_gpus = work, blocks, num_gpus
        self._results: queue.SimpleQueue[Row | BaseException | None] = queue.SimpleQueue()
        self._open = 0

    def start(self, rows: Sequence[Row]) -> None:
        """Begin a window."""
        self._open += 1
        threading.Thread(target=self._run, args=(rows,), daemon=True).start()

    def room(self) -> Iterator[Row]:
        """Results until another window may begin, and those that are there anyway."""
        while self._open >= WINDOWS or not self._results.empty():
            yield from self._next()

    def rest(self) -> Iterator[Row]:
        """Results until nothing is under way."""
        while self._open:
            yield from self._next()

    def _next(self) -> Iterator[Row]:
        found = self._results.get()
        if isinstance(found, BaseException):
            raise _stopped(found) from found
        if found is None:
            self._open -= 1
        else:
            yield found

    def _run(self, rows: Sequence[Row]) -> None:
        try:
            for row in _mapped(rows, self._work, self._blocks, self._num_gpus):
                self._results.put(row)
            self._results.put(None)
        except Exception as error:  # noqa: BLE001  # raised again in the walk's thread
            self._results.put(error)


def _mapped(rows: Sequence[Row], work: Work, blocks: int, num_gpus: int) -> Iterator[Row]:
    """A dataset of some blocks; each is a task, and gives its results when it is done."""
    import pyarrow as pa
    import ray.data

    size = -(-len(rows) // blocks)
    tables = [_table(rows[start : start + size], pa) for start in range(0, len(rows), max(1, size))]
    found = ray.data.from_arrow(tables).map_batches(
        _each, batch_size=None, batch_format="pyarrow", fn_kwargs={"work": work},
        num_gpus=num_gpus,
    )  # fmt: skip
    for batch in found.iter_batches(batch_size=None, batch_format="pyarrow", prefetch_batches=1):
        places, data = batch.column("place").to_pylist(), batch.column("data").to_pylist()
        yield from zip(places, data, strict=True)


def _each(table: Any, work: Work) -> Any:
    """On a worker: the rows of a block, worked on."""
    import pyarrow as pa

    places = table.column("place").to_pylist()
    found = [work(data) for data in table.column("data").to_pylist()]
    return _table(list(zip(places, found, strict=True)), pa)


def _table(rows: Sequence[Row], pa: Any) -> Any:
    kinds = pa.schema([("place", pa.int64()), ("data", pa.large_binary())])
    places, data = zip(*rows, strict=True) if rows else ((), ())
    return pa.table([list(places), list(data)], schema=kinds)


def _connected(address: str, folder: Path | None) -> tuple[int, int]:
    """(processors, GPUs) of the cluster, once this process belongs to it."""
    import ray
    import ray.data

    given: dict[str, Any] = {"address": address}
    if folder is not None:
        given = {
            "address": "local", "num_cpus": _processors_here(),
            "include_dashboard": False, "_temp_dir": str(folder),
            "object_store_memory": _store_bytes(),
        }  # fmt: skip
    ray.init(**given, logging_level=logging.ERROR, log_to_driver=False)
    logging.getLogger("ray.data").setLevel(logging.ERROR)
    context = ray.data.DataContext.get_current()
    context.enable_progress_bars = False
    context.print_on_execution_start = False
    have = ray.cluster_resources()
    return max(1, int(have.get("CPU", 1))), int(have.get("GPU", 0))


def _processors_here() -> int:
    """That this process may use."""
    allowed = getattr(os, "sched_getaffinity", None)  # Linux
    return len(allowed(0)) if allowed else os.cpu_count() or 1


def _store_bytes() -> int:
    """Of shared memory: containers often have 64 MB of it, and Ray then uses its folder."""
    shared = Path("/dev/shm")
    free = shutil.disk_usage(shared).free if shared.is_dir() else OBJECT_STORE
    return max(SMALLEST_STORE, min(OBJECT_STORE, int(0.8 * free)))


def _token() -> str:
    """The token of this process: Ray keeps the first it has seen."""
    return os.environ.get("RAY_AUTH_TOKEN") or secrets.token_hex(32)


def _sweep() -> None:
    """Remove the folders of runs that were killed."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        owner = folder.name.removeprefix(_PREFIX).partition("-")[0]
        if owner.isdigit() and not Path(f"/proc/{owner}").exists() and Path("/proc").is_dir():
            shutil.rmtree(folder, ignore_errors=True)


def _stopped(error: BaseException) -> EngineError:
    said = (str(error).strip() or type(error).__name__).splitlines()[-1][:300]
    return EngineError(
        f"Ray has stopped ({type(error).__name__}: {said}); what was stored is kept: run the same "
        "command again, with this engine or with --engine local"
    )
