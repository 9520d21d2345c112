"""Dense search over passage vectors; the only door to chromadb.

Two implementations of one port: `ExactIndex` scans a memory-mapped matrix
(every passage is compared, recall is 1), `ChromaIndex` asks the generation's
Chroma collection (HNSW, recall measured against the exact scan when the
generation is verified). Rows are passage rows. Knows no text.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from rag.errors import IndexDamagedError
from rag.index.highest import highest

Mask = npt.NDArray[np.bool_]
COLLECTION = "passages"
SAVED_GRAPH = "index_metadata.pickle"  # lies beside the files of a graph that Chroma has saved
# Chroma's own defaults (16, 100, 100) lost a fifth of the neighbours at 100,000 clustered vectors.
# Recall of the exact ten at 72,917 passages by ef_search: 200 0.957, 400 0.977, 800 0.989,
# 1600 0.996 (8.5 ms; the exact scan 16).
HNSW = {"space": "cosine", "max_neighbors": 32, "ef_construction": 200, "ef_search": 1600}


class VectorIndex(Protocol):
    """Finds the rows whose vectors are nearest to a question's."""

    name: str

    def top(
        self, vector: npt.NDArray[np.float32], k: int, allowed: Mask | None = None
    ) -> list[tuple[int, float]]:
        """The k best (passage row, cosine similarity), best first.

        `vector` is (dim,) of length 1; `allowed` (passages,) masks rows.
        """
        ...

    def similarities(
        self, vector: npt.NDArray[np.float32], rows: npt.NDArray[np.intp]
    ) -> npt.NDArray[np.float32]:
        """Cosine similarity of `vector` with each of `rows`, (len(rows),)."""
        ...


class ExactIndex:
    """Cosine similarity with every vector of memory-mapped matrices: that of the base, and those
    of its deltas, whose rows follow. Rows that do not count are never found."""

    name = "exact"

    def __init__(self, path: Path, deltas: Sequence[Path] = (), counts: Mask | None = None) -> None:
        """Each path is a .npy file (passages, dim); `counts` (all passages,) is False for the
        withdrawn ones, None where there are none. Raises IndexDamagedError."""
        self.matrix = _mapped(path)
        self.deltas = tuple(_mapped(delta) for delta in deltas)
        self.counts = counts
        self.size = len(self.matrix) + sum(map(len, self.deltas))

    def top(
        self, vector: npt.NDArray[np.float32], k: int, allowed: Mask | None = None
    ) -> list[tuple[int, float]]:
        """See `VectorIndex.top`."""
        if not vector.any() or not self.size:
            return []
        scores = self.matrix @ vector
        if self.deltas:
            scores = np.concatenate([scores, *(delta @ vector for delta in self.deltas)])
        return self._best(scores, k, allowed)

    def newest(self, vector: npt.NDArray[np.float32], k: int) -> list[tuple[int, float]]:
        """As `top`, among the rows of the deltas alone."""
        if not vector.any() or not self.deltas:
            return []
        first = len(self.matrix)
        scores = np.concatenate([delta @ vector for delta in self.deltas])
        counts = None if self.counts is None else self.counts[first:]
        return [(first + row, score) for row, score in best_rows(scores, k, counts)]

    def _best(
        self, scores: npt.NDArray[np.float32], k: int, allowed: Mask | None
    ) -> list[tuple[int, float]]:
        if self.counts is not None:
            allowed = self.counts if allowed is None else allowed & self.counts
        return best_rows(scores, k, allowed)

    def similarities(
        self, vector: npt.NDArray[np.float32], rows: npt.NDArray[np.intp]
    ) -> npt.NDArray[np.float32]:
        """See `VectorIndex.similarities`."""
        if not self.deltas:
            return self.matrix[rows] @ vector
        found = np.empty(len(rows), np.float32)
        first = 0
        for matrix in (self.matrix, *self.deltas):
            here = (rows >= first) & (rows < first + len(matrix))
            found[here] = matrix[rows[here] - first] @ vector
            first += len(matrix)
        return found


def beside_deltas(
    nearest: Callable[[int], list[tuple[int, float]]],
    most: int,
    exact: ExactIndex,
    vector: npt.NDArray[np.float32],
    k: int,
) -> list[tuple[int, float]]:
    """The k best of a base's graph, asked by `nearest` for so many of its `most` rows, and of the
    deltas; more are asked for until k of them were not withdrawn."""
    wanted = min(k, most)
    while True:
        found = nearest(wanted) if wanted else []
        if exact.counts is not None:
            found = [one for one in found if exact.counts[one[0]]]
        if len(found) >= k or wanted >= most:
            break
        wanted = min(4 * wanted, most)
    found = [*found, *exact.newest(vector, k)]
    return sorted(found, key=lambda one: (-one[1], one[0]))[:k]


def best_rows(
    scores: npt.NDArray[np.float32], k: int, allowed: Mask | None = None
) -> list[tuple[int, float]]:
    """The k highest scores as (row, score), best first, then by row; masked rows are left out."""
    if allowed is not None:
        scores = np.where(allowed, scores, np.float32(-2))
    return [(int(row), float(scores[row])) for row in highest(scores, k) if scores[row] > -2]


def _mapped(path: Path) -> npt.NDArray[np.float32]:
    try:
        mapped: npt.NDArray[np.float32] = np.load(path, mmap_mode="r", allow_pickle=False)
        return mapped.view(np.ndarray)
    except (OSError, EOFError, ValueError) as error:
        message = f"vectors {path} do not open: {error}; run sanad doctor --rebuild"
        raise IndexDamagedError(message) from error


class ChromaIndex:
    """The Chroma collection of one generation's base, beside the exact scan of its deltas; falls
    back on nothing by itself."""

    name = "chroma"

    def __init__(self, folder: Path, exact: ExactIndex) -> None:
        self._exact = exact
        with _translated(folder):
            self._client = _client(folder)
            self._collection = self._client.get_collection(COLLECTION, embedding_function=None)
            self.count: int = self._collection.count()

    def top(
        self, vector: npt.NDArray[np.float32], k: int, allowed: Mask | None = None
    ) -> list[tuple[int, float]]:
        """See `VectorIndex.top`. A filtered question is scanned exactly: HNSW loses
        neighbours when most of them are masked, and the mask makes the scan cheap."""
        if allowed is not None:
            return self._exact.top(vector, k, allowed)
        if not vector.any() or not self._exact.size:
            return []
        return beside_deltas(lambda n: self._nearest(vector, n), self.count, self._exact, vector, k)

    def _nearest(self, vector: npt.NDArray[np.float32], k: int) -> list[tuple[int, float]]:
        if not k:
            return []
        with _translated(Path(COLLECTION)):
            found = self._collection.query(
                query_embeddings=[vector.tolist()], n_results=k, include=["distances"]
            )
        rows = [int(row) for row in found["ids"][0]]
        # Chroma returns cosine distances, lower is nearer: convert once, here.
        return [
            (row, 1.0 - distance) for row, distance in zip(rows, found["distances"][0], strict=True)
        ]

    def similarities(
        self, vector: npt.NDArray[np.float32], rows: npt.NDArray[np.intp]
    ) -> npt.NDArray[np.float32]:
        """See `VectorIndex.similarities`."""
        return self._exact.similarities(vector, rows)

    def changed(self, rows: Sequence[int]) -> int:
        """How many of `rows` have no vector, or another one than the exact matrix."""
        if not rows:
            return 0
        with _translated(Path(COLLECTION)):
            found = self._collection.get(ids=[str(row) for row in rows], include=["embeddings"])
        held = {
            int(row): vector for row, vector in zip(found["ids"], found["embeddings"], strict=True)
        }
        return sum(
            row not in held or not np.allclose(held[row], self._exact.matrix[row], atol=1e-3)
            for row in rows
        )

    def close(self) -> None:
        """Release the files; Chroma shares one system among the clients of a path."""
        self._client.close()


def build_chroma(folder: Path, vectors: npt.NDArray[np.float32]) -> None:
    """Write a new collection into an empty folder: ids are rows, vectors (n, dim) unit float32.

    Only vectors go in: text and metadata live in the generation's own store,
    and Chroma's copy of them would double the cost of writing.
    """
    with _translated(folder):
        client = _client(folder)
        try:
            collection = client.create_collection(
                COLLECTION,
                embedding_function=None,
                configuration={"hnsw": {**HNSW, "sync_threshold": max(1000, len(vectors))}},
            )
            step = min(5000, client.get_max_batch_size())
            for start in range(0, len(vectors), step):
                block = vectors[start : start + step]
                ids = [str(row) for row in range(start, start + len(block))]
                collection.add(ids=ids, embeddings=block)
        finally:
            client.close()


def _client(folder: Path) -> Any:
    import chromadb
    from chromadb.config import Settings

    settings = Settings(anonymized_telemetry=False, allow_reset=False)
    return chromadb.PersistentClient(path=str(folder), settings=settings)


@contextmanager
def _translated(folder: Path) -> Iterator[None]:
    """chromadb raises its own tree and, from its native part, plain runtime errors."""
    from chromadb.errors import ChromaError

    try:
        yield
    except (ChromaError, RuntimeError, ValueError, OSError) as error:
        message = f"Chroma collection {folder} does not answer: {error}"
        raise IndexDamagedError(message) from error
