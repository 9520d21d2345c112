import sqlite3

import numpy as np
import pytest

from ingest.catalog import FILE, VERSION, Catalog, LedgerRow
from rag.errors import ConfigurationError
from tests.builders import document, passages, store_documents


@pytest.fixture
def catalog(tmp_path):
    opened = Catalog(tmp_path)
    yield opened
    opened.close()


def test_what_was_put_comes_back(catalog):
    source = document("a.md", "One line of text.", "Another line.", countries=("KE",))
    store_documents(catalog, [source])
    stored, entries = next(catalog.documents())
    assert stored == source
    assert [p for p, _ in entries] == passages(source)


def test_replacing_a_document_leaves_nothing_of_the_old_one(catalog):
    store_documents(catalog, [document("a.md", "One.", "Two.", "Three.")])
    store_documents(catalog, [document("a.md", "Four.")])
    ((_, entries),) = catalog.documents()
    assert [p.text for p, _ in entries] == ["Four."]


def test_deleting_removes_pages_passages_and_ledger(catalog, tmp_path):
    store_documents(catalog, [document("a.md", "One."), document("b.md", "Two.")])
    with catalog.transaction():
        catalog.delete(["a.md"])
    db = sqlite3.connect(tmp_path / FILE)
    for table in ("documents", "pages", "passages", "ledger"):
        assert db.execute(f"SELECT count(*) FROM {table}").fetchone()[0] == 1, table


def test_a_transaction_that_fails_changes_nothing(catalog):
    store_documents(catalog, [document("a.md", "One.")])
    before = catalog.revision
    with pytest.raises(RuntimeError), catalog.transaction():
        catalog.delete(["a.md"])
        raise RuntimeError
    assert catalog.digests() == {"a.md": "digest"}
    assert catalog.revision == before


def test_vectors_are_kept_by_model(catalog):
    store_documents(catalog, [document("a.md", "One.")])
    ((_, entries),) = catalog.documents()
    keys = [key for _, key in entries]
    assert catalog.missing_vectors("hash-64") == set()
    assert catalog.missing_vectors("other") == set(keys)
    with catalog.transaction():
        catalog.put_vectors("other", keys, np.ones((1, 3), np.float32))
        catalog.drop_unused_vectors("other")
    assert catalog.vector_model() == ("other", 3)
    with pytest.raises(KeyError):
        catalog.vectors("hash-64", keys)


def test_an_interrupted_embedding_is_reported(catalog):
    source = document("a.md", "One.")
    row = LedgerRow("a.md", "test", "stored", "", "d", 1)
    with catalog.transaction():
        catalog.put("test", "d", source, [(passages(source)[0], "key")], row)
    with pytest.raises(ConfigurationError, match="sanad ingest"):
        catalog.vector_model()


def test_a_newer_catalog_is_refused(tmp_path):
    Catalog(tmp_path).close()
    db = sqlite3.connect(tmp_path / FILE)
    db.execute(f"PRAGMA user_version={VERSION + 1}")
    db.close()
    with pytest.raises(ConfigurationError, match="newer Sanad"):
        Catalog(tmp_path)


def test_acknowledged_means_synchronous_full(catalog):
    assert catalog._db.execute("PRAGMA synchronous").fetchone()[0] == 2
    assert catalog._db.execute("PRAGMA journal_mode").fetchone()[0] == "wal"


def test_a_file_that_is_not_sqlite_is_one_sentence(tmp_path):
    (tmp_path / FILE).write_bytes(b"not a database, " * 100)
    for read_only in (False, True):
        with pytest.raises(ConfigurationError, match="not a database; restore it"):
            Catalog(tmp_path, read_only=read_only)


def test_damage_met_later_is_one_sentence(tmp_path):
    with pytest.raises(ConfigurationError, match="cannot be used"), Catalog(tmp_path) as catalog:
        catalog._db.execute("SELECT * FROM no_such_table")


def test_a_folder_that_is_a_file_is_one_sentence(tmp_path):
    (tmp_path / "data").write_text("x")
    for read_only in (False, True):
        with pytest.raises(ConfigurationError, match="is a file"):
            Catalog(tmp_path / "data", read_only=read_only)


def test_reading_only_creates_nothing(tmp_path):
    with Catalog(tmp_path / "none", read_only=True) as empty:
        assert empty.digests() == {}
    assert not (tmp_path / "none").exists()
    with Catalog(tmp_path) as catalog:
        store_documents(catalog, [document("a.md", "One.")])
    with Catalog(tmp_path, read_only=True) as catalog:
        assert catalog.digests() == {"a.md": "digest"}
        assert [entry.name for entry in tmp_path.iterdir()] == [FILE]
    assert [entry.name for entry in tmp_path.iterdir()] == [FILE]


def test_reading_only_sees_what_a_writer_at_work_has_committed(catalog, tmp_path):
    store_documents(catalog, [document("a.md", "One.")])
    with Catalog(tmp_path, read_only=True) as reader:
        assert reader.digests() == {"a.md": "digest"}


def test_a_failure_keeps_what_is_known_of_the_stored_version(catalog):
    store_documents(catalog, [document("a.md", "One.", "Two.")])
    catalog.record_failure("a.md", "test", "is empty")
    (row,) = catalog.ledger()
    assert (row.status, row.reason, row.passages) == ("failed", "is empty", 2)
    catalog.record_unchanged("a.md")
    (row,) = catalog.ledger()
    assert (row.status, row.reason, row.digest, row.passages) == ("stored", "", "digest", 2)
