"""Feedback under a finished reply: what is offered, and the way of a click to a draft case."""

from __future__ import annotations

import html
import json
import re

import pytest
from typer.testing import CliRunner

from evals.cases import load_suite
from evals.suite import NAMES
from rag.types import Declined, Finished
from rag.wording import languages, messages
from tests.browsing import BOX, FINISHED, KENYA, MARKS, PHONE, open_browser, overflow, served  # noqa: F401  # fixtures
from tests.browsing import ask as ask_chat
from tests.framing import ask, open_host, opened, visitor_of_sites  # noqa: F401  # fixtures
from tests.hosting import embedded
from tests.questions import EXAMPLES
from tests.serving import answering_with, settings_for, until
from tests.test_ui_chat import HOSTILE, Parsed
from ui.answering import Asked
from ui.cli import app
from ui.feedback_html import asked as feedback_html
from ui.live import LiveAssistant

CANARY = "<img src=x onerror=alert(1)> the year is wrong"


def about(page: str) -> dict:
    return json.loads(html.unescape(re.search(r'data-about="([^"]*)"', page)[1]))


def stored(folder) -> list[dict]:
    path = folder / "feedback.jsonl"
    lines = path.read_text("utf-8").splitlines() if path.exists() else []
    return [json.loads(line) for line in lines]


def test_a_finished_reply_asks_and_a_growing_one_does_not(assistant):
    asked = Asked(KENYA, form="page", identity="00c0ffee00c0ffee")
    *growing, last = answering_with(assistant).ask(asked)
    assert all("sanad-feedback" not in page["html"] for page in growing)
    told = about(last["html"])
    assert (told["reply"], told["question"], told["status"]) == (asked.identity, KENYA, "answered")
    assert told["documents"] == last["history"][0]["documents"]


def test_without_an_identity_nothing_is_asked(assistant):
    *_, last = answering_with(assistant).ask(Asked(KENYA, form="page"))
    assert "sanad-feedback" not in last["html"]


@pytest.mark.parametrize("language", languages())
def test_the_reader_is_asked_in_the_language_of_the_reply(language):
    words = html.unescape(feedback_html(finished("?", language), language, "x"))
    told = [said for key, said in messages(language).items() if key.startswith("feedback.")]
    assert len(told) > 6 and all(said in words for said in told)


@pytest.mark.parametrize("evil", HOSTILE)
def test_a_hostile_question_stays_data(evil):
    parsed = Parsed(feedback_html(finished(evil), "en", evil))
    assert set(parsed.tags) <= {
        "button", "div", "label", "p", "path", "svg", "template", "textarea",
    }  # fmt: skip
    assert json.loads(dict(parsed.attributes)["data-about"])["question"] == evil
    assert not [name for name, _ in parsed.attributes if name.startswith("on")]


def finished(question: str, language: str = "en") -> Finished:
    return Finished(Declined(question, language, "nothing_found"), "one")


@pytest.mark.browser
@pytest.mark.parametrize("language, size", [("en", None), ("ar", PHONE)])
def test_from_a_click_in_the_widget_to_a_draft_case(
    visit, tmp_path, assistant, host, language, size
):
    settings = settings_for(tmp_path)
    question = EXAMPLES[language][0]
    with embedded(settings, answering_with(assistant), host) as sanad:
        page = visit(host.put(sanad.tag(), lang=language), **({"size": size} if size else {}))
        frame = opened(page)
        turn = ask(frame, question)
        bad = turn.locator(".sanad-bad")
        bad.focus()
        page.keyboard.press("Enter")
        turn.locator(".sanad-reason textarea:focus").wait_for()
        assert frame.locator("html").evaluate("e => e.scrollWidth - innerWidth") <= 0
        page.keyboard.type(CANARY)
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        told = turn.locator(".sanad-told:focus")
        told.wait_for()
        assert told.inner_text() == messages(language)["feedback.thanks"]
        assert turn.locator(".sanad-thumbs").count() == 0
    (line,) = stored(tmp_path)
    assert (line["verdict"], line["comment"], line["face"]) == ("bad", CANARY, "widget")
    assert (line["question"], line["language"]) == (question, language)
    assert re.fullmatch("[0-9a-f]{16,}", line["reply"])
    drafts = tmp_path / "new.yaml"
    command = ["eval", "new", str(drafts), "--feedback", str(tmp_path / "feedback.jsonl")]
    assert CliRunner().invoke(app, command).exit_code == 0
    (case,) = load_suite(drafts, NAMES).cases
    assert (case.question, case.review) == (question, "to review")
    assert CANARY in case.note


@pytest.mark.browser
def test_a_good_reply_in_the_chat_is_told_by_keyboard_even_when_it_has_moved_up(
    browser, collection, tmp_path, assistant
):
    live = LiveAssistant(lambda before: assistant, lambda: "one")
    with served(settings_for(tmp_path), live) as address:
        page = browser.new_page(viewport=PHONE)
        page.goto(f"{address}/en/")
        page.wait_for_selector(BOX)
        ask_chat(page, KENYA)
        ask_chat(page, "What does UNAR do in Italy?")
        assert page.locator(f"{FINISHED} .sanad-feedback").count() == 1
        page.locator("#sanad-log .sanad-good").focus()
        page.keyboard.press("Enter")
        thanks = page.locator("#sanad-log .sanad-told:focus")
        thanks.wait_for()
        assert thanks.inner_text() == messages("en")["feedback.thanks"]
        assert overflow(page) <= 0
        page.close()
    (line,) = stored(tmp_path)
    assert (line["verdict"], line["face"], line["question"]) == ("good", "chat", KENYA)
    assert line["documents"]


@pytest.mark.browser
def test_feedback_that_cannot_be_sent_is_said_and_can_be_sent_again(
    visit, tmp_path, assistant, host
):
    with embedded(settings_for(tmp_path), answering_with(assistant), host) as sanad:
        page = visit(host.put(sanad.tag()))
        turn = ask(opened(page), KENYA)
        page.route("**/api/v1/feedback", lambda route: route.abort(), times=1)
        turn.locator(".sanad-good").click()
        told = turn.locator(".sanad-told:focus")
        told.wait_for()
        assert told.inner_text() == messages("en")["feedback.failed"]
        turn.locator(".sanad-good").click()
        turn.locator(".sanad-thumbs").wait_for(state="detached")
    assert until(lambda: len(stored(tmp_path)) == 1)
