"""A server whose embedding model has gone: it searches by words alone, and says so."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys

import httpx
import pytest

from ingest.build import rebuild
from rag.embed import DEFAULT_MODEL, MODELS, load_embedder
from rag.errors import ModelMissingError
from rag.index.probe import ChromaProbe
from rag.settings import Settings
from tests.builders import build, document
from tests.test_ui_server import started
from ui.open import open_assistant
from ui.server import live_assistant


@pytest.fixture
def modelless(tmp_path):
    """Settings of an index whose embedding model has gone since it was built."""
    model, data = tmp_path / "our-model", tmp_path / "data"
    shutil.copytree(MODELS / DEFAULT_MODEL, model)
    text = "Kenya wrote county action plans with schools."
    build(data, [document("kenya.md", text)], load_embedder(str(model))).close()
    shutil.rmtree(model)
    return Settings(data_dir=data, embedding_model=str(model))


def test_without_its_model_the_server_answers_by_words_and_says_so(modelless):
    environment = {"SANAD_EMBEDDING_MODEL": modelless.embedding_model}
    with started(modelless.data_dir, **environment) as (server, port):
        address = f"http://127.0.0.1:{port}"
        ready = httpx.get(f"{address}/health/ready").json()
        question = {"question": "What did Kenya write with schools?"}
        reply = httpx.post(f"{address}/api/v1/ask", json=question, timeout=60).json()
        server.send_signal(signal.SIGTERM)
        _, errors = server.communicate(timeout=20)
    assert (ready["status"], ready["vector_search"]) == ("ready", "none")
    assert any("by words alone" in note and "our-model" in note for note in ready["notes"])
    assert reply["status"] == "answered"
    assert reply["citations"][0]["quote"] == "Kenya wrote county action plans with schools."
    assert any("only words were compared" in note for note in reply["notes"])
    assert errors.startswith("sanad: search is by words alone")
    assert "our-model" in errors


def test_with_the_next_index_the_model_is_tried_again(modelless):
    live = live_assistant(modelless, ChromaProbe())
    assert live.state().vector_search == "none"
    shutil.copytree(MODELS / DEFAULT_MODEL, modelless.embedding_model)
    rebuild(modelless.data_dir)
    live._next_check = 0.0
    assert live.state().vector_search != "none"
    assert live.state().notes == ()
    live.close()


def test_without_its_model_commands_that_need_it_refuse(modelless, tmp_path):
    with pytest.raises(ModelMissingError, match=r"our-model.*SANAD_EMBEDDING_MODEL"):
        open_assistant(modelless, chroma=False)
    (tmp_path / "a.md").write_text("# A\n\nA plan.\n")
    command = [sys.executable, "-m", "ui.cli", "ingest", str(tmp_path / "a.md")]
    done = subprocess.run(
        [*command, "--data-dir", str(modelless.data_dir)], capture_output=True, text=True,
        env={**os.environ, "SANAD_EMBEDDING_MODEL": modelless.embedding_model},
    )  # fmt: skip
    assert done.returncode == 2
    assert "our-model" in done.stderr


def test_a_slip_in_the_models_name_is_no_reason_to_do_without_it(modelless):
    slip = Settings(data_dir=modelless.data_dir, embedding_model="./or-model")
    with pytest.raises(ModelMissingError, match="or-model"):
        live_assistant(slip, ChromaProbe())
