"""A conversation in a real browser: follow-ups, choices, layouts, and answers a model wrote."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from rag.generate import Prompt, ScriptedWriter
from rag.settings import Settings
from rag.wording import say
from rag.writing.trouble import ModelTrouble
from tests.browsing import (  # noqa: F401  # fixtures
    BOX,
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
from ui.live import LiveAssistant
from ui.open import assemble

pytestmark = MARKS
FOLLOW_UP = "and in Uganda?"
SEARCHED = f"{FINISHED} .sanad-searched"
MODEL = "test-model"
TRUE = "The national strategy of 2016 mandates a County Action Plan"
TRUE_TOO = "County Engagement Forums carry the county action plans"
BREAKS_OFF = "How did Kenya start its county action plans?"


@pytest.fixture(scope="module")
def address(collection, assistant) -> Iterator[str]:
    """The sample collection, quoted."""
    live = LiveAssistant(lambda before: assistant, lambda: "one")
    with served(Settings(data_dir=collection), live) as found:
        yield found


@pytest.fixture(scope="module")
def written(collection, assistant) -> Iterator[str]:
    """The sample collection with a model that writes, and breaks off at one question."""

    def script(prompt: Prompt) -> Iterator[str | ModelTrouble]:
        blocks = [block for block in prompt.user.split("<<<") if TRUE.lower() in block.lower()]
        n = blocks[0].split(" BLOCK ")[1].split(">>>")[0]
        yield f"{TRUE} [{n}]. "
        if BREAKS_OFF in prompt.user:
            yield ModelTrouble("cut_off", MODEL)
        yield f"{TRUE_TOO} [{n}]. "

    settings = Settings(data_dir=collection, llm="openai:test")
    with_model = assemble(
        settings, assistant.generation, assistant.embedder, assistant.translator,
        ScriptedWriter(script, name=MODEL),
    )  # fmt: skip
    with served(settings, LiveAssistant(lambda before: with_model, lambda: "one")) as found:
        yield found


# Follow-ups


@pytest.mark.parametrize(
    ("language", "first", "then", "place"),
    [
        ("en", KENYA, FOLLOW_UP, "Uganda"),
        ("ar", "كيف نظّمت كينيا خطط عمل المقاطعات؟", "وفي أوغندا؟", "أوغندا"),
    ],
)
def test_follow_up_shows_the_question_searched_and_edit_puts_it_into_the_box(
    visit, language, first, then, place
):
    page = visit(f"{language}/", PHONE)
    ask(page, first)
    assert page.locator(SEARCHED).count() == 0  # nothing was joined to a first question
    ask(page, then)
    line = page.locator(SEARCHED)
    assert line.inner_text().startswith(say(language, "chat.searched"))
    question = line.locator("q").inner_text()
    assert place in question
    assert len(question) > len(then)
    edit = line.locator(".sanad-edit")
    assert edit.inner_text() == say(language, "chat.edit")
    assert edit.bounding_box()["height"] >= 44
    edit.focus()
    page.keyboard.press("Enter")
    assert page.input_value(BOX) == question
    assert page.locator(BOX).evaluate("box => box === document.activeElement")
    assert page.locator(".sanad-turn").count() == 2  # nothing was sent
    assert overflow(page) <= 0


def test_the_question_searched_can_be_changed_and_asked(visit):
    page = visit()
    ask(page, KENYA)
    ask(page, FOLLOW_UP)
    page.click(".sanad-edit")
    ask(page, page.input_value(BOX).replace("Uganda", "Sweden"))
    assert "Sweden" in page.locator(f"{FINISHED} h2").inner_text()


def test_after_new_chat_a_follow_up_is_joined_to_nothing(visit):
    page = visit()
    ask(page, KENYA)
    page.click("#sanad-new")
    page.wait_for_selector("#sanad-examples", state="visible")
    ask(page, FOLLOW_UP)
    assert page.locator(SEARCHED).count() == 0
    assert page.locator(".sanad-turn").count() == 1


def test_two_open_pages_do_not_share_a_conversation(visit):
    one, other = visit(), visit()
    ask(one, KENYA)
    ask(other, FOLLOW_UP)
    assert other.locator(SEARCHED).count() == 0


# Choices and prefaces


def test_an_ambiguous_question_offers_choices_and_a_click_asks_one(visit):
    page = visit(size=PHONE)
    ask(page, "What is NLC?")
    choices = page.locator(f"{FINISHED} .sanad-choice")
    offered = choices.all_inner_texts()
    assert len(offered) > 1
    assert all("NLC" in choice for choice in offered)
    assert min(choices.nth(i).bounding_box()["height"] for i in range(len(offered))) >= 44
    choices.first.click()
    asked = page.locator(f"{FINISHED} h2").filter(has_text=offered[0])
    asked.wait_for()
    assert page.locator(f"{FINISHED} .sanad-quote").count() > 0
    assert page.input_value(BOX) == ""


def test_a_question_about_one_person_is_prefaced_above_the_quotations(visit):
    page = visit()
    ask(page, "My pupil says he admires ISIS, what should I do?")
    preface, quote = (page.locator(f"{FINISHED} {name}").first for name in (
        ".sanad-preface", ".sanad-quote",
    ))  # fmt: skip
    assert "child protection" in preface.inner_text()
    box = preface.bounding_box()
    assert box["y"] + box["height"] <= quote.bounding_box()["y"]


# Tables


@pytest.mark.parametrize(
    ("language", "question"),
    [("en", "Compare Kenya and Sweden"), ("ar", "قارن بين كينيا والسويد")],
)
def test_a_table_on_a_phone_is_stacked_under_its_columns(visit, language, question):
    page = visit(f"{language}/", PHONE)
    ask(page, question)
    table = page.get_by_role("table")
    assert table.get_by_role("rowheader").count() == 2
    assert overflow(page) <= 0
    assert table.evaluate("t => t.parentElement.scrollWidth - t.parentElement.clientWidth") <= 0
    column = table.get_by_role("columnheader").first.inner_text()
    cell = table.get_by_role("cell").filter(has=page.locator("blockquote")).first
    shown = cell.evaluate("c => getComputedStyle(c, '::before').content")
    assert shown.startswith(f'"{column}"')
    assert cell.bounding_box()["x"] >= 0
    cell.locator(".sanad-cite").first.click()
    dialog = page.locator("dialog[open]")
    assert dialog.locator("mark").count() > 0
    page.keyboard.press("Escape")
    assert overflow(page) <= 0


def test_a_table_on_a_desk_keeps_its_columns(visit):
    page = visit()
    ask(page, "Compare Kenya and Sweden")
    row = page.get_by_role("row").nth(1)
    head, cell = (row.locator(name).bounding_box() for name in ("th", "td"))
    assert abs(head["y"] - cell["y"]) < 2
    assert head["x"] + head["width"] <= cell["x"] + 1


# Answers that a model wrote


def test_a_written_answer_says_who_wrote_it_and_its_numbers_open_the_exact_quote(
    visit, written, assistant
):
    page = visit(at=written)
    ask(page, KENYA)
    turn = page.locator(FINISHED)
    label = turn.locator(".sanad-label").first
    assert label.inner_text() == say("en", "answer.written_by", model=MODEL)
    assert say("en", "chat.warning_written") in turn.inner_text()
    sentences = turn.locator(".sanad-written")
    assert [text.split(".")[0] for text in sentences.all_inner_texts()] == [TRUE, TRUE_TOO]
    assert turn.locator(".sanad-quote").count() == 0
    store = assistant.generation.store
    for i, words in enumerate(("strategy of 2016", "County Engagement Forums")):
        sentences.nth(i).locator(".sanad-cite").first.click()
        dialog = page.locator("dialog[open]")
        title = dialog.locator("h3 cite").inner_text()
        document = next(one for one in store.documents() if one.title == title)
        marked = dialog.locator("mark").all_inner_texts()
        assert words in " ".join(marked)
        assert all(piece in store.page_of(document.id, 1).text for piece in marked)
        page.keyboard.press("Escape")


def test_where_a_model_breaks_off_the_documents_are_quoted_and_the_reader_is_told(visit, written):
    page = visit(at=written)
    ask(page, BREAKS_OFF)
    turn = page.locator(FINISHED)
    assert say("en", "model.cut_off") in turn.inner_text()
    assert turn.locator(".sanad-label").first.inner_text() == say(
        "en", "answer.quoted_from_documents"
    )
    assert turn.locator(".sanad-written").count() == 0
    turn.locator(".sanad-quote .sanad-cite").first.click()
    assert page.locator("dialog[open] mark").count() > 0
