"""The widget by keyboard, by ear, in other colours, without scripts; and its preview."""

from __future__ import annotations

import re

import pytest

from tests.browsing import KENYA, MARKS, PHONE, open_browser  # noqa: F401  # fixtures
from tests.framing import WORDS, ask, open_host, opened, serve_widget, visitor_of_sites  # noqa: F401  # fixtures
from tests.hosting import KEY
from tests.questions import EXAMPLES

pytestmark = [*MARKS, pytest.mark.slow]


def test_keyboard_alone_is_enough(visit, sanad):
    page = visit(sanad.host.put(sanad.tag()))
    page.wait_for_selector(".launcher")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    frame = page.frame_locator("iframe")
    frame.locator("textarea:focus").wait_for()
    page.keyboard.type(KENYA)
    page.keyboard.press("Enter")
    frame.locator(".actions").wait_for()
    for _ in range(12):
        page.keyboard.press("Shift+Tab")
        if frame.locator(".sanad-cite:focus").count():
            break
    page.keyboard.press("Enter")
    frame.locator("dialog[open] .sanad-close:focus").wait_for()
    page.keyboard.press("Escape")
    frame.locator(".sanad-cite:focus").wait_for()
    page.keyboard.press("Escape")
    page.locator(".panel").wait_for(state="hidden")
    launcher = "document.querySelector('[data-sanad-site]').shadowRoot.activeElement?.className"
    assert page.evaluate(launcher) == "launcher"
    page.keyboard.press("Enter")
    frame.locator("textarea:focus").wait_for()
    assert frame.locator(".sanad-turn").count() == 1  # the conversation is still there


def test_one_region_speaks_once_and_politely(visit, sanad):
    page = visit(sanad.host.put(sanad.tag()))
    frame = opened(page)
    frame.locator("#status").evaluate(
        "region => { window.said = []; new MutationObserver(() => said.push(region.textContent))"
        ".observe(region, {childList: true, characterData: true, subtree: true}); }"
    )
    ask(frame, KENYA)
    assert frame.locator("[role=status], [aria-live=polite], [role=alert]").count() == 1
    assert frame.locator("#log").get_attribute("role") == "log"
    said = page.frames[1].evaluate("said")
    assert said[0] == WORDS["widget.working"]
    assert [words[:13] for words in said[1:]] == ["Answer ready."]


@pytest.mark.parametrize("language", ["en", "ar"])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing(visit, sanad, language, theme):
    from axe_playwright_python.sync_playwright import Axe

    page = visit(
        f"{sanad.address}/widget/{KEY}/?lang={language}", PHONE, color_scheme=theme, bypass_csp=True
    )
    found = []
    for step in ("intro", "answer", "passage"):
        if step == "answer":
            ask(page, EXAMPLES[language][0])
            for folded in page.locator("summary").all():
                folded.click()
        if step == "passage":
            page.locator(".sanad-cite").first.click()
        report = Axe().run(page).response["violations"]
        found += [(step, each["id"], each["nodes"][0]["html"]) for each in report]
    assert found == []


def test_axe_finds_nothing_on_the_page_around(visit, sanad):
    from axe_playwright_python.sync_playwright import Axe

    page = visit(sanad.host.put(sanad.tag()))
    page.wait_for_selector(".launcher")
    closed = Axe().run(page).response["violations"]
    opened(page)
    found = closed + Axe().run(page).response["violations"]
    serious = [
        (each["id"], each["nodes"]) for each in found if each["impact"] in ("serious", "critical")
    ]
    assert serious == []


def test_motion_is_left_out_for_those_who_wish_so(visit, sanad):
    moving = "e => getComputedStyle(e).animationName"
    for wish, name in (("reduce", "none"), ("no-preference", "rise")):
        page = visit(sanad.host.put(sanad.tag()), reduced_motion=wish)
        opened(page)
        assert page.locator(".panel").evaluate(moving) == name


def test_forced_colours_leave_borders(visit, sanad):
    page = visit(sanad.host.put(sanad.tag()), forced_colors="active")
    border = "e => getComputedStyle(e).borderTopStyle + getComputedStyle(e).borderTopWidth"
    assert page.locator(".launcher").evaluate(border) == "solid1px"
    frame = opened(page)
    assert frame.locator("#send").evaluate(border) == "solid1px"


def test_without_scripts_the_frame_page_leads_to_the_reader(visit, sanad):
    page = visit(f"{sanad.address}/widget/{KEY}/?lang=en", java_script_enabled=False)
    assert WORDS["widget.noscript"] in page.locator("noscript").inner_text()
    assert page.locator("noscript a").get_attribute("href") == "../../en/"


def test_answer_is_copied_with_its_citations(visit, sanad):
    page = visit(
        f"{sanad.address}/widget/{KEY}/?lang=en", permissions=["clipboard-read", "clipboard-write"]
    )
    ask(page, KENYA)
    page.locator(".actions button").click()
    page.locator(f"text={WORDS['widget.copied']}").first.wait_for()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.startswith(KENYA)
    quotes = re.findall(r"^“.+”\s?(?:\[\d+\])+$", copied, re.M)
    assert len(quotes) == page.locator(".sanad-quote").count()
    for number in range(1, page.locator("dialog").count() + 1):
        assert re.search(rf"^\[{number}\] .+\n    .+", copied, re.M)


def test_preview_shows_the_widget_as_a_page_would(visit, sanad):
    page = visit(f"{sanad.address}/widget/{KEY}/preview?lang=es")
    assert f'data-site="{KEY}"' in page.locator("pre").first.inner_text()
    assert sanad.host.origin in page.locator("li").inner_text()
    frame = opened(page)
    assert frame.locator("html").get_attribute("lang") == "es"
    assert ask(frame, EXAMPLES["es"][0]).locator(".sanad-quote").count() > 0


def test_versioned_script_passes_the_browser_s_check(visit, sanad):
    from ui.widget.snippet import tag

    site = sanad.standing.sites.get(KEY)
    page = visit(sanad.host.put(tag(site, sanad.address, versioned=True)))
    assert opened(page).locator("#intro").is_visible()
