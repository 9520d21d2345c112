"""From a citation to the page it rests on, in a real browser, and back."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import TimeoutError

from rag.index.probe import ChromaProbe
from rag.settings import Settings
from rag.wording import messages
from tests.browsing import (  # noqa: F401  # fixtures
    BOX,
    DESK,
    FINISHED,
    MARKS,
    PHONE,
    open_browser,
    overflow,
    served,
    visitor,
)
from ui.server import live_assistant

pytestmark = [*MARKS, pytest.mark.slow]
UGANDA = "What did the mapping report find about Uganda?"
STRUMICA = {"en": "What does the Local Prevention Council of Strumica do?",
            "ar": "ما هي المجالس المحلية للوقاية في ستروميتسا؟"}  # fmt: skip
OPEN = "#sanad-reader[open] article.sanad-reader"
CITE = f"{FINISHED} .sanad-cite"
FOCUSED = "document.activeElement"


@pytest.fixture(scope="module")
def address(collection):
    settings = Settings(data_dir=collection, vector_search="exact")
    with served(settings, live_assistant(settings, ChromaProbe())) as found:
        yield found


def ask(page, question: str) -> None:
    """Type a question and wait for the whole reply. Gradio draws its box before it hears it, so
    the key is pressed until something happens."""
    there = "asked => document.querySelector('{} h2')?.textContent.includes(asked)"
    for _ in range(30):
        page.fill(BOX, question)
        page.press(BOX, "Enter")
        try:
            page.wait_for_function(there.format("#sanad-turn"), arg=question, timeout=3000)
            break
        except TimeoutError:
            continue
    page.wait_for_function(there.format(FINISHED), arg=question)


def read(page, nth: int = 0):
    """Press a number, then `Read it in the document`; the reader."""
    cite = page.locator(CITE).nth(nth)
    cite.click()
    page.locator("dialog.sanad-passage[open] a[data-quote]").click()
    page.wait_for_selector(OPEN)
    return page.locator(OPEN)


def said(page, nth: int = 0) -> str:
    """The words of a quoted sentence that has one number, without spaces."""
    words = page.locator(f"{FINISHED} .sanad-quote").nth(nth).evaluate(
        "p => { const c = p.cloneNode(true); c.querySelectorAll('.sanad-cite')"
        ".forEach(e => e.remove()); return c.textContent; }"
    )  # fmt: skip
    return squeezed(words)


def squeezed(words: str) -> str:
    return re.sub(r"\s|\u00a0", "", words)


def shown_mark(page) -> str:
    return squeezed("".join(page.locator(f"{OPEN} mark").all_inner_texts()))


def in_sight(page, selector: str) -> bool:
    """Whether it lies inside the window, and inside the panel that scrolls."""
    return page.locator(selector).first.evaluate(
        "e => { const b = e.getBoundingClientRect(), f = document.querySelector("
        "'.sanad-panel-scroll').getBoundingClientRect();"
        " return b.top >= f.top && b.bottom <= f.bottom + 1 && b.height > 0; }"
    )


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
@pytest.mark.parametrize("language", ["en", "ar"])
def test_a_citation_opens_its_document_at_the_quote(visit, language, size):
    page = visit(f"{language}/", size)
    ask(page, STRUMICA[language])
    reader = read(page)
    assert shown_mark(page) == said(page)
    assert in_sight(page, f"{OPEN} mark")
    assert overflow(page) <= 0
    panel = page.locator("#sanad-reader").bounding_box()
    assert panel["x"] >= 0 and panel["x"] + panel["width"] <= size["width"]
    modal = page.evaluate("document.querySelector('#sanad-reader').matches(':modal')")
    assert modal == (size is PHONE)
    if size is DESK:  # at the reader's own side, the chat beside it
        assert (panel["x"] == 0) == (language == "ar")
        box = page.locator("#sanad-question textarea").bounding_box()
        assert (
            box["x"] >= panel["width"]
            if language == "ar"
            else box["x"] + box["width"] <= panel["x"]
        )
    assert reader.get_attribute("lang") == language
    assert page.evaluate(f"{FOCUSED}.matches('.sanad-reader-title')")


def test_by_keyboard_alone_and_back_to_the_number(visit):
    page = visit("en/")
    ask(page, STRUMICA["en"])
    n = page.locator(CITE).nth(1).get_attribute("data-n")
    page.locator(CITE).nth(1).focus()
    page.keyboard.press("Enter")
    for _ in range(6):
        page.keyboard.press("Tab")
        if page.evaluate(f"{FOCUSED}.matches('a[data-quote]')"):
            break
    page.keyboard.press("Enter")
    page.wait_for_selector(OPEN)
    page.wait_for_function(f"{FOCUSED}.matches('.sanad-reader-title')")
    assert page.locator("dialog.sanad-passage[open]").count() == 0
    page.keyboard.press("Escape")
    page.wait_for_selector("#sanad-reader", state="hidden")
    page.wait_for_function(
        f"n => {FOCUSED}.matches('.sanad-cite') && {FOCUSED}.dataset.n === n", arg=n
    )
    assert page.locator(".sanad-cite[aria-current]").count() == 0
    assert not page.evaluate("document.documentElement.matches('.sanad-reading')")


def test_another_number_moves_the_open_reader_and_the_chat_stays_usable(visit):
    page = visit("en/")
    ask(page, STRUMICA["en"])
    read(page)
    n = page.locator(CITE).nth(1).get_attribute("data-n")
    page.locator(CITE).nth(1).click()
    page.wait_for_function(
        "words => [...document.querySelectorAll('#sanad-reader mark')].map(m => m.textContent)"
        ".join('').replace(/\\s/g, '') === words",
        arg=said(page, 1),
    )
    assert page.locator("dialog.sanad-passage[open]").count() == 0
    assert page.locator(".sanad-cite[aria-current]").get_attribute("data-n") == n
    before = page.locator(OPEN).inner_text()
    ask(page, "What does UNAR do in Italy?")
    assert page.locator(OPEN).inner_text() == before
    page.locator("#sanad-reader .sanad-close").click()
    # The turn it came from is in the log now: the focus goes somewhere that can be used.
    page.wait_for_function(f"{FOCUSED}.matches('.sanad-cite, #sanad-question textarea')")


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_from_quote_to_quote_of_the_answer(visit, size):
    page = visit("en/", size)
    ask(page, STRUMICA["en"])
    first = int(page.locator(CITE).first.get_attribute("data-n"))
    read(page)
    count = page.locator(f"{FINISHED} dialog.sanad-passage").count()
    assert count > first
    for k in range(first + 1, count + 1):
        page.locator(f"{OPEN} a[data-way=next-quote]").press("Enter")
        page.wait_for_function(
            "words => document.querySelector('#sanad-reader .sanad-where')?.textContent === words",
            arg=f"Quote {k} of {count}",
        )
        n = page.locator(f"{FINISHED} .sanad-cite[aria-current]").first.get_attribute("data-n")
        wanted = page.locator(f'{FINISHED} dialog[data-n="{n}"] mark').all_text_contents()
        assert shown_mark(page) == squeezed("".join(wanted))
        assert in_sight(page, f"{OPEN} mark")
        if k < count:  # the focus stays where it is used again, and the place is said
            assert page.evaluate(f"{FOCUSED}.dataset.way") == "next-quote"
            assert (
                page.locator("#sanad-reader [role=status]").inner_text() == f"Quote {k} of {count}"
            )
    page.keyboard.press("Escape")
    page.wait_for_function(f"n => {FOCUSED}.dataset.n === n", arg=n)


def test_another_language_of_the_work_opens_beside_the_answer(visit):
    page = visit("en/")
    ask(page, STRUMICA["en"])
    read(page)
    page.locator(f"{OPEN} a[data-way^=version-][lang=ar]").first.click()
    page.wait_for_selector("#sanad-reader h2 cite[lang=ar]")
    assert messages("en")["reader.beside"] in page.locator(OPEN).inner_text()
    assert page.locator("#sanad-reader mark").count() == 0
    text = page.locator(f"{OPEN} .sanad-text")
    assert (text.get_attribute("lang"), text.get_attribute("dir")) == ("ar", "rtl")


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
@pytest.mark.parametrize("language", ["en", "ar"])
def test_a_pdf_shows_the_quote_on_its_printed_page(visit, language, size):
    page = visit(f"{language}/", size)
    ask(page, UGANDA)
    read(page)
    if size is PHONE:  # print would be too small: the text comes first
        assert shown_mark(page) == said(page)
        page.locator(f"{OPEN} a[data-way=view-page]").click()
    page.wait_for_selector(f"{OPEN} .sanad-picture img")
    page.wait_for_function("document.querySelector('.sanad-picture img').naturalWidth > 0")
    page.wait_for_timeout(300)
    assert in_sight(page, f"{OPEN} rect#quote")
    assert overflow(page) <= 0
    image = page.locator(f"{OPEN} .sanad-picture img")
    assert image.get_attribute("alt")
    # The boxes lie over the words: the layer has the picture's own size.
    sizes = page.evaluate(
        "[...document.querySelectorAll('.sanad-picture :is(img, svg)')]"
        ".map(e => e.getBoundingClientRect()).map(b => [b.x, b.y, b.width, b.height])"
    )
    assert sizes[0] == pytest.approx(sizes[1], abs=1)


def test_a_quote_in_an_earlier_answer_opens_too(visit):
    page = visit("en/")
    ask(page, STRUMICA["en"])
    wanted = said(page)
    ask(page, "What does UNAR do in Italy?")
    page.locator("#sanad-log .sanad-cite").first.click()
    page.locator("#sanad-log dialog[open] a[data-quote]").click()
    page.wait_for_selector(OPEN)
    assert shown_mark(page) == wanted
    page.keyboard.press("Escape")
    page.wait_for_function(f"{FOCUSED}.matches('#sanad-log .sanad-cite')")


def test_a_server_that_does_not_answer_is_said_and_can_be_asked_again(browser, address):
    page = browser.new_page(viewport=DESK)
    try:
        page.goto(f"{address}/en/")
        page.wait_for_selector("#sanad-question textarea")
        ask(page, STRUMICA["en"])
        page.route("**/read?*", lambda route: route.abort())
        page.locator(CITE).first.click()
        page.locator("dialog.sanad-passage[open] a[data-quote]").click()
        page.wait_for_selector("#sanad-reader .sanad-panel-told button")
        told = page.locator("#sanad-reader").inner_text()
        assert messages("en")["reader.failed"] in told
        page.unroute("**/read?*")
        page.locator("#sanad-reader .sanad-panel-told button").click()
        page.wait_for_selector(OPEN)
        assert shown_mark(page) == said(page)
    finally:
        page.close()


def test_the_reader_works_without_a_script(browser, address):
    context = browser.new_context(java_script_enabled=False, viewport=PHONE)
    page = context.new_page()
    page.goto(f"{address}/en/read?document=strumica-local-prevention-council.en.html")
    assert "Strumica" in page.locator("h1").inner_text()
    page.locator("a[data-way^=version-]").first.click()
    assert page.locator("h1 cite").get_attribute("lang") == "ar"
    page.locator("nav.sanad-languages a[lang=fr]").click()
    assert page.locator("html").get_attribute("lang") == "fr"
    assert page.locator("h1 cite").get_attribute("lang") == "ar"
    context.close()


def test_a_link_to_a_quote_opens_there(visit_plain, address):
    page = visit_plain(
        f"{address}/en/read?document=uganda-strategy-review-and-dialogues.en.pdf&page=1"
        "&start=719&end=799&view=text#quote"
    )
    words = page.locator("main").inner_text()
    assert "Page 1 of 4" in words
    assert page.locator("mark, .sanad-reader-note").count() > 0


@pytest.fixture
def visit_plain(browser):
    pages = []

    def go(url):
        pages.append(browser.new_page(viewport=DESK))
        pages[-1].goto(url)
        return pages[-1]

    yield go
    for page in pages:
        page.close()


@pytest.mark.parametrize("language", ["en", "ar", "fr", "es"])
@pytest.mark.parametrize("view", ["page", "text"])
def test_axe_finds_nothing_serious(visit_plain, address, language, view):
    from axe_playwright_python.sync_playwright import Axe

    page = visit_plain(
        f"{address}/{language}/read?document=uganda-strategy-review-and-dialogues.en.pdf"
        f"&page=1&view={view}"
    )
    found = Axe().run(page).response["violations"]
    serious = [each["id"] for each in found if each["impact"] in ("serious", "critical")]
    assert serious == []


def test_axe_finds_nothing_serious_beside_the_chat(visit):
    from axe_playwright_python.sync_playwright import Axe

    page = visit("ar/")
    ask(page, STRUMICA["ar"])
    read(page)
    found = Axe().run(page, {"include": [["#sanad-reader"]]}).response["violations"]
    assert [each["id"] for each in found if each["impact"] in ("serious", "critical")] == []


def test_at_320_pixels_and_twice_the_letters_nothing_is_cut_off(visit):
    page = visit("en/", {"width": 320, "height": 640})
    ask(page, STRUMICA["en"])
    page.add_style_tag(content="html { font-size: 200% }")
    read(page)
    assert overflow(page) <= 0
    wide = page.locator(OPEN).evaluate("e => e.scrollWidth - e.clientWidth")
    assert wide <= 0
