"""Engines: what they are chosen by, and what a worker does. Real Ray: test_ingest_ray.py."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import psutil
import pytest

from ingest.engine import LocalEngine, open_engine
from ingest.prepare import Prepared, Taken
from ingest.processes import Processes
from ingest.ray_engine import _in_order
from ingest.ray_session import find_ray
from ingest.ray_work import code, embed_one, read_one
from ingest.report import Options
from ingest.sandbox import Limits
from ingest.walk import ingest
from rag.embed import DEFAULT_MODEL, HashEmbedder, load_embedder
from rag.errors import ConfigurationError, EngineError, ReadError
from rag.settings import load_settings
from tests.same_collection import assert_same

RECIPE = (DEFAULT_MODEL, "", 32, "auto", "auto")
PLAN = Taken("plan.md", "plan.md", "", b"# A plan\n\nThe city wrote a plan with its schools.\n", {})


@pytest.fixture(autouse=True)
def no_settings_of_this_machine(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)


def test_an_unknown_engine_is_refused_with_the_known_ones():
    with pytest.raises(ConfigurationError, match="unknown engine 'spark'; known: local, ray"):
        open_engine(Options(engine="spark"))


def test_an_unknown_engine_in_the_settings_is_refused(monkeypatch):
    monkeypatch.setenv("SANAD_INGEST_ENGINE", "spark")
    with pytest.raises(ConfigurationError, match=r"ingest_engine.*'spark'.*'local' or 'ray'"):
        load_settings()


def test_the_option_is_refused_before_anything_is_read(tmp_path):
    from typer.testing import CliRunner

    from ui.cli import app

    result = CliRunner().invoke(app, ["ingest", str(tmp_path), "--engine", "spark"])
    assert "known: local, ray" in str(result.exception)


def test_without_ray_one_sentence_says_how_to_install_it():
    with pytest.raises(ConfigurationError, match=r'pip install "sanad\[ray\]"'):
        find_ray("", find=lambda name: None)


@pytest.mark.parametrize("address", ["ray://head:10001", "head", "http://head:1", "head:port"])
def test_an_address_that_is_no_head_is_refused(address):
    with pytest.raises(ConfigurationError, match=r"SANAD_RAY_ADDRESS.*HOST:PORT"):
        find_ray(address, find=lambda name: object())


@pytest.mark.parametrize("address", ["", "10.0.0.4:6379", "head.internal:6379", "[fd00::1]:6379"])
def test_addresses_of_heads_are_taken(address):
    find_ray(address, find=lambda name: object())


def test_a_worker_reads_what_this_process_would():
    found = pickle.loads(read_one(pickle.dumps(PLAN), Limits(), code()))
    assert isinstance(found, Prepared)
    assert [passage.text for passage, _ in found.passages] == [
        "The city wrote a plan with its schools."
    ]


def test_what_is_wrong_with_a_document_is_a_value():
    broken = Taken("x.pdf", "x.pdf", "", b"%PDF-1.7 nothing", {})
    found = pickle.loads(read_one(pickle.dumps(broken), Limits(), code()))
    assert isinstance(found, ReadError)


def test_a_worker_with_other_code_says_so():
    found = pickle.loads(read_one(pickle.dumps(PLAN), Limits(), "0" * 64))
    assert isinstance(found, ConfigurationError)
    assert "another version" in str(found)


def test_a_worker_embeds_what_this_process_would():
    embedder, texts = load_embedder(), ["county plans", "", "خطط المقاطعات"]
    found = pickle.loads(embed_one(pickle.dumps(texts), RECIPE, embedder.id, code()))
    assert found.tobytes() == embedder.encode_passages(texts).tobytes()


def test_a_worker_with_another_model_says_so():
    found = pickle.loads(embed_one(pickle.dumps(["x"]), RECIPE, "another@model", code()))
    assert isinstance(found, ConfigurationError)
    assert "same model on every node" in str(found)


def test_results_are_passed_on_in_the_order_of_the_batches():
    waiting = {0: ["a"], 1: ["b"], 2: ["c"]}
    ready: dict = {}
    late = [(1, pickle.dumps("vb")), (2, pickle.dumps("vc"))]
    assert list(_in_order(iter(late), waiting, ready)) == []
    found = list(_in_order(iter([(0, pickle.dumps("va"))]), waiting, ready))
    assert found == [(["a"], "va"), (["b"], "vb"), (["c"], "vc")]
    with pytest.raises(EngineError, match="twice"):
        list(_in_order(iter([(0, pickle.dumps("va"))]), waiting, ready))


def test_the_local_engine_embeds_batch_by_batch():
    engine, embedder = LocalEngine(Options()), HashEmbedder(8)
    [(keys, vectors)] = engine.embed(embedder, iter([(["k"], ["county plans"])]))
    engine.close()
    assert keys == ["k"]
    assert np.array_equal(vectors, embedder.encode_passages(["county plans"]))


def write_many(folder, count):
    folder.mkdir()
    for n in range(count):
        text = f"# Plan {n}\n\nThe city of Nairobi wrote plan {n} with its schools in 20{n:02d}.\n"
        (folder / f"plan-{n}.md").write_text(text, "utf-8")
    (folder / "broken.pdf").write_bytes(b"%PDF-1.4 nothing")


def test_processes_prepare_what_threads_would(tmp_path, monkeypatch):
    write_many(tmp_path / "docs", 9)
    reports = {}
    for few in (64, 3):  # in the second run most documents go to processes
        monkeypatch.setattr("ingest.engine.FEW", few)
        reports[few] = ingest([str(tmp_path / "docs")], tmp_path / str(few), HashEmbedder())
    assert reports[3].failed == reports[64].failed and len(reports[3].failed) == 1
    assert_same(tmp_path / "64", tmp_path / "3", revisions=False)


def test_texts_are_embedded_on_the_way_when_many_wait(tmp_path, monkeypatch):
    write_many(tmp_path / "docs", 9)
    ingest([str(tmp_path / "docs")], tmp_path / "one", HashEmbedder())
    monkeypatch.setattr("ingest.walk.MOST_TEXTS", 2)
    monkeypatch.setattr("ingest.prepare.COMMIT_DOCUMENTS", 2)
    report = ingest([str(tmp_path / "docs")], tmp_path / "two", HashEmbedder())
    assert report.embedded == 9
    assert_same(tmp_path / "one", tmp_path / "two", revisions=False)
    other = HashEmbedder(32)
    assert ingest([], tmp_path / "two", other).embedded == 9  # another model: read from the catalog
    assert ingest([], tmp_path / "two", other).embedded == 0


def test_a_process_that_dies_costs_nothing():
    processes = Processes(Options())
    try:
        assert processes.described(PLAN) == pickle.loads(
            read_one(pickle.dumps(PLAN), Limits(), code())
        )
        for process in processes._pool._processes.values():
            process.kill()
        assert processes.described(PLAN) is None  # the engine then reads it itself
        assert not processes.work
    finally:
        processes.close()


def test_processes_that_cannot_be_started_cost_nothing(monkeypatch):
    def none(*_, **__):
        raise OSError("no semaphores here")

    monkeypatch.setattr("ingest.processes.ProcessPoolExecutor", none)
    processes = Processes(Options())
    assert processes.described(PLAN) is None
    assert not processes.work


@pytest.mark.slow
def test_processes_end_with_their_parent():
    code = (
        "from ingest.processes import Processes\n"
        "from ingest.prepare import Taken\n"
        "from ingest.report import Options\n"
        "import time\n"
        "if __name__ == '__main__':\n"
        "    p = Processes(Options())\n"
        "    p.described(Taken('a.md', 'a.md', '', b'A city wrote a plan.', {}))\n"
        "    print(*p._pool._processes, flush=True)\n"
        "    time.sleep(60)\n"
    )
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "parent.py"
        script.write_text(code)
        parent = subprocess.Popen(
            [sys.executable, str(script)], stdout=subprocess.PIPE, text=True,
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent)},
        )  # fmt: skip
        children = [int(pid) for pid in parent.stdout.readline().split()]
        assert children
        parent.kill()
        parent.wait()
        stop = time.monotonic() + 30
        while any(psutil.pid_exists(pid) for pid in children):
            assert time.monotonic() < stop, "they outlive their parent"
            time.sleep(0.2)
