"""The data folder under a full, failing or read-only disk, of another owner, with two writers, and
under a clock that jumps."""

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
from ingest.schema import FILE
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
        "import ingest.segment, ui.cli\n"
        "def fails(*a, **k):\n"
        f"    raise OSError(errno.{error}, os.strerror(errno.{error}), 'vectors.npy')\n"
        "ingest.segment.write_store = fails\n"
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


# Rubbish


def test_a_lock_and_a_pointer_of_rubbish_are_got_over(tmp_path):
    build(tmp_path, [KENYA]).close()
    (tmp_path / "LOCK").write_bytes(b"\xff\xfe\x00")
    (tmp_path / CURRENT).write_bytes(b"../../etc\n\x00")
    assert finds(tmp_path, "county plans") == "Kenya has county action plans."
    with writer_lock(tmp_path):
        pass
    rebuild(tmp_path)
    assert open_current(tmp_path).notes == []
