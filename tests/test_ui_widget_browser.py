"""The widget on a page of another site, in a real browser."""

from __future__ import annotations

import pytest

from rag.wording import messages
from tests.browsing import KENYA, MARKS, PHONE, open_browser, overflow  # noqa: F401  # fixtures
from tests.framing import DESK, WORDS, ask, open_host, opened, serve_widget, visitor_of_sites  # noqa: F401  # fixtures
from tests.hosting import hosting
from tests.questions import EXAMPLES
from ui.public.switches import throw

pytestmark = MARKS


@pytest.mark.parametrize("language", ["en", "ar"])
@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_visitor_of_another_site_asks_and_opens_a_passage(visit, sanad, language, size):
    page = visit(sanad.host.put(sanad.tag(), lang=language), size)
    frame = opened(page)
    turn = ask(frame, EXAMPLES[language][0])
    assert turn.get_attribute("lang") == language
    link = turn.locator(".actions a").get_attribute("href")
    assert link.startswith(f"../../{language}/#q=")
    root = frame.locator("html")
    assert root.get_attribute("lang") == language
    assert root.evaluate("e => getComputedStyle(e).direction") == (
        "rtl" if language == "ar" else "ltr"
    )
    turn.locator(".sanad-cite").first.click()
    dialog = frame.locator("dialog[open]")
    assert dialog.locator("mark").first.inner_text()
    assert dialog.locator("h3 cite").inner_text()
    assert overflow(page) <= 0
    assert root.evaluate("e => e.scrollWidth - innerWidth") <= 0
    dialog.locator(".sanad-close").click()
    box = page.locator("iframe").bounding_box()
    if size is PHONE:
        assert (box["x"], box["y"]) == (0, 0)
        assert (box["width"], box["height"]) == (size["width"], size["height"])
    else:
        assert (box["x"] < size["width"] / 2) == (language == "ar")


def test_nothing_is_asked_before_the_press_and_little_after(visit, sanad):
    address = sanad.host.put(sanad.tag())
    page = visit(address)
    page.wait_for_selector(".launcher")
    page.wait_for_timeout(200)
    assert page.asked == [address, f"{sanad.address}/widget.js", "data:,"][: len(page.asked)]
    assert page.locator("iframe").count() == 0
    opened(page)
    ours = [url for url in page.asked if url.startswith(sanad.address)]
    assert len(ours) == 4


def test_nothing_is_stored_in_the_browser(visit, sanad):
    page = visit(sanad.host.put(sanad.tag()))
    frame = opened(page)
    ask(frame, KENYA)
    assert page.context.cookies() == []
    kept = "() => [localStorage.length, sessionStorage.length, document.cookie]"
    for place in page.frames:
        assert place.evaluate(kept) == [0, 0, ""]


def test_follow_up_knows_what_was_asked_and_a_new_chat_does_not(visit, sanad):
    frame = opened(visit(sanad.host.put(sanad.tag())))
    ask(frame, KENYA)
    follow = ask(frame, "And in Uganda?")
    assert "Uganda" in follow.locator(".sanad-searched q").inner_text()
    frame.locator("#new").click()
    assert frame.locator(".sanad-turn").count() == 0
    assert frame.locator("#intro").is_visible()
    assert ask(frame, "And in Uganda?").locator(".sanad-searched").count() == 0


def test_new_question_goes_to_the_top_and_the_bars_stay(visit, sanad):
    frame = opened(visit(sanad.host.put(sanad.tag()), PHONE))
    for question in (
        KENYA,
        "What does UNAR do in Italy?",
        "What is the budget of the council of Kumanovo?",
    ):
        turn = ask(frame, question)
        top = frame.locator("main").bounding_box()["y"]
        assert abs(turn.bounding_box()["y"] - top) < 2
    assert frame.locator(".bar").bounding_box()["y"] == 0
    assert frame.locator("html").evaluate("e => e.scrollTop + e.scrollHeight - innerHeight") == 0


def test_strict_policy_of_the_page_is_enough(visit, sanad):
    policy = f"default-src 'none'; script-src {sanad.address}; frame-src {sanad.address}"
    errors = []
    spy = sanad.host.put(sanad.tag(), content_security_policy=policy)
    page = visit(spy)
    page.on("console", lambda said: said.type == "error" and errors.append(said.text))
    frame = opened(page)
    assert ask(frame, KENYA).locator(".sanad-quote").count() > 0
    shape = page.locator(".launcher").evaluate("e => getComputedStyle(e).borderRadius")
    assert shape == "26px"
    assert not errors, errors


def test_policy_of_the_page_that_forbids_the_frame_leaves_a_link(visit, sanad):
    policy = f"default-src 'none'; script-src {sanad.address}"
    page = visit(sanad.host.put(sanad.tag(), content_security_policy=policy))
    page.click(".launcher")
    link = page.locator(".wait a")
    link.wait_for()
    assert link.get_attribute("href") == f"{sanad.address}/en/"
    assert WORDS["widget.blocked"] in page.locator(".wait").inner_text()


def test_origin_that_is_not_allowed_gets_a_link_and_no_chat(visit, sanad):
    with hosting() as stranger:
        page = visit(stranger.put(sanad.tag(), lang="fr"))
        page.click(".launcher")
        page.locator(".wait a").wait_for()
        assert messages("fr")["widget.blocked"] in page.locator(".wait").inner_text()
        page.keyboard.press("Escape")
        assert not page.locator(".panel").is_visible()
        assert page.frame_locator("iframe").locator("textarea").count() == 0


def test_paused_site_says_so_in_the_frame(visit, sanad):
    page = visit(sanad.host.put(sanad.tag()))
    frame = opened(page)
    try:
        sanad.site(paused=True)
        frame.locator("textarea").fill(KENYA)
        frame.locator("textarea").press("Enter")
        said = frame.locator(".sanad-notice")
        said.wait_for()
        assert messages("en")["limits.paused"] in said.inner_text()
        page.reload()
        page.click(".launcher")
        alone = page.frame_locator("iframe").locator(".alone")
        alone.wait_for()
        assert WORDS["widget.site_paused"] in alone.inner_text()
        page.frame_locator("iframe").locator("#close").click()
        page.locator(".panel").wait_for(state="hidden")
    finally:
        sanad.site()


@pytest.mark.parametrize("language", ["en", "ar"])
def test_widget_that_is_switched_off_says_so_in_the_frame(visit, sanad, language):
    throw(sanad.settings.data_dir, "widget", on=False)
    try:
        page = visit(sanad.host.put(sanad.tag(), lang=language))
        page.click(".launcher")
        alone = page.frame_locator("iframe").locator(".alone")
        alone.wait_for(state="visible")
        assert messages(language)["limits.face_off"] in alone.inner_text()
        page.frame_locator("iframe").locator("#close").click()
        page.locator(".panel").wait_for(state="hidden")
    finally:
        throw(sanad.settings.data_dir, "widget", on=True)


def test_declined_question_shows_what_there_is(visit, sanad):
    frame = opened(visit(sanad.host.put(sanad.tag())))
    turn = ask(frame, "Which football club won the championship of Iceland in 1987?")
    assert "These documents do not" in turn.inner_text()
    assert turn.locator(".sanad-quote").count() == 0
