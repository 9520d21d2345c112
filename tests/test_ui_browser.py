"""What a visitor does, in a real browser, against the real server over the sample collection."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

from rag.assistant import Assistant
from rag.index.probe import ChromaProbe
from rag.settings import Settings
from rag.types import Retrieved, Spoken
from rag.wording import messages
from tests.browsing import (  # noqa: F401  # fixtures
    BOX,
    CONTRAST,
    DESK,
    FINISHED,
    KENYA,
    MARKS,
    PHONE,
    ask,
    open_browser,
    overflow,
    served,
    visitor,
)
from tests.questions import EXAMPLES
from tests.serving import PLENTY
from ui.live import LiveAssistant
from ui.server import live_assistant

pytestmark = MARKS


@pytest.fixture(scope="module")
def address(collection) -> Iterator[str]:
    """Where the real program serves the sample collection."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = str(free.getsockname()[1])
    command = [sys.executable, "-m", "ui.cli", "serve", "--data-dir", str(collection)]
    # All tests ask from one address, faster than any visitor.
    limits = {f"SANAD_{name.upper()}": str(amount) for name, amount in PLENTY.items()}
    server = subprocess.Popen(
        [*command, "--port", port], stdout=subprocess.PIPE, text=True, env={**os.environ, **limits}
    )
    yield server.stdout.readline().split()[-1]
    server.terminate()
    server.wait(20)


@pytest.mark.parametrize("language", sorted(EXAMPLES))
def test_clients_question_is_answered_and_its_passage_opens_by_keyboard(visit, language):
    page = visit(f"?lang={language}")
    assert page.url.endswith(f"/{language}/")
    ask(page, EXAMPLES[language][0])
    turn = page.locator(FINISHED)
    assert turn.get_attribute("lang") == language
    assert turn.get_attribute("dir") == ("rtl" if language == "ar" else "ltr")
    assert messages(language)["answer.quoted_from_documents"] in turn.inner_text()
    quote = turn.locator(".sanad-quote").first
    said = quote.evaluate(
        "p => { const copy = p.cloneNode(true); copy.querySelector('.sanad-cite').remove();"
        " return copy.textContent; }"
    )
    marker = quote.locator(".sanad-cite").first
    marker.focus()
    page.keyboard.press("Enter")
    dialog = page.locator("dialog[open]")
    marked = " ".join(dialog.locator("mark").all_inner_texts())
    assert "".join(said.split()) == "".join(marked.split())
    assert dialog.locator("h3 cite").inner_text()
    assert dialog.evaluate("d => d.contains(document.activeElement)")
    page.keyboard.press("Escape")
    assert dialog.count() == 0
    assert marker.evaluate("button => button === document.activeElement")


def test_sources_are_closed_and_complete(visit):
    page = visit()
    ask(page, KENYA)
    sources = page.locator(f"{FINISHED} details")
    assert sources.get_attribute("open") is None
    sources.locator("summary").click()
    numbers = page.locator(f"{FINISHED} .sanad-quote .sanad-cite").all_inner_texts()
    assert sorted(sources.locator(".sanad-cite").all_inner_texts()) == sorted(numbers)


def test_a_finished_answer_is_announced_once_in_a_polite_region(visit):
    page = visit()
    ask(page, KENYA)
    region = page.locator(f"{FINISHED} [role=status]")
    assert region.count() == 1
    assert region.inner_text().startswith("Answer ready.")


def test_arabic_page_is_mirrored(visit):
    page = visit("ar/")
    page.wait_for_selector("#sanad-scope p")
    assert page.evaluate("[document.documentElement.dir, document.documentElement.lang]") == [
        "rtl", "ar",
    ]  # fmt: skip
    middle = DESK["width"] / 2
    assert page.locator("h1").evaluate("h => getComputedStyle(h).direction") == "rtl"
    assert page.locator("#sanad-send").bounding_box()["x"] < middle
    filters = page.locator("#sanad-filters summary")
    assert filters.evaluate("e => getComputedStyle(e).direction") == "rtl"
    assert page.locator(BOX).evaluate("b => getComputedStyle(b).direction") == "rtl"


def test_what_is_typed_decides_the_direction_of_the_box(visit):
    page = visit("ar/")
    page.fill(BOX, "How did Kenya")
    assert page.locator(BOX).get_attribute("dir") == "auto"
    ask(page, KENYA)  # the server empties the box
    assert page.locator(BOX).evaluate("b => [b.value, getComputedStyle(b).direction]") == [
        "",
        "rtl",
    ]


@pytest.mark.parametrize("language", sorted(EXAMPLES))
def test_phone_never_scrolls_sideways(visit, language):
    page = visit(f"{language}/", PHONE)
    page.wait_for_selector("#sanad-scope p")
    assert overflow(page) <= 0
    page.click("#sanad-filters summary")
    page.click("[data-facet=country]")
    assert overflow(page) <= 0
    ask(page, EXAMPLES[language][0])
    assert overflow(page) <= 0
    page.locator(".sanad-cite").first.click()
    sheet = page.locator("dialog[open]").bounding_box()
    assert sheet["x"] >= 0
    assert sheet["x"] + sheet["width"] <= PHONE["width"]
    page.click("dialog[open] .sanad-close")
    page.locator(f"{FINISHED} .sanad-sources summary").click()
    assert overflow(page) <= 0


def test_unanswerable_question_is_declined_with_what_there_is(visit):
    page = visit()
    ask(page, "Which football club won the championship of Iceland in 1987?")
    said = page.locator(FINISHED).inner_text()
    assert "These documents do not" in said
    assert "The collection covers" in said
    assert page.locator(f"{FINISHED} .sanad-quote").count() == 0


@pytest.mark.parametrize(
    "question",
    [
        '<img src=x onerror="document.body.dataset.pwned=1"> How did Kenya structure its plans?',
        "<script>document.body.dataset.pwned=1</script> ${document.body.dataset.pwned=1} {{this}}",
        "<form action=//evil.test><input name=password></form> What does UNAR do in Italy?",
    ],
)
def test_hostile_question_is_only_text(visit, question):
    page = visit()
    ask(page, question)
    page.wait_for_timeout(300)
    assert question in page.locator(f"{FINISHED} h2").inner_text()
    assert page.evaluate("document.body.dataset.pwned") is None
    assert page.locator("#sanad-turn :is(img, script, form, input, iframe)").count() == 0


def test_the_exchange_before_stays_above_until_a_new_chat(visit):
    page = visit()
    ask(page, EXAMPLES["en"][3])
    assert not page.locator("#sanad-examples").is_visible()
    ask(page, KENYA)
    past = page.locator("#sanad-log .sanad-turn")
    assert past.count() == 1
    assert EXAMPLES["en"][3] in past.inner_text()
    past.locator(".sanad-cite").first.click()
    assert "UNAR" in page.locator("dialog[open]").inner_text()
    page.keyboard.press("Escape")
    page.click("#sanad-new")
    page.wait_for_selector("#sanad-examples", state="visible")
    assert page.locator(".sanad-turn").count() == 0


def test_question_of_the_widget_waits_in_the_box(visit):
    page = visit("en/#q=What+does+UNAR+do+in+Italy%3F")
    page.wait_for_function("document.querySelector('#sanad-question textarea').value")
    assert page.input_value(BOX) == "What does UNAR do in Italy?"
    assert page.locator(".sanad-turn").count() == 0


def test_language_of_the_browser_and_the_switch(visit):
    page = visit("", locale="fr-CH")
    assert page.url.endswith("/fr/")
    page.click("nav a[lang=ar]")
    page.wait_for_url("**/ar/")
    assert page.title() == "سند"


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_both_themes_are_legible(visit, theme):
    page = visit(f"en/?__theme={theme}")
    ask(page, KENYA)
    page.locator(".sanad-cite").first.click()
    selectors = [
        "h1", ".sanad-masthead p", "nav a", ".sanad-question", ".sanad-label", ".sanad-from",
        ".sanad-quote", ".sanad-cite", ".sanad-note", "summary", "#sanad-send", "#sanad-scope p",
        "#sanad-filters summary", ".sanad-facts", ".sanad-text", "mark", ".sanad-close", BOX,
    ]  # fmt: skip
    for selector in selectors:
        found = page.evaluate(CONTRAST, {"selector": selector, "against": ""})
        assert found, selector
        assert min(found) >= 4.5, f"{selector} {min(found):.2f}"


def test_system_wish_for_dark_is_followed(visit):
    page = visit(color_scheme="dark")
    colour = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert max(int(part) for part in colour[4:-1].split(",")) < 60


# A server in this process, slow enough to watch


class Slow(Assistant):
    """Takes its time before each step of a reader's question, and counts the steps it made.
    Questions that are tried for suggestions come with less, and are not counted."""

    steps = 0

    def ask(self, *asked):
        typed = len(asked) == 4
        for event in super().ask(*asked):
            if typed and isinstance(event, Retrieved | Spoken):
                time.sleep(1.5)  # answers are short: it is stopped well before its end
            type(self).steps += typed
            yield event


@pytest.fixture(scope="module")
def slow(collection, assistant) -> Iterator[str]:
    settings = Settings(data_dir=collection)
    slow_one = Slow(assistant.generation, assistant.embedder, assistant.settings)
    with served(settings, LiveAssistant(lambda before: slow_one, lambda: "one")) as address:
        yield address


class Lingering(Assistant):
    """Ends a reader's question a while after its answer stands on the page."""

    def ask(self, *asked):
        yield from super().ask(*asked)
        if len(asked) == 4:
            time.sleep(1.0)


@pytest.fixture(scope="module")
def lingering(collection, assistant) -> Iterator[str]:
    settings = Settings(data_dir=collection)
    one = Lingering(assistant.generation, assistant.embedder, assistant.settings)
    with served(settings, LiveAssistant(lambda before: one, lambda: "one")) as address:
        yield address


@pytest.mark.parametrize("how", ["Enter", "button", "retry"])
def test_a_question_sent_as_soon_as_an_answer_stands_is_answered(visit, lingering, how):
    page = visit(at=lingering)
    ask(page, KENYA)
    asked = KENYA if how == "retry" else "What does UNAR do in Italy?"
    if how == "retry":
        page.click(f"{FINISHED} [data-act=retry]")
    else:
        page.fill(BOX, asked)
        page.press(BOX, "Enter") if how == "Enter" else page.click("#sanad-send")
    page.wait_for_selector("#sanad-log .sanad-turn", state="attached")
    page.wait_for_selector(FINISHED)
    assert asked in page.inner_text(f"{FINISHED} h2")
    page.wait_for_timeout(1500)
    assert page.locator(".sanad-turn").count() == 2  # it was asked once
    assert page.input_value(BOX) == ""


def test_an_empty_box_asks_nothing_and_leaves_the_answer_as_it_is(visit):
    page = visit()
    ask(page, KENYA)
    page.press(BOX, "Enter")
    page.click("#sanad-send")
    page.wait_for_timeout(500)
    assert page.locator(FINISHED).count() == 1
    assert page.locator("#sanad-log .sanad-turn").count() == 0


def test_sentences_appear_one_by_one(visit, slow):
    page = visit(at=slow)
    page.wait_for_selector("#sanad-scope p")
    page.fill(BOX, KENYA)
    page.press(BOX, "Enter")
    page.wait_for_selector(".sanad-turn[data-state=running] .sanad-stage")
    assert "passages" in page.locator(".sanad-stage").inner_text()
    page.wait_for_selector(".sanad-turn[data-state=running] .sanad-quote")
    early = page.locator(".sanad-quote").count()
    assert page.input_value(BOX) == ""
    page.wait_for_selector(FINISHED)
    assert page.locator(".sanad-quote").count() > early


def test_stop_ends_the_answer_and_the_next_question_works(visit, slow, assistant):
    everything = len(list(assistant.ask(KENYA)))
    before = Slow.steps
    page = visit(at=slow)
    page.wait_for_selector("#sanad-scope p")
    page.fill(BOX, KENYA)
    page.press(BOX, "Enter")
    page.wait_for_selector(".sanad-turn[data-state=running] .sanad-quote")
    assert not page.locator("#sanad-send").is_visible()
    drawn = page.locator("#sanad-turn .sanad-turn").evaluate("turn => turn.outerHTML")
    page.click("#sanad-stop")
    page.wait_for_selector(FINISHED)
    page.locator("#sanad-turn .sanad-turn").evaluate(
        "(turn, drawn) => { turn.outerHTML = drawn }",
        drawn,  # a step that was on its way
    )
    page.wait_for_selector(FINISHED)
    assert messages("en")["chat.stopped"] in page.locator(FINISHED).inner_text()
    made = -1
    while made != Slow.steps:  # a step under way may still end
        made = Slow.steps
        page.wait_for_timeout(2000)
    assert Slow.steps - before < everything  # but the rest was never begun
    assert page.locator("#sanad-send").is_visible()
    ask(page, "What does UNAR do in Italy?")
    assert page.locator(f"{FINISHED} .sanad-quote").count() > 0


def test_without_an_index_the_page_says_what_to_type(visit, tmp_path):
    settings = Settings(data_dir=tmp_path / "none", vector_search="exact")
    with served(settings, live_assistant(settings, ChromaProbe())) as address:
        page = visit(at=address)
        page.wait_for_selector("#sanad-notice code")
        assert page.locator("#sanad-notice code").inner_text().startswith("sanad ingest FOLDER")
        page.fill(BOX, KENYA)
        page.press(BOX, "Enter")
        page.wait_for_selector(FINISHED)
        assert "no document has been read" in page.locator(FINISHED).inner_text()
