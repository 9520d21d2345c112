"""What an officer corrects of a document: from a form, checked as a sidecar is, and kept.

Knows no request and no markup.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from ingest.corrections import UNDERSTOOD, correction_path, read_correction, written
from ingest.given import MAX_ITEMS, checked, one_line
from ingest.sidecar import MAX_BYTES
from rag.errors import ReadError
from rag.evidence.orders import speaks_to_machine
from rag.types import SourceDocument

LISTS = ("countries", "cities", "themes")
FIELDS = (
    "title", "language", "date", "kind", "event", "publisher", *LISTS, "work_id",
    "superseded_by", "machine_translated",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Correction:
    """What was written of a document, as an officer types it, and what was understood before."""

    written: Mapping[str, str]  # field -> text; a list has one item a line
    understood: Mapping[str, str]  # of every field


def correction_of(data_dir: Path, document: SourceDocument) -> Correction:
    """The correction of a document as it is. One that does not read counts as none: it is
    written anew."""
    try:
        values = read_correction(data_dir, document.id)
    except ReadError:
        values = {}
    before = values.pop(UNDERSTOOD, {})
    given = {name: _shown(values[name]) for name in FIELDS if name in values}
    understood = {name: _shown(getattr(document, name)) for name in FIELDS}
    if isinstance(before, dict):
        understood |= {name: _shown(before[name]) for name in given if name in before}
    return Correction(given, understood)


def checked_form(
    form: Mapping[str, str], known: Collection[str]
) -> tuple[dict[str, object], tuple[str, ...]]:
    """(values of the fields that were filled in, names of those that cannot be meant).

    `known`: ids of documents, of which `superseded_by` has to be one.
    """
    values: dict[str, object] = {}
    wrong: list[str] = []
    for name in FIELDS:
        typed = form.get(name, "").strip()
        if not typed:
            continue
        lines = [line.strip() for line in typed.splitlines() if line.strip()]
        value: object = lines[:MAX_ITEMS] if name in LISTS else one_line(typed, 400)
        found, _ = checked({name: value})
        if name not in found or _cannot_be(name, str(value), known):
            wrong.append(name)
        else:
            understood = found[name]
            values[name] = list(understood) if isinstance(understood, tuple) else understood
    return values, tuple(wrong)


def _cannot_be(name: str, value: str, known: Collection[str]) -> bool:
    if name == "superseded_by":
        return value not in known
    return name == "title" and speaks_to_machine(value)


def keep_correction(data_dir: Path, document: SourceDocument, values: Mapping[str, object]) -> None:
    """Write a correction, or take it away where nothing is corrected. Raises ReadError for
    one that is too long."""
    path = correction_path(data_dir, document.id)
    if not values:
        path.unlink(missing_ok=True)
        return
    before = correction_of(data_dir, document).understood
    kept = {**values, UNDERSTOOD: {name: before[name] for name in values}}
    data = written(kept)
    if len(data) > MAX_BYTES:
        raise ReadError(f"the correction has more than {MAX_BYTES:,} bytes")
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    scratch = path.with_name(f".{secrets.token_hex(8)}")
    try:
        scratch.write_bytes(data)
        os.replace(scratch, path)
    finally:
        scratch.unlink(missing_ok=True)


def _shown(value: object) -> str:
    """A value as it is typed."""
    if isinstance(value, list | tuple):
        return "\n".join(str(item) for item in value)
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
