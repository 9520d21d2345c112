"""What a visitor of the chat sees of limits and switches, in a real browser."""

from __future__ import annotations

import pytest

from rag.index.probe import ChromaProbe
from rag.settings import Settings
from rag.wording import say
from tests.browsing import BOX, DESK, KENYA, MARKS, PHONE, ask, open_browser, served  # noqa: F401
from ui.public.switches import throw
from ui.server import live_assistant

pytestmark = MARKS


@pytest.fixture
def public(collection):
    """A server that lets an address ask once a minute."""
    settings = Settings(data_dir=collection, vector_search="exact", limit_address_minute=1)
    live = live_assistant(settings, ChromaProbe())
    with served(settings, live) as address:
        yield address
    live.close()


@pytest.mark.parametrize("language, size", [("en", DESK), ("ar", PHONE)])
def test_who_asks_too_often_is_told_in_words_and_keeps_the_question(
    browser, public, language, size
):
    page = browser.new_page(viewport=size)
    page.goto(f"{public}/{language}/")
    page.wait_for_selector(BOX)
    ask(page, "What do cities do for young people?")
    page.fill(BOX, "And what do they not do?")
    page.press(BOX, "Enter")
    told = page.get_by_text(say(language, "limits.too_many")).first
    told.wait_for(state="visible")
    assert page.input_value(BOX) == "And what do they not do?"
    page.close()


def test_past_the_budget_documents_are_quoted_and_the_page_says_why_and_who_is_asked(
    browser, collection
):
    # Port 9 (discard) on loopback: nobody is there, and nothing may be sent.
    model = {"llm": "openai:m", "llm_base_url": "http://127.0.0.1:9/v1", "llm_retries": 0}
    settings = Settings(data_dir=collection, vector_search="exact", budget_tokens_day=10, **model)
    live = live_assistant(settings, ChromaProbe())
    with served(settings, live) as address:
        page = browser.new_page()
        page.goto(f"{address}/en/")
        page.wait_for_selector(BOX)
        assert "sent to 127.0.0.1" in page.inner_text("#sanad-privacy")
        ask(page, KENYA)
        assert say("en", "model.over_budget") in page.inner_text("#sanad-turn")
        assert page.locator("#sanad-turn .sanad-quote").count() > 0
        page.close()
    live.close()


def test_a_closed_chat_says_so_in_the_language_of_the_page(browser, public, collection):
    throw(collection, "chat", on=False)
    try:
        page = browser.new_page()
        found = page.goto(f"{public}/ar/")
        assert found.status == 503
        assert say("ar", "limits.face_off") in page.inner_text("body")
        assert int(found.headers["retry-after"]) > 0
        page.close()
    finally:
        throw(collection, "chat", on=True)
