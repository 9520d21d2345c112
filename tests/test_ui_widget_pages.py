"""The widget on hostile and moving pages, and with the settings of a page."""

from __future__ import annotations

import pytest

from tests.browsing import CONTRAST, KENYA, MARKS, open_browser, overflow  # noqa: F401  # fixtures
from tests.framing import DESK, WORDS, ask, open_host, opened, serve_widget, visitor_of_sites  # noqa: F401  # fixtures
from tests.hosting import KEY, embedded
from tests.serving import answering_with, settings_for
from ui.public.sites import Site, sites_path, write_sites

pytestmark = [*MARKS, pytest.mark.slow]


HOSTILE = """
<style>
  * { all: unset !important; }
  div, dialog, button, iframe, :empty { display: none !important; opacity: 0 !important;
    transform: scale(.1) !important; z-index: 1 !important; font: 60px serif !important; }
  html { font-size: 3px !important; }
  body { transform: translateX(40px); overflow: hidden; }
</style>
"""
COVER = (
    '<section style="position:fixed!important;inset:0!important;z-index:2147483647!important;'
    'display:block!important;background:#fff8"></section>'
)


def test_hostile_styles_change_nothing(visit, sanad):
    plain = visit(sanad.host.put(sanad.tag()))
    hostile = visit(sanad.host.put(sanad.tag() + COVER, head=HOSTILE))
    boxes = []
    for page in (plain, hostile):
        launcher = page.locator(".launcher").bounding_box()
        frame = opened(page)  # a real click: nothing may lie above
        assert ask(frame, KENYA).locator(".sanad-quote").count() > 0
        boxes.append([launcher, page.locator("iframe").bounding_box()])
    assert boxes[0] == boxes[1]


def test_two_sites_on_one_page_stand_one_above_the_other(visit, tmp_path, assistant, host):
    with embedded(settings_for(tmp_path), answering_with(assistant), host) as served:
        sites = [Site(key, key, (host.origin,)) for key in (KEY, "another-site")]
        write_sites(sites_path(served.settings), sites)
        page = visit(host.put(served.tag() + served.tag(key="another-site")))
        page.locator(".launcher").nth(1).wait_for()
        one, other = (page.locator(".launcher").nth(n).bounding_box() for n in (0, 1))
        assert abs(one["y"] - other["y"]) >= min(one["height"], other["height"])
        for nth in (0, 1):
            frame = opened(page, nth)
            assert ask(frame, KENYA).locator(".sanad-quote").count() > 0
            frame.locator("#close").click()


def test_same_site_twice_is_one_button(visit, sanad):
    page = visit(sanad.host.put(sanad.tag() + sanad.tag()))
    page.wait_for_selector(".launcher")
    page.wait_for_timeout(300)
    assert page.locator(".launcher").count() == 1


def test_single_page_application_takes_it_away_and_brings_it_back(visit, sanad):
    page = visit(sanad.host.put(sanad.tag()))
    opened(page)
    tag = page.locator("script[data-site]")
    source = tag.evaluate("tag => { tag.remove(); return tag.src; }")
    page.wait_for_function("!document.querySelector('[data-sanad-site]')")
    page.evaluate(
        "([src, site]) => { const tag = document.createElement('script');"
        "tag.src = src; tag.dataset.site = site; document.body.append(tag); }",
        [source, KEY],
    )
    assert opened(page).locator("#intro").is_visible()
    assert page.locator(".launcher").count() == 1


def test_page_that_is_redrawn_keeps_the_button(visit, sanad):
    page = visit(sanad.host.put("", head=sanad.tag()))
    page.wait_for_selector(".launcher")
    page.evaluate("document.body.innerHTML = '<main><h1>Another view</h1></main>'")
    page.evaluate("document.querySelector('[data-sanad-site]').remove()")
    page.wait_for_selector(".launcher")
    assert opened(page).locator("#intro").is_visible()


def test_settings_of_the_page_are_followed(visit, sanad):
    wishes = (
        'data-lang="fr" data-color="#ffd400" data-position="left" data-greeting="Bonjour &lt;b&gt;"'
        ' data-starters="Que fait Strasbourg ? | Que fait Oslo ?" data-open'
    )
    page = visit(sanad.host.put(sanad.tag(wishes)))
    frame = page.frame_locator("iframe")
    frame.locator("textarea").wait_for()
    assert page.evaluate("document.activeElement === document.body")
    assert frame.locator("html").get_attribute("lang") == "fr"
    assert frame.locator(".greeting").inner_text() == "Bonjour <b>"
    assert frame.locator("#intro li").all_inner_texts() == [
        "Que fait Strasbourg ?",
        "Que fait Oslo ?",
    ]
    assert page.locator("iframe").bounding_box()["x"] < DESK["width"] / 2
    colour = page.locator(".launcher").evaluate("e => getComputedStyle(e).backgroundColor")
    assert colour == "rgb(255, 212, 0)"
    inside = page.frames[1]
    assert inside.evaluate("getComputedStyle(send).backgroundColor") != "rgb(28, 90, 73)"
    for selector in (".bar h1", "#send"):
        ratios = inside.evaluate(CONTRAST, {"selector": selector, "against": ""})
        assert min(ratios) >= 4.5, selector


def test_frame_opened_by_itself_takes_no_wishes_from_its_address(visit, sanad):
    wishes = f"#origin={sanad.host.origin}&greeting=Send+us+your+password"
    page = visit(f"{sanad.address}/widget/{KEY}/?lang=en{wishes}")
    assert page.locator(".greeting").inner_text() == WORDS["widget.greeting"]
    assert not page.locator("#close").is_visible()


def test_messages_of_others_close_nothing(visit, sanad):
    page = visit(sanad.host.put(sanad.tag()))
    frame = opened(page)
    page.evaluate("postMessage({sanad: 1, type: 'close'}, '*')")
    page.frames[1].evaluate("parent.postMessage({sanad: 2, type: 'close'}, '*')")
    page.frames[1].evaluate("parent.postMessage('close', '*')")
    page.wait_for_timeout(200)
    assert frame.locator("textarea").is_visible()
    page.frames[1].evaluate("parent.postMessage({sanad: 1, type: 'close'}, '*')")
    page.locator(".panel").wait_for(state="hidden")
