"""A generation straight from texts: no catalog, no files to read, no Chroma."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path

from ingest.segment import Entry, Start, Vectors, write_segment
from rag.embed import Embedder, unrelated_cosine
from rag.index.generation import MANIFEST, Manifest


def write_generation(
    folder: Path, entries: Iterable[Entry], vectors: Vectors, passages: int, embedder: Embedder
) -> Manifest:
    """Write a generation of so many passages into an empty folder; rows follow the entries."""
    written = write_segment(folder, entries, vectors, (passages, embedder.dim), Start())
    manifest = Manifest(
        name=folder.name, created="", catalog_revision=0, model=embedder.id, dim=embedder.dim,
        documents=written.documents, passages=passages, languages=written.languages, files={},
        unrelated=unrelated_cosine(embedder),
    )  # fmt: skip
    (folder / MANIFEST).write_text(json.dumps(asdict(manifest)))
    return manifest
