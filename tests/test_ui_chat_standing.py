"""The chat page in public, in a real browser: turns that come back, an end that is told."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass

import pytest

from rag.wording import say
from tests.browsing import BOX, FINISHED, KENYA, MARKS, ask, open_browser  # noqa: F401  # fixtures
from tests.serving import Scripted, answering_with, on_a_port, settings_for, until
from ui.ending import FINISH_S, Ending
from ui.public.standing import Standing, standing
from ui.public.switches import throw
from ui.server import Served, application

pytestmark = MARKS
HALF = '<article class="sanad-turn" data-state="running"><h2>half an answer</h2></article>'
PAGE = {"type": "page", "html": HALF, "history": [], "done": False}


@dataclass
class Chat:
    """A served chat page, its standing, and how it ends."""

    address: str
    standing: Standing
    ending: Ending
    now: list[float]

    def opened(self, browser, language: str = "en"):
        page = browser.new_page()
        page.goto(f"{self.address}/{language}/")
        page.wait_for_selector(BOX)
        page.wait_for_selector("#sanad-scope p")
        return page


@contextlib.contextmanager
def chat(tmp_path, answering, **settings):
    given = settings_for(tmp_path, **settings)
    shared, now = standing(given), [0.0]
    ending = Ending(shared.gate, answering.under_way, clock=lambda: now[0])
    app = application(given, answering.live, Served(shared, answering, ending))
    with on_a_port(app, ending, "on") as address:
        yield Chat(address, shared, ending, now)


def begin(page, question: str = KENYA) -> None:
    page.fill(BOX, question)
    page.press(BOX, "Enter")
    page.wait_for_selector("#sanad-turn .sanad-turn[data-state=running]")


def test_question_is_shown_while_it_waits_for_its_turn(browser, tmp_path, assistant):
    answering = Scripted(assistant, [PAGE])
    with chat(tmp_path, answering, limit_at_once=1) as served:
        first, second = served.opened(browser), served.opened(browser, "ar")
        begin(first)
        until(lambda: served.standing.gate.turns.running == 1)
        begin(second, "<b>من؟</b>")
        assert second.inner_text("#sanad-turn .sanad-stage") == say("ar", "widget.working")
        assert "<b>من؟</b>" in second.inner_text("#sanad-turn h2")
        assert until(lambda: served.standing.gate.turns.waiting == 1)
        answering.step.release(2)
        first.close()
        second.close()


@pytest.mark.parametrize("leave", ["stop", "close"])
def test_who_stops_or_leaves_gives_the_turn_back(browser, tmp_path, assistant, leave):
    answering = Scripted(assistant, [PAGE, PAGE])
    with chat(tmp_path, answering) as served:
        page = served.opened(browser)
        begin(page)
        answering.step.release()
        page.wait_for_selector("text=half an answer")
        turns = served.standing.gate.turns
        assert turns.running == 1
        if leave == "stop":
            page.click("#sanad-stop")
            page.wait_for_selector(FINISHED)
        page.close()
        assert until(lambda: turns.running == 0)
        assert answering.ended.wait(10)


def test_who_finds_no_room_is_told_in_the_language_of_the_page(browser, tmp_path, assistant):
    answering = Scripted(assistant, [PAGE])
    tight = {"limit_at_once": 1, "limit_queue": 4, "limit_queue_seconds": 0.2}
    with chat(tmp_path, answering, **tight) as served:
        first, second = served.opened(browser), served.opened(browser, "fr")
        begin(first)
        until(lambda: served.standing.gate.turns.running == 1)
        second.fill(BOX, "Qui ?")
        second.press(BOX, "Enter")
        second.wait_for_selector(f"{FINISHED} .sanad-notice")
        assert say("fr", "limits.queue_full") in second.inner_text(FINISHED)
        assert second.locator("#sanad-send").is_visible()
        answering.step.release()
        first.close()
        second.close()


def test_an_answer_under_way_is_told_that_the_server_ends(browser, tmp_path, assistant):
    answering = Scripted(assistant, [PAGE, PAGE])
    with chat(tmp_path, answering) as served:
        page = served.opened(browser, "es")
        begin(page)
        answering.step.release()
        page.wait_for_selector("text=half an answer")
        served.ending.begin()
        served.now[0] = FINISH_S + 1
        page.wait_for_selector(f"{FINISHED} .sanad-notice")
        said = page.inner_text(FINISHED)
        assert "half an answer" in said
        assert say("es", "limits.closing") in said
        page.close()
    assert answering.ended.wait(10)


def test_what_was_asked_is_counted_with_what_came_of_it(browser, tmp_path, assistant):
    with chat(tmp_path, answering_with(assistant), log_questions=True) as served:
        page = served.opened(browser)
        ask(page, KENYA)
        page.close()
        shown = served.standing.metrics.text().decode()
    labels = 'face="chat",language="en",mode="extractive",reply="answered"'
    assert f"sanad_replies_total{{{labels}}} 1.0" in shown
    kept = [path.read_text("utf-8") for path in (tmp_path / "questions").iterdir()]
    assert len(kept) == 1 and KENYA in kept[0]


def test_chat_that_is_switched_off_between_two_questions_says_so(browser, tmp_path, assistant):
    with chat(tmp_path, answering_with(assistant)) as served:
        page = served.opened(browser, "ar")
        throw(tmp_path, "chat", on=False)
        page.fill(BOX, KENYA)
        page.press(BOX, "Enter")
        page.get_by_text(say("ar", "limits.face_off")).first.wait_for(state="visible")
        assert page.input_value(BOX) == KENYA
        page.close()
