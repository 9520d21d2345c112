"""One immutable index generation: opening it, checking it, falling back from it.

    <data>/CURRENT                    name of the active generation
    <data>/generations/<name>/
        manifest.json                 counts, model, checksums; written last
        text.sqlite                   documents, pages, passages (`rag.index.store`)
        vectors.npy                   (passages, dim) float32, rows of length 1
        lexical/<language>/*.npy      BM25 postings (`rag.index.lexical`)
        spellings/<language>/*.npy    the words of that index by n-grams (`rag.index.spellings`)
        chroma/                       the same vectors in Chroma (`rag.vectors`)

A reader needs only the folder: it never opens the catalog, and never writes.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from rag.errors import CollectionError, ConfigurationError, IndexDamagedError
from rag.index.lexical import LexicalIndex
from rag.index.spellings import Spellings
from rag.index.store import Store
from rag.vectors import ChromaIndex, ExactIndex, VectorIndex
from rag.vectors_server import ChromaServer, ServerIndex, collection_of

FORMAT = 1
CURRENT = "CURRENT"
GENERATIONS = "generations"
MANIFEST = "manifest.json"
CHROMA = "chroma"
SCRATCH = ".tmp"  # ends the name of what is still being written
SMALL_BYTES = 16 * 2**20  # a generation that is read whole when it is opened: 10 to 30 ms


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a generation claims to hold."""

    name: str
    created: str  # ISO 8601, UTC
    catalog_revision: int
    model: str  # Embedder.id
    dim: int
    documents: int
    passages: int
    languages: dict[str, int]  # passages by language
    files: dict[str, tuple[int, str]]  # path -> (bytes, sha256); see `ingest.build`
    glossary: str = ""  # path of the glossary beside the documents; empty when there is none
    unrelated: float = 0.0  # cosine of passages that have nothing to do with each other
    format: int = FORMAT


@dataclass(slots=True)
class Generation:
    """An open generation. `dense` is None when its vectors do not open (lexical only)."""

    folder: Path
    manifest: Manifest
    store: Store
    document_rows: npt.NDArray[np.int32]  # (passages,) document row of each passage
    lexical: dict[str, LexicalIndex]
    spellings: dict[str, Spellings]  # the words of each lexical index, to match names with
    dense: VectorIndex | None
    notes: list[str] = field(default_factory=list)  # what is degraded, in plain words
    fallback: bool = False  # another generation than the active one

    @classmethod
    def open(cls, folder: Path, *, need_vectors: bool = True) -> Generation:
        """Open a generation with the exact vector scan.

        Raises IndexDamagedError when a file is missing, has another size (of a small
        generation: another content) than the manifest says, or does not open; with
        `need_vectors=False` damaged vectors only leave `dense` empty.
        """
        manifest = read_manifest(folder)
        damaged_vectors = ""
        try:
            check_files(folder, manifest, "vectors.npy")
            dense: VectorIndex | None = ExactIndex(folder / "vectors.npy")
        except IndexDamagedError as error:
            if need_vectors:
                raise
            dense, damaged_vectors = None, str(error)
        for part in ("text.sqlite", "lexical/", "spellings/"):
            check_files(folder, manifest, part)
        store = Store(folder / "text.sqlite")
        if store.passage_count != manifest.passages:
            raise IndexDamagedError(
                f"generation {manifest.name} holds {store.passage_count} passages, its manifest "
                f"says {manifest.passages}; run sanad doctor --rebuild"
            )
        return cls(
            folder=folder,
            manifest=manifest,
            store=store,
            document_rows=np.asarray(store.document_rows(), np.int32),
            lexical={
                language: LexicalIndex.open(folder / "lexical" / language)
                for language in manifest.languages
            },
            spellings={
                language: Spellings.open(folder / "spellings" / language)
                for language in manifest.languages
            },
            dense=dense,
            notes=[f"vectors unavailable: {damaged_vectors}"] if damaged_vectors else [],
        )

    def mask(self, filters: Mapping[str, Sequence[str]]) -> npt.NDArray[np.bool_] | None:
        """(passages,) mask of the passages that match; None when there is no filter."""
        if not filters:
            return None
        rows = np.fromiter(self.store.rows_matching(filters), np.int32)
        return np.isin(self.document_rows, rows)

    def similarity(self, cosines: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Cosines rescaled so that unrelated passages have 0 and equal ones 1: models differ
        in how near they put texts that have nothing to do with each other."""
        floor = self.manifest.unrelated
        return (cosines - np.float32(floor)) / np.float32(1 - floor)

    def attach_chroma(self) -> None:
        """Search through Chroma from now on. Call `rag.index.probe` first: a damaged
        collection can kill the process that opens it."""
        if isinstance(self.dense, ExactIndex):
            self.dense = ChromaIndex(self.folder / "chroma", self.dense)

    def attach_server(self, server: ChromaServer) -> None:
        """Search through a Chroma server from now on; the exact scan stands in for it."""
        if isinstance(self.dense, ExactIndex):
            digest = self.manifest.files["vectors.npy"][1]
            self.dense = ServerIndex(server, collection_of(digest), self.dense)

    @property
    def trouble(self) -> str:
        """Why something else stands in for the vector search that was chosen; empty: it works."""
        return getattr(self.dense, "trouble", "")

    def close(self) -> None:
        """Release files."""
        if isinstance(self.dense, ChromaIndex | ServerIndex):
            self.dense.close()
        self.store.close()


def open_current(data_dir: Path) -> Generation:
    """Open the active generation, else the newest that opens, else without its vectors.

    What was done is in `Generation.notes`. Raises CollectionError when there is
    nothing to open.
    """
    names = candidates(data_dir)
    if not names:
        raise CollectionError(
            f"there is no index in {data_dir}; build one with: sanad ingest FOLDER "
            f"--data-dir {data_dir}"
        )
    problems: list[str] = []
    for need_vectors in (True, False):
        for name in names:
            folder = data_dir / GENERATIONS / name
            try:
                generation = Generation.open(folder, need_vectors=need_vectors)
            except IndexDamagedError as error:
                problems.append(str(error))
                continue
            current = current_name(data_dir)
            generation.fallback = name != current
            if generation.fallback:
                cause = problems[0] if problems else f"CURRENT names {current or 'nothing'!r}"
                generation.notes.append(f"opened {name} because: {cause}")
            return generation
    raise CollectionError(
        f"no index generation in {data_dir} opens ({problems[0]}); "
        f"run: sanad doctor --rebuild --data-dir {data_dir}"
    )


def candidates(data_dir: Path) -> list[str]:
    """Generation names to try: the active one, then the others, newest first.

    A scratch folder is none, whatever it holds: nobody verified it.
    """
    folder = data_dir / GENERATIONS
    if not folder.is_dir():
        return []
    complete = sorted(
        (e.name for e in folder.iterdir() if e.suffix != SCRATCH and (e / MANIFEST).is_file()),
        reverse=True,
    )
    current = current_name(data_dir)
    return sorted(complete, key=lambda name: name != current)


def current_name(data_dir: Path) -> str:
    """Name of the active generation; empty when none was switched to."""
    try:
        return (data_dir / CURRENT).read_text("utf-8", errors="replace").strip()
    except (FileNotFoundError, NotADirectoryError):
        return ""
    except OSError as error:
        raise ConfigurationError(
            f"{data_dir / CURRENT} cannot be read: {error.strerror}; check the folder's permissions"
        ) from error


def switch(data_dir: Path, name: str) -> None:
    """Make `name` the active generation: one atomic rename, on disk before it returns."""
    scratch = data_dir / f"{CURRENT}{SCRATCH}"
    with scratch.open("w") as file:
        file.write(name + "\n")
        file.flush()
        os.fsync(file.fileno())
    os.replace(scratch, data_dir / CURRENT)
    sync(data_dir)


def sync(path: Path) -> None:
    """fsync a file, or a folder so that renames in it survive a power cut."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def read_manifest(folder: Path) -> Manifest:
    """Read and check a manifest."""
    try:
        values: dict[str, Any] = json.loads((folder / MANIFEST).read_text("utf-8"))
        values["files"] = {
            name: (int(size), str(sha)) for name, (size, sha) in values["files"].items()
        }
        manifest = Manifest(**values)
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise IndexDamagedError(f"manifest of {folder.name} does not read: {error}") from error
    if manifest.format != FORMAT:
        raise IndexDamagedError(
            f"generation {folder.name} has format {manifest.format}, this program reads {FORMAT}; "
            "run sanad doctor --rebuild"
        )
    return manifest


def check_files(folder: Path, manifest: Manifest, prefix: str) -> None:
    """What opening can afford: sizes, and of a small generation digests."""
    if sum(size for size, _ in manifest.files.values()) <= SMALL_BYTES:
        check_digests(folder, manifest, prefix)
    else:
        check_sizes(folder, manifest, prefix)


def check_sizes(folder: Path, manifest: Manifest, prefix: str = "") -> None:
    """Compare file sizes with the manifest; cheap enough for every start."""
    for name, (size, _) in manifest.files.items():
        if name.startswith(prefix):
            path = folder / name
            actual = path.stat().st_size if path.is_file() else -1
            if actual != size:
                raise IndexDamagedError(
                    f"{manifest.name}/{name} has {actual} bytes instead of {size}"
                    if actual >= 0
                    else f"{manifest.name}/{name} is missing"
                )


def check_digests(folder: Path, manifest: Manifest, prefix: str = "") -> None:
    """Compare every file's SHA-256 with the manifest; reads the whole generation."""
    check_sizes(folder, manifest, prefix)
    for name, (_, digest) in manifest.files.items():
        if name.startswith(prefix) and file_digest(folder / name) != digest:
            raise IndexDamagedError(f"{manifest.name}/{name} has changed since it was written")


def file_digest(path: Path) -> str:
    """SHA-256 of a file, hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
