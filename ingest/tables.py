"""Tables of PDFs by docling, where it is installed: the only door to it.

docling (MIT) is run as a program from an environment of its own: it needs older versions of what
Sanad is locked to. Its models come from a folder; nothing is downloaded. Knows no catalog.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

from ingest.types import Block, RawDocument
from rag.errors import ReadError

INSTALL = (
    "install docling into an environment of its own (python3 -m venv DIR; DIR/bin/pip install "
    "docling; DIR/bin/docling-tools models download -o MODELS), put DIR/bin on PATH, set "
    "SANAD_TABLES_MODELS=MODELS, and run again"
)
DOCUMENT_S = 600
MOST_BYTES = 100_000_000  # of its reply
OWN = 0.8  # share of a block's words that stand in a table, for the block to be of that table
WHOLE = 0.5  # share of a table's words that the blocks it takes the place of must have
_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Table:
    """A table as it was found: rows of cells, the first `heads` of them headings."""

    page: int  # from 1
    rows: tuple[tuple[str, ...], ...]
    heads: int = 0


class Tables(Protocol):
    """Finds the tables of a PDF. `id` changes when they might be others."""

    @property
    def id(self) -> str: ...

    def read(self, data: bytes) -> tuple[Table, ...]:
        """All tables, in their order. Raises ReadError with a predicate about the document."""
        ...


class Docling:
    """The installed program with its models."""

    def __init__(self, program: str, version: str, models: Path) -> None:
        self._program, self._models = program, models
        self.id = f"docling {version}"

    def read(self, data: bytes) -> tuple[Table, ...]:
        """See `Tables.read`."""
        with tempfile.TemporaryDirectory(prefix="sanad-tables-") as folder:
            given, found = Path(folder) / "in.pdf", Path(folder) / "out.json"
            given.write_bytes(data)
            _run(
                [self._program, "convert", str(given), "--from", "pdf", "--to", "json",
                 "--output-file", str(found), "--no-ocr", "--tables", "--artifacts-path",
                 str(self._models), "--device", "cpu", "--num-threads", "1", "--abort-on-error",
                 "--document-timeout", str(DOCUMENT_S), "--quiet"],
                folder,
            )  # fmt: skip
            if not found.is_file() or found.stat().st_size > MOST_BYTES:
                raise ReadError("gave docling nothing, or more than is taken")
            return tables_in(found.read_bytes())


class Absent:
    """What stands in for docling where it is not: it says so of each document."""

    id = "none"

    def read(self, data: bytes) -> tuple[Table, ...]:
        """See `Tables.read`; always raises."""
        raise ReadError(f"docling or its models are not installed: {INSTALL}")


def docling(
    models: Path | None, find: Callable[[str], str | None] = shutil.which
) -> Docling | Absent:
    """docling with the models of a folder; `Absent` where one of the two is missing."""
    program = find("docling")
    if program is None or models is None or not models.is_dir():
        return Absent()
    try:
        told = _run([program, "--version"], tempfile.gettempdir())
    except ReadError:
        return Absent()
    version = re.search(r"\d+(?:\.\d+)+", told)
    return Docling(program, version[0] if version else "of an unknown version", models)


def _run(command: Sequence[str], folder: str) -> str:
    environment = {
        "PATH": os.defpath, "LANG": "C.UTF-8", "HOME": folder, "HF_HUB_OFFLINE": "1",
        "TRANSFORMERS_OFFLINE": "1", "OMP_NUM_THREADS": "1",
    }  # fmt: skip
    try:
        done = subprocess.run(
            command, capture_output=True, timeout=DOCUMENT_S + 60, env=environment, check=False,
            stdin=subprocess.DEVNULL, cwd=folder,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ReadError(f"could not be read with docling: {error}"[:300]) from error
    if done.returncode:
        words = done.stderr.decode("utf-8", "replace").strip().splitlines()[-1:] or ["no words"]
        raise ReadError(f"could not be read with docling: {words[0][:200]}")
    return done.stdout.decode("utf-8", "replace")


def tables_in(reply: bytes) -> tuple[Table, ...]:
    """The tables of a DoclingDocument in JSON. Raises ReadError for any other shape."""
    try:
        return tuple(_table(each) for each in json.loads(reply)["tables"] if each["prov"])
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError) as error:
        raise ReadError(f"could not be read: docling replied with nonsense ({error})") from error


def _table(told: dict[str, Any]) -> Table:
    grid = told["data"]["grid"]
    rows = tuple(tuple(" ".join(str(cell["text"]).split()) for cell in row) for row in grid)
    heads = 0
    for row in grid:
        if not row or not all(cell["column_header"] for cell in row):
            break
        heads += 1
    return Table(int(told["prov"][0]["page_no"]), rows, heads)


def with_tables(raw: RawDocument, data: bytes, tables: Tables) -> RawDocument:
    """The document with rows where its tables were lines of text, and a note of what was found."""
    try:
        found = tables.read(data)
    except ReadError as error:
        return replace(raw, notes=(*raw.notes, f"tables were not looked for: it {error}"))
    pages = {page.number: page for page in raw.pages}
    placed = 0
    for table in found:
        page = pages.get(table.page)
        blocks = _in_place(page.blocks, table) if page else None
        if page and blocks is not None:
            pages[page.number] = replace(page, blocks=blocks)
            placed += 1
    if not found:
        return raw
    note = f"{placed} of {len(found)} tables read as rows ({tables.id})"
    whole = tuple(pages[page.number] for page in raw.pages)
    return replace(raw, pages=whole, notes=(*raw.notes, note))


def _in_place(blocks: tuple[Block, ...], table: Table) -> tuple[Block, ...] | None:
    """The blocks with the rows in place of the run of blocks that holds the table's words; None
    where there is no such run."""
    words = Counter(_WORD.findall(" ".join(map(" ".join, table.rows)).casefold()))
    best = (0, 0, 0)  # words, start, end
    start = 0
    for at in range(len(blocks) + 1):
        if at < len(blocks) and _share(blocks[at], words) >= OWN:
            continue
        held = Counter(_WORD.findall(" ".join(b.text for b in blocks[start:at]).casefold()))
        best = max(best, ((held & words).total(), start, at))
        start = at + 1
    if not words or best[0] < WHOLE * words.total():
        return None
    rows = tuple(
        Block("table_header" if number < table.heads else "table_row", " | ".join(row))
        for number, row in enumerate(table.rows)
        if any(row)
    )
    return (*blocks[: best[1]], *rows, *blocks[best[2] :])


def _share(block: Block, words: Counter[str]) -> float:
    held = _WORD.findall(block.text.casefold())
    return sum(word in words for word in held) / len(held) if held else 0.0
