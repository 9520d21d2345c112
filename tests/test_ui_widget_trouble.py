"""What goes wrong between the widget and its server, and what the visitor is told."""

from __future__ import annotations

import re

import pytest

from rag.wording import messages
from tests.browsing import KENYA, MARKS, open_browser  # noqa: F401  # fixtures
from tests.framing import WORDS, ask, open_host, opened, serve_widget, visitor_of_sites  # noqa: F401  # fixtures
from tests.hosting import Wire, embedded
from tests.serving import Scripted, answering_with, settings_for

pytestmark = [*MARKS, pytest.mark.slow]
HALF = '<article class="sanad-turn" data-state="running"><h2>half an answer</h2></article>'
PAGE = {"type": "page", "html": HALF, "history": [], "done": False}


@pytest.fixture
def scripted(tmp_path, assistant, host):
    """The widget over an answer that a test lets go on step by step."""
    answering = Scripted(assistant, [PAGE, PAGE, {**PAGE, "done": True}])
    with embedded(settings_for(tmp_path), answering, host) as served:
        yield served, answering
        for _ in range(9):
            answering.step.release()


def test_server_that_dies_mid_answer_is_told_and_the_question_asked_again(visit, scripted):
    served, answering = scripted
    wire = Wire(served.address)
    frame = opened(visit(served.host.put(served.tag(address=wire.address))))
    frame.locator("textarea").fill(KENYA)
    frame.locator("textarea").press("Enter")
    answering.step.release()
    frame.locator("text=half").wait_for()
    wire.cut()
    notice = frame.locator(".sanad-notice")
    notice.wait_for()
    assert WORDS["widget.cut"] in notice.inner_text()
    assert frame.locator("#status").inner_text() == WORDS["widget.cut"]
    assert "half" in frame.locator(".sanad-turn").inner_text()
    for _ in range(4):
        answering.step.release()
    notice.locator("button").click()
    frame.locator(".actions").wait_for()
    assert frame.locator(".sanad-notice").count() == 0
    wire.close()


def test_server_that_is_gone_is_told(visit, scripted):
    served, _ = scripted
    wire = Wire(served.address)
    frame = opened(visit(served.host.put(served.tag(address=wire.address))))
    wire.close()
    frame.locator("textarea").fill(KENYA)
    frame.locator("textarea").press("Enter")
    notice = frame.locator(".sanad-notice")
    notice.wait_for()
    assert WORDS["widget.unreachable"] in notice.inner_text()
    assert notice.locator("button").is_enabled()


def test_stop_ends_the_work_and_keeps_what_was_said(visit, scripted):
    served, answering = scripted
    frame = opened(visit(served.host.put(served.tag())))
    frame.locator("textarea").fill(KENYA)
    frame.locator("textarea").press("Enter")
    answering.step.release()
    frame.locator("text=half").wait_for()
    assert not frame.locator("#send").is_visible()
    frame.locator("#stop").click()
    assert messages("en")["chat.stopped"] in frame.locator(".sanad-notice").inner_text()
    assert "half" in frame.locator(".sanad-turn").inner_text()
    assert frame.locator("#send").is_visible()
    assert answering.ended.wait(10)


def test_too_many_questions_are_told_when_to_come_back(visit, tmp_path, assistant, host):
    settings = settings_for(tmp_path, limit_address_minute=1)
    with embedded(settings, answering_with(assistant), host) as served:
        frame = opened(visit(host.put(served.tag())))
        ask(frame, KENYA)
        frame.locator("textarea").fill("What does UNAR do in Italy?")
        frame.locator("textarea").press("Enter")
        notice = frame.locator(".sanad-notice")
        notice.wait_for()
        said = notice.inner_text()
        assert messages("en")["limits.too_many"] in said
        assert re.search(r"You can ask again at \d+:\d\d", said)
        assert notice.locator("button").is_disabled()


def test_proof_of_work_is_done_before_the_first_question(visit, tmp_path, assistant, host):
    settings = settings_for(tmp_path, proof_of_work=2000)
    with embedded(settings, answering_with(assistant), host) as served:
        frame = opened(visit(host.put(served.tag())))
        assert ask(frame, KENYA).locator(".sanad-quote").count() > 0


def test_token_that_is_too_old_is_renewed_without_a_word(visit, sanad):
    page = visit(sanad.host.put(sanad.tag()))
    frame = opened(page)
    spoiled = []

    def spoil(route):
        spoiled.append(route)
        route.fulfill(json={"token": "of.yesterday", "seconds": 1800})

    page.route("**/token", spoil, times=1)
    assert ask(frame, KENYA).locator(".sanad-quote").count() > 0
    assert len(spoiled) == 1
