"""The whole assistant, through the real provider package, against a server of ours that
speaks the OpenAI protocol and misbehaves on command: every end is an answer that holds."""

from __future__ import annotations

import time

import pytest

from rag.settings import Settings
from rag.types import Answer, Spoken
from rag.wording import say
from tests.openai_behaviours import BEHAVIOURS
from tests.openai_server import misbehaving_server
from ui.open import assemble, writer_of

pytest.importorskip("langchain_openai")

QUESTION = "How did Kenya structure county action plans?"
TRUE = "The national strategy of 2016 mandates a County Action Plan"
TRUE_TOO = "County Engagement Forums carry the county action plans"
WHOLE = f"{TRUE} [1]. {TRUE_TOO} [1]."
DEADLINE_S = 3.0
SHORT = {
    "llm_first_token_seconds": 1.5, "llm_between_tokens_seconds": 1.0,
    "llm_total_seconds": DEADLINE_S,
}  # fmt: skip
PATIENT = dict.fromkeys(SHORT, 60.0)  # where a busy machine must not decide


@pytest.fixture(scope="module", autouse=True)
def loaded(assistant):
    """The provider's library is imported, so that no deadline of a test pays for that."""
    with misbehaving_server(text=WHOLE) as server:
        opened(assistant, server, **PATIENT).answer(QUESTION)


def opened(assistant, server, **values):
    settings = Settings(
        llm="openai:city-model", llm_base_url=server.url, llm_api_key="sk-test-secret-1234",
        llm_retries=1, **{**SHORT, **values},
    )  # fmt: skip
    return assemble(
        settings, assistant.generation, assistant.embedder, assistant.translator,
        writer_of(settings),
    )  # fmt: skip


def test_a_good_answer_is_streamed_checked_and_cited(assistant):
    with misbehaving_server(text=WHOLE, piece=3) as server:
        events = list(opened(assistant, server, **PATIENT).ask(QUESTION))
    spoken = [event for event in events if isinstance(event, Spoken)]
    assert [event.sentence.text for event in spoken] == [f"{TRUE}.", f"{TRUE_TOO}."]
    reply = events[-1].reply
    assert reply.mode == "openai:city-model"
    assert events[-1].usage.output_tokens


def answers_by_quoting(assistant, server) -> Answer:
    """The reply, which must be the extractive one and whole."""
    started = time.monotonic()
    reply = opened(assistant, server).answer(QUESTION).reply
    assert time.monotonic() - started < DEADLINE_S + 10
    assert isinstance(reply, Answer)
    assert reply.mode == "extractive"
    quotes = {item.n: item.quote.text for item in reply.evidence}
    assert reply.sentences
    for sentence in reply.sentences:
        assert quotes[sentence.citations[0]] == sentence.text
    assert "sk-test-secret" not in "".join(reply.notes)
    return reply


TOLD = {
    "401": "unauthorised", "403": "unauthorised", "404": "rejected", "429": "rate_limited",
    "500": "server_error", "503": "server_error", "refuse": "unreachable", "silent": "silent",
    "headers": "silent", "stall": "silent", "comments": "silent", "cut": "cut_off",
    "utf8": "unreadable",
}  # fmt: skip


@pytest.mark.parametrize(("behaviour", "kind"), sorted(TOLD.items()))
def test_a_provider_in_trouble_ends_in_quotations_that_say_so(assistant, behaviour, kind):
    with misbehaving_server(behaviour, text=WHOLE) as server:
        reply = answers_by_quoting(assistant, server)
    assert say("en", f"model.{kind}") in reply.notes


HARMLESS = {"normal", "strict", "thinking", "not_a_stream", "stall_after_finish", "reset_first"}


@pytest.mark.parametrize("behaviour", sorted(set(BEHAVIOURS) - set(TOLD) - HARMLESS))
def test_no_behaviour_reaches_the_reader_as_more_than_its_sources_say(assistant, behaviour):
    with misbehaving_server(behaviour, text=WHOLE) as server:
        started = time.monotonic()
        reply = opened(assistant, server).answer(QUESTION).reply
        assert time.monotonic() - started < DEADLINE_S + 10
    assert isinstance(reply, Answer)
    if reply.mode == "extractive":
        assert reply.notes
    else:
        assert {s.text for s in reply.sentences} <= {f"{TRUE}.", f"{TRUE_TOO}."}


CONTENT = {
    "nothing but markers": "[1][2] [3]",
    "invented markers": "Kenya paid 12 million dollars [44]. It has 99 plans [45].",
    "the wrong language": "La stratégie nationale de 2016 prescrit un plan de comté au Kenya [1]. "
    "Les forums portent les plans d'action de comté au Kenya [1].",
    "figures that are not there": "The strategy of 2017 mandates 53 plans [1]. It cost 9 % [1].",
    "a script": "<script>alert(1)</script> <img src=x onerror=alert(1)> [1]",
    "an address": "Read more at https://evil.example/?q=secret [1].",
    "json": '{"answer": "Kenya has 80 counties", "sources": [1]}',
    "a megabyte": "Kenya has 80 counties and 90 plans [1]. " * 26_000,
    "one endless sentence": "and so on " * 100_000,
}


@pytest.mark.parametrize("content", CONTENT)
def test_worthless_text_ends_in_quotations(assistant, content):
    with misbehaving_server(text=CONTENT[content], piece=4096) as server:
        reply = answers_by_quoting(assistant, server)
    assert reply.notes


def test_a_copied_prompt_ends_in_quotations(assistant):
    with misbehaving_server(text=lambda body: body["messages"][0]["content"]) as server:
        reply = answers_by_quoting(assistant, server)
    assert reply.notes


def test_trouble_that_passes_is_retried_before_the_first_word(assistant):
    with misbehaving_server("429", text=WHOLE, times=1) as server:
        reply = opened(assistant, server).answer(QUESTION).reply
        assert reply.mode == "openai:city-model"
        assert len(server.requests) == 2


def test_the_key_goes_to_the_server_and_nowhere_else(assistant):
    with misbehaving_server(text=WHOLE) as server:
        opened(assistant, server).answer(QUESTION)
        request = server.requests[0]
    assert request.headers["authorization"] == "Bearer sk-test-secret-1234"
    assert "sk-test" not in request.prompt


def test_leaving_closes_the_connection(assistant):
    with misbehaving_server("drip", text=WHOLE) as server:
        events = opened(assistant, server).ask(QUESTION, cancelled=lambda: bool(server.requests))
        for _ in events:
            pass
        assert server.client_left.wait(10)
