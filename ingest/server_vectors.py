"""Vectors on a Chroma server: sent when a generation is ready, removed when none needs them.

The server may lose what it holds at any time: the next run sends it again. Knows neither
readers nor questions.
"""

from __future__ import annotations

import os
import uuid
from pathlib import Path

from rag.errors import IndexDamagedError
from rag.index.generation import GENERATIONS, candidates, current_name, read_manifest, sync
from rag.vectors import ExactIndex
from rag.vectors_server import ChromaServer, collection_of, forget, send

OWNER = "server-id"  # file in the data folder; a copy of the folder is another owner
VECTORS = "vectors.npy"


def send_vectors(server: ChromaServer, data_dir: Path, folder: Path, digest: str) -> bool:
    """See that the server holds the vectors of a generation's folder; whether they were sent.

    `digest` is the SHA-256 of their file. Raises ServerError and IndexDamagedError.
    """
    exact = ExactIndex(folder / VECTORS)
    return send(server, _owner(data_dir), collection_of(digest), exact)


def keep_vectors(server: ChromaServer, data_dir: Path) -> None:
    """See that the active generation is on the server, and nothing of ours that no kept
    generation needs. Raises ServerError and IndexDamagedError."""
    kept = {}
    for name in candidates(data_dir):
        try:
            manifest = read_manifest(data_dir / GENERATIONS / name)
        except IndexDamagedError:
            continue
        kept[name] = manifest.files[VECTORS][1]
    active = current_name(data_dir)
    if active in kept:
        send_vectors(server, data_dir, data_dir / GENERATIONS / active, kept[active])
    forget(server, _owner(data_dir), {collection_of(digest) for digest in kept.values()})


def _owner(data_dir: Path) -> str:
    """The name this folder's collections carry, made up once."""
    path = data_dir / OWNER
    try:
        return path.read_text("utf-8").strip()
    except FileNotFoundError:
        scratch = data_dir / f"{OWNER}.tmp"
        scratch.write_text(f"{uuid.uuid4().hex}\n", "utf-8")
        os.replace(scratch, path)
        sync(data_dir)
        return path.read_text("utf-8").strip()
