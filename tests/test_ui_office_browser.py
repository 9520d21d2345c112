"""The library and the office in a real browser, around the real application."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest

from rag.index.probe import ChromaProbe
from rag.settings import Settings
from rag.wording import messages
from tests.browsing import (  # noqa: F401  # fixtures
    CONTRAST,
    DESK,
    FINISHED,
    MARKS,
    PHONE,
    ask,
    open_browser,
    overflow,
    served,
)
from tests.officing import PASSWORD
from ui.server import live_assistant

pytestmark = [*MARKS, pytest.mark.slow]
NARROW = {"width": 320, "height": 640}
REPORT = """---
title: Youth desk of Nansana
---
# Youth desk of Nansana

The municipality of Nansana opened its youth desk with seventeen volunteers from four parishes.
"""
PAGE = """<!doctype html><title>Market watch of Gulu</title>
<script>window.__pwned = 1; alert(1)</script><article><h1>Market watch of Gulu</h1>
<p>Reading time: 4 minutes</p>
<p>The market watch of Gulu walks the market each morning with nineteen traders.</p>
<p>It has told the council of forty quarrels between traders since it began its rounds in May.</p>
<p>Subscribe to our newsletter</p></article>"""


@pytest.fixture(scope="module")
def address(collection, tmp_path_factory) -> Iterator[str]:
    """Where the sample collection is served, with an office that may write to a copy of it."""
    data = tmp_path_factory.mktemp("office") / "data"
    shutil.copytree(collection, data)
    settings = Settings(data_dir=data, office_password=PASSWORD, vector_search="exact")
    live = live_assistant(settings, ChromaProbe())
    with served(settings, live) as found:
        yield found
    live.close()


@pytest.fixture(name="open_page")
def visitor_of_rooms(browser, address):
    """Opens pages in a context of their own; at the end no script may have failed or spoken up,
    and nothing may have been asked of anybody else or been refused by the policy."""
    contexts, troubles = [], []

    def open_one(path: str, size: dict[str, int] = DESK, **context):
        made = browser.new_context(viewport=size, **context)
        made.set_default_timeout(30_000)
        contexts.append(made)
        page = made.new_page()
        page.on("pageerror", lambda error: troubles.append(f"error: {error}"))
        page.on("dialog", lambda dialog: (troubles.append("a dialog"), dialog.dismiss()))
        page.on(
            "console",
            lambda said: said.type == "error" and troubles.append(f"console: {said.text}"),
        )
        page.on(
            "request",
            lambda asked: (
                asked.url.startswith(("http://127.0.0.1:", "http://localhost:", "data:", "blob:"))
                or troubles.append(f"asked {asked.url}")
            ),
        )
        page.goto(f"{address}/{path}")
        return page

    yield open_one
    for made in contexts:
        made.close()
    assert not [each for each in troubles if "status of 403" not in each], troubles


def enter(page, language: str = "en") -> None:
    page.fill("#sanad-password", PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_selector("#sanad-job")


def bring(page, name: str, content: str) -> None:
    """Choose a file, send it, and wait until the run is over."""
    page.set_input_files(
        "#sanad-files", {"name": name, "mimeType": "text/plain", "buffer": content.encode()}
    )
    page.click(".sanad-upload form button")
    page.wait_for_selector("#sanad-job[data-running]")
    assert page.locator("#sanad-job progress").count() == 1
    page.wait_for_selector("#sanad-job:not([data-running])", timeout=90_000)


def test_an_arabic_visitor_finds_a_document_on_a_phone(open_page):
    page = open_page("ar/library", PHONE)
    words = messages("ar")
    assert page.locator("h1").inner_text() == words["library.name"]
    assert page.evaluate("getComputedStyle(document.body).direction") == "rtl"
    assert overflow(page) <= 0
    before = page.locator(".sanad-entry").count()
    page.locator("#sanad-q").press_sequentially("الخطط كينيا")
    page.wait_for_function("n => document.querySelectorAll('.sanad-entry').length < n", arg=before)
    assert page.locator(".sanad-entry").count() >= 1
    assert "كينيا" in page.locator(".sanad-entry").first.inner_text()
    assert "q=" in page.url  # what was found can be sent to somebody
    assert overflow(page) <= 0
    page.locator(".sanad-more summary").click()
    page.select_option("select[name=language]", "ar")
    page.wait_for_function("() => location.search.includes('language=ar')")
    assert page.locator(".sanad-languages a").first.get_attribute("href").count("language=ar") == 1
    read = page.locator(".sanad-ways a").first
    assert read.get_attribute("href").startswith("./read?document=")


def test_the_library_works_without_scripts(open_page):
    page = open_page("en/library", java_script_enabled=False)
    page.fill("#sanad-q", "kenya")
    page.select_option("select[name=year]", "2024")
    page.click(".sanad-asking button")
    assert "q=kenya" in page.url and "year=2024" in page.url
    assert page.locator(".sanad-entry").count() >= 1
    assert page.locator("#sanad-q").input_value() == "kenya"


@pytest.mark.parametrize("view", ["", "?view=coverage", "?view=unread"])
@pytest.mark.parametrize("language", ["en", "ar"])
def test_the_library_fits_a_narrow_page_in_both_themes(open_page, language, view):
    for scheme in ("light", "dark"):
        page = open_page(f"{language}/library{view}", NARROW, color_scheme=scheme)
        assert overflow(page) <= 0
        marked = {"selector": ".sanad-note, .sanad-known, main a, main button", "against": ""}
        assert min(page.evaluate(CONTRAST, marked)) >= 4.5


def test_from_a_file_to_an_answer(open_page):
    page = open_page("en/office")
    enter(page)
    bring(page, "Youth desk.md", REPORT)
    job = page.locator("#sanad-job")
    assert job.evaluate("e => e === document.activeElement")  # who waits hears of the end
    assert job.locator(".sanad-counts dd").first.inner_text() == "1"
    page.locator(".sanad-held a", has_text="Youth desk of Nansana").click()
    assert "seventeen volunteers" in page.locator(".sanad-stored").inner_text()
    chat = open_page("en/")
    chat.set_default_timeout(90_000)
    chat.wait_for_selector("#sanad-question textarea")
    ask(chat, "How many volunteers has the youth desk of Nansana?")
    assert "seventeen volunteers" in chat.locator(FINISHED).inner_text()


def test_what_was_stripped_of_a_page_with_scripts(open_page):
    page = open_page("en/office")
    enter(page)
    bring(page, "<img src=x onerror=alert(1)>.html", PAGE)
    page.locator(".sanad-held a", has_text="Market watch of Gulu").click()
    stripped = page.locator(".sanad-beside section").first.inner_text()
    assert "reading" in stripped.lower() or "newsletter" in stripped.lower(), stripped
    assert "nineteen traders" in page.locator(".sanad-stored").inner_text()
    assert page.evaluate("window.__pwned") is None
    assert page.locator("main img").count() == 0


def test_a_dropped_file_is_chosen(open_page):
    page = open_page("en/office")
    enter(page)
    page.evaluate(
        """() => {
          const data = new DataTransfer();
          data.items.add(new File(["# A"], "dropped.md"));
          const drop = document.querySelector(".sanad-drop");
          const how = { dataTransfer: data, bubbles: true, cancelable: true };
          drop.dispatchEvent(new DragEvent("drop", how));
        }"""
    )
    assert page.evaluate("document.querySelector('#sanad-files').files[0].name") == "dropped.md"


def test_the_wrong_password_is_told_and_the_office_is_left(open_page):
    page = open_page("fr/office")
    page.fill("#sanad-password", "not the password")
    page.keyboard.press("Enter")
    page.wait_for_selector(".sanad-told")
    assert page.locator(".sanad-told").inner_text() == messages("fr")["office.wrong_password"]
    enter(page)
    assert page.evaluate("document.cookie") == ""
    page.click(".sanad-officer button")
    page.wait_for_selector("#sanad-password")
    page.goto(page.url.replace("office", "office-questions"))
    page.wait_for_selector("#sanad-password")


def test_a_foreign_page_changes_nothing(open_page, address):
    """A page of another origin sends a form; the browser itself keeps the cookie back."""
    page = open_page("en/office")
    enter(page)
    foreign = address.replace("127.0.0.1", "localhost")
    page.goto(f"{foreign}/en/library")
    with page.expect_response("**/office-logout") as told:
        page.evaluate(
            """where => {
              const form = document.createElement("form");
              form.method = "post"; form.action = where;
              document.body.append(form); form.submit();
            }""",
            f"{foreign}/en/office-logout",
        )
    assert told.value.status in (303, 403)
    again = page.context.new_page()  # the first may still be on its way
    again.goto(f"{address}/en/office")
    again.wait_for_selector("#sanad-job")
    again.close()


@pytest.mark.parametrize("place", ["office", "office-document?id=who-is-who.en.md",
                                   "office-glossary?id=NLC", "office-questions"])  # fmt: skip
@pytest.mark.parametrize(("language", "size"), [("en", DESK), ("ar", NARROW)])
def test_the_pages_of_the_office_have_names_and_fit(open_page, place, language, size):
    from axe_playwright_python.sync_playwright import Axe

    page = open_page(f"{language}/office", size)
    enter(page)
    page.goto(f"{page.url.rpartition('/')[0]}/{place}")
    assert overflow(page) <= 0
    found = Axe().run(page).response["violations"]
    serious = [each["id"] for each in found if each["impact"] in ("serious", "critical")]
    assert serious == []


@pytest.mark.parametrize("view", ["", "?view=coverage"])
def test_the_library_has_nothing_serious_to_mend(open_page, view):
    from axe_playwright_python.sync_playwright import Axe

    for language, size in (("en", DESK), ("ar", PHONE)):
        page = open_page(f"{language}/library{view}", size)
        found = Axe().run(page).response["violations"]
        serious = [each["id"] for each in found if each["impact"] in ("serious", "critical")]
        assert serious == []
