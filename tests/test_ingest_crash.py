"""Kill an ingestion at fifty random moments: served answers never break, the next run
converges. The fault is a real SIGKILL of a real process."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ingest.build import verify
from ingest.catalog import Catalog
from rag.assistant import Assistant
from rag.embed import load_embedder
from rag.index.generation import GENERATIONS, current_name, open_current

KILLS = 50
DOCUMENTS = 12

pytestmark = pytest.mark.slow


def write_document(folder: Path, number: int, version: int) -> None:
    topic = ["county plans", "youth councils", "urban planning", "referral"][number % 4]
    body = "\n\n".join(
        f"City {number} wrote version {version} of its paragraph {i} about {topic} and safety."
        for i in range(6)
    )
    (folder / f"city-{number}.md").write_text(f"# City {number} and {topic}\n\n{body}\n")


def start(folder: Path, data_dir: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "ui.cli", "ingest", str(folder), "--data-dir", str(data_dir)]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def finish(folder: Path, data_dir: Path) -> None:
    process = start(folder, data_dir)
    _, errors = process.communicate(timeout=120)
    assert process.returncode == 0, errors.decode()


def assert_serves(data_dir: Path) -> None:
    """The active generation opens, is whole, and its text is what was indexed."""
    generation = open_current(data_dir)
    assert generation.notes == []
    rows = list(range(generation.manifest.passages))
    assert len(generation.store.passages(rows)) == generation.manifest.passages
    assert generation.store.document_count == DOCUMENTS
    hits = Assistant(generation, load_embedder()).search("youth councils and safety", 3)
    assert "youth councils" in hits[0].passage.text
    generation.close()


def versions(data_dir: Path) -> dict[str, str]:
    """Document id -> the version its stored text names."""
    generation = open_current(data_dir)
    found = {}
    for document in generation.store.documents():
        text = generation.store.page_of(document.id, 1).text
        found[document.id] = text.split("version ")[1].split()[0]
    generation.close()
    return found


def test_fifty_kills(tmp_path):
    folder, data_dir = tmp_path / "docs", tmp_path / "data"
    folder.mkdir()
    for number in range(DOCUMENTS):
        write_document(folder, number, 0)
    finish(folder, data_dir)
    write_document(folder, 1, 999)  # what the runs to be killed do: one document changed
    started = time.monotonic()
    finish(folder, data_dir)
    whole_run = time.monotonic() - started
    rng = random.Random(20261122)
    killed = 0
    for turn in range(1, KILLS + 1):
        write_document(folder, turn % DOCUMENTS, turn)
        process = start(folder, data_dir)
        time.sleep(rng.uniform(0.0, 0.9) * whole_run)
        assert_serves(data_dir)  # while the ingestion is at work
        killed += process.poll() is None
        process.send_signal(signal.SIGKILL)
        process.communicate()
        assert_serves(data_dir)
    assert killed >= KILLS * 0.4, "too few runs were still at work when they were killed"

    finish(folder, data_dir)
    assert_serves(data_dir)
    expected = {n: turn for turn in range(1, KILLS + 1) for n in [turn % DOCUMENTS]}
    assert versions(data_dir) == {f"city-{n}.md": str(turn) for n, turn in expected.items()}
    left = sorted(entry.name for entry in (data_dir / GENERATIONS).iterdir())
    assert len(left) <= 2
    assert not [name for name in left if name.endswith(".tmp")]
    verify(data_dir / GENERATIONS / current_name(data_dir), chroma=True)

    catalog = Catalog(data_dir)
    revision = catalog.revision
    catalog.close()
    finish(folder, data_dir)  # nothing to do: nothing may change
    catalog = Catalog(data_dir)
    assert catalog.revision == revision
    catalog.close()
