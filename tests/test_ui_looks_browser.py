"""Fonts, measure, theme and paper as a browser draws them."""

from __future__ import annotations

import pytest

from tests.browsing import MARKS, open_browser  # noqa: F401  # fixtures
from tests.rooms import PLACES, enter_rooms, serve_rooms  # noqa: F401  # fixtures

pytestmark = [*MARKS, pytest.mark.slow]
LOADED = """() => performance.getEntriesByType("resource").filter(r => r.name.endsWith(".woff2"))
  .map(r => [r.name.split("/").pop().split(".")[0], r.encodedBodySize])"""
# Letters in each full line of what a selector finds.
LINES = """selector => [...document.querySelectorAll(selector)].flatMap(e => {
  const walk = document.createTreeWalker(e, NodeFilter.SHOW_TEXT), tops = new Map();
  for (let node; (node = walk.nextNode());) for (let i = 0; i < node.length; i++) {
    const range = document.createRange();
    range.setStart(node, i); range.setEnd(node, i + 1);
    const box = range.getClientRects()[0];
    if (box) tops.set(Math.round(box.bottom / 8), (tops.get(Math.round(box.bottom / 8)) ?? 0) + 1);
  }
  return [...tops.values()].slice(0, -1);
})"""


def test_a_page_of_english_words_loads_no_arabic_font(enter):
    page = enter("answer", "en")
    page.evaluate("document.querySelector('#sanad-examples')?.remove()")
    page = enter("note", "en")
    found = dict(page.evaluate(LOADED))
    assert set(found) <= {"sans-latin", "serif-latin", "serif-italic", "names"}
    assert sum(found.values()) <= 120_000


@pytest.mark.parametrize("name", PLACES)
@pytest.mark.parametrize("language, most", [("en", 120_000), ("ar", 250_000)])
def test_fonts_of_every_page_are_light(enter, name, language, most):
    found = dict(enter(name, language).evaluate(LOADED))
    assert sum(found.values()) <= most
    assert "kufi" in found or language != "ar"


@pytest.mark.parametrize("language", ["en", "ar", "fr", "es"])
def test_lines_of_a_quote_are_of_a_length_to_read(enter, language):
    lines = enter("answer", language).evaluate(LINES, ".sanad-said blockquote p")
    assert len(lines) >= 4
    lines.sort()
    assert lines[-1] <= 85
    assert 52 <= lines[len(lines) // 2] <= 76


def test_the_arrival_of_the_fonts_moves_next_to_nothing(browser, address):
    """Cumulative layout shift with every font held back until the page stands."""
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    page.add_init_script(
        """window.moved = 0; new PerformanceObserver(list => {
          for (const e of list.getEntries()) window.moved += e.value;
        }).observe({type: "layout-shift", buffered: true});"""
    )
    held = []
    page.route("**/*.woff2", lambda route: held.append(route))
    page.goto(f"{address}/en/library", wait_until="domcontentloaded")
    page.wait_for_selector("main")
    page.wait_for_timeout(500)
    page.evaluate("window.moved = 0")
    for route in held:
        route.continue_()
    page.evaluate("document.fonts.ready")
    page.wait_for_timeout(500)
    assert held
    assert page.evaluate("window.moved") < 0.1
    page.close()


DARK, LIGHT = "rgb(26, 25, 22)", "rgb(247, 244, 237)"
GROUND = "getComputedStyle(document.documentElement).backgroundColor"


@pytest.mark.parametrize("name", ["start", "library"])
def test_a_theme_is_chosen_kept_and_given_up(enter, name):
    page = enter(name, "en", color_scheme="light")
    kept = "localStorage.getItem('sanad-theme')"
    assert (page.evaluate(GROUND), page.evaluate(kept)) == (LIGHT, None)
    page.locator(".sanad-theme input[value=dark]").check()
    assert (page.evaluate(GROUND), page.evaluate(kept)) == (DARK, "dark")
    page.reload(wait_until="commit")
    page.wait_for_function("document.body")
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"  # before it is drawn
    page.wait_for_selector(".sanad-theme input[value=dark]:checked")
    assert page.evaluate(GROUND) == DARK
    page.locator(".sanad-theme input[value='']").check()
    assert (page.evaluate(GROUND), page.evaluate(kept)) == (LIGHT, None)


def test_gradio_s_parts_are_as_dark_as_the_page(enter):
    page = enter("start", "en", color_scheme="light")
    page.locator(".sanad-theme input[value=dark]").check()
    page.wait_for_function("document.body.classList.contains('dark')")
    page.locator(".sanad-theme input[value=light]").check()
    page.wait_for_function("!document.body.classList.contains('dark')")


def test_an_answer_on_paper_is_ink_on_white_with_its_sources(enter):
    page = enter("answer", "en", color_scheme="dark")
    page.emulate_media(media="print", color_scheme="dark")
    assert (
        page.locator(".sanad-quote").first.evaluate("e => getComputedStyle(e).color")
        == "rgb(0, 0, 0)"
    )
    assert page.evaluate(GROUND) == "rgb(255, 255, 255)"
    for gone in ("#sanad-ask", ".sanad-masthead nav", ".sanad-feedback", ".sanad-foot"):
        assert not page.locator(gone).first.is_visible(), gone
    assert page.locator(".sanad-sources li").first.is_visible()
