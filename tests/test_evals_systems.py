"""The systems a suite is put to: this library, a server, a peer."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from evals.cases import load_suite
from evals.judge import judge
from evals.peer import RetrieverSystem, open_peer, write_texts
from evals.suite import NAMES, observe
from evals.systems import Asked, HttpSystem, LibrarySystem, SystemFailure, is_stored
from rag.assistant import Assistant
from rag.errors import ConfigurationError
from rag.question.glossary import GlossaryFile
from rag.rerank import Reordering, Scores
from tests.conftest import ROOT
from ui.render import reply_json

KENYA = "How did Kenya structure county action plans?"
NETWORKS = Asked("and in Uganda?", "en", (KENYA,))


@pytest.fixture
def library(assistant: Assistant) -> LibrarySystem:
    return LibrarySystem(assistant)


def server(assistant: Assistant, seen: list[dict[str, object]]) -> httpx.Client:
    """The HTTP API's contract, answered by the same library."""
    from rag.types import Turn

    def answer(request: httpx.Request) -> httpx.Response:
        body = json.loads(request.content)
        seen.append(body)
        history = [Turn(t["question"], tuple(t["documents"])) for t in body.get("history", [])]
        finished = assistant.answer(body["question"], body.get("filters"), history)
        return httpx.Response(200, json=reply_json(finished, assistant.generation))

    return httpx.Client(transport=httpx.MockTransport(answer))


def test_the_library_tells_all_that_is_judged(library: LibrarySystem) -> None:
    seen = library.ask(Asked(KENYA, "en"))
    assert seen.status == "answered"
    assert seen.citations and all(one.holds and one.work for one in seen.citations)
    assert {n for one in seen.statements for n in one.citations} <= {
        one.n for one in seen.citations
    }
    assert seen.found[0].document == seen.retrieved[0]
    assert seen.confidence is not None and 0 < seen.confidence <= 1
    assert seen.timings_ms["total"] > 0


def test_what_is_refused_before_it_is_searched_has_no_confidence(library: LibrarySystem) -> None:
    seen = library.ask(Asked("Tell me a joke about mayors.", "en"))
    assert (seen.status, seen.reason, seen.confidence) == ("declined", "out_of_scope", 0.0)


def test_a_follow_up_knows_the_turns_before_it(library: LibrarySystem) -> None:
    assert "Uganda" in library.ask(NETWORKS).searched
    assert "county action plans" in library.ask(NETWORKS).searched


def test_two_runs_of_the_library_do_not_differ(library: LibrarySystem) -> None:
    client = load_suite(ROOT / "evals" / "suites" / "client.yaml", NAMES).cases[:8]
    for case in client:
        first, second = (judge(case, observe(case, library)) for _ in range(2))
        assert first == second


def test_the_same_case_is_judged_alike_over_http(
    library: LibrarySystem, assistant: Assistant
) -> None:
    bodies: list[dict[str, object]] = []
    client = server(assistant, bodies)
    remote = HttpSystem(client, "http://sanad.test/", assistant.generation)
    for asked in (Asked(KENYA, "en"), NETWORKS, Asked("Tell me a joke.", "en")):
        near, far = library.ask(asked), remote.ask(asked)
        assert (near.status, near.reason, near.text) == (far.status, far.reason, far.text)
        assert near.citations == far.citations
        assert (near.statements, near.layout, near.labels) == (
            far.statements, far.layout, far.labels,
        )  # fmt: skip
    assert bodies[2]["history"] == [
        {
            "question": KENYA,
            "documents": list(
                dict.fromkeys(one.document for one in library.ask(Asked(KENYA, "en")).citations)
            ),
        }
    ]


def test_filters_reach_both_systems(library: LibrarySystem, assistant: Assistant) -> None:
    asked = Asked(KENYA, "en", filters={"language": ("ar",)})
    remote = HttpSystem(server(assistant, []), "http://sanad.test", assistant.generation)
    for system in (library, remote):
        assert {one.language for one in system.ask(asked).citations} == {"ar"}


def test_without_the_collection_nobody_says_whether_quotes_hold(assistant: Assistant) -> None:
    remote = HttpSystem(server(assistant, []), "http://sanad.test")
    assert {one.holds for one in remote.ask(Asked(KENYA, "en")).citations} == {None}
    assert remote.holds("anything") is None


@pytest.mark.parametrize(
    "answer",
    [httpx.Response(500), httpx.Response(200, text="no json"), httpx.Response(200, json=["x"])],
)
def test_a_server_that_gives_no_reply_is_an_error_of_that_question(answer: httpx.Response) -> None:
    client = httpx.Client(transport=httpx.MockTransport(lambda request: answer))
    with pytest.raises(SystemFailure, match=r"http://sanad\.test gave"):
        HttpSystem(client, "http://sanad.test").ask(Asked(KENYA, "en"))


def test_a_server_that_asks_to_come_back_is_asked_again() -> None:
    waits: list[float] = []
    reply = {"status": "declined", "language": "en", "reason": "not_answered"}
    answers = [
        httpx.Response(429, headers={"Retry-After": "7"}),
        httpx.Response(200, json=reply),
        httpx.Response(429, headers={"Retry-After": "3600"}),
    ]
    client = httpx.Client(transport=httpx.MockTransport(lambda request: answers.pop(0)))
    remote = HttpSystem(client, "http://sanad.test", sleep=waits.append)
    assert remote.ask(Asked(KENYA, "en")).reason == "not_answered"
    assert waits == [7.0]
    with pytest.raises(SystemFailure, match="HTTP 429 too many questions; raise its limits"):
        remote.ask(Asked(KENYA, "en"))
    assert waits == [7.0]


def test_a_quote_that_is_not_where_it_claims_to_be_is_seen(assistant: Assistant) -> None:
    document = assistant.generation.store.documents()[0].id
    text = assistant.generation.store.page_of(document, 1).text
    assert is_stored(assistant.generation, document, 1, 0, 20, text[:20])
    assert not is_stored(assistant.generation, document, 1, 1, 21, text[:20])
    assert not is_stored(assistant.generation, document, 99, 0, 20, text[:20])
    assert not is_stored(assistant.generation, "nowhere.md", 1, 0, 20, text[:20])


def test_a_retriever_is_a_system_that_answers_with_passages(
    assistant: Assistant, tmp_path: Path
) -> None:
    generation = assistant.generation
    files = write_texts(generation, tmp_path / "texts")
    name = next(file for file, one in files.items() if one.id == "kenya-county-action-plans.en.md")
    stored = (tmp_path / "texts" / name).read_text("utf-8")
    found = [(name, stored[100:200]), (name, "words that stand nowhere")]
    peer = RetrieverSystem("vanilla", lambda question: found, generation, files, "m")
    seen = peer.ask(Asked(KENYA, "en"))
    assert [one.holds for one in seen.citations] == [True, False]
    assert seen.retrieved == ("kenya-county-action-plans.en.md",)
    nothing = RetrieverSystem("vanilla", lambda question: [], generation, files, "m")
    assert nothing.ask(Asked(KENYA, "en")).status == "declined"


def test_an_unknown_peer_is_named_with_the_known(assistant: Assistant) -> None:
    with (
        pytest.raises(ConfigurationError, match="unknown peer 'x'; known: vanilla"),
        open_peer("x", assistant.generation, "m"),
    ):
        pass


def test_settings_with_a_model_are_told_by_its_name(assistant: Assistant) -> None:
    retrieval = replace(
        assistant.settings.gather.retrieval, reranker=Reordering(NoReranker(), "owner/model")
    )
    settings = replace(
        assistant.settings, gather=replace(assistant.settings.gather, retrieval=retrieval)
    )
    told = LibrarySystem(Assistant(assistant.generation, assistant.embedder, settings)).describe()
    assert told["settings"]["gather"]["retrieval"]["reranker"] == "owner/model"
    assert json.loads(json.dumps(told)) == told


def test_another_glossary_is_another_system(assistant: Assistant, tmp_path: Path) -> None:
    path = tmp_path / "glossary.yaml"
    asked = Assistant(
        assistant.generation, assistant.embedder, glossary=GlossaryFile(path)
    )  # fmt: skip
    told = []
    for text in ("", "- {id: plan, forms: {en: [plan]}}\n", "- {id: plot, forms: {en: [plot]}}\n"):
        path.write_text(text)
        told.append(LibrarySystem(asked).describe())
    assert told[0] != told[1] != told[2]


class NoReranker:
    """A reranker that is never asked."""

    def scores(self, question: str, texts: object) -> Scores:
        raise AssertionError(question)


@pytest.mark.parametrize("citations", [None, [{"document_id": "a.md"}], "none"])
def test_a_reply_of_another_form_is_no_reply_and_the_run_goes_on(citations: object) -> None:
    reply = {"status": "answered", "language": "en", "citations": citations}
    client = httpx.Client(
        transport=httpx.MockTransport(lambda request: httpx.Response(200, json=reply))
    )
    with pytest.raises(SystemFailure, match="reply of another form"):
        HttpSystem(client, "http://sanad.test").ask(Asked(KENYA, "en"))
