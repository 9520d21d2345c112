"""Drills that break an ingestion: rows 2, 3, 6 and 7 of the table.

Each returns what it saw in one line, and raises where something does not hold. `few` takes a
handful of moments instead of all of them.
"""

from __future__ import annotations

import errno
import os
import random
import resource
import shutil
import signal
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path

from evals.drills import disk, faulty, state
from evals.drills.damage import new_generation
from evals.drills.material import write_documents
from ingest.build import rebuild
from ingest.walk import Options, ingest
from rag.embed import HashEmbedder
from rag.index.generation import GENERATIONS, SCRATCH

OLD = {0: 0, 1: 0, 2: 0, 3: 0}
NEW = {1: 1, 2: 1, 4: 1}  # two documents changed, one new
REPORTED = ("OSError", "ConfigurationError", "IndexDamagedError", "FileNotFoundError")
# One moment of each stage: a substring of the point (`faulty`), and how often it was seen.
STAGES = (
    "sqlite3.connect /catalog.sqlite", "stage read", "stage embed", "stage index 0", "/text.sqlite",
    "/vectors.npy", "/manifest.json", "os.rename /generations", "os.rename /CURRENT",
    "os.remove /CURRENT", "stage index 1",
)  # fmt: skip


class Collection:
    """A data folder in its old state, and what an uninterrupted run would make of it."""

    def __init__(self, folder: Path, changed: dict[int, int] | None = None) -> None:
        changed = changed or NEW
        self.docs, self.data, self._old = folder / "docs", folder / "data", folder / "old"
        write_documents(self.docs, OLD)
        _done(faulty.run(self.work, self.data))
        shutil.copytree(self.data, self._old)
        self.before = state.served(self.data)
        write_documents(self.docs, changed)
        whole = _done(faulty.run(self.work, self.data))
        _done(faulty.run(lambda stage: state.whole(self.data), self.data))
        self.points = whole.points
        self.after = state.served(self.data)
        self.content = state.content(self.data)
        self.bytes = disk.used(self.data)

    def work(self, stage: faulty.Stage) -> None:
        """One `sanad ingest`."""
        ingest(
            [str(self.docs)], self.data, HashEmbedder(), Options(workers=1),
            lambda name, done, of: stage(f"{name} {done}/{of}"),
        )  # fmt: skip

    def put_back(self) -> None:
        """The old state, as after the run before."""
        for entry in self.data.iterdir():
            shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
        shutil.copytree(self._old, self.data, dirs_exist_ok=True)

    def check_broken(self) -> str:
        """What must hold after a run that did not end well: "old" or "new" is served."""
        served = state.served(self.data)
        assert served in (self.before, self.after), f"a mixture is served: {served}"
        stored = state.acknowledged(self.data)
        for name, version in self.before.items():
            allowed = {version, self.after.get(name)}
            assert stored.get(name) in allowed, f"{name} is {stored.get(name)} in the catalog"
        return "new" if served == self.after else "old"

    def check_healed(self) -> None:
        """What must hold when the same command has run again."""
        _done(faulty.run(self.work, self.data))
        assert state.served(self.data) == self.after
        assert state.acknowledged(self.data) == self.after
        assert state.content(self.data) == self.content, "another content than in one run"
        assert not state.leftovers(self.data), state.leftovers(self.data)


def _done(outcome: faulty.Outcome) -> faulty.Outcome:
    assert outcome.code == 0, f"the run ended with {outcome.code}: {outcome.error}"
    return outcome


def moments(points: Sequence[str], few: bool) -> list[int]:
    """Which points to break at, from 1: the first of each stage, or the first and the last time
    that each operation is done to each file."""
    if few:
        found = (next((i for i, p in enumerate(points, 1) if s in p), 0) for s in STAGES)
        return sorted({at for at in found if at})
    first: dict[str, int] = {}
    last: dict[str, int] = {}
    for at, point in enumerate(points, 1):
        first.setdefault(point, at)
        last[point] = at
    return sorted({*first.values(), *last.values()})


def killed_anywhere(folder: Path, few: bool) -> str:
    """Row 3, and 1: kill -9 before each operation on the data folder."""
    collection = Collection(folder)
    served: Counter[str] = Counter()
    for at in moments(collection.points, few):
        collection.put_back()
        outcome = faulty.run(collection.work, collection.data, at)
        assert outcome.code == -signal.SIGKILL, f"moment {at} was not reached: {outcome}"
        served[collection.check_broken()] += 1
        collection.check_healed()
    return f"{served.total()} moments; served after: old {served['old']}, new {served['new']}"


def failed_anywhere(folder: Path, few: bool) -> str:
    """Row 7: each operation on the data folder fails with EIO, in turn."""
    collection = Collection(folder)
    ended: Counter[str] = Counter()
    for at in moments(collection.points, few):
        collection.put_back()
        outcome = faulty.run(collection.work, collection.data, at, errno.EIO)
        kind = outcome.error.partition(":")[0]
        assert outcome.code == 0 or kind in REPORTED, f"moment {at}: {outcome.error}"
        ended["reported" if outcome.code else "got over"] += 1
        collection.check_broken()
        collection.check_healed()
    said = ", ".join(f"{count} {how}" for how, count in sorted(ended.items()))
    return f"{ended.total()} operations: {said}"


def failed_inside(folder: Path, few: bool) -> str:
    """Row 7: writes of SQLite's and Chroma's own fail, at every size of a file. The kernel cuts
    them off (EFBIG), which SQLite takes for an error of the disk, not for a full one."""
    collection = Collection(folder)
    ended: Counter[str] = Counter()
    sizes = [path.stat().st_size for path in collection.data.rglob("*") if path.is_file()]
    limits = sorted({size - 1 for size in sizes if size > 1})
    for limit in limits[:: max(1, len(limits) // 5)] if few else limits:
        collection.put_back()
        outcome = faulty.run(partial(_limited, collection, limit), collection.data)
        kind = outcome.error.partition(":")[0]
        assert outcome.code == 0 or kind in REPORTED, f"{limit} bytes: {outcome.error}"
        ended[kind or "none"] += 1
        collection.check_broken()
        collection.check_healed()
    kinds = ", ".join(f"{count} {kind}" for kind, count in sorted(ended.items()))
    return f"files cut at {ended.total()} sizes: {kinds}"


def full_disk(folder: Path, few: bool) -> str:
    """Row 6: the disk is full at every size between the old collection and the new one."""
    many = {number: 1 for number in range(4, 24)}
    with disk.small_disk(folder, 256 * 2**20) as mounted:
        collection = Collection(folder, many)
        ended: Counter[str] = Counter()
        start, step = disk.used(collection._old), collection.bytes - disk.used(collection._old)
        if not mounted:  # no file is as big as all of them
            start, step = 16_384, 256_000
        for size in range(start, 10**9, max(4096, step // (4 if few else 24))):
            collection.put_back()
            limit = 0 if mounted else size
            if mounted:
                filler = max(0, disk.used(folder) - disk.used(collection.data))
                disk.grow(folder, filler + size)
            outcome = faulty.run(partial(_limited, collection, limit), collection.data)
            if mounted:
                disk.grow(folder, 256 * 2**20)
            collection.check_broken()
            collection.check_healed()
            kind = outcome.error.partition(":")[0]
            assert outcome.code == 0 or kind in REPORTED, outcome.error
            ended[kind] += 1
            if outcome.code == 0:
                break
    how = "a small tmpfs" if mounted else "a limit on the size of a file (no mount permitted)"
    kinds = ", ".join(f"{count} {kind}" for kind, count in sorted(ended.items()) if kind)
    return f"{how}, {ended.total()} sizes until none fails: {kinds}"


def _limited(collection: Collection, limit: int, stage: faulty.Stage) -> None:
    if limit:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    collection.work(stage)


def killed_in_chroma(folder: Path, few: bool) -> str:
    """Row 2: kill -9 while Chroma saves its graph, seen by its files."""
    data = folder / "data"

    def first(stage: faulty.Stage) -> None:
        new_generation(data, 1300)

    _done(faulty.run(first, data))
    before, content = state.served(data), state.content(data)
    rng = random.Random(20261122)
    killed = 0
    for turn in range(3 if few else 14):
        watch = _Watch(data, changes=1 + turn % 4, wait_s=rng.uniform(0, 0.004))
        outcome = faulty.run(lambda stage: _rebuilt(data), data, watch=watch)
        killed += outcome.code == -signal.SIGKILL
        assert state.served(data) == before
        assert state.content(data) == content
    _done(faulty.run(lambda stage: _rebuilt(data), data))
    _done(faulty.run(lambda stage: state.whole(data), data))
    assert state.content(data) == content
    assert not state.leftovers(data), state.leftovers(data)
    assert killed, "no run was still at work when it was to be killed"
    return f"{killed} killed at changes of the graph's files"


def _rebuilt(data: Path) -> None:
    rebuild(data)


class _Watch:
    """Kills the child when files of the graph in scratch have changed so many times."""

    def __init__(self, data: Path, changes: int, wait_s: float) -> None:
        self._folder, self._left, self._wait_s = data / GENERATIONS, changes, wait_s
        self._seen: dict[str, tuple[int, int]] = {}

    def __call__(self, child: int) -> None:
        seen = {}
        with suppress(OSError):
            for path in self._folder.glob(f"*{SCRATCH}/chroma/*/*"):
                status = path.stat()
                seen[path.name] = (status.st_mtime_ns, status.st_size)
        if seen == self._seen:
            return
        self._seen = seen
        self._left -= 1
        if self._left == 0:
            time.sleep(self._wait_s)
            os.kill(child, signal.SIGKILL)
