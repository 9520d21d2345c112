"""What a data folder holds, read by none of the code that wrote it but the stored formats.

Each function raises where something does not hold; what it returns can be compared.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np

from evals.drills.material import version_in
from ingest.build import verify
from ingest.catalog import Catalog
from rag.errors import IndexDamagedError
from rag.index.generation import (
    CHROMA,
    GENERATIONS,
    current_name,
    open_current,
    read_manifest,
)

SCRATCHES = (".tmp", ".new")
KEPT = 2  # generations


def served(data_dir: Path) -> dict[str, int]:
    """Document id -> version, as the active generation has them; its whole text is checked.

    Raises IndexDamagedError when another generation had to be opened, or parts are missing.
    """
    generation = open_current(data_dir)
    try:
        if generation.notes:
            raise IndexDamagedError("; ".join(generation.notes))
        rows = np.flatnonzero(generation.document_rows >= 0).tolist()
        if len(generation.store.passages(rows)) != len(rows):
            raise IndexDamagedError("passages are missing")
        return {
            document.id: version_in(generation.store.page_of(document.id, 1).text)
            for document in generation.store.documents()
        }
    finally:
        generation.close()


def acknowledged(data_dir: Path) -> dict[str, int]:
    """Document id -> version, as the catalog has them."""
    with Catalog(data_dir, read_only=True) as catalog:
        damage = catalog.check()
        if damage:
            raise IndexDamagedError(damage)
        return {d.id: version_in(d.pages[0].text) for d, _ in catalog.documents()}


def content(data_dir: Path) -> str:
    """One digest of all that the active generation answers from: equal for equal collections,
    whenever and in however many runs they were built."""
    manifest = read_manifest(data_dir / GENERATIONS / current_name(data_dir))
    listed = sorted(
        f"{name} {size} {digest}"
        for name, (size, digest) in manifest.files.items()
        if not name.startswith(f"{CHROMA}/")  # a graph grows in threads: never twice the same
    )
    return hashlib.sha256("\n".join(listed).encode()).hexdigest()


def leftovers(data_dir: Path) -> list[str]:
    """What nobody will read again: scratch, and generations beyond those that are kept."""
    found = [path.name for path in data_dir.iterdir() if path.name.startswith(".")]
    found += [path.name for path in data_dir.iterdir() if path.suffix in SCRATCHES]
    generations = sorted(entry.name for entry in (data_dir / GENERATIONS).iterdir())
    kept = [name for name in generations if not name.endswith(SCRATCHES)]
    return found + [name for name in generations if name not in kept] + kept[:-KEPT]


def whole(data_dir: Path) -> None:
    """Every check that a new generation has to pass, Chroma's included. Imports chromadb."""
    verify(data_dir / GENERATIONS / current_name(data_dir), chroma=True)
