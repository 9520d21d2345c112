"""The chat page in a real browser: typing before it is ready, chips and their address, what can
be done with an answer, what to ask next, short forms, a conversation that is kept here."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import pytest

from rag.settings import Settings
from rag.wording import messages, say
from tests.browsing import (  # noqa: F401  # fixtures
    BOX,
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
from tests.test_ui_chat import HOSTILE
from ui import suggest
from ui.live import LiveAssistant

pytestmark = [*MARKS, pytest.mark.slow]
EARLY = "#sanad-early textarea"
NEXT = f"{FINISHED} .sanad-next"
CHOSEN = ".sanad-chosen .sanad-chip"
WORDS = messages("en")


@pytest.fixture(scope="module")
def address(collection, assistant) -> Iterator[str]:
    """The sample collection, with its starters found."""
    live = LiveAssistant(lambda before: assistant, lambda: "one")
    with (
        pytest.MonkeyPatch.context() as patch,
        served(Settings(data_dir=collection), live) as found,
    ):
        patch.setattr(suggest, "BUDGET_S", 20.0)  # a machine may be busy
        yield found


def focused(page) -> str:
    return page.evaluate("document.activeElement.outerHTML.slice(0, 200)")


# Before Gradio's part is there


def slowed(browser, address: str, language: str = "en", **context):
    """A page whose scripts of Gradio's wait until they are let go."""
    page = browser.new_page(**context)
    held, let = [], []
    page.route(
        re.compile(r"/assets/.*\.js"),
        lambda route: route.continue_() if let else held.append(route),
    )
    page.goto(f"{address}/{language}/", wait_until="commit")
    page.wait_for_selector(EARLY)

    def go() -> None:
        let.append(True)
        for route in held:
            route.continue_()

    return page, go


def test_what_is_typed_before_the_page_is_ready_is_kept_where_the_caret_was(browser, address):
    page, go = slowed(browser, address)
    page.wait_for_function("document.activeElement?.matches('#sanad-early textarea')")
    assert page.locator("#sanad-scope p").inner_text()  # and there is something to read
    page.keyboard.type("What does UNAR in Italy?")
    for _ in range(len(" in Italy?")):
        page.keyboard.press("ArrowLeft")
    go()
    page.wait_for_selector(BOX)
    page.wait_for_selector("#sanad-early", state="detached")
    page.keyboard.type(" do")
    assert page.input_value(BOX) == "What does UNAR do in Italy?"
    page.close()


@pytest.mark.parametrize("how", ["Enter", "button", "starter"])
def test_what_is_asked_before_the_page_is_ready_is_answered_when_it_is(browser, address, how):
    page, go = slowed(browser, address)
    if how == "starter":
        page.evaluate(
            """question => {
              const button = Object.assign(document.createElement('button'), {});
              button.dataset.ask = question; button.dataset.send = ''; button.id = 'made';
              document.querySelector('#sanad-examples').append(button);
            }""",
            KENYA,
        )
        page.wait_for_function("!!window.sanad?.put")
        page.evaluate("document.querySelector('#made').click()")
    else:
        page.wait_for_function("!!window.sanad?.put")
        page.fill(EARLY, KENYA)
        if how == "Enter":
            page.press(EARLY, "Enter")
        else:
            page.click("#sanad-early button")
    assert page.locator("#sanad-early p").is_visible()
    go()
    page.wait_for_selector(FINISHED)
    assert KENYA in page.inner_text(f"{FINISHED} h2")
    page.close()


@pytest.mark.parametrize("language", sorted(EXAMPLES))
def test_a_phone_shows_the_page_from_its_top_with_the_box_in_one_line(visit, language):
    page = visit(f"{language}/", PHONE, has_touch=True, is_mobile=True)
    page.wait_for_selector("#sanad-early", state="detached")
    assert page.evaluate("scrollY") == 0
    assert page.locator(BOX).bounding_box()["height"] <= 48  # whatever the hint's length
    page.fill(BOX, "A question that goes on until it needs a second line of a phone")
    page.wait_for_function("box => document.querySelector(box).offsetHeight > 60", arg=BOX)


def test_the_box_stays_where_it_was_when_the_page_is_ready(browser, address):
    page, go = slowed(browser, address, viewport=DESK)
    before = page.locator(EARLY).bounding_box()
    go()
    page.wait_for_selector("#sanad-early", state="detached")
    after = page.locator(BOX).bounding_box()
    assert abs(before["y"] - after["y"]) <= 8
    assert abs(before["width"] - after["width"]) <= 16
    page.close()


# Questions to begin with


@pytest.mark.parametrize("language", sorted(EXAMPLES))
def test_questions_to_begin_with_are_answered_when_pressed(visit, language):
    page = visit(f"{language}/")
    for _ in range(60):  # they are looked for once, after the first page was opened
        if page.locator(f".sanad-example[lang={language}]").count():
            break
        page.wait_for_timeout(500)
        page.reload()
        page.wait_for_selector(BOX)
    first = page.locator(f".sanad-example[lang={language}]").first
    question = first.inner_text()
    first.click()
    page.wait_for_selector(FINISHED)
    assert question in page.inner_text(f"{FINISHED} h2")
    assert page.locator(f"{FINISHED} .sanad-quote").count() > 0
    assert not page.locator("#sanad-examples").is_visible()


# Chips


def test_a_chip_is_chosen_and_removed_by_keyboard_and_the_address_has_it(visit):
    page = visit()
    page.locator(".sanad-choose summary").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert 'data-facet="country"' in focused(page)
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    while "data-facet" in focused(page):
        page.keyboard.press("Tab")
    page.keyboard.type("ken")  # the box that finds
    page.keyboard.press("Tab")
    assert 'data-value="KE"' in focused(page)
    page.keyboard.press("Enter")
    page.wait_for_selector(CHOSEN)
    assert page.url.endswith("/en/?country=KE")
    assert 'data-value="KE"' in focused(page)  # where it was
    assert page.locator("#sanad-facet-country").is_visible()
    remove = page.get_by_role("button", name="Remove filter Kenya")
    remove.focus()
    page.keyboard.press("Enter")
    page.wait_for_selector(CHOSEN, state="detached")
    assert page.url.endswith("/en/")
    assert "<summary" in focused(page)  # what is nearest


def test_an_address_applies_its_filters_and_another_language_keeps_them(visit):
    page = visit("en/?language=ar&theme=youth")
    assert page.locator(CHOSEN).count() == 2
    ask(page, "Kenya NCTC County Engagement Forums CAP")
    languages = page.locator(f"{FINISHED} cite").evaluate_all("all => all.map(c => c.lang)")
    assert set(languages) == {"ar"}
    page.click("nav a[lang=fr]")
    page.wait_for_url("**/fr/?language=ar&theme=youth")
    page.wait_for_selector(BOX)
    assert "arabe" in page.locator(CHOSEN).last.inner_text()


def test_back_and_forward_move_through_the_filters(visit):
    page = visit("en/?country=KE")
    page.click(".sanad-clear")
    page.wait_for_selector(CHOSEN, state="detached")
    page.go_back()
    page.wait_for_selector(CHOSEN)
    assert page.url.endswith("?country=KE")
    page.go_forward()
    page.wait_for_selector(CHOSEN, state="detached")


def test_filters_that_match_nothing_are_told_and_can_be_removed(visit):
    page = visit("en/?country=ZZ&event=%3Cimg+src%3Dx+onerror%3Dalert(1)%3E")
    assert page.locator(CHOSEN).count() == 2
    assert "0" in page.inner_text(".sanad-left")
    ask(page, KENYA)
    assert WORDS["decline.no_match_for_filters"] in page.inner_text(FINISHED)
    page.get_by_role("button", name=WORDS["chat.filters_clear"]).click()
    page.wait_for_selector(CHOSEN, state="detached")
    page.locator(f"{FINISHED} [data-act=retry]").click()
    page.wait_for_selector(f"{FINISHED} .sanad-quote")


def test_a_question_offers_the_chip_it_names_and_does_not_apply_it(visit):
    page = visit()
    ask(page, KENYA)
    chip = page.locator(f"{NEXT} .sanad-narrow [data-value=KE]")
    chip.wait_for()
    assert "?" not in page.url
    assert chip.get_attribute("aria-pressed") == "false"
    chip.click()
    page.wait_for_selector(CHOSEN)
    assert chip.get_attribute("aria-pressed") == "true"
    assert page.url.endswith("?country=KE")


@pytest.mark.parametrize("language", ["en", "ar"])
def test_filters_on_a_phone_stay_in_few_rows_and_never_scroll_sideways(visit, language):
    page = visit(f"{language}/?country=KE&year=2024", PHONE)
    page.click(".sanad-choose summary")
    for key in ("country", "city", "document"):
        page.click(f"[data-facet={key}]")
        box = page.locator(f"#sanad-facet-{key}").bounding_box()
        assert box["height"] <= 0.5 * PHONE["height"]
        assert overflow(page) <= 0


# What can be done with an answer


def test_ask_again_and_edit(visit):
    page = visit()
    ask(page, KENYA)
    page.locator(f"{FINISHED} [data-act=edit]").click()
    assert page.input_value(BOX) == KENYA
    caret = page.locator(BOX).evaluate("b => [document.activeElement === b, b.selectionStart]")
    assert caret == [True, len(KENYA)]
    page.locator(f"{FINISHED} [data-act=retry]").click()
    page.wait_for_selector("#sanad-log .sanad-turn")
    page.wait_for_selector(FINISHED)
    assert KENYA in page.inner_text(f"{FINISHED} h2")
    assert page.input_value(BOX) == ""
    old = page.locator("#sanad-log .sanad-turn [data-act=edit]")
    old.click()  # past answers can be acted on too
    assert page.input_value(BOX) == KENYA


@pytest.mark.parametrize("language", ["en", "ar"])
def test_what_to_ask_next_comes_after_the_answer_and_is_answered(visit, language):
    page = visit(f"{language}/", PHONE)
    ask(page, EXAMPLES[language][0])
    page.locator(NEXT).wait_for()
    assert page.locator(NEXT).get_attribute("dir") == ("rtl" if language == "ar" else "ltr")
    assert page.locator(f"{FINISHED} [role=status]").count() == 1  # nothing more is announced
    assert overflow(page) <= 0
    onward = page.locator(f"{NEXT} .sanad-onward").first
    question = onward.get_attribute("data-ask")
    onward.click()
    page.wait_for_function(
        "asked => document.querySelector('#sanad-turn .sanad-turn[data-state=finished] h2')"
        "?.textContent.includes(asked)",
        arg=question,
    )
    assert page.locator(f"{FINISHED} .sanad-quote").count() > 0
    assert page.locator("#sanad-log .sanad-next").count() == 0


def test_a_sequel_that_does_not_come_leaves_the_answer_as_it_is(visit):
    page = visit()
    page.route("**/next", lambda route: route.fulfill(status=204))
    with page.expect_response("**/next"):
        ask(page, KENYA)
    assert page.locator(f"{FINISHED} .sanad-quote").count() > 0
    assert page.locator(NEXT).count() == 0
    page.unroute_all()


# Short forms


def test_a_short_form_is_explained_by_keyboard_and_pointer_and_the_quote_stays(visit):
    page = visit()
    ask(page, KENYA)
    reply = json.loads(page.locator(FINISHED).get_attribute("data-reply"))
    shown = page.locator(f"{FINISHED} .sanad-quote").evaluate_all(
        """all => all.map(quote => {
          const copy = quote.cloneNode(true);
          for (const cite of copy.querySelectorAll('.sanad-cite')) cite.remove();
          return copy.textContent.trim();
        })"""
    )
    assert shown == [each["text"] for each in reply["sentences"]]
    term = page.locator(f"{FINISHED} .sanad-term", has_text="NCTC").first
    term.focus()
    assert "National Counter Terrorism Centre" in page.inner_text("#sanad-explained")
    assert term.get_attribute("aria-describedby") == "sanad-explained"
    page.keyboard.press("Escape")
    assert not page.locator("#sanad-explained").is_visible()
    page.locator(".sanad-masthead h1").hover()
    term.hover()
    page.wait_for_selector("#sanad-explained", state="visible")
    page.locator("#sanad-explained").hover()  # it can be read without going away
    page.wait_for_timeout(400)
    assert page.locator("#sanad-explained").is_visible()


# A conversation that is kept here


def keep(page) -> None:
    page.get_by_label(WORDS["chat.keep_here"]).check()


def test_nothing_is_kept_unless_asked(visit):
    page = visit()
    ask(page, KENYA)
    assert page.evaluate("localStorage.getItem('sanad.conversation')") is None
    page.reload()
    page.wait_for_selector(BOX)
    assert page.locator(".sanad-turn").count() == 0


def test_a_conversation_that_is_kept_comes_back_and_can_be_gone_on_with_and_deleted(visit):
    page = visit()
    ask(page, KENYA)
    keep(page)
    page.reload()
    page.wait_for_selector(BOX)
    kept = page.locator("#sanad-log .sanad-turn")
    assert KENYA in kept.inner_text()
    assert WORDS["chat.kept_before"] in page.inner_text("#sanad-log")
    reply = json.loads(kept.get_attribute("data-reply"))
    assert reply["sentences"][0]["text"] in kept.inner_text()
    assert kept.locator(".sanad-cite").count() > 0
    ask(page, "and in Uganda?")
    assert "Uganda" in page.inner_text(f"{FINISHED} .sanad-searched")  # it was joined
    page.reload()
    page.wait_for_selector(BOX)
    assert page.locator("#sanad-log .sanad-turn").count() == 2
    page.get_by_role("button", name=WORDS["chat.kept_delete"]).click()
    assert page.locator(".sanad-turn").count() == 0
    assert page.evaluate("localStorage.getItem('sanad.conversation')") is None
    assert page.inner_text("#sanad-keeping [role=status]") == WORDS["chat.kept_deleted"]
    assert not page.get_by_label(WORDS["chat.keep_here"]).is_checked()


def test_a_new_chat_forgets_what_was_kept_and_goes_on_keeping(visit):
    page = visit()
    keep(page)
    ask(page, KENYA)
    page.click("#sanad-new")
    page.wait_for_selector("#sanad-examples", state="attached")
    assert page.evaluate("localStorage.getItem('sanad.conversation')") == "[]"


def test_what_somebody_wrote_into_the_storage_is_only_text(visit):
    page = visit()
    lines = [{"kind": kind, "text": evil, "lang": evil, "cites": [evil, 1]}
             for evil in HOSTILE for kind in ("quote", "label", "script", evil)]  # fmt: skip
    turns = [
        {"question": HOSTILE[0], "lang": HOSTILE[2], "lines": lines, "reply": HOSTILE[1]},
        {"question": 3}, None, 7, {"question": "x", "lines": [None, 1, {}]},
    ]  # fmt: skip
    page.evaluate("held => localStorage.setItem('sanad.conversation', held)", json.dumps(turns))
    page.reload()
    page.wait_for_selector(BOX)
    assert HOSTILE[0] in page.inner_text("#sanad-log")
    assert page.locator("#sanad-log :is(img, script, form, iframe, svg, style, a)").count() == 0
    assert page.evaluate("window.__pwned") is None
    page.evaluate("localStorage.setItem('sanad.conversation', '{not json')")
    page.reload()
    page.wait_for_selector(BOX)
    assert page.locator(".sanad-turn").count() == 0


# Small and large, with and without a pointer


@pytest.mark.parametrize("language", ["en", "ar"])
@pytest.mark.parametrize("size", [{"width": 320, "height": 640}, {"width": 640, "height": 425}])
def test_at_320_pixels_and_at_200_per_cent_nothing_scrolls_sideways(visit, language, size):
    page = visit(f"{language}/?country=KE", size)  # 640 is 1280 at 200 %
    assert overflow(page) <= 0
    ask(page, EXAMPLES[language][0])
    page.locator(NEXT).wait_for()
    page.click(".sanad-choose summary")
    page.click("[data-facet=city]")
    assert overflow(page) <= 0


def test_who_wants_no_motion_gets_none(visit):
    page = visit(reduced_motion="reduce")
    moved = page.evaluate(
        """() => { window.how = []; Element.prototype.scrollIntoView = function (o) {
          window.how.push(o?.behavior); }; }"""
    )
    assert moved is None
    ask(page, KENYA)
    assert "smooth" not in page.evaluate("window.how")


def test_a_finger_s_question_does_not_open_the_keyboard(visit):
    page = visit(size=PHONE, has_touch=True, is_mobile=True)
    ask(page, KENYA)
    page.locator(f"{FINISHED} [data-act=retry]").tap()
    page.wait_for_selector("#sanad-log .sanad-turn")
    assert not page.locator(BOX).evaluate("box => box === document.activeElement")


def test_the_skip_link_goes_to_the_question_box(visit):
    page = visit()
    page.locator(".sanad-skip").focus()
    assert page.locator(".sanad-skip").inner_text() == say("en", "chat.skip_ask")
    page.keyboard.press("Enter")
    page.wait_for_timeout(100)
    assert page.locator(BOX).evaluate("box => box === document.activeElement")


# Quotations in another language

TRANSLATOR = """
self.Translator = {
  availability: async ({sourceLanguage}) => sourceLanguage === "es" ? "unavailable" : "available",
  create: async ({sourceLanguage, targetLanguage}) => ({
    translate: async (said) => `${sourceLanguage}>${targetLanguage}: ${said}`,
  }),
};
"""


def test_a_foreign_quotation_can_be_translated_by_the_browser(visit):
    page = visit("ar/")
    page.evaluate(TRANSLATOR)
    ask(page, "ما هي خطوات النهج الهولندي PGA؟")
    button = page.locator(f"{FINISHED} .sanad-translate").first
    button.wait_for()
    assert button.inner_text() == say("ar", "translate.ask")
    button.click()
    machine = page.locator(f"{FINISHED} .sanad-machine").first
    machine.wait_for()
    assert machine.locator(".sanad-label").inner_text() == say("ar", "translate.label")
    assert ">ar: " in machine.locator("p").nth(1).inner_text()
    assert machine.get_attribute("dir") == "rtl"
    quote = page.locator(f"{FINISHED} blockquote").first
    assert quote.get_attribute("lang") != "ar"  # the quotation stays as it stands


def test_without_a_translator_nothing_is_offered(visit):
    page = visit("ar/")
    page.evaluate("delete self.Translator")
    ask(page, "ما هي خطوات النهج الهولندي PGA؟")
    assert page.locator(f"{FINISHED} .sanad-translate").count() == 0
