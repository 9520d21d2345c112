"""A visitor of pages with the widget on them: fixtures for tests in a real browser."""

from __future__ import annotations

import pytest

from rag.wording import messages
from tests.hosting import embedded, hosting
from tests.serving import answering_with, settings_for

DESK = {"width": 1280, "height": 850}
WORDS = messages("en")


@pytest.fixture(scope="module", name="host")
def open_host():
    """A site that is not ours."""
    with hosting() as site:
        yield site


@pytest.fixture(scope="module", name="sanad")
def serve_widget(collection, tmp_path_factory, assistant, host):
    """The widget over the sample collection."""
    settings = settings_for(tmp_path_factory.mktemp("widget"))
    with embedded(settings, answering_with(assistant), host) as served:
        yield served


@pytest.fixture(name="visit")
def visitor_of_sites(browser):
    """Opens pages; at the end no script may have failed, spoken up, or called elsewhere."""
    contexts, troubles = [], []

    def open_page(url: str, size: dict[str, int] = DESK, **context):
        made = browser.new_context(viewport=size, **context)
        made.set_default_timeout(15_000)
        contexts.append(made)
        page = made.new_page()
        page.asked = []
        page.on("pageerror", lambda error: troubles.append(f"error: {error}"))
        page.on("dialog", lambda dialog: (troubles.append("a dialog"), dialog.dismiss()))
        page.on("request", lambda asked: page.asked.append(asked.url))
        page.goto(url)
        return page

    yield open_page
    for made in contexts:
        for page in made.pages:
            elsewhere = [
                url
                for url in page.asked
                if not url.startswith(("http://127.0.0.1:", "data:", "chrome-error:"))
            ]
            troubles += [f"asked {url}" for url in elsewhere]
        made.close()
    assert troubles == []


def opened(page, nth: int = 0):
    """Press the button; the frame, when it has said that it is ready."""
    page.locator(".launcher").nth(nth).click()
    page.locator(".wait").nth(nth).wait_for(state="hidden")
    frame = page.frame_locator("iframe").nth(nth)
    frame.locator("textarea").wait_for()
    return frame


def ask(frame, question: str):
    """Type a question and wait for the whole reply; its exchange."""
    before = frame.locator(".actions").count()
    frame.locator("textarea").fill(question)
    frame.locator("textarea").press("Enter")
    frame.locator(".actions").nth(before).wait_for()
    return frame.locator(".sanad-turn").nth(before)
