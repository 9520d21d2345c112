"""Catalog to index generation: built in a scratch folder, verified, then switched to.

A crash at any point costs a scratch folder. Vectors come from the catalog, so no
embedding model is needed to rebuild.
"""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ingest.catalog import Catalog
from ingest.deltas import Change, Policy, planned, write_delta
from ingest.lock import writer_lock
from ingest.segment import Start, digests, indexed_text, write_segment
from ingest.server_vectors import VECTORS, send_vectors
from rag.errors import ConfigurationError, IndexDamagedError
from rag.index.generation import (
    CHROMA,
    CHROMA_FILES,
    CURRENT,
    GENERATIONS,
    MANIFEST,
    SCRATCH,
    Generation,
    Manifest,
    candidates,
    check_digests,
    current_name,
    read_manifest,
    switch,
    sync,
)
from rag.index.probe import spread
from rag.question.glossary import FILE as GLOSSARY
from rag.vectors import SAVED_GRAPH, ChromaIndex, ExactIndex, build_chroma
from rag.vectors_server import ChromaServer

__all__ = ["build_generation", "complete", "indexed_text", "prune", "rebuild", "stale", "verify"]

KEEP = 2  # generations kept: the active one and the one before
SAMPLE = 200  # passages that must find themselves


def build_generation(
    catalog: Catalog,
    data_dir: Path,
    model: str,
    dim: int,
    policy: Policy | None = None,
    server: ChromaServer | None = None,
) -> str:
    """Build, verify and switch to a generation of the catalog as it is now; returns its name.

    A few changes of a large collection become a delta beside the files of the generation before
    (see `ingest.deltas`); else everything is written anew. `model` and `dim` name the vectors to
    use. With a `server` those of the base go there before the switch, and into no Chroma of the
    generation's own. Raises IndexDamagedError and ServerError, leaving the active generation as it
    was, when the new one does not verify.
    """
    policy = policy or Policy()
    name = _new_name(data_dir / GENERATIONS, catalog.revision)
    try:
        change = planned(catalog, data_dir, model, dim, policy)
    except IndexDamagedError:
        change = None  # what is damaged is not built upon
    scratch = data_dir / GENERATIONS / f"{name}{SCRATCH}"
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir(parents=True)
    try:
        if change is None:
            manifest = _written_anew(catalog, scratch, model, dim)
            if server is None and manifest.passages <= policy.chroma_at_once:
                _write_chroma(scratch)
        else:
            manifest = write_delta(catalog, scratch, change)
        manifest = replace(
            manifest,
            name=name,
            created=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            catalog_revision=catalog.revision,
            catalog=catalog.id,
            glossary=_glossary(catalog),
        )
        _write_json(scratch / MANIFEST, asdict(manifest))
        verify(scratch, chroma=change is None and (scratch / CHROMA).exists(), change=change)
        if server is not None:
            send_vectors(server, data_dir, scratch, manifest.files[VECTORS][1])
        _sync_files(scratch)
    except IndexDamagedError:
        shutil.rmtree(scratch, ignore_errors=True)
        if change is None:
            raise
        anew = replace(policy, deltas=0)  # the base is damaged: nothing is built upon it
        return build_generation(catalog, data_dir, model, dim, anew, server)
    except BaseException:
        shutil.rmtree(scratch, ignore_errors=True)
        raise
    final = data_dir / GENERATIONS / name
    os.replace(scratch, final)
    sync(final.parent)
    switch(data_dir, name)
    prune(data_dir)
    return name


def _written_anew(catalog: Catalog, scratch: Path, model: str, dim: int) -> Manifest:
    """A base of every document; its manifest still without name and time."""
    with catalog.transaction():
        catalog.drop_unused_vectors(model)
    entries = (entry for entry in catalog.documents() if entry[1])
    shape = (catalog.passage_count(), dim)
    written = write_segment(
        scratch, entries, lambda keys: catalog.vectors(model, keys), shape, Start()
    )
    return Manifest(
        name="", created="", catalog_revision=0, model=model, dim=dim,
        documents=written.documents, passages=shape[0], languages=written.languages,
        files=digests(scratch), unrelated=catalog.unrelated(model),
    )  # fmt: skip


def complete(data_dir: Path, policy: Policy | None = None) -> bool:
    """Give the active generation the Chroma collection it was switched to without; whether one
    was built. What a crash leaves is removed and built again.

    Raises IndexDamagedError when the collection does not hold its vectors.
    """
    policy = policy or Policy()
    folder = data_dir / GENERATIONS / current_name(data_dir)
    if (folder / CHROMA).is_dir() or folder == data_dir / GENERATIONS:
        return False
    manifest = read_manifest(folder)
    base = len(ExactIndex(folder / "vectors.npy").matrix)
    if manifest.format == 1 or base > policy.chroma_most:
        return False
    _write_chroma(folder, sample=True)
    return True


def _write_chroma(folder: Path, *, sample: bool = False) -> None:
    """Build the collection of a base, with the list of its files; with `sample`, let it find some
    of its vectors. It is there only when it is whole."""
    scratch = folder / f"{CHROMA}{SCRATCH}"
    shutil.rmtree(scratch, ignore_errors=True)
    exact = ExactIndex(folder / "vectors.npy")
    build_chroma(scratch, exact.matrix)
    if sample:
        _verify_chroma(scratch, exact, spread(len(exact.matrix), SAMPLE))
    # Chroma rewrites its database on opening, and the files of a graph not saved yet (small ones).
    files = {
        f"{CHROMA}/{name}": found
        for name, found in digests(scratch).items()
        if (scratch / name).with_name(SAVED_GRAPH).exists()
    }
    _write_json(scratch / Path(CHROMA_FILES).name, files)
    _sync_files(scratch)
    os.replace(scratch, folder / CHROMA)
    sync(folder)


def _new_name(folder: Path, revision: int) -> str:
    """Sorts by time: 20261122T141530.123Z-r000042. Never one that is there already: a clock
    that went back must not give a new generation the name of the one that is served."""
    now = int(time.time() * 1000)
    while True:
        stamp = time.strftime("%Y%m%dT%H%M%S", time.gmtime(now // 1000))
        name = f"{stamp}.{now % 1000:03d}Z-r{revision:06d}"
        if not (folder / name).exists():
            return name
        now += 1


def _glossary(catalog: Catalog) -> str:
    """The first glossary that lies in an ingested folder."""
    paths = (Path(root) / GLOSSARY for root in catalog.sources().values())
    return next((str(path) for path in paths if path.is_file()), "")


def rebuild(data_dir: Path, server: ChromaServer | None = None) -> str:
    """Build a new generation from the catalog alone, with the vectors it holds.

    Raises ConfigurationError, creating nothing, when the catalog holds no document.
    """
    with Catalog(data_dir, read_only=True) as catalog:
        if not catalog.digests():
            state = "no document is stored in" if catalog.sources() else "nothing was ingested into"
            raise ConfigurationError(
                f"{state} {data_dir} yet; run: sanad ingest FOLDER --data-dir {data_dir}"
            )
    with writer_lock(data_dir), Catalog(data_dir) as catalog:
        model, dim = catalog.vector_model()
        anew = replace(Policy(), deltas=0)
        name = build_generation(catalog, data_dir, model, dim, anew, server)
        if server is None:
            complete(data_dir)
        return name


def _sync_files(folder: Path) -> None:
    """Everything in a folder on disk: a switch that survives a power cut must not name files
    that do not."""
    for path in (*folder.rglob("*"), folder):
        sync(path)


def _write_json(path: Path, values: object) -> None:
    with path.open("w") as file:
        json.dump(values, file, indent=1)
        file.flush()
        os.fsync(file.fileno())


def verify(folder: Path, *, chroma: bool, change: Change | None = None) -> None:
    """Raise IndexDamagedError unless a generation holds what its manifest says and its passages
    find themselves. Of a `change` only what it wrote is read: its base was verified before."""
    generation = Generation.open(folder)
    try:
        manifest = generation.manifest
        for part in ("",) if change is None else change.fresh:
            check_digests(folder, manifest, part)
        members = sum(index.size for index in generation.lexical.values())
        if members != manifest.passages:
            raise IndexDamagedError(
                f"lexical indexes hold {members} of {manifest.passages} passages of {manifest.name}"
            )
        exact = generation.dense
        assert isinstance(exact, ExactIndex)
        held = np.flatnonzero(generation.document_rows >= 0)
        if len(held) != manifest.passages or len(generation.document_rows) != exact.size:
            raise IndexDamagedError(
                f"{manifest.name} holds {len(held)} passages and {exact.size} vectors, its "
                f"manifest says {manifest.passages}"
            )
        rows = [int(held[at]) for at in spread(len(held), SAMPLE)]
        rows += held[-SAMPLE:].tolist() if change is not None else []
        generation.store.passages(rows)  # raises when text and passage ids disagree
        if chroma:
            base = ExactIndex(folder / "vectors.npy")  # withdrawn passages are in Chroma still
            _verify_chroma(folder / CHROMA, base, spread(len(base.matrix), SAMPLE))
    finally:
        generation.close()


def _verify_chroma(folder: Path, exact: ExactIndex, rows: Sequence[int]) -> None:
    """Chroma must count every passage of the base and return each sampled one for its vector."""
    index = ChromaIndex(folder, exact)
    try:
        if index.count != len(exact.matrix):
            raise IndexDamagedError(
                f"Chroma counts {index.count} of {len(exact.matrix)} passages of "
                f"{folder.parent.name}"
            )
        asked = [row for row in rows if exact.matrix[row].any()]
        lost = [row for row in asked if not _finds_itself(index, exact.matrix[row])]
        if len(lost) > 0.01 * len(asked):
            raise IndexDamagedError(
                f"{len(lost)} of {len(asked)} sampled passages do not find themselves in Chroma"
            )
    finally:
        index.close()


def _finds_itself(index: ChromaIndex, vector: npt.NDArray[np.float32]) -> bool:
    """Whether the best hit is the vector itself or one equal to it (repeated text)."""
    found = index.top(np.asarray(vector), 1)
    return bool(found) and found[0][1] > 1 - 1e-3


def prune(data_dir: Path) -> None:
    """Remove scratch folders and all but the newest KEEP generations."""
    (data_dir / f"{CURRENT}{SCRATCH}").unlink(missing_ok=True)
    folder = data_dir / GENERATIONS
    if not folder.is_dir():
        return
    kept = set(candidates(data_dir)[:KEEP])
    for entry in folder.iterdir():
        if entry.name not in kept and entry.name != current_name(data_dir):
            shutil.rmtree(entry, ignore_errors=True)


def stale(data_dir: Path, catalog: Catalog, model: str) -> bool:
    """Whether the active generation is not one of this catalog revision and model."""
    name = current_name(data_dir)
    if not name:
        return True
    try:
        manifest = read_manifest(data_dir / GENERATIONS / name)
    except IndexDamagedError:
        return True
    if manifest.catalog and manifest.catalog != catalog.id:
        return True
    return (manifest.catalog_revision, manifest.model) != (catalog.revision, model)


def batches(items: Sequence[str], size: int) -> Iterable[Sequence[str]]:
    """Consecutive slices of at most `size`."""
    return (items[i : i + size] for i in range(0, len(items), size))
