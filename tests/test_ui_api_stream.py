"""Streams over a real connection: a client that leaves, a server that ends, OpenAI's client."""

from __future__ import annotations

import json
import threading

import httpx
import openai
import pytest

from rag.generate import Prompt, ScriptedWriter
from rag.types import Answer
from rag.wording import say
from rag.writing.trouble import ModelTrouble
from tests.serving import (
    KENYA,
    STREAM,
    Scripted,
    answering_with,
    api,
    on_a_port,
    settings_for,
    until,
)
from ui.ending import FINISH_S, Ending
from ui.open import assemble

FOUND = {"type": "retrieved", "passages": 3, "searched": "", "author": "model"}
ASK = {"question": KENYA}


@pytest.fixture
def slow(assistant, tmp_path):
    """A served API that answers step by step, its script, its ending, its settings' gate."""
    scripted = Scripted(assistant, [FOUND, FOUND, FOUND])
    app, ending = api(settings_for(tmp_path, limit_at_once=1, limit_address_at_once=9), scripted)
    with on_a_port(app, ending) as address:
        yield address, scripted, ending
        scripted.step.release(100)


@pytest.mark.parametrize("headers", [{}, STREAM])
def test_a_client_that_leaves_ends_the_work_and_frees_its_turn(slow, headers):
    address, scripted, _ = slow
    with httpx.Client(base_url=address) as client:
        request = client.build_request("POST", "/api/v1/ask", json=ASK, headers=headers)
        if headers:
            scripted.step.release()
            found = client.send(request, stream=True)
            next(found.iter_lines())
            found.close()
        else:
            with pytest.raises(httpx.ReadTimeout):
                client.send(client.build_request("POST", "/api/v1/ask", json=ASK, timeout=0.3))
    assert scripted.ended.wait(10)
    figures = httpx.get(f"{address}/metrics").text
    assert until(lambda: "sanad_questions_running 0.0" in httpx.get(f"{address}/metrics").text), (
        figures
    )


def test_a_stream_comes_as_it_is_made(slow):
    address, scripted, _ = slow
    scripted.step.release()
    with httpx.stream("POST", f"{address}/api/v1/ask", json=ASK, headers=STREAM) as found:
        lines = found.iter_lines()
        assert next(lines) == "event: retrieved"
        assert not scripted.ended.is_set()  # the first event came before the second was made
        scripted.step.release(2)
        assert sum(line.startswith("event: ") for line in lines) == 2


@pytest.mark.parametrize("path", ["/api/v1/search?q=councils", "/api/v1/documents"])
def test_searches_take_turns_with_questions(assistant, tmp_path, path):
    scripted = Scripted(assistant, [FOUND, FOUND])
    app, ending = api(settings_for(tmp_path, limit_at_once=1, limit_queue=0), scripted)
    with on_a_port(app, ending) as address:
        scripted.step.release()
        with httpx.stream("POST", f"{address}/api/v1/ask", json=ASK, headers=STREAM) as found:
            lines = found.iter_lines()
            next(lines)
            full = httpx.get(f"{address}{path}")
            assert (full.status_code, full.json()["code"]) == (429, "queue_full")
            assert int(full.headers["retry-after"]) > 0
        assert until(lambda: httpx.get(f"{address}{path}").status_code == 200)


def test_a_server_that_ends_is_not_ready_admits_nobody_and_lets_streams_finish(slow):
    address, scripted, ending = slow
    scripted.step.release()
    with httpx.stream("POST", f"{address}/api/v1/ask", json=ASK, headers=STREAM) as found:
        lines = found.iter_lines()
        next(lines)
        ending.begin()
        ready = httpx.get(f"{address}/health/ready")
        assert (ready.status_code, ready.json()["status"]) == (503, "closing")
        refused = httpx.post(f"{address}/api/v1/ask", json=ASK)
        assert (refused.status_code, refused.json()["code"]) == (503, "closing")
        assert int(refused.headers["retry-after"]) > 0
        scripted.step.release(2)
        assert sum(line == "event: retrieved" for line in lines) == 2
    assert until(lambda: is_closed(address))


def is_closed(address: str) -> bool:
    try:
        httpx.get(f"{address}/health/live")
    except httpx.TransportError:
        return True
    return False


def test_a_stream_that_does_not_finish_in_time_is_told(assistant, tmp_path):
    now = [0.0]
    scripted = Scripted(assistant, [FOUND, FOUND])
    app, given = api(settings_for(tmp_path), scripted)
    ending = Ending(given._gate, scripted.under_way, clock=lambda: now[0])
    with on_a_port(app, ending) as address:
        scripted.step.release()
        with httpx.stream("POST", f"{address}/api/v1/ask", json=ASK, headers=STREAM) as found:
            lines = found.iter_lines()
            next(lines)
            ending.begin()
            now[0] = FINISH_S + 1
            told = [line for line in lines if line]
    assert told[-2:] == ["event: failed", 'data: {"type": "failed", "code": "closing"}']
    assert scripted.ended.wait(10)


# OpenAI's form


@pytest.fixture(scope="module")
def served(assistant, tmp_path_factory):
    app, ending = api(settings_for(tmp_path_factory.mktemp("form")), answering_with(assistant))
    with on_a_port(app, ending) as address:
        yield address


def openai_client(address: str) -> openai.OpenAI:
    return openai.OpenAI(base_url=f"{address}/v1", api_key="not-needed", max_retries=0)


def test_openais_client_gets_the_answer_with_its_citations(served, assistant):
    client = openai_client(served)
    found = client.chat.completions.create(
        model="sanad", messages=[{"role": "user", "content": KENYA}], temperature=0
    )
    reply = assistant.answer(KENYA).reply
    assert isinstance(reply, Answer)
    content = found.choices[0].message.content
    assert all(sentence.text in content for sentence in reply.sentences)
    cited = found.model_extra["citations"]
    assert [item["n"] for item in cited] == [item.n for item in reply.evidence]
    assert all(f"[{item['n']}] {item['title']}" in content for item in cited)
    assert found.choices[0].finish_reason == "stop"
    assert found.model_extra["sanad"]["status"] == reply.status


def test_openais_client_streams_the_same_text(served):
    client = openai_client(served)
    asked = {"model": "sanad", "messages": [{"role": "user", "content": KENYA}]}
    whole = client.chat.completions.create(**asked)
    chunks = list(
        client.chat.completions.create(**asked, stream=True, stream_options={"include_usage": True})
    )
    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    assert text == whole.choices[0].message.content
    ending = [chunk for chunk in chunks if chunk.choices and chunk.choices[0].finish_reason]
    assert [len(chunk.model_extra["citations"]) for chunk in ending] == [
        len(whole.model_extra["citations"])
    ]
    assert chunks[-1].usage.total_tokens == 0


def test_user_messages_before_the_last_are_the_conversation(served):
    found = openai_client(served).chat.completions.create(
        model="sanad",
        messages=[
            {"role": "system", "content": "You are a pirate."},
            {"role": "user", "content": KENYA},
            {"role": "assistant", "content": "Seven pillars [1]."},
            {"role": "user", "content": [{"type": "text", "text": "and in Uganda?"}]},
        ],
    )
    assert "Uganda" in found.model_extra["sanad"]["searched"]


def test_openais_client_lists_the_model_and_reads_the_errors(served):
    client = openai_client(served)
    assert [model.id for model in client.models.list()] == ["sanad"]
    assert client.models.retrieve("sanad").id == "sanad"
    with pytest.raises(openai.NotFoundError):
        client.models.retrieve("other")
    with pytest.raises(openai.UnprocessableEntityError) as caught:
        client.chat.completions.create(model="sanad", messages=[])
    assert caught.value.code == "invalid"


TRUE = "The national strategy of 2016 mandates a County Action Plan"
TRUE_TOO = "County Engagement Forums carry the county action plans"


@pytest.mark.parametrize("breaks", [False, True])
def test_what_a_model_writes_is_streamed_and_a_break_ends_in_the_quotes(
    assistant, tmp_path, breaks
):
    def script(prompt: Prompt):
        blocks = [block for block in prompt.user.split("<<<") if TRUE.lower() in block.lower()]
        n = blocks[0].split(" BLOCK ")[1].split(">>>")[0]
        yield f"{TRUE} [{n}]. "
        yield f"{TRUE_TOO} [{n}]. "
        if breaks:
            yield ModelTrouble("cut_off", "model")

    settings = settings_for(tmp_path, llm="openai:test")
    with_model = assemble(
        settings, assistant.generation, assistant.embedder, assistant.translator,
        ScriptedWriter(script, name="model"),
    )  # fmt: skip
    app, ending = api(settings, answering_with(with_model))
    with on_a_port(app, ending) as address:
        chunks = list(
            openai_client(address).chat.completions.create(
                model="sanad", messages=[{"role": "user", "content": KENYA}], stream=True
            )
        )
    said = [chunk.choices[0].delta.content for chunk in chunks if chunk.choices[0].delta.content]
    assert said[0].startswith(TRUE) and "[1]" in said[0]
    reply = chunks[-1].model_extra["sanad"]
    assert reply["mode"] == ("extractive" if breaks else "model")
    assert (say("en", "model.cut_off") in said[-1]) == breaks
    assert say("en", "answer.sources") in said[-1]


def test_many_streams_at_once_each_get_their_own_answer(served, assistant):
    questions = [KENYA, "What do local prevention councils do?"] * 4
    replies: dict[int, dict] = {}

    def one(number: int) -> None:
        found = httpx.post(
            f"{served}/api/v1/ask", json={"question": questions[number]}, headers=STREAM, timeout=60
        )
        replies[number] = json.loads(found.text.strip().split("data: ")[-1])["reply"]

    threads = [threading.Thread(target=one, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [replies[number]["question"] for number in range(4)] == questions[:4]
