"""A backup is one state of the collection, and what comes back is that state or nothing."""

from __future__ import annotations

import io
import json
import shutil
import stat
import subprocess
import sys
import tarfile
import threading
from pathlib import Path

import pytest

from ingest.backup import CONTENTS, backup, restore
from ingest.build import rebuild, verify
from ingest.catalog import Catalog
from ingest.walk import ingest
from rag.assistant import Assistant
from rag.embed import HashEmbedder
from rag.errors import CollectionError, ConfigurationError, IndexDamagedError
from rag.index.generation import GENERATIONS, current_name, open_current
from rag.settings import Settings
from tests.builders import build, document, store_documents
from tests.conftest import ROOT
from ui.open import open_assistant

DOCUMENTS = [
    document("kenya.md", "Kenya has county action plans.", "They join schools and police."),
    document("suecia.es.md", "Suecia tiene un centro nacional.", language="es"),
]
QUESTIONS = ("Kenya county action plans", "centro nacional de Suecia", "schools and police")


@pytest.fixture(scope="module")
def once(tmp_path_factory):
    """A data folder and its backup, made once."""
    folder = tmp_path_factory.mktemp("once")
    build(folder / "data", DOCUMENTS).close()
    backup(folder / "data", folder / "backup.tar")
    return folder


@pytest.fixture
def data(once, tmp_path):
    return Path(shutil.copytree(once / "data", tmp_path / "data"))


@pytest.fixture
def archive(once, tmp_path):
    return Path(shutil.copy(once / "backup.tar", tmp_path / "backup.tar"))


def replies(data_dir):
    assistant = Assistant(open_current(data_dir), HashEmbedder())
    found = [(assistant.answer(q).reply, assistant.search(q, 3)) for q in QUESTIONS]
    assistant.generation.close()
    return found


def test_a_restored_folder_gives_the_same_answers(data, archive, tmp_path):
    restored = restore(archive, tmp_path / "elsewhere" / "data")
    assert restored.generation == current_name(data)
    assert replies(restored.path) == replies(data)
    verify(restored.path / GENERATIONS / restored.generation, chroma=True)


def test_the_sample_collection_answers_the_same_elsewhere(collection, tmp_path):
    """With its glossary, which lies beside the documents and not in the data folder."""
    restored = restore(backup(collection, tmp_path / "b.tar").path, tmp_path / "data").path
    (name,) = (entry.name for entry in (restored / GENERATIONS).iterdir())
    manifest = restored / GENERATIONS / name / "manifest.json"
    values = json.loads(manifest.read_text())
    manifest.write_text(json.dumps({**values, "glossary": "/not/on/this/machine.yaml"}))
    here, there = (
        open_assistant(Settings(data_dir=folder), chroma=False) for folder in (collection, restored)
    )
    for question in ("How did Kenya structure its county action plans?", "What is GCTF?"):
        assert here.answer(question).reply == there.answer(question).reply


def test_a_restored_folder_goes_on_without_embedding_anything_again(tmp_path):
    docs, data = tmp_path / "docs", tmp_path / "data"
    docs.mkdir()
    (docs / "a.md").write_text("# A\n\nA plan for schools and police in the city of Bern.\n")
    ingest([str(docs)], data, HashEmbedder())
    restored = restore(backup(data, tmp_path / "b.tar").path, tmp_path / "restored").path
    report = ingest([], restored, HashEmbedder())
    assert (report.skipped, report.embedded) == (("a.md",), 0)


def test_a_backup_taken_while_others_write_is_one_state(data, tmp_path):
    """A transaction is open, and generations are switched and removed meanwhile."""
    over = threading.Event()

    def switching():
        while not over.is_set():
            rebuild(data)

    thread = threading.Thread(target=switching)
    thread.start()
    try:
        paths = [backup(data, tmp_path / f"{n}.tar").path for n in range(3)]
    finally:
        over.set()
        thread.join()
    with Catalog(data) as writer, writer.transaction():
        writer.delete(["kenya.md"])  # not acknowledged yet
        paths.append(backup(data, tmp_path / "open.tar").path)
    for path in paths:
        restored = restore(path, path.with_suffix(".data")).path
        assert replies(restored) == replies(data)
        with Catalog(restored, read_only=True) as catalog:
            assert set(catalog.digests()) == {"kenya.md", "suecia.es.md"}


def test_what_officers_wrote_comes_along_and_what_visitors_asked_does_not(data, tmp_path):
    (data / "sites.toml").write_text("# sites\n")
    (data / "corrections").mkdir()
    (data / "corrections" / "x.meta.yaml").write_text("title: X\n")
    (data / "secret").write_bytes(b"x" * 32)
    (data / "questions").mkdir()
    (data / "questions" / "2026-11-01.jsonl").write_text('{"question": "mine"}\n')
    (data / "link").symlink_to("/etc/hostname")
    path = backup(data, tmp_path / "b.tar").path
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with tarfile.open(path) as tar:
        names = set(tar.getnames())
    assert {"sites.toml", "corrections/x.meta.yaml", "catalog.sqlite"} <= names
    assert not {name for name in names if name.startswith(("secret", "questions", "link", "LOCK"))}


def test_a_damaged_generation_is_not_backed_up(data, tmp_path):
    vectors = data / GENERATIONS / current_name(data) / "vectors.npy"
    vectors.write_bytes(vectors.read_bytes()[:-1] + b"!")
    with pytest.raises(IndexDamagedError, match=r"vectors.npy .*doctor --rebuild"):
        backup(data, tmp_path / "b.tar")
    assert [entry.name for entry in tmp_path.iterdir()] == ["data"]


def test_places_that_will_not_do_are_named(data, archive, tmp_path):
    before = archive.read_bytes()
    with pytest.raises(ConfigurationError, match="exists"):
        backup(data, archive)
    assert archive.read_bytes() == before
    with pytest.raises(ConfigurationError, match="outside"):
        backup(data, data / "b.tar")
    with pytest.raises(ConfigurationError, match="no folder"):
        backup(data, tmp_path / "none" / "b.tar")
    with pytest.raises(CollectionError, match="nothing to back up"):
        backup(tmp_path / "none", tmp_path / "b.tar")
    with pytest.raises(ConfigurationError, match="in use"):
        restore(archive, data)
    (tmp_path / "link").symlink_to(tmp_path / "target")
    with pytest.raises(ConfigurationError, match="in use"):
        restore(archive, tmp_path / "link")


def rewritten(archive, change):
    """The archive with its members passed through `change`, which may add some."""
    with tarfile.open(archive) as tar:
        members = [(entry, tar.extractfile(entry).read()) for entry in tar]
    with tarfile.open(archive, "w") as tar:
        for entry, data in change(members):
            entry.size = len(data) if entry.isreg() else 0
            tar.addfile(entry, io.BytesIO(data))


def named(name, kind=tarfile.REGTYPE, target=""):
    entry = tarfile.TarInfo(name)
    entry.type, entry.linkname = kind, target
    return entry


def flipped(members):
    for entry, data in members:
        if entry.name == "catalog.sqlite":
            data = data[:5000] + bytes([data[5000] ^ 1]) + data[5001:]
        yield entry, data


HOSTILE = {
    "above": lambda m: [*m, (named("../pwned"), b"x")],
    "inside above": lambda m: [*m, (named("generations/../../pwned"), b"x")],
    "absolute": lambda m: [*m, (named("/tmp/pwned"), b"x")],
    "dotted": lambda m: [*m, (named("./pwned"), b"x")],
    "link": lambda m: [*m, (named("pwned", tarfile.SYMTYPE, "/etc/passwd"), b"")],
    "hard link": lambda m: [*m, (named("pwned", tarfile.LNKTYPE, "catalog.sqlite"), b"")],
    "device": lambda m: [*m, (named("pwned", tarfile.CHRTYPE), b"")],
    "through a link": lambda m: [
        *m, (named("out", tarfile.SYMTYPE, "/tmp"), b""), (named("out/pwned"), b"x"),
    ],
    "twice": lambda m: [*m, m[0]],
    "unlisted": lambda m: [*m, (named("pwned"), b"x")],
    "a byte flipped": flipped,
    "a file missing": lambda m: m[1:],
    "cut short": lambda m: m[:-1],
    "contents that do not read": lambda m: [*m[:-1], (named(CONTENTS), b"[[[")],
    "contents of another shape": lambda m: [*m[:-1], (named(CONTENTS), b'{"files": 3}')],
    "another format": lambda m: [
        *m[:-1], (m[-1][0], m[-1][1].replace(b'"format": 1', b'"format": 9'))
    ],
    "the folder above as generation": lambda m: [
        *m[:-1], (m[-1][0], json.dumps({**json.loads(m[-1][1]), "generation": ".."}).encode())
    ],
    "a generation elsewhere": lambda m: [
        *m[:-1],
        (m[-1][0], json.dumps({**json.loads(m[-1][1]), "generation": "../../x"}).encode()),
    ],
}  # fmt: skip


@pytest.mark.parametrize("change", HOSTILE.values(), ids=HOSTILE)
def test_an_archive_that_is_not_as_it_was_written_restores_nothing(archive, tmp_path, change):
    rewritten(archive, change)
    before = sorted(path.name for path in tmp_path.iterdir())
    with pytest.raises(ConfigurationError, match="nothing was restored"):
        restore(archive, tmp_path / "new")
    assert sorted(path.name for path in tmp_path.iterdir()) == before


@pytest.mark.parametrize("keep", [0, 100, 20_000])
def test_an_archive_cut_anywhere_restores_nothing(archive, tmp_path, keep):
    archive.write_bytes(archive.read_bytes()[:keep])
    with pytest.raises(ConfigurationError, match="nothing was restored"):
        restore(archive, tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_a_catalog_that_moved_on_is_backed_up_with_the_generation_that_answers(data, tmp_path):
    with Catalog(data) as catalog:
        store_documents(catalog, [document("more.md", "One more about youth councils.")])
    restored = restore(backup(data, tmp_path / "b.tar").path, tmp_path / "new").path
    assert replies(restored) == replies(data)
    rebuild(restored)  # no model is needed
    generation = open_current(restored)
    assert generation.store.document_count == 3
    generation.close()


def test_the_commands_say_what_was_done_or_in_one_sentence_why_not(data, tmp_path):
    def sanad(*arguments):
        command = [sys.executable, "-m", "ui.cli", *map(str, arguments)]
        return subprocess.run(command, capture_output=True, text=True, cwd=ROOT)

    path = tmp_path / "b.tar"
    made = sanad("backup", path, "--data-dir", data)
    assert made.returncode == 0, made.stderr
    assert "2 documents, 3 passages" in made.stdout
    done = sanad("restore", path, "--data-dir", tmp_path / "new")
    assert done.returncode == 0, done.stderr
    assert f"sanad serve --data-dir {tmp_path / 'new'}" in done.stdout
    assert replies(tmp_path / "new") == replies(data)
    for again in (
        sanad("backup", path, "--data-dir", data),
        sanad("restore", path, "--data-dir", tmp_path / "new"),
        sanad("restore", tmp_path / "none.tar", "--data-dir", tmp_path / "other"),
    ):
        assert again.returncode == 2
        assert again.stderr.startswith("sanad: ")
        assert "Traceback" not in again.stderr
