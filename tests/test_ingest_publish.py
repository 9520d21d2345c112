"""A generation published to folders that servers only read."""

from __future__ import annotations

import os
import shutil

import pytest

from ingest.build import verify
from ingest.lock import writer_lock
from ingest.publish import publish
from ingest.walk import ingest
from rag.embed import HashEmbedder
from rag.errors import CollectionError, ConfigurationError, IndexDamagedError, LockedError
from rag.index.generation import GENERATIONS, current_name, open_current

TEXT = "# {0}\n\n{0} wrote a local prevention plan with schools, police and residents in 2024.\n"


@pytest.fixture
def folder(tmp_path):
    path = tmp_path / "docs"
    path.mkdir()
    for name in ("Aarhus", "Bern", "Cali"):
        (path / f"{name.lower()}.md").write_text(TEXT.format(name))
    (path / "glossary.yaml").write_text("terms: []\n")
    return path


@pytest.fixture
def data_dir(tmp_path, folder):
    ingest([str(folder)], tmp_path / "data", HashEmbedder())
    (tmp_path / "data" / "secret").write_bytes(b"s" * 32)
    return tmp_path / "data"


def changed(folder, data_dir, word):
    (folder / "bern.md").write_text(TEXT.format(f"Bern {word}"))
    return ingest([str(folder)], data_dir, HashEmbedder()).generation


def test_a_target_serves_what_was_published(data_dir, tmp_path):
    target = tmp_path / "replica"
    done = publish(data_dir, target)
    assert (done.generation, done.copied) == (current_name(data_dir), True)
    generation = open_current(target)
    assert (generation.notes, generation.store.document_count) == ([], 3)
    generation.close()
    verify(target / GENERATIONS / done.generation, chroma=True)
    assert (target / "secret").read_bytes() == b"s" * 32
    assert (target / "secret").stat().st_mode & 0o777 == 0o600
    assert (target / "glossary.yaml").is_file()
    assert not publish(data_dir, target).copied


def test_readers_keep_the_generation_before_and_older_ones_go(data_dir, folder, tmp_path):
    target = tmp_path / "replica"
    names = [publish(data_dir, target).generation]
    old = open_current(target)
    for word in ("two", "three"):
        changed(folder, data_dir, word)
        names.append(publish(data_dir, target).generation)
    assert sorted(p.name for p in (target / GENERATIONS).iterdir()) == names[1:]
    assert current_name(target) == names[-1]
    assert old.store.passages([0])  # an open one is read to its end
    old.close()


def test_a_copy_that_was_cut_short_or_changed_is_made_again(data_dir, tmp_path):
    target = tmp_path / "replica"
    name = publish(data_dir, target).generation
    with (target / GENERATIONS / name / "vectors.npy").open("r+b") as file:
        file.truncate(10)
    (target / GENERATIONS / f"{name}.tmp").mkdir()
    assert publish(data_dir, target).copied
    assert [p.name for p in (target / GENERATIONS).iterdir()] == [name]
    open_current(target).close()


def test_a_damaged_source_is_not_published(data_dir, tmp_path):
    target = tmp_path / "replica"
    os.truncate(data_dir / GENERATIONS / current_name(data_dir) / "vectors.npy", 10)
    with pytest.raises(IndexDamagedError, match=r"vectors\.npy"):
        publish(data_dir, target)
    assert current_name(target) == ""
    assert list((target / GENERATIONS).iterdir()) == []


def test_a_place_that_will_not_do_is_refused(data_dir, tmp_path):
    with pytest.raises(ConfigurationError, match="catalog of its own"):
        publish(data_dir, data_dir)
    other = tmp_path / "other"
    shutil.copytree(data_dir, other)
    with pytest.raises(ConfigurationError, match="catalog of its own"):
        publish(data_dir, other)
    with pytest.raises(ConfigurationError, match="lies in the data folder"):
        publish(data_dir, data_dir / "replica")
    with pytest.raises(CollectionError, match="nothing to publish"):
        publish(tmp_path / "nothing", tmp_path / "replica")


def test_two_publishers_do_not_meet(data_dir, tmp_path):
    target = tmp_path / "replica"
    with writer_lock(target), pytest.raises(LockedError):
        publish(data_dir, target)


def test_the_command_goes_on_to_the_next_target(data_dir, tmp_path):
    from typer.testing import CliRunner

    from ui.cli import app

    good = tmp_path / "replica"
    result = CliRunner().invoke(
        app, ["publish", str(data_dir), str(good), "--data-dir", str(data_dir)]
    )
    assert isinstance(result.exception, ConfigurationError)
    assert f"in {good}" in result.output
    assert current_name(good) == current_name(data_dir)
