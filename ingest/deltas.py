"""A change of a large collection as a delta: what it costs is what has changed.

    the files of the generation before   hard links, copies where a file system has none
    delta-0003/                          documents that are new or were stored anew since
    withdrawn.npy                        rows of the documents they replace, and of deleted ones

Segments that are merged now and then are Lucene's way to keep an inverted index current (Cutting &
Pedersen, RIAO 1997, describe the trade). A collection that is written anew in seconds gets no
deltas; many deltas become one; and when deltas and withdrawn passages make up a fifth of the base,
everything is written anew, so that a passage is rewritten about five times while a collection
doubles. Knows no Chroma: deltas are scanned.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ingest.catalog import Catalog
from ingest.schema import copied_database
from ingest.segment import Start, digests, write_segment
from rag.errors import IndexDamagedError
from rag.index.generation import (
    CHROMA,
    DELTA,
    FORMAT,
    GENERATIONS,
    MANIFEST,
    SCRATCH,
    WITHDRAWN,
    Generation,
    Manifest,
    collection_files,
    current_name,
    file_digest,
    open_spellings,
    read_manifest,
)


@dataclass(frozen=True, slots=True)
class Policy:
    """When a change becomes a delta, and when Chroma is built. Passages, where not said."""

    smallest: int = 5_000  # a base below this is always written anew: that takes seconds
    deltas: int = 8  # that many at most; SQLite attaches ten files. 0: always anew
    changed: float = 0.2  # share of the base above which it is written anew
    chroma_at_once: int = 20_000  # a base up to this gets its collection before the switch
    chroma_most: int = 250_000  # one above this gets none


@dataclass(frozen=True, slots=True)
class Change:
    """What a delta is made of."""

    before: Path  # the generation before
    manifest: Manifest  # its manifest
    documents: tuple[str, ...]  # ids to be written
    kept: tuple[str, ...]  # deltas that stay
    name: str  # of the new delta
    withdrawn: tuple[int, ...]  # rows in the base and the kept deltas
    start: Start  # rows of the new delta

    @property
    def fresh(self) -> tuple[str, ...]:
        """Beginnings of the paths it writes."""
        return f"{self.name}/", WITHDRAWN


def planned(
    catalog: Catalog, data_dir: Path, model: str, dim: int, policy: Policy
) -> Change | None:
    """The change since the active generation, or None where everything is to be written anew."""
    name = current_name(data_dir)
    if not name or not policy.deltas:
        return None
    folder = data_dir / GENERATIONS / name
    try:
        generation = Generation.open(folder)
    except IndexDamagedError:
        return None
    try:
        manifest = generation.manifest
        same = (manifest.model, manifest.dim, manifest.format) == (model, dim, FORMAT)
        same = (
            same
            and manifest.catalog == catalog.id
            and manifest.catalog_revision <= catalog.revision
        )
        if not same or manifest.passages < policy.smallest:
            return None
        return _change(catalog, folder, generation, policy)
    finally:
        generation.close()


def told_apart(catalog: Catalog, data_dir: Path) -> None:
    """A catalog that is behind the active generation is an older copy, restored: it gets another
    id before it changes, for its revisions will mean other documents."""
    try:
        manifest = read_manifest(data_dir / GENERATIONS / current_name(data_dir))
    except IndexDamagedError:
        return
    if catalog.revision < manifest.catalog_revision:
        catalog.renew_id()


def _change(
    catalog: Catalog, folder: Path, generation: Generation, policy: Policy
) -> Change | None:
    manifest = generation.manifest
    held = {document.id: row for row, document in generation.store.placed_documents()}
    stored, changed = catalog.ids(), set(catalog.ids(manifest.catalog_revision))
    gone = held.keys() - set(stored)
    replaced = {held[one] for one in (changed & held.keys()) | gone}
    base_rows = _rows(folder)
    base_documents = int(base_rows[-1]) + 1 if len(base_rows) else 0
    kept = manifest.deltas
    if len(kept) >= policy.deltas:  # they become one: what they hold is written again
        changed |= {one for one, row in held.items() if row >= base_documents and one not in gone}
        kept = ()
    withdrawn = {row for row in _withdrawn(folder, manifest) | replaced}
    if not kept:
        withdrawn = {row for row in withdrawn if row < base_documents}
    rows = [base_rows, *(_rows(folder / delta) for delta in kept)]
    lost = int(np.isin(base_rows, list(withdrawn)).sum())
    fresh = catalog.passage_count(sorted(changed)) + sum(map(len, rows[1:]))
    if fresh + lost > policy.changed * len(base_rows):
        return None
    last = max((int(part[-1]) for part in rows if len(part)), default=-1)
    return Change(
        before=folder,
        manifest=manifest,
        documents=tuple(one for one in stored if one in changed),
        kept=kept,
        name=_next_name(manifest.deltas),
        withdrawn=tuple(sorted(withdrawn)),
        start=Start(last + 1, sum(map(len, rows))),
    )


def _rows(folder: Path) -> npt.NDArray[np.int32]:
    return np.load(folder / "rows.npy", mmap_mode="r", allow_pickle=False)  # type: ignore[no-any-return]


def _withdrawn(folder: Path, manifest: Manifest) -> set[int]:
    if not manifest.joined:
        return set()
    return set(np.load(folder / WITHDRAWN, allow_pickle=False).tolist())


def _next_name(deltas: Sequence[str]) -> str:
    number = max((int(name.removeprefix(DELTA)) for name in deltas), default=0) + 1
    return f"{DELTA}{number:04d}"


def write_delta(catalog: Catalog, scratch: Path, change: Change) -> Manifest:
    """Link what stays into an empty folder and write what is new; the manifest, still without
    name and time."""
    before = change.manifest
    linked = set(_linked(change, scratch))
    files = {name: found for name, found in before.files.items() if name in linked}
    deltas = change.kept
    if change.documents:
        deltas = (*deltas, change.name)
        _write_documents(catalog, scratch / change.name, change)
        written = digests(scratch / change.name)
        files |= {f"{change.name}/{name}": found for name, found in written.items()}
    path = scratch / WITHDRAWN
    np.save(path, np.asarray(change.withdrawn, np.int32))
    files[WITHDRAWN] = (path.stat().st_size, file_digest(path))
    documents, languages = _counted(scratch, change, deltas)
    return replace(
        before, documents=documents, passages=sum(languages.values()), languages=languages,
        files=files, deltas=deltas,
    )  # fmt: skip


def _linked(change: Change, scratch: Path) -> Iterator[str]:
    """The files that stay, by their paths, once they lie in the new folder too."""
    before = change.before
    graph = collection_files(before, change.manifest)
    dropped = {MANIFEST, WITHDRAWN, *(set(change.manifest.deltas) - set(change.kept))}
    for path in sorted(before.rglob("*")):
        name = path.relative_to(before).as_posix()
        top = name.partition("/")[0]
        if path.name.endswith(("-wal", "-shm", "-journal")):
            continue  # of Chroma's database: they come and go
        if path.is_file() and top not in dropped and not top.endswith(SCRATCH):
            (scratch / name).parent.mkdir(parents=True, exist_ok=True)
            _link(path, scratch / name, copy=top == CHROMA and name not in graph)
            yield name


def _link(path: Path, to: Path, *, copy: bool) -> None:
    """`copy`: what Chroma rewrites on opening must not be one file under two names; a server may
    be writing its database meanwhile."""
    if path.suffix == ".sqlite3":
        copied_database(path, to)
        return
    if not copy:
        try:
            os.link(path, to)
            return
        except OSError:
            pass  # a file system without links; a fault of the disk shows in the copy
    shutil.copy2(path, to)


def _write_documents(catalog: Catalog, delta: Path, change: Change) -> None:
    delta.mkdir()
    before = change.manifest
    parts = [change.before, *(change.before / kept for kept in change.kept)]
    # Also those of which every passage was withdrawn: their words are there still.
    languages = {path.name for part in parts for path in (part / "spellings").glob("*")}
    write_segment(
        delta,
        catalog.documents(change.documents),
        lambda keys: catalog.vectors(before.model, keys),
        (catalog.passage_count(change.documents), before.dim),
        change.start,
        open_spellings(parts, languages),
    )


def _counted(folder: Path, change: Change, deltas: Sequence[str]) -> tuple[int, dict[str, int]]:
    """Documents that count, and passages that do by language."""
    parts = [folder, *(folder / delta for delta in deltas)]
    rows = np.concatenate([_rows(part) for part in parts])
    counts = ~np.isin(rows, change.withdrawn)
    languages: dict[str, int] = {}
    for path in (path for part in parts for path in sorted((part / "lexical").glob("*"))):
        members = np.load(path / "members.npy", allow_pickle=False)
        languages[path.name] = languages.get(path.name, 0) + int(counts[members].sum())
    held = {name: found for name, found in sorted(languages.items()) if found}
    return len(np.unique(rows[counts])), held
