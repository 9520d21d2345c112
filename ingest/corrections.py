"""Corrections: what an officer wrote about a document in the data folder, not beside it.

    <data>/corrections/<hash of the document's id>.meta.yaml

They have the form of a sidecar and win over one, so that a page of the web and a file that
may only be read can be corrected too, and what its author wrote stays as it was. Under
`_understood` stands what was understood before each correction, for people to compare.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import yaml

from ingest.sidecar import MAX_BYTES, SUFFIX, parse_sidecar
from ingest.sources import Item, Source

FOLDER = "corrections"
UNDERSTOOD = "_understood"


def correction_path(data_dir: Path, document_id: str) -> Path:
    """Where the correction of a document lies, if there is one."""
    digest = hashlib.sha256(document_id.encode("utf-8", "surrogatepass")).hexdigest()
    return data_dir / FOLDER / f"{digest[:32]}{SUFFIX}"


def read_correction(data_dir: Path, document_id: str) -> dict[str, object]:
    """The values of a correction; empty when there is none. Raises ReadError."""
    return parse_sidecar(_bytes(data_dir, document_id), document_id)


def corrected(source: Source, data_dir: Path) -> Source:
    """A source whose items have their corrections in their sidecars."""
    if not (data_dir / FOLDER).is_dir():
        return source
    return replace(source, items=tuple(_corrected(item, data_dir) for item in source.items))


def _corrected(item: Item, data_dir: Path) -> Item:
    def sidecar() -> bytes:
        own, over = item.sidecar(), _bytes(data_dir, item.id)
        return merged(own, over, item.name) if over else own

    return replace(item, sidecar=sidecar)


def merged(own: bytes, over: bytes, name: str) -> bytes:
    """A sidecar with a correction laid over it. Raises ReadError where one is not valid."""
    values = {**parse_sidecar(own, name), **parse_sidecar(over, name)}
    values.pop(UNDERSTOOD, None)
    return written(values)


def written(values: Mapping[str, object]) -> bytes:
    """Values as a sidecar."""
    return yaml.safe_dump(dict(values), allow_unicode=True, sort_keys=True).encode()


def _bytes(data_dir: Path, document_id: str) -> bytes:
    try:
        with correction_path(data_dir, document_id).open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        return b""
