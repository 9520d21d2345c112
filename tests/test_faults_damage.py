"""Every file of a generation damaged in three ways: named by the doctor, never served in
silence, healed from the catalog without a model."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from evals.drills.damage import WAYS, damaged, files_of, new_generation
from evals.drills.state import content
from ingest.build import rebuild, verify
from rag.embed import HashEmbedder
from rag.errors import IndexDamagedError
from rag.index.generation import (
    CHROMA,
    CURRENT,
    GENERATIONS,
    check_digests,
    current_name,
    open_current,
    read_manifest,
)
from rag.index.probe import GROWTH, ChromaProbe
from rag.settings import Settings
from tests.conftest import ROOT
from tests.test_ui_live import Served
from ui.doctor import examine
from ui.live import LiveAssistant


@pytest.fixture(scope="module")
def once(tmp_path_factory):
    """Two generations; the active one is big enough for Chroma to save its graph."""
    data = tmp_path_factory.mktemp("damage") / "data"
    new_generation(data, 30)
    new_generation(data, 1200)
    return data


@pytest.fixture
def data(once, tmp_path):
    return Path(shutil.copytree(once, tmp_path / "data"))


def active(data):
    return data / GENERATIONS / current_name(data)


@pytest.fixture
def no_model(monkeypatch):
    """Whoever embeds anything fails."""

    def embeds(*_):
        raise AssertionError("something was embedded")

    monkeypatch.setattr(HashEmbedder, "encode_passages", embeds)
    monkeypatch.setattr("rag.embed.load_embedder", embeds)


def test_damage_to_any_file_of_ours_is_named_and_the_generation_before_answers(data):
    folder = active(data)
    names = [name for name in files_of(folder) if not name.startswith(f"{CHROMA}/")]
    assert {"manifest.json", "text.sqlite", "vectors.npy", "lexical/en/rows.npy"} <= set(names)
    for name in names:
        for way in WAYS:
            with damaged(folder / name, way):
                # A changed manifest may still read, and then name a file that is not there.
                said = folder.name if name == "manifest.json" else name
                with pytest.raises(IndexDamagedError, match=said):
                    check_digests(folder, read_manifest(folder))
                generation = open_current(data)
                assert generation.fallback, (name, way)
                assert folder.name in generation.notes[0], (name, way)
                generation.close()
    check_digests(folder, read_manifest(folder))  # the damage was undone each time


def test_damage_to_a_saved_graph_is_named(data):
    folder = active(data)
    names = [n for n in files_of(folder) if n.startswith(f"{CHROMA}/") and "sqlite" not in n]
    assert len(names) >= 4  # the graph that Chroma saved
    for name in names:
        for way in WAYS:
            with damaged(folder / name, way), pytest.raises(IndexDamagedError, match=CHROMA):
                check_digests(folder, read_manifest(folder))


def test_rebuilding_heals_all_of_it_at_once_without_a_model(data, no_model):
    before = content(data)
    for folder in (data / GENERATIONS).iterdir():
        for number, name in enumerate(files_of(folder)):
            way = list(WAYS)[number % len(WAYS)]
            WAYS[way](folder / name)
    (data / CURRENT).write_text("nothing\n")
    rebuild(data)
    assert content(data) == before
    verify(active(data), chroma=True)


def test_a_segment_that_was_deleted_is_noticed_though_the_count_is_right(data):
    """Chroma opens without it, counts right, and has lost the vectors."""
    folder = active(data)
    (segment,) = (entry for entry in (folder / CHROMA).iterdir() if entry.is_dir())
    shutil.rmtree(segment)
    said = [f for f in examine(Settings(data_dir=data)) if f.state == "broken"]
    assert {finding.area for finding in said} >= {"index", "chroma"}
    assert all("doctor --rebuild" in f.remedy for f in said if f.area in ("index", "chroma"))


def test_a_big_generation_is_read_whole_by_the_probe(data, monkeypatch):
    """What opening cannot afford is found by the child that looks at Chroma."""
    monkeypatch.setattr("rag.index.generation.SMALL_BYTES", 0)
    with damaged(active(data) / "vectors.npy", "flip"):
        generation = open_current(data)
        assert not generation.fallback
        assert "vectors.npy has changed" in ChromaProbe()(generation.folder)
        generation.close()


def test_a_file_that_grows_without_end_is_stopped_in_the_probe(data):
    code = (
        "import sys\nfrom pathlib import Path\nfrom rag.index.probe import limit_files\n"
        "folder = Path(sys.argv[1])\nlimit_files(folder)\n"
        "with (folder / 'chroma' / 'link_lists.bin').open('wb') as file:\n"
        "    while True:\n        file.write(b'x' * 2**20)\n"
    )
    folder = active(data)
    longest = max(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    command = [sys.executable, "-c", code, str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    assert "File too large" in done.stderr
    assert (folder / CHROMA / "link_lists.bin").stat().st_size <= longest + GROWTH


def test_a_probe_that_dies_of_a_segmentation_fault_leaves_the_server_standing(
    tmp_path, monkeypatch
):
    killer = tmp_path / "python"
    killer.write_text("#!/bin/sh\nkill -SEGV $$\n")
    killer.chmod(0o755)
    new_generation(tmp_path / "data", 5)
    monkeypatch.setattr("rag.index.probe.sys.executable", str(killer))
    live = Served(tmp_path / "data", probe=ChromaProbe()).live
    with live.use() as assistant:
        assert assistant.search("paragraph about safety", 2)
    end = time.monotonic() + 20
    while not live.state().notes and time.monotonic() < end:
        time.sleep(0.02)
    assert "SIGSEGV" in live.state().notes[0]
    assert live.state().vector_search == "exact"
    live.close()


def test_a_generation_deleted_under_a_running_server_answers_on_and_the_next_is_noticed(tmp_path):
    new_generation(tmp_path, 5)
    served = Served(tmp_path)
    live: LiveAssistant = served.live
    with live.use() as assistant:
        before = assistant.search("paragraph about safety", 3)
        shutil.rmtree(active(tmp_path))
        assert assistant.search("paragraph about safety", 3) == before
    served.later()
    with live.use() as assistant:
        assert assistant.search("paragraph about safety", 3) == before
    rebuild(tmp_path)
    served.later()
    assert live.state().generation == current_name(tmp_path)
    with live.use() as assistant:
        assert assistant.search("paragraph about safety", 3) == before
    assert live.state().notes == ()
    live.close()
