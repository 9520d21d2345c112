"""The sample collection, ingested once for all tests that ask it."""

from __future__ import annotations

from pathlib import Path

import pytest

from rag.assistant import Assistant
from rag.settings import Settings

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def collection(tmp_path_factory, worker_id="master"):
    """Data folder with docs_corpus/ ingested by the real walk and the shipped model."""
    from ingest.walk import ingest
    from rag.embed import load_embedder

    data_dir = tmp_path_factory.mktemp("collection")
    report = ingest([str(ROOT / "docs_corpus")], data_dir, load_embedder())
    assert report.failed == ()
    return data_dir


@pytest.fixture(scope="session")
def assistant(collection) -> Assistant:
    """The assistant a one-shot command opens over the sample collection."""
    from ui.open import open_assistant

    return open_assistant(Settings(data_dir=collection), chroma=False)
