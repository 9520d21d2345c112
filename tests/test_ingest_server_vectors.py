"""From a folder to a Chroma server to an answer, and what happens when the server is away."""

from __future__ import annotations

from contextlib import closing

import httpx
import pytest

from evals.drills.chroma_server import ChromaProcess
from ingest.build import rebuild
from ingest.report import Options
from ingest.walk import ingest
from rag.embed import load_embedder
from rag.errors import ServerError
from rag.index.generation import CHROMA, GENERATIONS, current_name
from rag.index.probe import ChromaProbe
from rag.settings import Settings
from rag.vectors_server import ChromaServer
from ui.doctor import examine
from ui.render import reply_json
from ui.server import live_assistant

QUESTION = "What did Cali write with schools?"
TEXT = "# {0}\n\n{0} wrote a local prevention plan with schools, police and residents in 2024.\n"


@pytest.fixture
def chroma(tmp_path):
    with ChromaProcess(tmp_path / "chroma") as running:
        yield running


@pytest.fixture
def folder(tmp_path):
    path = tmp_path / "docs"
    path.mkdir()
    for name in ("Aarhus", "Bern", "Cali", "Dakar", "Essen", "Fes"):
        (path / f"{name.lower()}.md").write_text(TEXT.format(name))
    return path


def run(folder, data_dir, server):
    return ingest([str(folder)], data_dir, load_embedder(), Options(server=server))


def collections(chroma):
    place = "/api/v2/tenants/default_tenant/databases/default_database/collections"
    return {each["name"]: each["id"] for each in httpx.get(chroma.url + place).json()}


def asked(live):
    with live.use() as assistant:
        return reply_json(assistant.answer(QUESTION), assistant.generation)


def test_answers_come_through_the_server_and_go_on_without_it(tmp_path, folder, chroma):
    data_dir = tmp_path / "data"
    run(folder, data_dir, chroma.server())
    assert not (data_dir / GENERATIONS / current_name(data_dir) / CHROMA).exists()
    assert len(collections(chroma)) == 1
    settings = Settings(data_dir=data_dir, chroma_server=chroma.url, chroma_seconds=5)
    with closing(live_assistant(settings, ChromaProbe())) as live:
        before = asked(live)
        assert before["citations"][0]["document_id"] == "cali.md"
        assert (live.state().vector_search, live.state().notes) == ("chroma-server", ())
        assert before["notes"] == []
        assert all(f.state == "ok" for f in examine(settings) if f.area == "chroma")

        chroma.kill()
        after = asked(live)
        assert after["citations"] == before["citations"]
        assert any("this machine searched by itself" in note for note in after["notes"])
        state = live.state()
        assert state.vector_search == "exact"
        assert any("does not answer" in note for note in state.notes)
        [said] = [f for f in examine(settings) if f.area == "chroma"]
        assert said.state == "warning" and "does not answer" in said.message


def test_without_the_server_nothing_is_switched_and_the_next_run_goes_on(tmp_path, folder, chroma):
    data_dir, server = tmp_path / "data", chroma.server()
    first = run(folder, data_dir, server).generation
    chroma.kill()
    (folder / "bern.md").write_text(TEXT.format("Bern and Biel"))
    with pytest.raises(ServerError, match="does not answer"):
        run(folder, data_dir, server)
    assert current_name(data_dir) == first
    chroma.start()
    report = run(folder, data_dir, server)
    assert report.skipped and report.updated == ()  # it was stored before the server was missed
    assert report.generation != first
    assert len(collections(chroma)) == 2


def test_the_server_holds_what_kept_generations_need_and_what_others_wrote(
    tmp_path, folder, chroma
):
    data_dir, server = tmp_path / "data", chroma.server()
    run(folder, tmp_path / "other", server)
    others = set(collections(chroma))
    for turn in range(4):
        (folder / "bern.md").write_text(TEXT.format(f"Bern of turn {turn}"))
        run(folder, data_dir, server)
    assert len(set(collections(chroma)) - others) == 2
    assert others <= set(collections(chroma))


def test_a_server_that_lost_everything_is_filled_by_a_run_without_news(tmp_path, folder, chroma):
    data_dir, server = tmp_path / "data", chroma.server()
    first = run(folder, data_dir, server)
    place = "/api/v2/tenants/default_tenant/databases/default_database/collections"
    held = collections(chroma)
    for name in held:
        httpx.delete(f"{chroma.url}{place}/{name}")
    again = run(folder, data_dir, server)
    assert again.generation == first.generation
    assert collections(chroma).keys() == held.keys()


def test_a_rebuilt_index_has_the_same_collection(tmp_path, folder, chroma):
    data_dir = tmp_path / "data"
    run(folder, data_dir, chroma.server())
    held = collections(chroma)
    rebuild(data_dir, chroma.server())
    assert collections(chroma) == held  # the same vectors: not even written again


def test_a_server_that_never_was_is_no_reason_to_lose_an_index(tmp_path, folder):
    data_dir = tmp_path / "data"
    run(folder, data_dir, None)
    with pytest.raises(ServerError):
        run(folder, data_dir, ChromaServer("http://127.0.0.1:9", seconds=1))
    settings = Settings(data_dir=data_dir, chroma_server="http://127.0.0.1:9", chroma_seconds=1)
    with closing(live_assistant(settings, ChromaProbe())) as live:
        assert asked(live)["citations"][0]["document_id"] == "cali.md"
