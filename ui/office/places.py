"""Where the file of a document lies, from its id and what the ledger knows of its source."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ingest.catalog import Catalog
from ingest.sources import is_url
from rag.errors import ConfigurationError


@dataclass(frozen=True, slots=True)
class Place:
    """A document's file or page."""

    named: str  # what to name to the ingestion, to read this document alone where that is possible
    path: Path | None = None  # the file; None for a page of the web, and where it is not found


def place_of(data_dir: Path, document_id: str) -> Place | None:
    """None where nothing is known of the document."""
    try:
        with Catalog(data_dir, read_only=True) as catalog:
            rows = {row.document: row.source for row in catalog.ledger()}
            source = catalog.owner(document_id) or rows.get(document_id, "")
            root = catalog.sources().get(source, "")
    except ConfigurationError:
        return None
    if not root:
        return None
    if is_url(root):
        return Place(root)
    folder = Path(root)
    if folder.is_file():
        return Place(root, folder)
    file = _inside(folder, document_id) or _inside(folder, document_id.removeprefix(f"{source}/"))
    # A text file that is named may be a list of addresses: then the pages it lists are read in
    # its place. Its folder is named for it.
    alone = file is not None and file.suffix.lower() not in (".txt", ".urls")
    return Place(str(file) if alone else root, file)


def _inside(folder: Path, relative: str) -> Path | None:
    """A file of a folder; None for what is none, or lies elsewhere."""
    if "\0" in relative:
        return None
    path = (folder / relative).resolve()
    return path if path.is_relative_to(folder.resolve()) and path.is_file() else None
