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
from dataclasses import asdict
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ingest.catalog import Catalog
from ingest.lock import writer_lock
from ingest.server_vectors import VECTORS, send_vectors
from rag.errors import ConfigurationError, IndexDamagedError
from rag.index.generation import (
    CHROMA,
    CURRENT,
    GENERATIONS,
    MANIFEST,
    SCRATCH,
    Generation,
    Manifest,
    candidates,
    check_digests,
    current_name,
    file_digest,
    read_manifest,
    switch,
    sync,
)
from rag.index.lexical import LexicalIndex
from rag.index.probe import spread
from rag.index.spellings import Spellings
from rag.index.store import write_store
from rag.question.glossary import FILE as GLOSSARY
from rag.types import Passage, SourceDocument
from rag.vectors import SAVED_GRAPH, ChromaIndex, ExactIndex, build_chroma
from rag.vectors_server import ChromaServer
from rag.words.text import index_terms

KEEP = 2  # generations kept: the active one and the one before
SAMPLE = 200  # passages that must find themselves

Entry = tuple[SourceDocument, list[tuple[Passage, str]]]


def indexed_text(document: SourceDocument, passage: Passage) -> str:
    """What is embedded and indexed for a passage: its place in the document, then its text."""
    heading = " · ".join((document.title, *passage.headings))
    return f"{heading}\n{passage.text}"


def build_generation(
    catalog: Catalog, data_dir: Path, model: str, dim: int, server: ChromaServer | None = None
) -> str:
    """Build, verify and switch to a generation of the catalog as it is now; returns its name.

    `model` and `dim` name the vectors to use. With a `server` they go there before the switch,
    and into no Chroma of the generation's own. Raises IndexDamagedError and ServerError, leaving
    the active generation as it was, when the new one does not verify.
    """
    name = _new_name(data_dir / GENERATIONS, catalog.revision)
    scratch = data_dir / GENERATIONS / f"{name}{SCRATCH}"
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir(parents=True)
    try:
        entries = [entry for entry in catalog.documents() if entry[1]]
        write_store(scratch / "text.sqlite", ((d, [p for p, _ in ps]) for d, ps in entries))
        vectors = _write_vectors(scratch / "vectors.npy", entries, catalog.vectors(model), dim)
        languages = _write_lexical(scratch / "lexical", entries)
        if server is None:
            build_chroma(scratch / CHROMA, vectors)
        manifest = Manifest(
            name=name,
            created=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            catalog_revision=catalog.revision,
            model=model,
            dim=dim,
            documents=len(entries),
            passages=len(vectors),
            languages=languages,
            files=_digests(scratch),
            unrelated=catalog.unrelated(model),
            glossary=_glossary(catalog),
        )
        _write_manifest(scratch, manifest)
        verify(scratch, chroma=server is None)
        if server is not None:
            send_vectors(server, data_dir, scratch, manifest.files[VECTORS][1])
        _sync_files(scratch)
    except BaseException:
        shutil.rmtree(scratch, ignore_errors=True)
        raise
    final = data_dir / GENERATIONS / name
    os.replace(scratch, final)
    sync(final.parent)
    switch(data_dir, name)
    prune(data_dir)
    return name


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
        return build_generation(catalog, data_dir, model, dim, server)


def _write_vectors(
    path: Path, entries: Sequence[Entry], stored: dict[str, bytes], dim: int
) -> npt.NDArray[np.float32]:
    keys = [key for _, passages in entries for _, key in passages]
    blob = b"".join(stored[key] for key in keys)
    vectors = np.frombuffer(blob, "<f4").astype(np.float32).reshape(len(keys), dim)
    np.save(path, vectors)
    return vectors


def _write_lexical(folder: Path, entries: Sequence[Entry]) -> dict[str, int]:
    """One index a language; returns passages by language."""
    by_language: dict[str, list[tuple[int, list[str]]]] = {}
    row = 0
    for document, passages in entries:
        texts = by_language.setdefault(document.language, [])
        for passage, _ in passages:
            texts.append((row, index_terms(indexed_text(document, passage), document.language)))
            row += 1
    for language, texts in by_language.items():
        LexicalIndex.build(texts).save(folder / language)
        spelt = Spellings.build(term for _, found in texts for term in found)
        spelt.save(folder.parent / "spellings" / language)
    return {language: len(texts) for language, texts in sorted(by_language.items())}


def _digests(folder: Path) -> dict[str, tuple[int, str]]:
    """Size and SHA-256 of every file that stays as it is: Chroma rewrites its database on
    opening, and the files of an HNSW graph that it has not saved yet (small collections)."""
    chroma = folder / CHROMA
    return {
        path.relative_to(folder).as_posix(): (path.stat().st_size, file_digest(path))
        for path in sorted(folder.rglob("*"))
        if path.is_file() and (chroma not in path.parents or (path.parent / SAVED_GRAPH).exists())
    }


def _sync_files(folder: Path) -> None:
    """Everything in a folder on disk: a switch that survives a power cut must not name files
    that do not."""
    for path in (*folder.rglob("*"), folder):
        sync(path)


def _write_manifest(folder: Path, manifest: Manifest) -> None:
    with (folder / MANIFEST).open("w") as file:
        json.dump(asdict(manifest), file, indent=1)
        file.flush()
        os.fsync(file.fileno())


def verify(folder: Path, *, chroma: bool) -> None:
    """Raise IndexDamagedError unless a generation holds what its manifest says and
    its passages find themselves."""
    generation = Generation.open(folder)
    try:
        manifest = generation.manifest
        check_digests(folder, manifest)
        members = sum(len(index.members) for index in generation.lexical.values())
        if members != manifest.passages:
            raise IndexDamagedError(
                f"lexical indexes hold {members} of {manifest.passages} passages of {manifest.name}"
            )
        exact = generation.dense
        assert isinstance(exact, ExactIndex)
        rows = spread(manifest.passages, SAMPLE)
        generation.store.passages(rows)  # raises when text and passage ids disagree
        if chroma:
            _verify_chroma(folder, exact, rows)
    finally:
        generation.close()


def _verify_chroma(folder: Path, exact: ExactIndex, rows: Sequence[int]) -> None:
    """Chroma must count every passage and return each sampled one for its own vector."""
    index = ChromaIndex(folder / "chroma", exact)
    try:
        if index.count != len(exact.matrix):
            raise IndexDamagedError(
                f"Chroma counts {index.count} of {len(exact.matrix)} passages of {folder.name}"
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
    return (manifest.catalog_revision, manifest.model) != (catalog.revision, model)


def batches(items: Sequence[str], size: int) -> Iterable[Sequence[str]]:
    """Consecutive slices of at most `size`."""
    return (items[i : i + size] for i in range(0, len(items), size))
