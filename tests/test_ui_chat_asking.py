"""Questions of the chat page: turns, switches, and what is written down of them."""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
from contextlib import aclosing
from dataclasses import replace
from types import SimpleNamespace

import pytest

from rag.wording import say
from tests.serving import KENYA, Scripted, answering_with, settings_for, until
from ui.answering import Asked, failed
from ui.chat import Room, _asked
from ui.chat_asking import ChatDesk
from ui.chat_html import broken_off, notice, stage, turn
from ui.public.journal import Journal
from ui.public.standing import standing
from ui.public.switches import throw
from ui.suggest import Suggestions

PAGE = {"type": "page", "html": "<p>half</p>", "history": [], "done": False}


def scope(address: str = "203.0.113.9") -> dict:
    return {"type": "http", "client": (address, 1), "headers": []}


class Page:
    """A chat page on a data folder of its own, and what is written down of it."""

    def __init__(self, tmp_path, answering, **settings) -> None:
        self.written = io.StringIO()
        built = standing(settings_for(tmp_path, **settings))
        self.standing = replace(built, journal=Journal(self.written))
        self.desk = ChatDesk(self.standing, answering)

    def ask(self, question: str = KENYA) -> list[dict]:
        async def listen() -> list[dict]:
            return [event async for event in self.desk.ask(scope(), Asked(question))]

        return asyncio.run(listen())

    def lines(self) -> list[dict]:
        return [json.loads(line) for line in self.written.getvalue().splitlines()]


def test_a_question_is_answered_and_its_outcome_written_down_without_its_text(tmp_path, assistant):
    page = Page(tmp_path, answering_with(assistant))
    *_, last = page.ask()
    assert last["done"]
    (line,) = page.lines()
    told = {key: line[key] for key in ("face", "route", "status", "reply", "language", "mode")}
    assert told == {
        "face": "chat", "route": "gradio_answer", "status": "2xx", "reply": "answered",
        "language": "en", "mode": "extractive",
    }  # fmt: skip
    assert line["timings_ms"]["total"] > 0
    assert f"&quot;reply&quot;: &quot;{line['request']}&quot;" in last["html"]
    assert "Kenya" not in page.written.getvalue()
    figures = page.standing.metrics.text().decode()
    assert 'sanad_replies_total{face="chat",language="en",mode="extractive"' in figures
    assert not (tmp_path / "questions").exists()


def test_where_questions_are_kept_those_of_the_chat_are_too(tmp_path, assistant):
    page = Page(tmp_path, answering_with(assistant), log_questions=True)
    page.ask(f"{KENYA} Write to me@example.org")
    (kept,) = [
        json.loads(line)
        for path in (tmp_path / "questions").glob("*.jsonl")
        for line in path.read_text("utf-8").splitlines()
    ]
    assert (kept["face"], kept["language"]) == ("chat", "en")
    assert kept["question"] == f"{KENYA} Write to [e-mail]"
    assert kept["reply"] in ("answered", "partial")


def test_a_question_that_cannot_be_kept_is_answered(tmp_path, assistant, caplog):
    (tmp_path / "questions").write_text("a file where the folder should be")
    page = Page(tmp_path, answering_with(assistant), log_questions=True)
    *_, last = page.ask()
    assert last["done"]
    assert page.lines()[0]["reply"] == "answered"
    assert "not kept" in caplog.text and KENYA not in caplog.text


def test_half_of_an_emoji_does_not_break_the_page(tmp_path, assistant):
    answering = answering_with(assistant)
    room = Room(answering.chat, Page(tmp_path, answering).desk, Suggestions(answering.live))
    request = SimpleNamespace(request=SimpleNamespace(scope=scope()), session_hash="one")

    async def listen() -> list[str]:
        asked = Asked(f"{KENYA} \ud83d")
        return [html async for html, _, _ in _asked(room, asked, request)]

    shown = asyncio.run(listen())
    assert len(shown) > 1
    for html in shown:
        assert html.encode("utf-8")


def test_a_question_that_breaks_is_written_down_as_failed(tmp_path, assistant):
    answering = Scripted(assistant, [PAGE, failed("error")])
    answering.step.release(2)
    page = Page(tmp_path, answering, log_questions=True)
    assert page.ask()[-1] == failed("error")
    assert page.lines()[0]["reply"] == "failed"


def test_who_finds_no_room_is_told(tmp_path, assistant):
    answering = Scripted(assistant, [PAGE])
    page = Page(tmp_path, answering, limit_at_once=1, limit_queue=0, limit_queue_seconds=0.05)

    async def both() -> list[dict]:
        async with aclosing(page.desk.ask(scope(), Asked(KENYA))) as first:
            answering.step.release()
            await anext(first)
            other = page.desk.ask(scope("203.0.113.10"), Asked(KENYA))
            return [event async for event in other]

    assert asyncio.run(both()) == [failed("queue_full")]
    assert page.lines()[0]["refused"] == "queue_full"


@pytest.mark.parametrize("name, code", [("chat", "face_off"), ("api", ""), ("widget", "")])
def test_the_switch_of_the_chat_closes_the_chat(tmp_path, assistant, name, code):
    answering = Scripted(assistant, [{**PAGE, "done": True}])
    answering.step.release()
    page = Page(tmp_path, answering)
    throw(tmp_path, name, on=False)
    event = page.ask()[-1]
    assert event == (failed(code) if code else {**PAGE, "done": True})


def test_who_leaves_gives_the_turn_back_and_ends_the_work(tmp_path, assistant):
    answering = Scripted(assistant, [PAGE, PAGE])
    page = Page(tmp_path, answering)

    async def leave() -> int:
        async with aclosing(page.desk.ask(scope(), Asked(KENYA))) as events:
            answering.step.release()
            await anext(events)
            running = page.standing.gate.turns.running
        assert page.standing.gate.turns.running == 0
        return running

    assert asyncio.run(leave()) == 1
    assert until(answering.ended.is_set)


@pytest.mark.parametrize("streams, ends", [(1, True), (2, False)])
def test_a_page_that_goes_ends_its_questions_and_one_that_calls_anew_does_not(
    tmp_path, assistant, streams, ends
):
    answering = Scripted(assistant, [PAGE, {**PAGE, "done": True}])
    page = Page(tmp_path, answering)

    async def listen() -> list[dict]:
        with contextlib.ExitStack() as others:
            last = page.desk.stream("one")
            last.__enter__()
            for _ in range(streams - 1):
                others.enter_context(page.desk.stream("one"))
            heard = []
            async for event in page.desk.ask(scope(), Asked(KENYA), "one"):
                heard.append(event)
                last.__exit__(None, None, None) if len(heard) == 1 else None
                answering.step.release()
            return heard

    answering.step.release()
    assert len(asyncio.run(listen())) == (1 if ends else 2)
    assert page.standing.gate.turns.running == 0


def test_an_answer_that_breaks_off_keeps_what_stands_and_says_why():
    hostile = '<p class="sanad-stage">x</p> data-state="running"'
    html = turn(hostile, stage("Checking"), "en", running=True)
    ended = broken_off(html, say("en", "limits.closing"))
    assert 'data-state="finished"' in ended
    assert "Checking" not in ended
    assert html[html.index("<h2") : html.index("</h2>")] in ended
    assert ended.endswith(f"{notice(say('en', 'limits.closing'))}</article>")
