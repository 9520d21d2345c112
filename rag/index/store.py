"""The text of one generation: documents, pages and passages in a read-only SQLite file.

Written once by the ingestion's build step, never changed. Knows no scores.

    documents  row, id, record (JSON of SourceDocument without pages)
    facets     document, key, value        (what can be filtered on)
    pages      document, number, label, text, spans (JSON: asides, items)
    passages   row, id, document, page, start, end, headings (JSON), position

Passage rows run from 0 without gaps, in document order: the neighbours of row
r are r - 1 and r + 1 where they belong to the same document. A delta is such a file whose rows go
on where the files before it end; read together with its base, documents that were withdrawn (or
replaced by a newer version in a delta) are not there, and their rows stand for nothing.
"""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, replace
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

from rag.errors import ConfigurationError, IndexDamagedError
from rag.types import Page, Passage, SourceDocument
from rag.words.text import fold

SCHEMA = """
CREATE TABLE documents (row INTEGER PRIMARY KEY, id TEXT UNIQUE NOT NULL, record TEXT NOT NULL);
CREATE TABLE facets (document INTEGER NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL,
                     shown TEXT NOT NULL);
CREATE INDEX facets_by_value ON facets (key, value);
CREATE TABLE pages (document INTEGER NOT NULL, number INTEGER NOT NULL, label TEXT NOT NULL,
                    text TEXT NOT NULL, spans TEXT NOT NULL, PRIMARY KEY (document, number));
CREATE TABLE passages (row INTEGER PRIMARY KEY, id TEXT NOT NULL, document INTEGER NOT NULL,
                       page INTEGER NOT NULL, start INTEGER NOT NULL, "end" INTEGER NOT NULL,
                       headings TEXT NOT NULL, position INTEGER NOT NULL);
CREATE INDEX passages_by_document ON passages (document);
"""
TABLES = {"documents": "row", "facets": "document", "pages": "document", "passages": "document"}
FILTERS = ("language", "country", "city", "year", "kind", "event", "document", "theme", "work")


def write_store(
    path: Path,
    documents: Iterable[tuple[SourceDocument, Sequence[Passage]]],
    first_document: int = 0,
    first_row: int = 0,
) -> None:
    """Create the store of a new generation, or of a delta whose rows begin at the given ones;
    passage rows follow the order given."""
    connection = sqlite3.connect(path)
    try:
        connection.executescript("PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF;" + SCHEMA)
        row = first_row
        for number, (document, passages) in enumerate(documents, start=first_document):
            _write_document(connection, number, document)
            connection.executemany(
                "INSERT INTO passages VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                [
                    (row + i, p.id, number, p.page, p.start, p.end, json.dumps(p.headings), i)
                    for i, p in enumerate(passages)
                ],
            )
            row += len(passages)
        connection.commit()
    finally:
        connection.close()


def _write_document(connection: sqlite3.Connection, row: int, document: SourceDocument) -> None:
    record = json.dumps(asdict(replace(document, pages=())), ensure_ascii=False)
    connection.execute("INSERT INTO documents VALUES (?, ?, ?)", (row, document.id, record))
    connection.executemany(
        "INSERT INTO facets VALUES (?, ?, ?, ?)",
        [(row, key, fold(value), value) for key, value in facets_of(document)],
    )
    connection.executemany(
        "INSERT INTO pages VALUES (?, ?, ?, ?, ?)",
        [(row, p.number, p.label, p.text, json.dumps((p.asides, p.items))) for p in document.pages],
    )


def facets_of(document: SourceDocument) -> list[tuple[str, str]]:
    """(key, value) pairs a document can be filtered by; empty values are left out."""
    single = {
        "language": document.language, "year": document.date[:4], "kind": document.kind,
        "event": document.event, "document": document.id, "work": document.work_id,
    }  # fmt: skip
    pairs = [(key, value) for key, value in single.items() if value]
    pairs += [("country", code) for code in document.countries]
    pairs += [("city", name) for name in document.cities]
    pairs += [("theme", name) for name in document.themes]
    return pairs


class Store:
    """Reads a generation's text: a base and its deltas, without the withdrawn document rows.
    Safe to share between threads."""

    def __init__(
        self, path: Path, deltas: Sequence[Path] = (), withdrawn: Sequence[int] = ()
    ) -> None:
        try:
            self._connection = sqlite3.connect(_immutable(path), uri=True, check_same_thread=False)
            self._lock = threading.Lock()
            if deltas or withdrawn:
                _join(self._connection, deltas, withdrawn)
            self.passage_count = int(self._rows("SELECT count(*) FROM passages")[0][0])
            self.document_count = int(self._rows("SELECT count(*) FROM documents")[0][0])
        except sqlite3.Error as error:
            message = f"store {path} does not open: {error}; run sanad doctor --rebuild"
            raise IndexDamagedError(message) from error
        self.document = lru_cache(maxsize=4096)(self._document)
        self.page = lru_cache(maxsize=512)(self._page)

    def close(self) -> None:
        """Close the file, once nobody reads it."""
        with self._lock:
            self._connection.close()

    def _rows(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        with self._lock:
            try:
                return self._connection.execute(sql, values).fetchall()
            except sqlite3.DatabaseError as error:
                message = f"the stored text is damaged: {error}; run sanad doctor --rebuild"
                raise IndexDamagedError(message) from error

    def _document(self, row: int) -> SourceDocument:
        """The document of a row, without pages."""
        return _parse(self._rows("SELECT record FROM documents WHERE row = ?", (row,))[0][0])

    def documents(self) -> list[SourceDocument]:
        """Every document, without pages, in row order."""
        return [_parse(r[0]) for r in self._rows("SELECT record FROM documents ORDER BY row")]

    def find_document(self, document_id: str) -> tuple[int, SourceDocument] | None:
        """Row and document of an id."""
        found = self._rows("SELECT row, record FROM documents WHERE id = ?", (document_id,))
        return (found[0][0], _parse(found[0][1])) if found else None

    def _row_of(self, document_id: str) -> int:
        """Row of a document; -1 for an unknown id."""
        found = self._rows("SELECT row FROM documents WHERE id = ?", (document_id,))
        return int(found[0][0]) if found else -1

    def find_documents(self, document_ids: Collection[str]) -> dict[str, SourceDocument]:
        """The documents of these ids, without pages; unknown ids are left out."""
        found: dict[str, SourceDocument] = {}
        for start in range(0, len(document_ids), 500):  # SQLite takes 999 parameters or more
            some = tuple(document_ids)[start : start + 500]
            places = ",".join("?" * len(some))
            rows = self._rows(f"SELECT id, record FROM documents WHERE id IN ({places})", some)
            found |= {name: _parse(record) for name, record in rows}
        return found

    def _page(self, document_row: int, number: int) -> Page:
        found = self._rows(
            "SELECT number, text, label, spans FROM pages WHERE document = ? AND number = ?",
            (document_row, number),
        )
        if not found:
            raise IndexDamagedError(f"page {number} of document row {document_row} is missing")
        return page_from_row(*found[0])

    def page_of(self, document_id: str, number: int) -> Page:
        """One page by document id and physical number."""
        found = self.find_document(document_id)
        if found is None:
            raise IndexDamagedError(f"document {document_id!r} is not in this generation")
        return self.page(found[0], number)

    def page_texts(self, first: int, last: int) -> list[tuple[int, str]]:
        """(document row, text) of every page of the documents in rows `first` to `last`."""
        sql = "SELECT document, text FROM pages WHERE document BETWEEN ? AND ?"
        return [(row, text) for row, text in self._rows(sql, (first, last))]

    def page_numbers(self, document_id: str) -> list[int]:
        """Physical numbers of a document's pages, in order; empty for an unknown id."""
        found = self.find_document(document_id)
        sql = "SELECT number FROM pages WHERE document = ? ORDER BY number"
        return [r[0] for r in self._rows(sql, (found[0],))] if found else []

    def passages(self, rows: Sequence[int]) -> list[Passage]:
        """Passages in the order of `rows`. Raises IndexDamagedError when stored text
        is not the text that was indexed (a passage's id is a hash of it)."""
        return [passage for passage, _ in self.passages_with_document(rows)]

    def passages_of(self, document_row: int, most: int) -> list[Passage]:
        """The first passages of a document, in order."""
        rows = self._rows(
            "SELECT row FROM passages WHERE document = ? ORDER BY row LIMIT ?", (document_row, most)
        )
        return self.passages([row for (row,) in rows])

    def passages_with_document(self, rows: Sequence[int]) -> list[tuple[Passage, int]]:
        """(passage, document row) in the order of `rows`."""
        marks = ",".join("?" * len(rows))
        found = self._rows(
            f"SELECT row, id, document, page, start, end, headings, position FROM passages "
            f"WHERE row IN ({marks})",
            [int(row) for row in rows],
        )
        by_row = {record[0]: self._passage(record) for record in found}
        return [by_row[int(row)] for row in rows if int(row) in by_row]

    def _passage(self, record: tuple[Any, ...]) -> tuple[Passage, int]:
        _, identity, document, page, start, end, headings, position = record
        text = self.page(document, page).text[start:end]
        document_id = self.document(document).id
        passage = Passage(
            document_id, page, start, end, text, tuple(json.loads(headings)), position
        )
        if passage.id != identity:
            raise IndexDamagedError(
                f"the stored text of {document_id} page {page} has changed since it was indexed; "
                "run sanad doctor --rebuild"
            )
        return passage, document

    def headings_of(self, document_id: str) -> list[str]:
        """The innermost headings of a document's passages, each once, in reading order."""
        sql = "SELECT headings FROM passages WHERE document = ? ORDER BY position"
        found = self._rows(sql, (self._row_of(document_id),))
        trails = (json.loads(row[0]) for row in found)
        return list(dict.fromkeys(trail[-1] for trail in trails if trail))

    def heading_at(self, document_id: str, page: int, start: int) -> str:
        """The innermost heading of the passage at a place; empty where there is none."""
        found = self._rows(
            "SELECT headings FROM passages WHERE document = ? AND page = ? AND start <= ? "
            'AND "end" > ?',
            (self._row_of(document_id), page, start, start),
        )
        trail = json.loads(found[0][0]) if found else []
        return str(trail[-1]) if trail else ""

    def documents_under(self, heading: str) -> int:
        """How many documents have a heading, word for word."""
        found = self._rows(
            "SELECT count(DISTINCT document) FROM passages WHERE instr(headings, ?)",
            (json.dumps(heading),),
        )
        return int(found[0][0])

    def placed_documents(self) -> list[tuple[int, SourceDocument]]:
        """(row, document without pages) of every document, in row order."""
        found = self._rows("SELECT row, record FROM documents ORDER BY row")
        return [(row, _parse(record)) for row, record in found]

    def passage_rows(self) -> list[tuple[int, int]]:
        """(passage row, document row) of every passage, in order."""
        return self._rows("SELECT row, document FROM passages ORDER BY row")

    def rows_matching(self, filters: Mapping[str, Sequence[str]]) -> set[int]:
        """Rows of the documents that match every key (any of its values).

        Raises ConfigurationError for an unknown key.
        """
        matching: set[int] | None = None
        for key, values in filters.items():
            if key not in FILTERS:
                raise ConfigurationError(f"unknown filter {key!r}; known: {', '.join(FILTERS)}")
            marks = ",".join("?" * len(values))
            found = self._rows(
                f"SELECT DISTINCT document FROM facets WHERE key = ? AND value IN ({marks})",
                [key, *(fold(value) for value in values)],
            )
            rows = {r[0] for r in found}
            matching = rows if matching is None else matching & rows
        return matching if matching is not None else set()

    def facet_counts(self, key: str) -> list[tuple[str, int]]:
        """(value, documents) of one key, most frequent first."""
        return [
            (shown, count)
            for shown, count in self._rows(
                "SELECT min(shown), count(*) FROM facets WHERE key = ? GROUP BY value "
                "ORDER BY count(*) DESC, min(shown)",
                (key,),
            )
        ]


def _immutable(path: Path) -> str:
    return f"file:{quote(str(path))}?mode=ro&immutable=1"


def _join(connection: sqlite3.Connection, deltas: Sequence[Path], withdrawn: Sequence[int]) -> None:
    """Views over all files that take the names of the tables: SQLite looks there first."""
    connection.execute("PRAGMA temp_store=MEMORY")
    schemas = ["main"]
    for number, delta in enumerate(deltas, start=1):
        schemas.append(f"delta{number}")
        connection.execute(f"ATTACH ? AS {schemas[-1]}", (_immutable(delta),))
    connection.execute("CREATE TEMP TABLE withdrawn (row INTEGER PRIMARY KEY)")
    connection.executemany("INSERT INTO withdrawn VALUES (?)", ((int(row),) for row in withdrawn))
    for table, column in TABLES.items():
        parts = (
            f"SELECT * FROM {schema}.{table} WHERE {column} NOT IN (SELECT row FROM temp.withdrawn)"
            for schema in schemas
        )
        connection.execute(f"CREATE TEMP VIEW {table} AS {' UNION ALL '.join(parts)}")
    connection.commit()


def page_from_row(number: int, text: str, label: str, spans: str) -> Page:
    """A page from its columns; `spans` is JSON of asides and items."""
    asides, items = (tuple(map(tuple, listed)) for listed in json.loads(spans))
    return Page(number, text, label, asides, items)


def _parse(record: str) -> SourceDocument:
    values = json.loads(record)
    for name in ("countries", "cities", "themes", "pages"):
        values[name] = tuple(values[name])
    return SourceDocument(**values)
