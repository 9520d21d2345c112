"""How a question is put: events of both forms, trouble as an event, an end when nobody listens."""

from __future__ import annotations

import asyncio
import json
from contextlib import aclosing

import pytest

from rag.errors import CollectionError
from rag.types import Turn
from tests.serving import KENYA, Scripted, answering_with
from ui.answering import Asked, InProcess, failed, streamed, turn_json, turn_of_json
from ui.exchange import Chat
from ui.live import LiveAssistant


@pytest.mark.parametrize("form", ["json", "page"])
def test_every_event_is_json(assistant, form):
    events = list(answering_with(assistant).ask(Asked(KENYA, form=form)))
    assert len(events) > 1
    assert json.loads(json.dumps(events)) == events


def test_pages_grow_and_only_the_last_is_done(assistant):
    pages = list(answering_with(assistant).ask(Asked(KENYA, form="page")))
    assert [page["done"] for page in pages] == [False] * (len(pages) - 1) + [True]
    assert all('class="sanad-turn"' in page["html"] for page in pages)
    assert pages[-1]["history"][0]["question"] == KENYA
    assert pages[-1]["history"][0]["documents"]


def test_a_question_in_markup_is_escaped_on_the_page(assistant):
    pages = answering_with(assistant).ask(Asked("<script>canary</script> Kenya?", form="page"))
    assert all("<script>" not in page["html"] for page in pages)


def test_turns_come_back_as_they_went():
    turn = Turn(KENYA, ("a.md", "b.md"))
    assert turn_of_json(turn_json(turn)) == turn


@pytest.mark.parametrize(
    "error, code", [(CollectionError("no index"), "no_index"), (RuntimeError("secret"), "error")]
)
def test_trouble_is_an_event_that_shows_nothing_internal(error, code):
    def trouble(before):
        raise error

    live = LiveAssistant(trouble, lambda: "")
    answering = InProcess(live, Chat(live, "sanad ingest FOLDER", 1000))
    assert list(answering.ask(Asked(KENYA))) == [failed(code)]
    *_, page = answering.ask(Asked(KENYA, form="page"))
    assert page["done"] and "secret" not in page["html"]


def scripted(assistant, number: int) -> Scripted:
    return Scripted(assistant, [{"type": "n", "n": n} for n in range(number)])


def test_a_listener_who_goes_ends_the_work_before_the_place_is_free(assistant):
    answering = scripted(assistant, 3)
    answering.step.release()

    async def listen():
        async with aclosing(streamed(answering, Asked(KENYA))) as events:
            async for event in events:
                assert event == {"type": "n", "n": 0}
                break
        assert answering.ended.is_set()

    asyncio.run(listen())


def test_silence_is_filled_with_pings_and_no_event_is_lost(assistant):
    answering = scripted(assistant, 3)

    async def listen():
        heard = []
        async for event in streamed(answering, Asked(KENYA), ping_s=0.03):
            heard.append(event["type"])
            if heard.count("ping") > heard.count("n"):
                answering.step.release()
        return heard

    heard = asyncio.run(listen())
    assert heard.count("n") == 3
    assert heard.count("ping") >= 3


def test_all_listeners_are_told_when_the_server_ends(assistant):
    answering = scripted(assistant, 3)

    async def listen():
        return [event async for event in streamed(answering, Asked(KENYA))]

    async def end():
        listeners = [asyncio.create_task(listen()) for _ in range(2)]
        while len(answering.under_way) < 2:
            await asyncio.sleep(0.01)
        answering.under_way.tell_all()
        return await asyncio.gather(*listeners)

    assert asyncio.run(end()) == [[failed("closing")], [failed("closing")]]
    assert len(answering.under_way) == 0
