"""The note and a shared answer as a visitor uses them, in a real browser over the real server."""

from __future__ import annotations

import io
import json
import re
import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pypdfium2
import pytest

from rag.index.probe import ChromaProbe
from rag.settings import Settings
from rag.wording import messages, say
from tests.browsing import (  # noqa: F401  # fixtures
    DESK,
    FINISHED,
    MARKS,
    PHONE,
    ask,
    open_browser,
    overflow,
    served,
    visitor,
)
from tests.noting import HOSTILE, KENYA, KENYA_AR, UGANDA, finished
from ui.server import live_assistant

pytestmark = [*MARKS, pytest.mark.slow]
STRUMICA_AR = "ما هو المجلس المحلي للوقاية في ستروميتسا؟"
QUESTIONS = {"en": (KENYA, UGANDA), "ar": (KENYA_AR, STRUMICA_AR)}
CORPUS = Path(__file__).resolve().parents[1] / "docs_corpus"
# A clipboard that a test can read, or that refuses.
CLIPBOARD = """
  window.copied = [];
  Object.defineProperty(navigator, "clipboard", {value: {
    writeText: async text => { window.copied.push(text); },
    write: async items => {
      for (const item of items) for (const type of item.types)
        window.copied.push([type, await (await item.getType(type)).text()]);
    },
  }});
"""
NO_CLIPBOARD = """
  const refuse = async () => { throw new DOMException("no", "NotAllowedError"); };
  Object.defineProperty(navigator, "clipboard", {value: {writeText: refuse, write: refuse}});
"""


@pytest.fixture(scope="module")
def address(collection) -> Iterator[str]:
    """Where the real program serves the sample collection."""
    settings = Settings(data_dir=collection, vector_search="exact")
    live = live_assistant(settings, ChromaProbe())
    with live.use() as assistant:  # the first question loads what the others find
        finished(assistant, KENYA)
    with served(settings, live) as found:
        yield found
    live.close()


def act(page, name: str) -> None:
    page.locator(f"{FINISHED} [data-act={name}]").click()


def noted(page, language: str, *questions: str):
    """The note page with the answers to these questions kept."""
    for n, question in enumerate(questions, start=1):
        ask(page, question)
        act(page, "keep")
        page.wait_for_function(
            "n => document.querySelector('.sanad-kept')?.textContent.includes(n)", arg=str(n)
        )
    page.locator(f"{FINISHED} .sanad-acted a").click()
    page.wait_for_function(
        "n => document.querySelectorAll('.note-card').length === n", arg=len(questions)
    )
    return page


def exported(page, form: str) -> bytes:
    with page.expect_download() as download:
        page.locator(f"[data-export={form}]").click()
    assert re.fullmatch(rf"briefing-note-\d{{4}}-\d\d-\d\d\.{form}",
                        download.value.suggested_filename)  # fmt: skip
    return Path(download.value.path()).read_bytes()


def order(page) -> list[str]:
    return page.locator(".note-card h2").all_inner_texts()


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
@pytest.mark.parametrize("language", ["en", "ar"])
def test_an_answer_becomes_a_file_in_three_actions(visit, language, size):
    page = visit(f"{language}/", size, accept_downloads=True)
    ask(page, QUESTIONS[language][0])
    act(page, "keep")  # one
    link = page.locator(f"{FINISHED} .sanad-acted a")
    assert link.inner_text() == messages(language)["note.open"]
    link.click()  # two
    page.locator(".note-card").wait_for()
    assert overflow(page) <= 0
    file = exported(page, "pdf")  # three
    text = pypdfium2.PdfDocument(file)[0].get_textpage().get_text_range()
    assert ("كينيا" if language == "ar" else "Kenya") in text
    assert page.locator(".note-status a").inner_text().endswith(".pdf")


def test_every_format_holds_what_the_page_shows(visit):
    page = noted(visit(accept_downloads=True), "en", KENYA, UGANDA)
    page.locator("[name=title]").fill("County plans")
    page.locator("[name=comment]").first.fill("Ask Kenya's county directors.")
    page.locator(".note-include input").nth(1).uncheck()
    quotes = [words.strip() for words in page.locator(".sanad-end").all_inner_texts()]
    with zipfile.ZipFile(io.BytesIO(exported(page, "docx"))) as archive:
        document = archive.read("word/document.xml").decode()
    markdown = exported(page, "md").decode()
    for text in (document, markdown):
        assert "County plans" in text and "county directors." in text
        assert quotes[0][:40] in text and quotes[1][:40] not in text


def test_the_note_outlives_the_page_and_its_count_is_on_every_page(visit):
    page = noted(visit(), "en", KENYA)
    page.locator("[name=introduction]").fill("For the council.")
    page.locator(".note-include input").first.uncheck()
    page.reload()
    page.locator(".note-card").wait_for()
    assert page.locator("[name=introduction]").input_value() == "For the council."
    assert not page.locator(".note-include input").first.is_checked()
    for place in ("library", "note", ""):
        page.goto(re.sub(r"/en/.*", f"/en/{place}", page.url))
        page.locator(".sanad-kept").wait_for()
        assert page.locator('.sanad-places a[href$="/note"]').inner_text().endswith("(1)")


def test_nothing_is_kept_before_it_is_asked(visit):
    page = visit()
    ask(page, KENYA)
    assert page.evaluate("localStorage.getItem('sanad-note')") is None
    act(page, "keep")
    page.locator(f"{FINISHED} .sanad-acted a").wait_for()
    act(page, "keep")  # twice is once
    assert len(page.evaluate("JSON.parse(localStorage.getItem('sanad-note')).items")) == 1
    assert page.locator(f"{FINISHED} [data-act=keep]").inner_text() == say("en", "note.in_note")


@pytest.mark.parametrize("language", ["en", "ar"])
def test_answers_are_put_in_order_with_the_keyboard(visit, language):
    page = noted(visit(f"{language}/"), language, *QUESTIONS[language])
    first, second = order(page)
    down = page.locator(".note-card").first.locator("[data-do=down]")
    down.focus()
    page.keyboard.press("Enter")
    assert order(page) == [second, first]
    focused = "document.activeElement.closest('.note-card')?.querySelector('h2').innerText"
    assert page.evaluate(focused) == first  # the focus went along, to what can be pressed
    assert page.evaluate("document.activeElement.dataset.do") == "up"
    assert "2" in page.locator(".note-status").inner_text()
    page.keyboard.press("Enter")
    assert order(page) == [first, second]
    page.keyboard.press("Enter")  # now at "down" again
    page.reload()
    page.locator(".note-card").nth(1).wait_for()
    assert order(page) == [second, first]


def test_what_is_removed_or_cleared_can_be_put_back(visit):
    page = noted(visit(), "en", KENYA, UGANDA)
    page.locator("[name=comment]").first.fill("Mine.")
    page.locator("[data-do=remove]").first.click()
    assert order(page) == [UGANDA]
    assert page.evaluate("document.activeElement.innerText") == UGANDA
    page.locator(".note-status button").click()
    page.locator(".note-card").nth(1).wait_for()
    assert page.locator("[name=comment]").first.input_value() == "Mine."
    page.locator(".note-clear").click()
    page.locator(".note-empty").wait_for()
    assert page.evaluate("localStorage.getItem('sanad-note')") is None
    assert page.locator(".note-exports").is_hidden()
    page.locator(".note-status button").click()
    page.locator(".note-card").nth(1).wait_for()


def test_words_in_a_note_are_never_markup(visit):
    page = noted(visit(), "en", KENYA)
    forged = """hostile => {
      const note = JSON.parse(localStorage.getItem("sanad-note"));
      const one = note.items[0], two = structuredClone(one);
      one.comment = note.title = note.introduction = one.reply.question = hostile;
      one.reply.citations[0].quote = hostile;
      Object.assign(two, { id: hostile.slice(0, 60) });
      Object.assign(two.reply, { mode: hostile.slice(0, 150), seal: hostile.slice(0, 90),
        sentences: [{ text: hostile, citations: [1] }] });
      note.items.push(two);
      localStorage.setItem("sanad-note", JSON.stringify(note));
    }"""
    page.evaluate(forged, HOSTILE[:180])
    page.reload()
    page.locator(".note-card").nth(1).wait_for()
    assert page.evaluate("window.__pwned") is None
    assert page.locator("#sanad-note :is(script, img, iframe, form)").count() == 0
    assert say("en", "note.unconfirmed") in page.locator(".note-card").nth(1).inner_text()
    assert say("en", "note.gone") in page.locator(".note-card").first.inner_text()


def test_a_note_that_another_page_spoilt_is_an_empty_one(visit):
    page = visit()
    for spoilt in ("{", "[]", '"x"', '{"items": 3}', "null"):
        page.evaluate("text => localStorage.setItem('sanad-note', text)", spoilt)
        page.goto(re.sub(r"/en/.*", "/en/note", page.url))
        page.locator(".note-empty").wait_for()


@pytest.mark.parametrize("language", ["en", "ar", "fr", "es"])
def test_axe_finds_nothing_serious_on_a_note_and_a_shared_answer(visit, language):
    from axe_playwright_python.sync_playwright import Axe

    page = visit(f"{language}/", PHONE, bypass_csp=True)
    noted(page, language, QUESTIONS.get(language, QUESTIONS["en"])[0])
    found = Axe().run(page).response["violations"]
    link = page.evaluate("JSON.parse(localStorage.getItem('sanad-note')).items[0].reply.link")
    page.goto(re.sub("/note.*", f"/shared?{link}", page.url))
    found += Axe().run(page).response["violations"]
    page.locator(".share-show").click()
    page.locator(".share-told").wait_for()
    found += Axe().run(page).response["violations"]
    serious = [each["id"] for each in found if each["impact"] in ("serious", "critical")]
    assert serious == []


@pytest.mark.parametrize("language", ["en", "ar"])
def test_at_320_pixels_and_twice_the_letters_a_note_is_not_cut_off(visit, language):
    page = noted(visit(f"{language}/", {"width": 320, "height": 640}), language,
                 QUESTIONS[language][0])  # fmt: skip
    page.evaluate("document.documentElement.style.fontSize = '200%'")
    assert overflow(page) <= 0


# Sharing and copying


def linked(page) -> str:
    """What "share" put on the clipboard."""
    act(page, "share")
    page.locator(f"{FINISHED} .sanad-acted").filter(has_text=re.compile(r"\S")).wait_for()
    return page.evaluate("window.copied.at(-1)")


@pytest.mark.parametrize("language", ["en", "ar"])
def test_a_shared_link_gives_the_same_answer_of_the_same_collection(visit, language):
    page = visit(f"{language}/")
    page.evaluate(CLIPBOARD)
    ask(page, QUESTIONS[language][0])
    quotes = page.locator(f"{FINISHED} .sanad-quote").all_inner_texts()
    page.goto(linked(page))
    assert page.locator(".share-question").inner_text() == QUESTIONS[language][0]
    assert page.locator(".sanad-turn").count() == 0
    page.locator(".share-show").click()
    page.locator(".share-told").wait_for()
    assert page.locator(".share-told").inner_text() == say(language, "share.same")
    assert page.locator(".sanad-turn .sanad-quote").all_inner_texts() == quotes
    page.locator(".sanad-cite").first.click()  # its passages open as in the chat
    page.locator("dialog[open]").wait_for()


def test_after_a_new_ingest_a_shared_link_and_a_note_say_what_is_gone(browser, tmp_path):
    from ingest.walk import ingest
    from rag.embed import load_embedder

    data_dir, corpus = tmp_path / "data", tmp_path / "corpus"
    shutil.copytree(CORPUS, corpus)
    ingest([str(corpus)], data_dir, load_embedder())
    settings = Settings(data_dir=data_dir, vector_search="exact")
    live = live_assistant(settings, ChromaProbe())
    with served(settings, live) as address:
        page = browser.new_page()
        page.goto(f"{address}/en/")
        page.evaluate(CLIPBOARD)
        ask(page, KENYA)
        link = linked(page)
        act(page, "keep")
        reply = json.loads(page.locator(FINISHED).get_attribute("data-reply"))
        first = reply["citations"][0]
        source = next(corpus.rglob(first["document_id"]))
        source.write_text(source.read_text("utf-8").replace("two levels", "three storeys"), "utf-8")
        report = ingest([str(corpus)], data_dir, load_embedder())
        assert report.failed == ()
        page.wait_for_timeout(1100)  # the server looks for a new generation once a second
        page.goto(link)
        page.locator(".share-show").click()
        page.locator(".share-told").wait_for()
        said = page.locator(".share-told").inner_text()
        assert say("en", "share.changed_other") in said
        assert "1 quotation of the shared answer no longer stands in it." in said
        assert "Their numbers there: [1]." in said
        page.goto(f"{address}/en/note")
        page.locator(".note-card").wait_for()
        assert page.locator(".note-gone").all_inner_texts() == [say("en", "note.gone")]
        assert say("en", "note.earlier") in page.locator(".note-card").inner_text()
        exporting = page.request.post(
            f"{address}/en/note/export/md",
            data=page.evaluate("JSON.parse(localStorage.getItem('sanad-note'))"),
        )
        assert "two levels" not in exporting.text() and say("en", "note.gone") in exporting.text()
        page.close()
    live.close()


def test_an_answer_is_copied_as_text_with_its_numbers_sources_and_the_collection_s_date(visit):
    page = visit()
    page.evaluate(CLIPBOARD)
    ask(page, UGANDA)
    act(page, "copy")
    page.locator(f"{FINISHED} .sanad-acted").filter(has_text=re.compile(r"\S")).wait_for()
    made = dict(page.evaluate("window.copied"))
    text, html = made["text/plain"], made["text/html"]
    assert text.startswith(f"{UGANDA}\n")
    reply = json.loads(page.locator(FINISHED).get_attribute("data-reply"))
    for citation in reply["citations"]:
        words = " ".join(citation["quote"].split())
        assert f"“{words}” [{citation['n']}]" in text
        assert re.search(rf"^\[{citation['n']}\] \S", text, re.MULTILINE)
    assert "p. 1" in text and "Collection as of" in text.splitlines()[-1]
    assert html.count("<blockquote") == len(reply["sentences"]) and "<script" not in html


@pytest.mark.parametrize("name", ["copy", "share"])
def test_where_the_page_may_not_copy_its_reader_can(visit, name):
    page = visit("ar/", PHONE)
    page.evaluate(NO_CLIPBOARD)
    ask(page, KENYA_AR)
    act(page, name)
    field = page.locator(f"{FINISHED} .sanad-acted textarea")
    field.wait_for()
    page.wait_for_function("document.activeElement.matches('.sanad-acted textarea')")
    wanted = KENYA_AR if name == "copy" else "/ar/shared?q="
    assert wanted in field.input_value()
    assert page.evaluate("getSelection().toString().length || "
                         "document.activeElement.selectionEnd") > 20  # fmt: skip


def test_a_phone_offers_its_own_ways_to_share(visit):
    page = visit(size=PHONE, has_touch=True, is_mobile=True)
    page.evaluate("navigator.share = async given => { window.given = given; }")
    ask(page, KENYA)
    act(page, "share")
    page.wait_for_function("window.given")
    given = page.evaluate("window.given")
    assert given["text"] == KENYA and "/en/shared?q=" in given["url"]
