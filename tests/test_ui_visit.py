"""The twenty things a user does, in one visit: on a desk and a phone, in English and Arabic.

Each step stands for one thing and is numbered; what can go wrong with it is in the tests of
its own part. Slow: the visit is long on purpose.
"""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Iterator

import pytest

from rag.index.probe import ChromaProbe
from rag.settings import Settings
from rag.wording import say
from tests.browsing import (  # noqa: F401  # fixtures
    BOX,
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
from ui.server import live_assistant

pytestmark = [*MARKS, pytest.mark.slow]
WORDS = {
    "en": ("How did Kenya structure its county action plans?", "and in Uganda?", "Uganda",
           "How much does a kilo of mangoes cost in Lima?", "kenya"),
    "ar": ("كيف نظّمت كينيا خطط عمل المقاطعات؟", "وفي أوغندا؟", "أوغندا",
           "ما ثمن كيلو المانجو في ليما؟", "كينيا"),
}  # fmt: skip
CLIPBOARD = """
  window.copied = [];
  Object.defineProperty(navigator, "share", {value: undefined});
  Object.defineProperty(navigator, "clipboard", {value: {
    writeText: async text => { window.copied.push(text); },
    write: async items => { for (const item of items)
      window.copied.push(await (await item.getType("text/plain")).text()); },
  }});
"""
READER = "#sanad-reader[open] article.sanad-reader"
CHOSEN = ".sanad-chosen .sanad-chip"


@pytest.fixture(scope="module")
def address(collection) -> Iterator[str]:
    live = live_assistant(Settings(data_dir=collection, vector_search="exact"), ChromaProbe())
    with live.use() as assistant:  # the first question loads what the others find
        assistant.answer(WORDS["en"][0])
    with served(Settings(data_dir=collection, vector_search="exact"), live) as found:
        yield found
    live.close()


def act(page, name: str) -> None:
    page.locator(f"{FINISHED} [data-act={name}]").click()


def quotes(page) -> list[str]:
    return page.locator(f"{FINISHED} .sanad-quote").all_inner_texts()


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
@pytest.mark.parametrize("language", ["en", "ar"])
def test_twenty_things(visit, language, size):
    kenya, follow_up, place, nowhere, typed = WORDS[language]
    page = visit(f"{language}/", size, accept_downloads=True)
    page.evaluate(CLIPBOARD)

    # 1. Opens the page in their language.
    shown = page.evaluate(
        "[document.documentElement.lang, getComputedStyle(document.body).direction]"
    )
    assert shown == [language, "rtl" if language == "ar" else "ltr"]
    # 2. Asks a question of their own and reads who speaks.
    ask(page, kenya)
    assert say(language, "answer.quoted_from_documents") in page.inner_text(FINISHED)
    # 3. Opens the passage behind a sentence: one action.
    page.locator(f"{FINISHED} .sanad-cite").first.click()
    passage = page.locator("dialog.sanad-passage[open]")
    assert passage.locator("mark").first.is_visible()
    # 4. Reads it in the document, at the marked quote.
    passage.locator("a[data-quote]").click()
    page.wait_for_selector(f"{READER} mark")
    # 5. Goes to the next quote.
    page.locator(f"{READER} a[data-way=next-quote]").click()
    page.wait_for_function(
        "() => /2/.test(document.querySelector('#sanad-reader .sanad-where')?.textContent)"
    )
    # 6. Closes the reader and is where they were.
    page.keyboard.press("Escape")
    page.wait_for_selector("#sanad-reader", state="hidden")
    page.wait_for_function("document.activeElement.matches('.sanad-cite')")
    # 7. Looks at the list of sources.
    page.locator(f"{FINISHED} .sanad-sources summary").click()
    assert page.locator(f"{FINISHED} .sanad-sources li").count() >= 1
    # 8. Copies the answer with its citations.
    act(page, "copy")
    page.wait_for_function("window.copied.length === 1")
    assert "[1]" in page.evaluate("window.copied[0]")
    # 9. Keeps it for a briefing note.
    act(page, "keep")
    page.locator(f"{FINISHED} .sanad-acted a").wait_for()
    # 10. Says whether it helped.
    page.locator(f"{FINISHED} .sanad-good").click()
    page.locator(f"{FINISHED} .sanad-told:focus").wait_for()
    assert page.inner_text(f"{FINISHED} .sanad-told") == say(language, "feedback.thanks")
    # 11. Asks on, in a few words, and sees what was searched.
    ask(page, follow_up)
    assert place in page.inner_text(f"{FINISHED} .sanad-searched q")
    # 12. Puts a question back into the box to change it.
    act(page, "edit")
    assert page.input_value(BOX) == follow_up
    page.fill(BOX, "")
    # 13. Asks the same again.
    act(page, "retry")
    page.wait_for_function("document.querySelectorAll('#sanad-log .sanad-turn').length === 2")
    page.wait_for_selector(FINISHED)
    # 14. Starts anew.
    page.click("#sanad-new")
    page.wait_for_selector(".sanad-turn", state="detached")
    # 15. Narrows to a country by a chip, and asks within it.
    page.click(".sanad-choose summary")
    page.click("[data-facet=country]")
    page.click("#sanad-facet-country [data-value=KE]")
    page.wait_for_selector(CHOSEN)
    assert page.url.endswith("?country=KE")
    ask(page, kenya)
    filtered = quotes(page)
    assert filtered and json.loads(page.locator(FINISHED).get_attribute("data-reply"))["filters"]
    # 16. Shares the answer; the link gives the same, and says so.
    act(page, "share")
    page.wait_for_function("window.copied.length === 2")
    link = page.evaluate("window.copied[1]")
    assert overflow(page) <= 0
    page.goto(link)
    page.locator(".share-show").click()
    page.locator(".share-told").wait_for()
    assert page.inner_text(".share-told") == say(language, "share.same")
    assert page.locator(".sanad-turn .sanad-quote").all_inner_texts() == filtered
    assert overflow(page) <= 0
    # 17. Opens the note, adds words, and takes it away as a Word file.
    page.click('.sanad-places a[href$="/note"]')
    page.locator(".note-card").wait_for()
    page.locator("[name=comment]").first.fill("For Monday.")
    with page.expect_download() as download:
        page.locator("[data-export=docx]").click()
    with zipfile.ZipFile(io.BytesIO(download.value.path().read_bytes())) as word:
        assert "For Monday." in word.read("word/document.xml").decode()
    assert overflow(page) <= 0
    # 18. Finds a document in the library and reads it.
    page.click('.sanad-places a[href$="/library"]')
    page.locator("#sanad-q").press_sequentially(typed)
    page.wait_for_function("() => location.search.includes('q=')")
    page.locator(".sanad-ways a").first.click()
    page.wait_for_url(re.compile(r"/read\?document="))
    assert page.locator("h1").first.inner_text()
    assert overflow(page) <= 0
    # 19. Changes the language of the page, and the light.
    other = "ar" if language == "en" else "en"
    page.click(f".sanad-languages a[lang={other}]")
    page.wait_for_url(re.compile(rf"/{other}/read"))
    page.locator(".sanad-theme input[value=dark]").check()
    assert page.evaluate(
        "getComputedStyle(document.body).colorScheme || "
        "getComputedStyle(document.documentElement).colorScheme"
    ).startswith("dark")
    # 20. Asks what the documents do not say, and is told so.
    page.goto(re.sub(r"/(en|ar)/.*", f"/{language}/", page.url))
    page.wait_for_selector(BOX)
    ask(page, nowhere)
    assert quotes(page) == []
    assert page.locator(f"{FINISHED} .sanad-declined").is_visible()
    assert overflow(page) <= 0
