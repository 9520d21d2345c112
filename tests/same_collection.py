"""What two data folders hold, but for names and times, so that they can be compared."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

from ingest.catalog import FILE
from rag.index.generation import CHROMA, GENERATIONS, current_name, file_digest

_TIMES = {"ledger": {"time"}, "documents": {"revision"}}  # which came when
_TABLES = ("documents", "pages", "passages", "vectors", "ledger", "sources")


def catalog_rows(data_dir: Path) -> dict[str, list[tuple[object, ...]]]:
    """Every row of every table of a catalog, in order, without times."""
    with closing(sqlite3.connect(f"file:{data_dir / FILE}?mode=ro", uri=True)) as db:
        found = {}
        for table in _TABLES:
            names = [row[1] for row in db.execute(f"PRAGMA table_info({table})")]
            kept = ", ".join(f'"{n}"' for n in names if n not in _TIMES.get(table, ()))
            rows = [tuple(row) for row in db.execute(f"SELECT {kept} FROM {table}")]
            found[table] = sorted(rows, key=repr)
        return found


def generation_files(data_dir: Path) -> dict[str, str]:
    """Digest of each file of the active generation that is made of the catalog alone: Chroma
    writes ids of chance, and the manifest is compared by its values."""
    folder = data_dir / GENERATIONS / current_name(data_dir)
    return {
        path.relative_to(folder).as_posix(): file_digest(path)
        for path in sorted(folder.rglob("*"))
        if path.is_file() and folder / CHROMA not in path.parents and path.suffix != ".json"
    }


def manifest(data_dir: Path) -> dict[str, object]:
    """The active generation's manifest without name, time and files."""
    path = data_dir / GENERATIONS / current_name(data_dir) / "manifest.json"
    values = json.loads(path.read_text("utf-8"))
    return {k: v for k, v in values.items() if k not in ("name", "created", "files", "catalog")}


def assert_same(one: Path, other: Path, *, revisions: bool = True) -> None:
    """Two data folders hold the same to the byte. An interrupted run has other revisions."""
    first, second = catalog_rows(one), catalog_rows(other)
    for table in first:
        assert first[table] == second[table], table
    assert first["documents"] and first["vectors"]
    assert generation_files(one) == generation_files(other)
    said, again = manifest(one), manifest(other)
    if not revisions:
        said.pop("catalog_revision"), again.pop("catalog_revision")
    assert said == again
