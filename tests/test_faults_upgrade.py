"""What each released version wrote is opened, brought up to date, and answers as it did; what a
newer one wrote is refused with what to do."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from ingest.build import rebuild, verify
from ingest.catalog import Catalog
from ingest.schema import FILE, VERSION
from ingest.walk import ingest
from rag.assistant import Assistant
from rag.embed import HashEmbedder
from rag.errors import CollectionError, ConfigurationError
from rag.index.generation import GENERATIONS, current_name, open_current
from rag.settings import Settings
from rag.types import Answer
from tests.builders import build, document
from tests.conftest import ROOT as REPOSITORY
from tests.releases import (
    DOCUMENTS,
    QUESTION,
    QUOTE,
    ROOT,
    catalog_into,
    catalogs,
    folder_into,
    folders,
    keep,
)
from ui.doctor import examine

KENYA = document("kenya.md", "Kenya has county action plans.")


def quotes(data_dir, question=QUESTION):
    generation = open_current(data_dir)
    try:
        reply = Assistant(generation, HashEmbedder()).answer(question).reply
        assert isinstance(reply, Answer)
        return [evidence.quote.text for evidence in reply.evidence]
    finally:
        generation.close()


def tables(path):
    with closing(sqlite3.connect(path)) as db:
        rows = db.execute("SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY name")
        return [
            (kind, name, table, " ".join((sql or "").split())) for kind, name, table, sql in rows
        ]


def version_of(path):
    with closing(sqlite3.connect(path)) as db:
        return db.execute("PRAGMA user_version").fetchone()[0]


def test_each_version_before_todays_has_its_fixtures():
    """Before VERSION is raised, `python -m tests.releases` keeps what the one before wrote."""
    assert {1, *range(1, VERSION)} <= catalogs().keys()
    assert catalogs().keys() == folders().keys()
    assert max(catalogs()) <= VERSION


@pytest.mark.parametrize("version", catalogs())
def test_a_catalog_of_each_released_version_is_brought_up_to_date(tmp_path, version):
    data = tmp_path / "data"
    catalog_into(data, version)
    assert version_of(data / FILE) == version
    with Catalog(data) as catalog:
        assert catalog.check() == ""
        assert catalog.sources() == {"docs": ROOT}
        assert set(catalog.digests()) == set(DOCUMENTS)
        assert {row.document for row in catalog.ledger("stored")} == set(DOCUMENTS)
        assert catalog.missing_vectors(HashEmbedder().id) == set()
    assert version_of(data / FILE) == VERSION
    rebuild(data)  # with the vectors of then: no model
    verify(data / GENERATIONS / current_name(data), chroma=True)
    assert QUOTE in quotes(data)
    Catalog(tmp_path / "fresh").close()
    assert tables(data / FILE) == tables(tmp_path / "fresh" / FILE)


@pytest.mark.parametrize("version", catalogs())
def test_a_catalog_of_each_released_version_takes_new_documents(tmp_path, version):
    data, docs = tmp_path / "data", tmp_path / "docs"
    catalog_into(data, version)
    docs.mkdir()
    (docs / "new.md").write_text("# Accra\n\nThe city of Accra opened nine youth centres.\n")
    report = ingest([str(docs / "new.md")], data, HashEmbedder())
    assert report.created == ("new.md",)
    assert report.deleted == ()
    assert QUOTE in quotes(data)
    assert any("nine youth centres" in quote for quote in quotes(data, "What did Accra open?"))


@pytest.mark.parametrize("version", catalogs())
def test_a_catalog_of_each_released_version_is_read_without_being_changed(tmp_path, version):
    """As the doctor reads it, and a backup: an upgrade needs the writer's lock."""
    data = tmp_path / "data"
    catalog_into(data, version)
    before = (data / FILE).read_bytes()
    with Catalog(data, read_only=True) as catalog:
        assert {source.id for source, _ in catalog.documents()} == set(DOCUMENTS)
        assert {row.document for row in catalog.ledger()} == set(DOCUMENTS)
    assert (data / FILE).read_bytes() == before


@pytest.mark.parametrize("version", folders())
def test_a_data_folder_of_each_released_version_answers_as_it_did(tmp_path, version):
    data = tmp_path / "data"
    folder_into(data, version)
    try:
        assert QUOTE in quotes(data)
    except CollectionError as error:
        assert version < VERSION
        assert "sanad doctor --rebuild" in str(error)
    rebuild(data)
    assert QUOTE in quotes(data)
    assert open_current(data).notes == []
    states = {found.area: found.state for found in examine(Settings(data_dir=data))}
    assert states["catalog"] == "ok"
    assert states["chroma"] == "ok"


def test_what_today_writes_can_be_kept(tmp_path, monkeypatch):
    monkeypatch.setattr("tests.releases.FOLDER", tmp_path)
    keep(tmp_path)
    catalog_into(tmp_path / "sql", VERSION)
    folder_into(tmp_path / "whole", VERSION)
    assert QUOTE in quotes(tmp_path / "whole")
    assert tables(tmp_path / "sql" / FILE) == tables(tmp_path / "whole" / FILE)


def test_a_newer_catalog_is_refused_by_every_command(tmp_path):
    build(tmp_path, [KENYA]).close()
    with closing(sqlite3.connect(tmp_path / FILE)) as db:
        db.execute(f"PRAGMA user_version={VERSION + 1}")
    for command in (
        lambda: ingest([str(REPOSITORY / "docs_corpus")], tmp_path, HashEmbedder()),
        lambda: rebuild(tmp_path),
        lambda: Catalog(tmp_path, read_only=True),
    ):
        with pytest.raises(ConfigurationError, match=r"newer Sanad .*upgrade Sanad"):
            command()
    said = [f for f in examine(Settings(data_dir=tmp_path)) if f.area == "catalog"]
    assert said[0].state == "broken"
    assert "newer Sanad" in said[0].message
    assert quotes(tmp_path, "What has Kenya?") == ["Kenya has county action plans."]  # no catalog
