import pytest

from ingest.catalog import FILE, Catalog
from rag.embed import HashEmbedder, load_embedder
from rag.index.generation import CURRENT
from rag.settings import Settings
from tests.builders import build, document, store_documents
from ui.doctor import examine
from ui.public.budget import Budget, Spent
from ui.public.sites import Site, write_sites
from ui.public.switches import throw


class Renamed(HashEmbedder):
    """Vectors by hash under the configured model's name."""

    def __init__(self):
        super().__init__()
        self.id = load_embedder().id


def healthy(folder):
    build(
        folder, [document("a.md", "One line."), document("b.md", "Two lines.")], Renamed()
    ).close()
    return folder


def found(data_dir, *areas):
    findings = examine(Settings(data_dir=data_dir))
    return [f for f in findings if f.area in areas]


def problems(data_dir):
    return [f for f in examine(Settings(data_dir=data_dir)) if f.state != "ok"]


def test_a_healthy_folder_has_no_problem_and_stays_as_it_is(tmp_path):
    healthy(tmp_path)
    assert problems(tmp_path) == []
    assert not (tmp_path / f"{FILE}-wal").exists()
    assert [f.message for f in found(tmp_path, "catalog")] == ["2 documents stored"]


@pytest.mark.parametrize("current", ["", "20200101T000000.000Z-r000001"])
def test_current_that_names_no_generation_is_a_warning(tmp_path, current):
    healthy(tmp_path)
    (tmp_path / CURRENT).write_text(current)
    (problem,) = problems(tmp_path)
    assert problem.state == "warning"
    assert f"CURRENT names {current or 'nothing'}" in problem.message


def test_an_index_of_another_model_is_a_warning(tmp_path):
    build(tmp_path, [document("a.md", "One line.")]).close()
    (problem,) = problems(tmp_path)
    assert problem.state == "warning"
    assert "built with the model hash-64" in problem.message


def test_a_catalog_ahead_of_the_index_is_a_warning(tmp_path):
    healthy(tmp_path)
    with Catalog(tmp_path) as catalog:
        store_documents(catalog, [document("c.md", "Three.")], Renamed())
    (problem,) = problems(tmp_path)
    assert (problem.state, "stale" in problem.message) == ("warning", True)


def test_documents_are_counted_as_stored_even_when_a_later_read_failed(tmp_path):
    healthy(tmp_path)
    with Catalog(tmp_path) as catalog:
        catalog.record_failure("a.md", "test", "is empty; the version stored before is kept")
    assert found(tmp_path, "catalog")[0].message == "2 documents stored"


def test_a_damaged_catalog_is_only_broken(tmp_path):
    healthy(tmp_path)
    path = tmp_path / FILE
    data = bytearray(path.read_bytes())
    data[4096 * 2 : 4096 * 4] = b"\x5a" * 8192
    path.write_bytes(data)
    assert [f.state for f in found(tmp_path, "catalog")] == ["broken"]


def test_a_catalog_that_is_not_sqlite_is_broken(tmp_path):
    (tmp_path / FILE).write_bytes(b"not a database, " * 100)
    (finding,) = found(tmp_path, "catalog")
    assert finding.state == "broken"
    assert "not a database" in finding.message


def test_a_data_folder_that_is_a_file_is_broken(tmp_path):
    (tmp_path / "data").write_text("x")
    (problem,) = problems(tmp_path / "data")
    assert (problem.state, "is a file" in problem.message) == ("broken", True)


def test_looking_at_a_missing_folder_creates_nothing(tmp_path):
    assert {f.state for f in found(tmp_path / "none", "catalog", "index")} == {"warning"}
    assert not (tmp_path / "none").exists()


# Standing in public


def told(data_dir, area, **settings):
    found = examine(Settings(data_dir=data_dir, **settings))
    return [(f.state, f.message) for f in found if f.area == area]


def test_sites_that_do_not_read_are_broken_and_one_nobody_may_show_is_a_warning(tmp_path):
    assert told(tmp_path, "sites") == [("ok", "0 may embed the chat, 0 of them paused")]
    write_sites(tmp_path / "sites.toml", [Site("abcd1234", "x", paused=True)])
    (first, second) = told(tmp_path, "sites")
    assert first == ("ok", "1 may embed the chat, 1 of them paused")
    assert second[0] == "warning" and "abcd1234 has no origin" in second[1]
    (tmp_path / "sites.toml").write_text("[site.abcd1234]\norigins = 3\n")
    ((state, message),) = told(tmp_path, "public")
    assert state == "broken" and "abcd1234" in message


def test_what_is_switched_off_is_a_warning(tmp_path):
    assert told(tmp_path, "switches")[0][0] == "ok"
    throw(tmp_path, "model", on=False)
    assert told(tmp_path, "switches") == [("warning", "off: model")]
    (tmp_path / "switches.json").write_text("[]")
    assert told(tmp_path, "switches")[0][0] == "broken"


def test_the_budget_of_today_is_told_and_looking_makes_none(tmp_path):
    assert told(tmp_path, "budget") == []
    (found,) = told(tmp_path, "budget", budget_tokens_day=1000)
    assert found == ("ok", "spent or reserved today: 0 of 1000 tokens")
    assert not (tmp_path / "budget.sqlite").exists()
    Budget(tmp_path, 1000, 0.0).reserve(Spent(1000))
    (found,) = told(tmp_path, "budget", budget_tokens_day=1000)
    assert found == ("warning", "spent or reserved today: 1000 of 1000 tokens")
    (tmp_path / "budget.sqlite").write_bytes(b"no database " * 100)
    assert told(tmp_path, "budget", budget_tokens_day=1000)[0][0] == "broken"


def test_a_reranker_that_does_not_load_is_broken(tmp_path):
    assert told(tmp_path, "reranker") == [("ok", "none is set")]
    ((state, message),) = told(tmp_path, "reranker", reranker=str(tmp_path / "none"))
    assert state == "broken" and "none" in message
