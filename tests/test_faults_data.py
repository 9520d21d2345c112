"""The data folder under a full, failing or read-only disk, two writers, a clock that jumps,
and catalogs of other versions."""

from __future__ import annotations

import asyncio
import os
import shutil
import sqlite3
import subprocess
import sys
import threading
import time

import pytest

from evals.drills import disk
from ingest.backup import backup
from ingest.build import KEEP, rebuild
from ingest.catalog import Catalog
from ingest.history import runs
from ingest.lock import writer_lock
from ingest.schema import FILE, MIGRATIONS, VERSION
from ingest.walk import ingest
from ingest.web.visits import Visit
from rag.assistant import Assistant
from rag.embed import HashEmbedder
from rag.errors import ConfigurationError
from rag.index.generation import CURRENT, GENERATIONS, candidates, current_name, open_current
from rag.settings import Settings
from tests.builders import build, document, store_documents
from tests.conftest import ROOT
from ui.doctor import examine
from ui.public.counting import Counting, Window

KENYA = document("kenya.md", "Kenya has county action plans.")
SWEDEN = document("sweden.md", "Sweden has a centre that supports municipalities.")


def stored(data_dir):
    with Catalog(data_dir, read_only=True) as catalog:
        return set(catalog.digests())


def finds(data_dir, question):
    generation = open_current(data_dir)
    try:
        return Assistant(generation, HashEmbedder()).search(question, 1)[0].passage.text
    finally:
        generation.close()


# The disk


def test_a_catalog_without_room_keeps_what_was_acknowledged(tmp_path):
    """SQLite itself meets the end of the room, in the middle of a transaction."""
    build(tmp_path, [KENYA]).close()
    long = document("long.md", *[f"Paragraph {n} about safety and schools." for n in range(600)])
    with pytest.raises(ConfigurationError, match=r"full.*has room"), Catalog(tmp_path) as catalog:
        pages = catalog._db.execute("PRAGMA page_count").fetchone()[0]
        catalog._db.execute(f"PRAGMA max_page_count={pages + 20}")
        store_documents(catalog, [SWEDEN, long])
    assert stored(tmp_path) == {"kenya.md", "sweden.md"}
    assert finds(tmp_path, "county action plans") == "Kenya has county action plans."
    with Catalog(tmp_path) as catalog:
        assert catalog.check() == ""
        store_documents(catalog, [long])  # there is room again
    rebuild(tmp_path)
    assert "Paragraph 599" in finds(tmp_path, "Paragraph 599")


@pytest.mark.parametrize("error", ["EIO", "EROFS", "EDQUOT", "EFBIG"])
def test_a_failing_disk_is_one_sentence(tmp_path, error):
    build(tmp_path, [KENYA]).close()
    code = (
        "import errno, os, sys\n"
        "import ingest.build, ui.cli\n"
        "def fails(*a, **k):\n"
        f"    raise OSError(errno.{error}, os.strerror(errno.{error}), 'vectors.npy')\n"
        "ingest.build.write_store = fails\n"
        "sys.argv = ['sanad', 'doctor', '--rebuild', '--data-dir', sys.argv[1]]\n"
        "ui.cli.main()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, cwd=ROOT
    )
    assert done.returncode == 2
    assert done.stderr.startswith("sanad: ")
    assert "serves on" in done.stderr
    assert "Traceback" not in done.stderr
    assert len(list((tmp_path / GENERATIONS).iterdir())) == 1


@pytest.fixture
def read_only(tmp_path):
    """A data folder on a disk that cannot be written to."""
    folder = tmp_path / "disk"
    with disk.small_disk(folder, 16 * 2**20) as mounted:
        data = folder / "data"
        build(data, [KENYA, SWEDEN]).close()
        if mounted:
            disk.mount(folder, "remount,ro")
        elif os.geteuid():
            for path in (data, *data.rglob("*")):
                path.chmod(0o555 if path.is_dir() else 0o444)
        else:
            pytest.skip("mounting is not permitted, and modes do not bind the superuser")
        yield data
        if not mounted:
            for path in (data, *data.rglob("*")):
                path.chmod(0o755)


def test_a_read_only_disk_is_read_and_not_written(read_only, tmp_path):
    assert finds(read_only, "county action plans") == "Kenya has county action plans."
    assert stored(read_only) == {"kenya.md", "sweden.md"}
    for writing in (
        lambda: rebuild(read_only),
        lambda: ingest([str(ROOT / "docs_corpus")], read_only, HashEmbedder()),
    ):
        with pytest.raises(ConfigurationError, match=r"cannot be written to.*--data-dir"):
            writing()
    found = {f.area: f.state for f in examine(Settings(data_dir=read_only))}
    assert found["index"] in ("ok", "warning")
    assert found["catalog"] == "ok"
    assert backup(read_only, tmp_path / "b.tar").documents == 2


def test_a_data_folder_behind_a_link_is_used_and_a_dangling_one_is_named(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    build(tmp_path / "link", [KENYA]).close()
    assert finds(tmp_path / "real", "county plans") == "Kenya has county action plans."
    (tmp_path / "dangling").symlink_to(tmp_path / "nowhere")
    with pytest.raises(ConfigurationError, match="dangling"):
        build(tmp_path / "dangling", [KENYA])
    assert not (tmp_path / "nowhere").exists()


MODES_DO_NOT_BIND = "-dac_override,-dac_read_search"  # what makes the superuser that


@pytest.fixture
def another(tmp_path):
    """(data folder that is not ours, how to run a command to which that means something)."""
    data = tmp_path / "data"
    build(data, [KENYA]).close()
    before: list[str] = []
    if os.geteuid() == 0:
        before = ["setpriv", "--bounding-set", MODES_DO_NOT_BIND, "--inh-caps", MODES_DO_NOT_BIND]
        if not shutil.which("setpriv") or subprocess.run([*before, "true"]).returncode:
            pytest.skip("setpriv cannot take the superuser's rights away here")
        os.chown(data, 65534, 65534)
        data.chmod(0o700)
    else:
        data.chmod(0o000)
    yield data, before
    data.chmod(0o700)


@pytest.mark.parametrize(
    "command",
    [["ask", "What plans has Kenya?"], ["ingest"], ["ingest", "docs_corpus"], ["doctor"],
     ["doctor", "--rebuild"], ["serve", "--port", "9"]],
)  # fmt: skip
def test_a_data_folder_of_another_owner_is_one_sentence(another, command):
    data, before = another
    done = subprocess.run(
        [*before, sys.executable, "-m", "ui.cli", *command], capture_output=True, text=True,
        cwd=ROOT, timeout=120, env={**os.environ, "SANAD_DATA_DIR": str(data)},
    )  # fmt: skip
    said = done.stderr + done.stdout
    assert done.returncode == 2, said
    assert "Traceback" not in said
    assert str(data) in said
    assert "Permission denied" in said
    assert "disk" not in done.stderr


# Two writers


class Waiting(HashEmbedder):
    """Embeds when it is told to."""

    def __init__(self):
        super().__init__()
        self.begun, self.go = threading.Event(), threading.Event()

    def encode_passages(self, texts):
        self.begun.set()
        assert self.go.wait(60)
        return super().encode_passages(texts)


def test_of_two_ingestions_one_works_and_the_other_names_it(tmp_path):
    docs, data = tmp_path / "docs", tmp_path / "data"
    docs.mkdir()
    (docs / "a.md").write_text("# A\n\nA plan for schools and police in the city of Bern.\n")
    embedder = Waiting()
    first = threading.Thread(target=ingest, args=([str(docs)], data, embedder))
    first.start()
    assert embedder.begun.wait(60)
    before = stored(data)
    second = subprocess.run(
        [sys.executable, "-m", "ui.cli", "ingest", str(docs), "--data-dir", str(data)],
        capture_output=True, text=True, cwd=ROOT,
    )  # fmt: skip
    assert second.returncode == 75
    assert f"process {os.getpid()}" in second.stderr
    assert stored(data) == before == {"a.md"}
    embedder.go.set()
    first.join(60)
    assert "city of Bern" in finds(data, "schools in Bern")


def test_a_catalog_held_by_another_program_is_one_sentence(tmp_path):
    build(tmp_path, [KENYA]).close()
    other = sqlite3.connect(tmp_path / FILE, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    try:
        with pytest.raises(ConfigurationError, match="another program has it open"):
            ingest([str(ROOT / "docs_corpus" / "README.md")], tmp_path, HashEmbedder())
        assert finds(tmp_path, "county plans") == "Kenya has county action plans."
        assert stored(tmp_path) == {"kenya.md"}  # reading goes on
    finally:
        other.execute("ROLLBACK")
        other.close()
    rebuild(tmp_path)


# The clock


def test_a_clock_that_goes_back_replaces_no_generation_that_is_served(tmp_path, monkeypatch):
    now = time.time()
    monkeypatch.setattr("ingest.build.time.time", lambda: now)
    build(tmp_path, [KENYA]).close()
    first = current_name(tmp_path)
    running = open_current(tmp_path)
    rebuild(tmp_path)  # in the same millisecond, of the same catalog
    second = current_name(tmp_path)
    assert second != first
    assert running.store.passages([0])[0].text == "Kenya has county action plans."
    monkeypatch.setattr("ingest.build.time.time", lambda: now - 86_400)
    for _ in range(3):  # each sorts before the ones from before the jump
        rebuild(tmp_path)
        assert candidates(tmp_path)[0] == current_name(tmp_path) < second
        assert open_current(tmp_path).notes == []
        assert len(list((tmp_path / GENERATIONS).iterdir())) <= KEEP + 1
    running.close()


def test_a_clock_that_jumps_leaves_the_limits_standing(monkeypatch):
    now = [1_800_000_000.0]
    monkeypatch.setattr("time.time", lambda: now[0])
    counting = Counting()
    window = Window(2, 60, ("address", "a"))

    def hits(times):
        async def each():
            return [await counting.hit([window]) for _ in range(times)]

        return asyncio.run(each())

    assert [full is None for full in hits(3)] == [True, True, False]
    now[0] -= 86_400
    found = hits(4)
    assert sum(full is None for full in found) <= 2  # the limit still is one
    assert all(0 < full.retry_after <= 61 for full in found if full), "nobody waits for a day"
    now[0] += 2 * 86_400
    assert [full is None for full in hits(3)] == [True, True, False]


def test_a_clock_that_jumps_leaves_ledger_and_history_readable(tmp_path, monkeypatch):
    now = [time.time()]
    monkeypatch.setattr("time.time", lambda: now[0])
    docs, data = tmp_path / "docs", tmp_path / "data"
    docs.mkdir()
    for jump in (0, 86_400, -2 * 86_400):
        now[0] += jump
        (docs / "a.md").write_text(f"# A\n\nThe plan of Bern after a jump of {jump} seconds.\n")
        report = ingest([str(docs)], data, HashEmbedder())
        assert report.seconds >= 0
        assert (report.created or report.updated) == ("a.md",)
        assert f"jump of {jump} " in finds(data, "plan of Bern")
    with Catalog(data, read_only=True) as catalog:
        assert [row.status for row in catalog.ledger()] == ["stored"]
    assert len(list(runs(data))) == 3
    remembered = Visit("s", etag="x", sha256="y", read=now[0] + 86_400)
    assert remembered.validators(now[0]) == {}  # read in the future: asked for in full


# Versions

# What each released version of the catalog wrote, by SQL of its own: never changed again.
RECORD = (
    '{"id": "kenya.md", "work_id": "kenya", "title": "Kenya", "language": "en", "pages": [], '
    '"countries": ["KE"], "cities": [], "themes": []}'
)
FIXTURES = {
    1: f"""
    CREATE TABLE sources (name TEXT PRIMARY KEY, root TEXT NOT NULL);
    CREATE TABLE documents (id TEXT PRIMARY KEY, source TEXT NOT NULL, digest TEXT NOT NULL,
                            record TEXT NOT NULL);
    CREATE INDEX documents_by_source ON documents (source);
    CREATE TABLE pages (document TEXT NOT NULL REFERENCES documents ON DELETE CASCADE,
                        number INTEGER NOT NULL, label TEXT NOT NULL, text TEXT NOT NULL,
                        spans TEXT NOT NULL, PRIMARY KEY (document, number));
    CREATE TABLE passages (id TEXT PRIMARY KEY,
                           document TEXT NOT NULL REFERENCES documents ON DELETE CASCADE,
                           position INTEGER NOT NULL, page INTEGER NOT NULL,
                           start INTEGER NOT NULL, "end" INTEGER NOT NULL,
                           headings TEXT NOT NULL, embedded TEXT NOT NULL);
    CREATE INDEX passages_by_document ON passages (document, position);
    CREATE TABLE vectors (text TEXT NOT NULL, model TEXT NOT NULL, vector BLOB NOT NULL,
                          PRIMARY KEY (text, model)) WITHOUT ROWID;
    CREATE TABLE ledger (document TEXT PRIMARY KEY, source TEXT NOT NULL, status TEXT NOT NULL,
                         reason TEXT NOT NULL, digest TEXT NOT NULL, passages INTEGER NOT NULL,
                         removed TEXT NOT NULL, notes TEXT NOT NULL, time REAL NOT NULL);
    CREATE TABLE state (key TEXT PRIMARY KEY, value TEXT NOT NULL);
    INSERT INTO state VALUES ('revision', '7');
    INSERT INTO sources VALUES ('docs', '/srv/docs');
    INSERT INTO documents VALUES ('kenya.md', 'docs', 'digest', '{RECORD}');
    INSERT INTO pages VALUES ('kenya.md', 1, '', 'Kenya has county action plans.', '[[], []]');
    INSERT INTO passages VALUES ('old', 'kenya.md', 0, 1, 0, 30, '["Plans"]', 'key');
    INSERT INTO vectors VALUES ('key', 'hash-64', x'{"0000803f" + "00000000" * 63}');
    INSERT INTO ledger VALUES ('kenya.md', 'docs', 'stored', '', 'digest', 1, '[]', '[]', 1.5);
    PRAGMA user_version = 1;
    """,
}


def old_catalog(folder, version):
    db = sqlite3.connect(folder / FILE)
    db.executescript(FIXTURES[version])
    db.close()


def tables(path):
    db = sqlite3.connect(path)
    rows = db.execute(
        "SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY name"
    ).fetchall()
    db.close()
    return [(kind, name, table, " ".join((sql or "").split())) for kind, name, table, sql in rows]


def test_each_version_of_the_catalog_has_its_fixture():
    """Whoever raises VERSION adds what the version before wrote, and a migration from it."""
    assert set(FIXTURES) == set(MIGRATIONS) == set(range(1, VERSION + 1))


@pytest.mark.parametrize("version", FIXTURES)
def test_a_catalog_of_each_released_version_is_brought_up_to_date(tmp_path, version):
    old_catalog(tmp_path, version)
    with Catalog(tmp_path) as catalog:
        assert catalog.sources() == {"docs": "/srv/docs"}
        ((source, ((passage, key),)),) = catalog.documents()
        assert (source.title, source.countries, key) == ("Kenya", ("KE",), "key")
        assert (passage.text, passage.headings) == ("Kenya has county action plans.", ("Plans",))
        assert [row.document for row in catalog.ledger()] == ["kenya.md"]
    rebuild(tmp_path)  # with the vectors of then
    generation = open_current(tmp_path)
    assert generation.manifest.model == "hash-64"
    assert generation.store.passages([0])[0].text == "Kenya has county action plans."
    generation.close()
    fresh = tmp_path / "fresh"
    Catalog(fresh).close()
    assert tables(tmp_path / FILE) == tables(fresh / FILE)


def test_a_newer_catalog_is_refused_by_every_command(tmp_path):
    build(tmp_path, [KENYA]).close()
    db = sqlite3.connect(tmp_path / FILE)
    db.execute(f"PRAGMA user_version={VERSION + 1}")
    db.close()
    for command in (
        lambda: ingest([str(ROOT / "docs_corpus")], tmp_path, HashEmbedder()),
        lambda: rebuild(tmp_path),
        lambda: Catalog(tmp_path, read_only=True),
    ):
        with pytest.raises(ConfigurationError, match=r"newer Sanad .*upgrade Sanad"):
            command()
    said = [f for f in examine(Settings(data_dir=tmp_path)) if f.area == "catalog"]
    assert said[0].state == "broken"
    assert "newer Sanad" in said[0].message
    assert finds(tmp_path, "county plans") == "Kenya has county action plans."  # needs no catalog


def test_a_lock_and_a_pointer_of_rubbish_are_got_over(tmp_path):
    build(tmp_path, [KENYA]).close()
    (tmp_path / "LOCK").write_bytes(b"\xff\xfe\x00")
    (tmp_path / CURRENT).write_bytes(b"../../etc\n\x00")
    assert finds(tmp_path, "county plans") == "Kenya has county action plans."
    with writer_lock(tmp_path):
        pass
    rebuild(tmp_path)
    assert open_current(tmp_path).notes == []
