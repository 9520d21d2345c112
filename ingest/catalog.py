"""The catalog: the one truth, an SQLite file of our own (WAL, synchronous=FULL).

What is committed here is acknowledged; every index is derived from it. Holds
documents, page texts, passages, vectors by model, the ingestion ledger and a
revision that grows with every change. Only ingestion opens it.
"""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ingest.schema import FILE, VERSION, LedgerRow, catalog_error, connect
from rag.errors import ConfigurationError
from rag.index.store import page_from_row
from rag.types import Page, Passage, SourceDocument

__all__ = ["FILE", "VERSION", "Catalog", "LedgerRow"]


class Catalog:
    """Reads and writes one data folder's catalog; as a context manager, closes it and
    reports SQLite's errors as ConfigurationError. Who writes holds the writer lock;
    `read_only` creates nothing, and is empty where there is no catalog yet."""

    def __init__(self, data_dir: Path, *, read_only: bool = False) -> None:
        self._data_dir = data_dir
        self._db = connect(data_dir, read_only=read_only)

    def __enter__(self) -> Catalog:
        return self

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        self.close()
        if isinstance(error, sqlite3.Error):
            raise catalog_error(self._data_dir, error) from error

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def check(self) -> str:
        """What SQLite's integrity check says is wrong; empty when nothing is."""
        found = str(self._db.execute("PRAGMA quick_check(1)").fetchone()[0])
        return "" if found == "ok" else found

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing; committed to disk when the block ends."""
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._db.execute("COMMIT")
        except BaseException:
            if self._db.in_transaction:  # SQLite rolls back by itself when the disk is full
                self._db.execute("ROLLBACK")
            raise

    @property
    def revision(self) -> int:
        """Grows with every change of a document or a vector."""
        return int(self._state("revision") or 0)

    @property
    def id(self) -> str:
        """Which catalog this is: revisions of another, or of an older copy, mean something else."""
        return self._state("id")

    def renew_id(self) -> None:
        """From now on this is another catalog: what was derived from it is written anew."""
        self._db.execute("INSERT OR REPLACE INTO state VALUES ('id', lower(hex(randomblob(16))))")

    def _state(self, key: str) -> str:
        row = self._db.execute("SELECT value FROM state WHERE key = ?", (key,)).fetchone()
        return str(row[0]) if row else ""

    def _touch(self) -> None:
        self._db.execute("UPDATE state SET value = value + 1 WHERE key = 'revision'")

    # Sources

    def sources(self) -> dict[str, str]:
        """Source name -> root (an absolute folder, a file, or a URL list)."""
        return dict(self._db.execute("SELECT name, root FROM sources").fetchall())

    def set_source(self, name: str, root: str) -> None:
        """Record where a source lies now."""
        self._db.execute("INSERT OR REPLACE INTO sources VALUES (?, ?)", (name, root))

    def forget_source(self, name: str) -> None:
        """Drop a source of which nothing is left."""
        self._db.execute("DELETE FROM sources WHERE name = ?", (name,))

    # Documents

    def digests(self, source: str | None = None) -> dict[str, str]:
        """Document id -> digest of the stored documents, of one source or of all."""
        where, values = ("WHERE source = ?", (source,)) if source is not None else ("", ())
        return dict(
            self._db.execute(f"SELECT id, digest FROM documents {where}", values).fetchall()
        )

    def owner(self, document_id: str) -> str:
        """Source of a stored document; empty when there is none."""
        row = self._db.execute(
            "SELECT source FROM documents WHERE id = ?", (document_id,)
        ).fetchone()
        return str(row[0]) if row else ""

    def put(
        self,
        source: str,
        digest: str,
        document: SourceDocument,
        passages: Sequence[tuple[Passage, str]],
        row: LedgerRow,
    ) -> None:
        """Store or replace a document with its passages and ledger row. Each passage
        comes with the key of the text that is embedded for it."""
        self._db.execute("DELETE FROM documents WHERE id = ?", (document.id,))
        self._touch()
        record = json.dumps(asdict(replace(document, pages=())), ensure_ascii=False)
        self._db.execute(
            "INSERT INTO documents VALUES (?, ?, ?, ?, ?)",
            (document.id, source, digest, record, self.revision),
        )
        self._db.executemany(
            "INSERT INTO pages VALUES (?, ?, ?, ?, ?)",
            [
                (document.id, p.number, p.label, p.text, json.dumps((p.asides, p.items)))
                for p in document.pages
            ],
        )
        self._db.executemany(
            "INSERT INTO passages VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            [
                (p.id, p.document_id, p.position, p.page, p.start, p.end,
                 json.dumps(p.headings, ensure_ascii=False), key)
                for p, key in passages
            ],
        )  # fmt: skip
        self.record(row)

    def delete(self, document_ids: Sequence[str]) -> None:
        """Withdraw documents with all that hangs on them, their ledger rows too."""
        values = [(document_id,) for document_id in document_ids]
        self._db.executemany("DELETE FROM documents WHERE id = ?", values)
        self._db.executemany("DELETE FROM ledger WHERE document = ?", values)
        self._touch()

    def ids(self, since: int | None = None) -> list[str]:
        """Ids of the documents that have passages, in order: all, or those stored after a
        revision."""
        sql = (
            "SELECT id FROM documents WHERE revision > ? AND "
            "EXISTS (SELECT 1 FROM passages WHERE document = documents.id) ORDER BY id"
        )
        return [row[0] for row in self._db.execute(sql, (-1 if since is None else since,))]

    def passage_count(self, document_ids: Sequence[str] | None = None) -> int:
        """Passages of these documents, or of all."""
        if document_ids is None:
            return int(self._db.execute("SELECT count(*) FROM passages").fetchone()[0])
        sql = "SELECT count(*) FROM passages WHERE document = ?"
        return sum(int(self._db.execute(sql, (one,)).fetchone()[0]) for one in document_ids)

    def documents(
        self, document_ids: Sequence[str] | None = None
    ) -> Iterator[tuple[SourceDocument, list[tuple[Passage, str]]]]:
        """Documents with pages, and their (passage, embedded text key) pairs: those of the ids,
        in that order, or every one by id."""
        if document_ids is None:
            found = self._db.execute("SELECT id FROM documents ORDER BY id").fetchall()
            document_ids = [row[0] for row in found]
        for document_id in document_ids:
            (record,) = self._db.execute(
                "SELECT record FROM documents WHERE id = ?", (document_id,)
            ).fetchone()
            pages = tuple(
                page_from_row(*row)
                for row in self._db.execute(
                    "SELECT number, text, label, spans FROM pages WHERE document = ? "
                    "ORDER BY number",
                    (document_id,),
                )
            )
            document = _document(json.loads(record), pages)
            yield document, self._passages(document_id, {p.number: p.text for p in pages})

    def _passages(self, document_id: str, pages: Mapping[int, str]) -> list[tuple[Passage, str]]:
        rows = self._db.execute(
            'SELECT page, start, "end", headings, position, embedded FROM passages '
            "WHERE document = ? ORDER BY position",
            (document_id,),
        )
        return [
            (
                Passage(document_id, page, start, end, pages[page][start:end],
                        tuple(json.loads(headings)), position),
                key,
            )
            for page, start, end, headings, position, key in rows
        ]  # fmt: skip

    def holds(self, document: SourceDocument, keys: Sequence[str]) -> bool:
        """Whether the stored version says the same: all but the hash of its bytes. `keys` are
        those of the texts that are embedded for it, in order."""
        row = self._db.execute(
            "SELECT record FROM documents WHERE id = ?", (document.id,)
        ).fetchone()
        if row is None:
            return False
        stored = json.loads(row[0])
        fresh = json.loads(json.dumps(asdict(replace(document, pages=()))))
        pages = self._db.execute(
            "SELECT number, label, text, spans FROM pages WHERE document = ? ORDER BY number",
            (document.id,),
        ).fetchall()
        texts = self._db.execute(
            "SELECT embedded FROM passages WHERE document = ? ORDER BY position", (document.id,)
        ).fetchall()
        same = [
            (p.number, p.label, p.text, json.dumps((p.asides, p.items))) for p in document.pages
        ]
        return (
            {**stored, "sha256": ""} == {**fresh, "sha256": ""}
            and pages == same
            and [key for (key,) in texts] == list(keys)
        )

    def set_digest(self, document_id: str, digest: str) -> None:
        """Other bytes say what is stored: the document does not change, nor does the revision."""
        self._db.execute("UPDATE documents SET digest = ? WHERE id = ?", (digest, document_id))

    # Memory of sources, between runs

    def memory(self, key: str) -> str:
        """What was kept under a key; empty when nothing was."""
        return self._state(f"memory:{key}")

    def set_memory(self, key: str, text: str) -> None:
        """Keep a text under a key."""
        self._db.execute("INSERT OR REPLACE INTO state VALUES (?, ?)", (f"memory:{key}", text))

    # Vectors

    def missing_vectors(self, model: str) -> set[str]:
        """Keys of embedded texts that have no vector of `model` yet."""
        rows = self._db.execute(
            "SELECT DISTINCT embedded FROM documents JOIN passages ON document = documents.id "
            "WHERE revision > ? AND NOT EXISTS "
            "(SELECT 1 FROM vectors WHERE text = embedded AND model = ?)",
            (int(self._state(f"embedded:{model}") or -1), model),
        )
        return {row[0] for row in rows}

    def set_embedded(self, model: str) -> None:
        """Every passage has a vector of `model` now: what was stored until here is not asked
        about again."""
        self._db.execute(
            "INSERT OR REPLACE INTO state VALUES (?, ?)", (f"embedded:{model}", str(self.revision))
        )

    def put_vectors(
        self, model: str, keys: Sequence[str], vectors: npt.NDArray[np.float32]
    ) -> None:
        """Store unit vectors (n, dim) float32 for embedded text keys."""
        blobs = [
            (key, model, v.astype("<f4").tobytes()) for key, v in zip(keys, vectors, strict=True)
        ]
        self._db.executemany("INSERT OR REPLACE INTO vectors VALUES (?, ?, ?)", blobs)
        self._touch()

    def vectors(self, model: str, keys: Sequence[str]) -> list[bytes]:
        """Little-endian float32 bytes of each embedded text. Raises KeyError for one without."""
        found: dict[str, bytes] = {}
        for start in range(0, len(keys), 500):
            some = keys[start : start + 500]
            sql = f"SELECT text, vector FROM vectors WHERE text IN ({','.join('?' * len(some))})"
            found |= self._db.execute(f"{sql} AND model = ?", (*some, model)).fetchall()
        return [found[key] for key in keys]

    def set_unrelated(self, model: str, cosine: float) -> None:
        """Remember what a model gives unrelated texts, for rebuilding without it."""
        self._db.execute(
            "INSERT OR REPLACE INTO state VALUES (?, ?)", (f"unrelated:{model}", str(cosine))
        )

    def knows_unrelated(self, model: str) -> bool:
        """Whether `set_unrelated` was called for a model."""
        return bool(self._state(f"unrelated:{model}"))

    def unrelated(self, model: str) -> float:
        """Cosine that `model` gives unrelated texts; 0 when it was never measured."""
        return float(self._state(f"unrelated:{model}") or 0.0)

    def vector_model(self) -> tuple[str, int]:
        """Id and dimension of the model whose vectors cover every passage.

        Raises ConfigurationError when none does (an interrupted ingestion).
        """
        models = self._db.execute("SELECT model, max(length(vector)) FROM vectors GROUP BY model")
        for model, size in models.fetchall():
            if not self.missing_vectors(model):
                return str(model), int(size) // 4
        raise ConfigurationError(
            "the catalog holds passages without vectors; run sanad ingest again to complete it"
        )

    def drop_unused_vectors(self, model: str) -> int:
        """Forget vectors of other models and of texts that are gone; returns how many."""
        self._db.execute(
            "DELETE FROM state WHERE key LIKE 'embedded:%' AND key != ?", (f"embedded:{model}",)
        )
        return self._db.execute(
            "DELETE FROM vectors WHERE model != ? OR text NOT IN (SELECT embedded FROM passages)",
            (model,),
        ).rowcount

    # Ledger

    def record(self, row: LedgerRow) -> None:
        """Write a document's ledger row."""
        self._db.execute(
            "INSERT OR REPLACE INTO ledger VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (row.document, row.source, row.status, row.reason, row.digest, row.passages,
             json.dumps(row.removed), json.dumps(row.notes), row.time or time.time()),
        )  # fmt: skip

    def record_failure(self, document: str, source: str, reason: str) -> None:
        """Note why a document could not be read; what is known of its stored version stays."""
        self._db.execute(
            "INSERT INTO ledger VALUES (?, ?, 'failed', ?, '', 0, '[]', '[]', ?) "
            "ON CONFLICT (document) DO UPDATE SET source = excluded.source, "
            "status = excluded.status, reason = excluded.reason, time = excluded.time",
            (document, source, reason, time.time()),
        )

    def record_unchanged(self, document: str) -> None:
        """A document that failed reads again as it is stored: its row says so."""
        self._db.execute(
            "UPDATE ledger SET status = 'stored', reason = '', time = ?, "
            "digest = (SELECT digest FROM documents WHERE id = document), "
            "passages = (SELECT count(*) FROM passages WHERE passages.document = ledger.document) "
            "WHERE document = ? AND status != 'stored'",
            (time.time(), document),
        )

    def ledger(self, status: str = "") -> list[LedgerRow]:
        """The ledger rows of a status, or all, by document."""
        return [
            LedgerRow(d, s, st, r, g, p, tuple(map(tuple, json.loads(rm))), tuple(json.loads(n)), t)
            for d, s, st, r, g, p, rm, n, t in self._db.execute(
                "SELECT * FROM ledger WHERE ? IN ('', status) ORDER BY document", (status,)
            )
        ]

    def forget(self, document_ids: Sequence[str]) -> None:
        """Drop ledger rows of failed documents whose source is gone."""
        self._db.executemany("DELETE FROM ledger WHERE document = ?", [(d,) for d in document_ids])


def _document(values: dict[str, Any], pages: tuple[Page, ...]) -> SourceDocument:
    for name in ("countries", "cities", "themes"):
        values[name] = tuple(values[name])
    values["pages"] = pages
    return SourceDocument(**values)
