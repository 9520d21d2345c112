"""WCAG 2.2 AA over every page of the reading room, in every language, in both themes.

Each page is opened once for all that is asked of it; docs/accessibility.md says which
criterion each test is for.
"""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

from tests.browsing import MARKS, open_browser, overflow  # noqa: F401  # fixtures
from tests.rooms import LANGUAGES, PLACES, enter_room, serve_rooms  # noqa: F401  # fixtures

pytestmark = [*MARKS, pytest.mark.slow]
CHECKS = (Path(__file__).parent / "access.js").read_text("utf-8")
EVERYWHERE = [(name, language) for name in PLACES for language in LANGUAGES]
DESK = {"width": 1280, "height": 800}
# What a reader may set (WCAG 2.2, 1.4.12).
SPACED = """* { line-height: 1.5 !important; letter-spacing: .12em !important;
  word-spacing: .16em !important; } p { margin-block-end: 2em !important; }"""

SETTLED = """async () => { await new Promise(requestAnimationFrame);
  await Promise.allSettled(document.getAnimations()
    .filter(one => one.effect.getComputedTiming().endTime < Infinity)
    .map(one => one.finished)); }"""


def check(page, name: str, given=None):
    return page.evaluate(f"({CHECKS}).{name}", given)


@pytest.fixture(scope="module", params=EVERYWHERE, ids="-".join)
def room(request, browser, address):
    """A page as its reader finds it; at the end no script may have failed."""
    with enter_room(browser, address, *request.param, bypass_csp=True) as page:
        yield page


def test_axe_finds_nothing_serious_in_either_theme(room):
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(room).response["violations"]
    room.evaluate("document.documentElement.dataset.theme = 'dark'")
    room.wait_for_timeout(250)
    room.evaluate(SETTLED)  # colours change in steps
    seen = {"runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}}
    found += Axe().run(room, options=seen).response["violations"]
    room.evaluate("delete document.documentElement.dataset.theme")
    told = [
        (each["id"], node["html"][:120], node["failureSummary"][:200])
        for each in found
        if each["impact"] in ("serious", "critical")
        for node in each["nodes"][:3]
    ]
    assert told == []


def test_every_piece_is_in_its_language_and_direction(room):
    assert check(room, "misplaced") == []


def test_what_is_pressed_is_large_enough(room):
    assert check(room, "small") == []


def test_zoomed_pages_scroll_one_way_and_cut_nothing(room):
    for width in (640, 320):  # 200 % and 400 % of 1280
        room.set_viewport_size({"width": width, "height": 800})
        room.wait_for_timeout(150)
        assert overflow(room) <= 0, width
        assert check(room, "cut") == [], width
        assert check(room, "small") == [], width
    room.set_viewport_size(DESK)


def test_a_reader_s_own_spacing_cuts_nothing(room):
    room.set_viewport_size({"width": 360, "height": 800})
    style = room.add_style_tag(content=SPACED)
    room.wait_for_timeout(150)
    assert overflow(room) <= 0
    assert check(room, "cut") == []
    style.evaluate("e => e.remove()")
    room.set_viewport_size(DESK)


def test_tab_goes_through_the_page_in_its_order_and_every_stop_is_seen(room):
    room.evaluate("document.body.tabIndex = -1; document.body.focus(); scrollTo(0, 0)")
    stops = []
    for _ in range(40):
        room.keyboard.press("Tab")
        found = check(room, "focused")
        if found is None or (stops and found["place"] == stops[0]["place"]):
            break
        stops.append(found)
    assert len(stops) >= (2 if room.locator("dialog[open]").count() else 8)
    assert [stop["told"] for stop in stops if not stop["ring"]] == []
    assert [stop["told"] for stop in stops if not stop["uncovered"]] == []
    backward = [b["told"] for a, b in pairwise(stops) if b["place"] < a["place"]]
    assert backward == []


def test_forced_colours_leave_an_outline_on_what_is_pressed(room):
    room.emulate_media(forced_colors="active")
    for _ in range(25):  # Gradio lets borders grow: on a busy machine for seconds
        room.wait_for_timeout(400)
        if not check(room, "unlined"):
            break
    assert check(room, "unlined") == []
    room.emulate_media(forced_colors="none")


def test_nothing_moves_for_those_who_wish_so(room):
    room.emulate_media(reduced_motion="reduce")
    assert check(room, "moving") == []
    room.emulate_media(reduced_motion="no-preference")


# Lines of two scripts


ARABIC_LINE = ("المجلس (NLC) 2024 في", ["ا", "(", "N", "C", ")", "2", "ف"])
ENGLISH_LINE = ("The council (المجلس) of 2024", ["T", "(", "ا", "س", ")", "2"])


def test_brackets_and_years_stand_in_their_place_in_an_arabic_line(browser, address):
    with enter_room(browser, address, "answer", "ar") as page:
        for piece in ("quote", "question", "from cite", "note"):
            first, opening, n, c, closing, year, after = check(
                page, "drawn", [f".sanad-turn .sanad-{piece}", *ARABIC_LINE]
            )
            # The word, left of it its bracket; the Latin letters run rightwards.
            assert after < year < closing < n < c < opening < first, piece


def test_an_arabic_name_in_an_english_line_keeps_the_order_of_the_line(browser, address):
    with enter_room(browser, address, "answer", "en") as page:
        first, opening, alef, seen, closing, year = check(
            page, "drawn", [".sanad-turn .sanad-note", *ENGLISH_LINE]
        )
        assert first < opening < seen < alef < closing < year
