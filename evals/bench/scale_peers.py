"""What others build in a few lines over the same passages: returns how to ask it, and whether it is
asked with a vector (and held to the exact scan) or with the question's text."""

from __future__ import annotations

import re
import shutil
import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

Matrix = npt.NDArray[np.float32]
Made = tuple[Callable[[Any, int], list[tuple[int, float]]], bool]


def _fts5(texts: Sequence[str], vectors: Matrix, folder: Path) -> Made:
    folder.mkdir(exist_ok=True)
    path = folder / "fts5.sqlite"
    path.unlink(missing_ok=True)
    database = sqlite3.connect(path)
    database.execute("CREATE VIRTUAL TABLE passages USING fts5(text)")
    database.executemany("INSERT INTO passages(rowid, text) VALUES (?, ?)", enumerate(texts))
    database.commit()

    def top(question: str, k: int) -> list[tuple[int, float]]:
        match = " OR ".join(f'"{word}"' for word in re.findall(r"\w+", question))
        sql = "SELECT rowid, rank FROM passages WHERE text MATCH ? ORDER BY rank LIMIT ?"
        return database.execute(sql, (match, k)).fetchall()

    return top, False


def _bm25s(texts: Sequence[str], vectors: Matrix, folder: Path) -> Made:
    import bm25s

    retriever = bm25s.BM25()
    tokens = bm25s.tokenize(list(texts), stopwords=None, show_progress=False)
    retriever.index(tokens, show_progress=False)

    def top(question: str, k: int) -> list[tuple[int, float]]:
        asked = bm25s.tokenize([question], stopwords=None, show_progress=False)
        rows, scores = retriever.retrieve(asked, k=k, show_progress=False)
        return list(zip(rows[0].tolist(), scores[0].tolist(), strict=True))

    return top, False


def _rank_bm25(texts: Sequence[str], vectors: Matrix, folder: Path) -> Made:
    from rank_bm25 import BM25Okapi

    index = BM25Okapi([text.lower().split() for text in texts])

    def top(question: str, k: int) -> list[tuple[int, float]]:
        scores = index.get_scores(question.lower().split())
        return [(int(row), float(scores[row])) for row in np.argsort(-scores)[:k]]

    return top, False


def _chroma(texts: Sequence[str], vectors: Matrix, folder: Path) -> Made:
    """With its own defaults, texts beside the vectors, batches of a thousand."""
    import chromadb

    shutil.rmtree(folder / "chroma", ignore_errors=True)
    collection = chromadb.PersistentClient(str(folder / "chroma")).create_collection(
        "peer", embedding_function=None, configuration={"hnsw": {"space": "cosine"}}
    )
    for at in range(0, len(texts), 1000):
        rows = range(at, min(at + 1000, len(texts)))
        collection.add(
            ids=[str(row) for row in rows],
            embeddings=vectors[rows.start : rows.stop],
            documents=list(texts[rows.start : rows.stop]),
        )

    def top(vector: Matrix, k: int) -> list[tuple[int, float]]:
        found = collection.query(query_embeddings=[vector.tolist()], n_results=k)
        return [(int(row), 0.0) for row in found["ids"][0]]

    return top, True


def _txtai(texts: Sequence[str], vectors: Matrix, folder: Path) -> Made:
    """Its faiss index over the same vectors."""
    from txtai import Embeddings

    embeddings = Embeddings({"method": "external", "transform": lambda rows: np.asarray(rows)})
    embeddings.index((row, vector, None) for row, vector in enumerate(vectors))

    def top(vector: Matrix, k: int) -> list[tuple[int, float]]:
        return [(int(row), float(score)) for row, score in embeddings.search(vector, k)]

    return top, True


PEERS: dict[str, Callable[[Sequence[str], Matrix, Path], Made]] = {
    "SQLite FTS5": _fts5,
    "bm25s": _bm25s,
    "rank_bm25": _rank_bm25,
    "Chroma, its defaults": _chroma,
    "txtai": _txtai,
}
