"""The Python client and the LangChain retriever, against the API itself."""

from __future__ import annotations

import dataclasses

import httpx
import pytest

from rag.types import Answer
from tests.serving import (
    KENYA,
    Scripted,
    answering_with,
    api,
    client_of,
    on_a_port,
    settings_for,
)
from ui import client
from ui.api import bodies
from ui.client import ApiError, Client, Reply, Retrieved, Said
from ui.langchain_retriever import retriever_over


@pytest.fixture(scope="module")
def sanad(assistant, tmp_path_factory):
    settings = settings_for(tmp_path_factory.mktemp("client"))
    with client_of(settings, answering_with(assistant)) as http:
        yield Client("http://127.0.0.1", http=http)


def test_a_reply_has_sentences_that_lead_to_their_citations(sanad, assistant):
    reply = sanad.ask(KENYA)
    expected = assistant.answer(KENYA).reply
    assert isinstance(expected, Answer)
    assert [each.text for each in reply.sentences] == [each.text for each in expected.sentences]
    for sentence in reply.sentences:
        for n in sentence.citations:
            assert reply.cited(n).quote == sentence.text


def test_a_stream_ends_with_the_reply(sanad):
    retrieved, *said, reply = sanad.stream(KENYA)
    assert isinstance(retrieved, Retrieved) and retrieved.passages > 0
    assert all(isinstance(each, Said) for each in said)
    assert isinstance(reply, Reply)
    assert [each.text for each in said] == [each.text for each in reply.sentences]


def test_the_turn_of_a_reply_is_the_history_of_the_next_question(sanad):
    reply = sanad.ask("and in Uganda?", history=[sanad.ask(KENYA).turn()])
    assert "Uganda" in reply.searched


def test_search_and_documents_are_typed_and_filtered(sanad, assistant):
    hits = sanad.search("local prevention council", 3, filters={"country": ["MK"]})
    held = {each.document_id: each for each in sanad.documents(filters={"country": ["MK"]})}
    assert [hit.rank for hit in hits] == [1, 2, 3]
    assert all("MK" in held[hit.document_id].countries for hit in hits)
    assert len(list(sanad.documents())) == assistant.generation.store.document_count


@pytest.mark.parametrize("name", ["Hit", "Document", "Citation", "Sentence"])
def test_the_client_s_own_types_have_the_members_the_api_describes(name):
    theirs = {field.name for field in dataclasses.fields(getattr(client, name))}
    assert theirs <= set(getattr(bodies, name).model_fields)
    if name in ("Hit", "Document"):
        assert theirs == set(getattr(bodies, name).model_fields)


def test_a_problem_is_an_error_that_says_what_is_wrong(sanad):
    with pytest.raises(ApiError, match="filters") as caught:
        sanad.ask(KENYA, filters={"colour": ["red"]})
    assert (caught.value.status, caught.value.code) == (422, "invalid")
    assert caught.value.request_id


def test_a_server_that_is_not_there_is_an_error_with_its_address():
    with Client("http://127.0.0.1:9", timeout_s=1) as client, pytest.raises(ApiError) as caught:
        client.ask(KENYA)
    assert caught.value.code == "unreachable"
    assert "http://127.0.0.1:9" in str(caught.value)


class Answers:
    """A server that says one thing after the other; notes how long the client waited."""

    def __init__(self, *responses: httpx.Response) -> None:
        self.left = list(responses)
        self.waited: list[float] = []

    def client(self) -> Client:
        transport = httpx.MockTransport(lambda request: self.left.pop(0))
        return Client("http://x", http=httpx.Client(transport=transport), sleep=self.waited.append)


def busy(seconds: int) -> httpx.Response:
    told = {"code": "too_many", "detail": "Please wait."}
    return httpx.Response(429, json=told, headers={"Retry-After": str(seconds)})


def test_the_client_waits_as_long_as_the_server_says():
    server = Answers(busy(3), busy(2), httpx.Response(200, json={"hits": []}))
    assert server.client().search("a") == []
    assert server.waited == [3, 2]


@pytest.mark.parametrize(
    "responses, waited", [([busy(1)] * 3, [1, 1]), ([busy(3600)], []), ([httpx.Response(429)], [])]
)
def test_it_does_not_wait_for_ever(responses, waited):
    server = Answers(*responses)
    with pytest.raises(ApiError) as caught:
        server.client().search("a")
    assert caught.value.status == 429
    assert server.waited == waited


@pytest.mark.parametrize("body", ["", "<html>", "[]"])
def test_what_is_not_the_api_is_an_error(body):
    with pytest.raises(ApiError, match=r"not JSON|not an object"):
        Answers(httpx.Response(200, text=body)).client().search("a")


def test_a_stream_that_breaks_off_is_an_error(assistant, tmp_path):
    events = [{"type": "retrieved", "passages": 1, "searched": "", "author": ""}]
    scripted = Scripted(assistant, events)
    scripted.step.release(5)
    app, ending = api(settings_for(tmp_path), scripted)
    with on_a_port(app, ending) as address, Client(address) as client:
        stream = client.stream(KENYA)
        assert isinstance(next(stream), Retrieved)
        with pytest.raises(ApiError, match="before the reply"):
            next(stream)


def test_leaving_a_stream_ends_the_work(assistant, tmp_path):
    events = [{"type": "retrieved", "passages": 1, "searched": "", "author": ""}] * 3
    scripted = Scripted(assistant, events)
    scripted.step.release()
    app, ending = api(settings_for(tmp_path), scripted)
    with on_a_port(app, ending) as address, Client(address) as client:
        stream = client.stream(KENYA)
        next(stream)
        stream.close()
        assert scripted.ended.wait(10)


@pytest.mark.parametrize("over", ["client", "assistant"])
def test_the_retriever_gives_langchain_the_passages_of_search(sanad, assistant, over):
    source = sanad if over == "client" else assistant
    documents = retriever_over(source, k=3).invoke("local prevention council")
    hits = assistant.search("local prevention council", 3)
    assert [each.page_content for each in documents] == [hit.passage.text for hit in hits]
    for document in documents:
        place = document.metadata
        page = assistant.generation.store.page_of(place["document_id"], place["page"])
        assert page.text[place["start"] : place["end"]] == document.page_content
