"""One immutable index generation: opening it, checking it, falling back from it.

    <data>/CURRENT                    name of the active generation
    <data>/generations/<name>/
        manifest.json                 counts, model, checksums; written last
        text.sqlite                   documents, pages, passages (`rag.index.store`)
        vectors.npy                   (passages, dim) float32, rows of length 1
        rows.npy                      (passages,) int32 document row of each
        lexical/<language>/*.npy      BM25 postings (`rag.index.lexical`)
        spellings/<language>/*.npy    the words of that index by n-grams (`rag.index.spellings`)
        chroma/                       the same vectors in Chroma (`rag.vectors`); that of a large
                                      base comes after the switch
        delta-0001/...                documents that came later, in the same files; no Chroma
        withdrawn.npy                 (n,) int32 rows of documents that no longer count

What lies beside `delta-0001` is the *base*; it and the older deltas are hard links to the files of
the generation before, so that a change costs what has changed. Rows go on from base to deltas. A
reader needs only the folder: it never opens the catalog, and never writes.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from rag.errors import CollectionError, ConfigurationError, IndexDamagedError
from rag.index.joined import JoinedIndex, JoinedSpellings
from rag.index.lexical import Bm25, LexicalIndex
from rag.index.spellings import SpellingIndex, Spellings
from rag.index.store import Store
from rag.vectors import ChromaIndex, ExactIndex, VectorIndex
from rag.vectors_server import ChromaServer, ServerIndex, collection_of

FORMAT = 2
READABLE = (1, 2)  # 1 had no deltas and no rows.npy
DELTA = "delta-"
WITHDRAWN = "withdrawn.npy"
CURRENT = "CURRENT"
GENERATIONS = "generations"
MANIFEST = "manifest.json"
CHROMA = "chroma"
CHROMA_FILES = "chroma/files.json"  # those that stay as they are, as a manifest lists them
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
    deltas: tuple[str, ...] = ()  # their folders, oldest first
    catalog: str = ""  # id of the catalog it was made from; empty: from before there were ids

    @property
    def joined(self) -> bool:
        """Whether there is more than a base: deltas, or documents withdrawn from it."""
        return WITHDRAWN in self.files


@dataclass(slots=True)
class Generation:
    """An open generation. `dense` is None when its vectors do not open (lexical only)."""

    folder: Path
    manifest: Manifest
    store: Store
    document_rows: npt.NDArray[np.int32]  # (rows,) document of each passage; -1: withdrawn
    lexical: Mapping[str, Bm25]
    spellings: Mapping[str, Spellings]  # the words of each lexical index, to match names with
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
        for part in ("text.sqlite", "lexical/", "spellings/", "rows.npy", WITHDRAWN):
            check_parts(folder, manifest, part)
        parts = [folder, *(folder / delta for delta in manifest.deltas)]
        withdrawn = _array(folder / WITHDRAWN) if manifest.joined else np.zeros(0, np.int32)
        store = Store(
            folder / "text.sqlite", [part / "text.sqlite" for part in parts[1:]], withdrawn.tolist()
        )
        if store.passage_count != manifest.passages:
            raise IndexDamagedError(
                f"generation {manifest.name} holds {store.passage_count} passages, its manifest "
                f"says {manifest.passages}; run sanad doctor --rebuild"
            )
        rows = _document_rows(parts, store, withdrawn)
        counts = rows >= 0 if manifest.joined else None
        damaged_vectors, dense = "", None
        try:
            check_parts(folder, manifest, "vectors.npy")
            vectors = [part / "vectors.npy" for part in parts]
            dense = ExactIndex(vectors[0], vectors[1:], counts)
        except IndexDamagedError as error:
            if need_vectors:
                raise
            damaged_vectors = str(error)
        return cls(
            folder=folder,
            manifest=manifest,
            store=store,
            document_rows=rows,
            lexical=_lexical(parts, manifest, counts),
            spellings=open_spellings(parts, manifest.languages),
            dense=dense,
            notes=[f"vectors unavailable: {damaged_vectors}"] if damaged_vectors else [],
        )

    def mask(self, filters: Mapping[str, Sequence[str]]) -> npt.NDArray[np.bool_] | None:
        """(rows,) mask of the passages that match; None when there is no filter."""
        if not filters:
            return None
        rows = np.fromiter(self.store.rows_matching(filters), np.int32)
        return np.isin(self.document_rows, rows)

    def similarity(
        self, cosines: npt.NDArray[np.float32], scale: tuple[float, float] | None = None
    ) -> npt.NDArray[np.float32]:
        """Cosines rescaled so that unrelated passages have 0 and the nearest 1: models differ
        in how near they put texts that have nothing to do with each other. `scale` are both;
        without it what the index was made with, and 1."""
        floor, top = scale or (self.manifest.unrelated, 1.0)
        return (cosines - np.float32(floor)) / np.float32(top - floor)

    @property
    def has_chroma(self) -> bool:
        """Whether its collection is complete; that of a large base comes after the switch."""
        return (self.folder / CHROMA).is_dir()

    def attach_chroma(self) -> None:
        """Search through Chroma from now on. Call `rag.index.probe` first: a damaged
        collection can kill the process that opens it. Without a collection nothing changes."""
        if isinstance(self.dense, ExactIndex) and self.has_chroma:
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


def _array(path: Path) -> npt.NDArray[np.int32]:
    try:
        return np.load(path, allow_pickle=False)  # type: ignore[no-any-return]
    except (OSError, EOFError, ValueError) as error:
        raise IndexDamagedError(
            f"{path} does not open: {error}; run sanad doctor --rebuild"
        ) from error


def _document_rows(
    parts: Sequence[Path], store: Store, withdrawn: npt.NDArray[np.int32]
) -> npt.NDArray[np.int32]:
    """(rows,) document row of each passage row, -1 where the document was withdrawn."""
    if not (parts[0] / "rows.npy").exists():  # format 1
        return np.asarray([document for _, document in store.passage_rows()], np.int32)
    rows = np.concatenate([_array(part / "rows.npy") for part in parts])
    return np.where(np.isin(rows, withdrawn), np.int32(-1), rows) if len(withdrawn) else rows


def _lexical(
    parts: Sequence[Path], manifest: Manifest, counts: npt.NDArray[np.bool_] | None
) -> dict[str, Bm25]:
    found: dict[str, Bm25] = {}
    for language in manifest.languages:
        folders = [part / "lexical" / language for part in parts]
        opened = [LexicalIndex.open(folder) for folder in folders if folder.is_dir()]
        found[language] = opened[0] if counts is None else JoinedIndex.of(opened, counts)
    return found


def open_spellings(parts: Sequence[Path], languages: Iterable[str]) -> dict[str, Spellings]:
    """The spellings of each language in a base and deltas, as one. Raises IndexDamagedError."""
    found: dict[str, Spellings] = {}
    for language in languages:
        folders = [part / "spellings" / language for part in parts]
        opened = [SpellingIndex.open(folder) for folder in folders if folder.is_dir()]
        found[language] = opened[0] if len(opened) == 1 else JoinedSpellings(tuple(opened))
    return found


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
        values["deltas"] = tuple(values.get("deltas", ()))
        manifest = Manifest(**values)
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise IndexDamagedError(f"manifest of {folder.name} does not read: {error}") from error
    if manifest.format not in READABLE:
        raise IndexDamagedError(
            f"generation {folder.name} has format {manifest.format}, this program reads up to "
            f"{FORMAT}; run sanad doctor --rebuild"
        )
    return manifest


def check_parts(folder: Path, manifest: Manifest, part: str) -> None:
    """`check_files` of one part of the base and of every delta."""
    for place in ("", *(f"{delta}/" for delta in manifest.deltas)):
        check_files(folder, manifest, place + part)


def check_files(folder: Path, manifest: Manifest, prefix: str) -> None:
    """What opening can afford: sizes, and of a small generation digests."""
    if sum(size for size, _ in manifest.files.values()) <= SMALL_BYTES:
        check_digests(folder, manifest, prefix)
    else:
        check_sizes(folder, manifest, prefix)


def check_sizes(folder: Path, manifest: Manifest, prefix: str = "") -> None:
    """Compare file sizes with the manifest; cheap enough for every start."""
    for name, (size, _) in _files(folder, manifest, prefix).items():
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
    for name, (_, digest) in _files(folder, manifest, prefix).items():
        if file_digest(folder / name) != digest:
            raise IndexDamagedError(f"{manifest.name}/{name} has changed since it was written")


def _files(folder: Path, manifest: Manifest, prefix: str) -> dict[str, tuple[int, str]]:
    files = manifest.files
    if CHROMA.startswith(prefix) or prefix.startswith(CHROMA):
        files = files | collection_files(folder, manifest)
    return {name: found for name, found in files.items() if name.startswith(prefix)}


def collection_files(folder: Path, manifest: Manifest) -> dict[str, tuple[int, str]]:
    """Size and SHA-256 of the files of a generation's Chroma collection that stay as they are;
    none where there is no collection yet. Raises IndexDamagedError."""
    if manifest.format == 1 or not (folder / CHROMA).is_dir():
        return {}  # a manifest of format 1 lists them itself
    try:
        values = json.loads((folder / CHROMA_FILES).read_text("utf-8"))
        return {str(name): (int(size), str(sha)) for name, (size, sha) in values.items()}
    except (OSError, ValueError, TypeError, AttributeError, RecursionError) as error:
        raise IndexDamagedError(
            f"{CHROMA_FILES} of {folder.name} does not read: {error}"
        ) from error


def file_digest(path: Path) -> str:
    """SHA-256 of a file, hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
