"""The Chroma server as a third vector index: a real one, killed, paused, emptied and lied about."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import numpy as np
import pytest

from evals.drills.chroma_server import ChromaProcess
from rag.embed import unit
from rag.errors import ConfigurationError, IndexDamagedError, ServerError
from rag.settings import load_settings
from rag.vectors import ExactIndex
from rag.vectors_server import RETRY_S, ChromaServer, ServerIndex, collection_of, forget, send
from tests.contract_vectors import VectorIndexContract

VECTORS = unit(np.random.default_rng(3).normal(size=(500, 16)).astype(np.float32))
NAME = collection_of("ab" * 32)


@pytest.fixture(scope="module")
def chroma(tmp_path_factory):
    with ChromaProcess(tmp_path_factory.mktemp("chroma")) as running:
        yield running


@pytest.fixture
def exact(tmp_path):
    np.save(tmp_path / "vectors.npy", VECTORS)
    return ExactIndex(tmp_path / "vectors.npy")


@pytest.fixture
def own(tmp_path):
    """A server of this test alone, to be harmed."""
    with ChromaProcess(tmp_path / "own") as running:
        yield running


def rows_of(found):
    return [row for row, _ in found]


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


class TestServerIndex(VectorIndexContract):
    @pytest.fixture(autouse=True)
    def served(self, chroma):
        self.chroma = chroma

    def open_index(self, folder, vectors):
        exact, server = ExactIndex(folder / "vectors.npy"), self.chroma.server(seconds=30)
        send(server, "contract", collection_of("cd" * 32), exact)
        index = ServerIndex(server, collection_of("cd" * 32), exact)
        assert index.trouble == "", "the contract would be held by the exact scan"
        return index

    def test_it_was_the_server_that_answered(self, index):
        index.top(self.vectors[3], 10)
        assert (index.name, index.trouble) == ("chroma-server", "")


def test_a_collection_is_written_once(chroma, exact):
    assert send(chroma.server(), "one", NAME, exact)
    assert not send(chroma.server(), "one", NAME, exact)


def test_what_a_killed_run_left_is_written_anew(own, exact, tmp_path):
    np.save(tmp_path / "half.npy", VECTORS[:200])
    send(own.server(), "one", NAME, ExactIndex(tmp_path / "half.npy"))
    index = ServerIndex(own.server(), NAME, exact)
    assert "counts 200 vectors" in index.trouble
    assert send(own.server(), "one", NAME, exact)
    assert ServerIndex(own.server(), NAME, exact).trouble == ""


def test_other_vectors_under_the_name_are_noticed(own, exact, tmp_path):
    np.save(tmp_path / "others.npy", VECTORS[::-1])
    send(own.server(), "one", NAME, ExactIndex(tmp_path / "others.npy"))
    with pytest.raises(IndexDamagedError, match="other vectors"):
        send(own.server(), "one", NAME, exact)


def test_only_what_an_owner_wrote_and_needs_no_more_is_deleted(own, exact):
    mine, kept, others = (collection_of(c * 64) for c in "123")
    send(own.server(), "me", mine, exact)
    send(own.server(), "me", kept, exact)
    send(own.server(), "you", others, exact)
    assert forget(own.server(), "me", {kept}) == [mine]
    assert forget(own.server(), "me", {kept}) == []
    for name in (kept, others):
        assert ServerIndex(own.server(), name, exact).trouble == ""


def test_a_killed_server_is_noticed_stood_in_for_and_asked_again(own, exact):
    send(own.server(), "one", NAME, exact)
    clock = Clock()
    index = ServerIndex(own.server(), NAME, exact, clock)
    before = index.top(VECTORS[7], 10)
    own.kill()
    before = rows_of(before)
    assert rows_of(index.top(VECTORS[7], 10)) == rows_of(exact.top(VECTORS[7], 10)) == before
    assert index.name == "exact"
    assert own.url in index.trouble and "does not answer" in index.trouble
    own.start()
    index.top(VECTORS[7], 10)
    assert index.trouble, "it is left alone for a while"
    clock.now += RETRY_S
    assert rows_of(index.top(VECTORS[7], 10)) == before
    assert (index.name, index.trouble) == ("chroma-server", "")


def test_a_server_that_keeps_silent_costs_one_question_its_time(own, exact):
    send(own.server(), "one", NAME, exact)
    index = ServerIndex(own.server(seconds=0.5), NAME, exact)
    own.pause()
    assert index.top(VECTORS[7], 5) == exact.top(VECTORS[7], 5)
    assert "timed out" in index.trouble


def test_a_server_that_lost_its_disk_is_noticed(own, exact):
    send(own.server(), "one", NAME, exact)
    index = ServerIndex(own.server(), NAME, exact)
    httpx.delete(
        f"{own.url}/api/v2/tenants/default_tenant/databases/default_database/collections/{NAME}"
    )
    assert index.top(VECTORS[7], 5) == exact.top(VECTORS[7], 5)
    assert "404" in index.trouble
    assert send(own.server(), "one", NAME, exact), "the next run mends it"


def test_a_server_that_is_not_there_at_the_start_is_noticed(exact):
    index = ServerIndex(ChromaServer("http://127.0.0.1:9", seconds=0.5), NAME, exact)
    assert "does not answer" in index.trouble
    assert index.top(VECTORS[7], 5) == exact.top(VECTORS[7], 5)
    with pytest.raises(ServerError, match="does not answer"):
        send(ChromaServer("http://127.0.0.1:9"), "one", NAME, exact)


@contextmanager
def lying(rows, token=""):
    """A server that answers every question with `rows`, and only those who bring the token."""

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_):
            pass

        def answer(self):
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            told = self.headers.get("Authorization", "")
            body = {"id": "x"} if self.path.endswith(NAME) else {"ids": [[str(r) for r in rows]]}
            body = len(VECTORS) if self.path.endswith("/count") else body
            data = json.dumps(body).encode()
            self.send_response(200 if not token or told == f"Bearer {token}" else 401)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = answer

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.mark.parametrize("rows", [[0, 0, 1], [0, 1], [0, 1, 500], [0, 1, -1], []])
def test_rows_that_cannot_be_right_are_not_believed(exact, rows):
    with lying(rows) as url:
        index = ServerIndex(ChromaServer(url), NAME, exact)
        assert index.trouble == ""
        assert index.top(VECTORS[7], 3) == exact.top(VECTORS[7], 3)
        assert index.trouble


def test_scores_and_their_order_are_our_own(exact):
    with lying([4, 9, 7]) as url:
        index = ServerIndex(ChromaServer(url), NAME, exact)
        found = index.top(VECTORS[9], 3)
    assert {row for row, _ in found} == {4, 7, 9}
    assert found[0] == (9, pytest.approx(1.0, abs=1e-5))


def test_the_token_goes_along_and_is_never_shown(exact):
    with lying([7], token="s3cret-token") as url:
        assert ServerIndex(ChromaServer(url, "s3cret-token"), NAME, exact).trouble == ""
        refused = ServerIndex(ChromaServer(url, "another-one"), NAME, exact)
    assert "401" in refused.trouble
    assert "another-one" not in refused.trouble + repr(ChromaServer(url, "another-one"))


@pytest.mark.parametrize(
    "url", ["chroma:8000", "ftp://chroma", "http://u:pw@chroma:8000", "http://chroma/api?x=1"]
)
def test_an_address_that_will_not_do_is_refused_and_not_shown(url, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SANAD_CHROMA_SERVER", url)
    with pytest.raises(ConfigurationError, match="chroma_server") as caught:
        load_settings()
    assert "pw" not in str(caught.value)


def test_the_settings_make_a_server(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert load_settings().server() is None
    monkeypatch.setenv("SANAD_CHROMA_SERVER", "https://chroma.internal:8000/")
    monkeypatch.setenv("SANAD_CHROMA_TOKEN", "abc")
    monkeypatch.setenv("SANAD_CHROMA_TOKEN_HEADER", "X-Chroma-Token")
    server = load_settings().server()
    assert server == ChromaServer("https://chroma.internal:8000", "abc", "X-Chroma-Token", 2.0)
