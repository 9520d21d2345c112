"""Replies as HTML: what is shown, and that data never becomes markup."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from rag.generate import ScriptedWriter
from rag.settings import Settings
from rag.types import (
    Answer,
    AnswerSentence,
    Declined,
    Evidence,
    Layout,
    Page,
    Passage,
    Quote,
    Row,
    SourceDocument,
)
from rag.wording import messages
from rag.writing.trouble import ModelTrouble
from ui import chat_html, markup
from ui.chat_html import Cited
from ui.exchange import Chat
from ui.live import LiveAssistant
from ui.open import assemble

TEXT = "Plans have seven pillars.\nEach county has a plan of its own. It is reviewed yearly."
QUOTED = "Each county has a plan of its own."
HOSTILE = [
    "<img src=x onerror=alert(1)>",
    "<script>window.__pwned=1</script>",
    '"><svg/onload=alert(1)>',
    "' onmouseover='alert(1)",
    "</dialog></article><form action=//evil.test><input name=password>",
    "<iframe srcdoc='<script>alert(1)</script>'>",
    "javascript:alert(1)",
    "${alert(1)} {{constructor.constructor('alert(1)')()}} `${window.__pwned=1}`",
    "<style>@import '//evil.test'</style><link rel=stylesheet href=//evil.test>",
    "<a href='javascript:alert(1)'>x</a><base href=//evil.test>",
    "&lt;img src=x onerror=alert(1)&gt;",
    '<!--<img src=--><img src=x onerror=alert(1)//">',
    "<math><mtext></mtext><mglyph><style><img src=x onerror=alert(1)>",
]
TAGS = {
    "article", "a", "bdi", "blockquote", "br", "button", "cite", "code", "details", "dialog", "div",
    "h2", "h3", "header", "li", "mark", "p", "pre", "section", "span", "summary", "ul",
    "caption", "ol", "table", "tbody", "td", "th", "thead", "tr",
}  # fmt: skip
ATTRIBUTES = {
    "aria-haspopup", "aria-hidden", "aria-label", "class", "data-column", "data-n",
    "data-quote", "data-reply", "data-state", "data-terms", "dir", "href",
    "lang", "rel", "role", "scope", "tabindex", "target", "type",
}  # fmt: skip


class Parsed(HTMLParser):
    """Tags, attributes and text as a browser would find them."""

    def __init__(self, markup: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""
        self.feed(markup)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        self.text += data

    def handle_comment(self, data: str) -> None:
        raise AssertionError(f"a comment in the markup: {data}")


def only_ours(markup: str) -> Parsed:
    """The parsed markup, which may hold nothing but what we write ourselves."""
    parsed = Parsed(markup)
    assert set(parsed.tags) <= TAGS
    assert {name for name, _ in parsed.attributes} <= ATTRIBUTES
    for name, value in parsed.attributes:
        assert name != "href" or re.match(r"https?://|(\./)?read\?", value or "")
        assert name != "class" or not value or value.startswith("sanad-")
    return parsed


def cited(**fields: object) -> Cited:
    values = {
        "id": "kenya.md", "work_id": "kenya", "title": "County plans", "language": "en",
        "url": "https://example.org/plans", "date": "2024-12-21", "publisher": "Strong Cities",
        **fields,
    }  # fmt: skip
    document = SourceDocument(**values)  # type: ignore[arg-type]
    body = TEXT.index("Each")
    passage = Passage(document.id, 3, body, len(TEXT), TEXT[body:], ("Kenya", "Pillars"))
    quote = Quote(document.id, 3, body, body + len(QUOTED), QUOTED)
    return Cited(Evidence(1, passage, quote), document, Page(3, TEXT, "iii"))


def shown(item: Cited, said: str = QUOTED, language: str = "en") -> str:
    sentence = AnswerSentence(said, (1,), "County plans, 21 December 2024")
    reply = Answer("What?", language, (sentence,), (item.evidence,))
    return chat_html.answer(reply, {1: item})


def test_a_sentence_carries_a_button_for_its_passage():
    markup = shown(cited())
    assert "Quoted from the documents" in Parsed(markup).text
    tail = '<span class="sanad-tail"><span class="sanad-end">own.</span>&nbsp;<button type="button"'
    assert f'of its {tail} class="sanad-cite" data-n="1"' in markup
    assert 'aria-label="Passage 1: County plans"' in markup


def test_passage_shows_its_quote_marked_in_place_with_where_it_comes_from():
    markup = chat_html.passage(cited(), "en")
    words = Parsed(markup).text
    assert f"<mark>{QUOTED}</mark> It is reviewed yearly." in markup
    for fact in ("County plans", "2024", "p. iii", "English", "Strong Cities", "Kenya › Pillars"):
        assert fact in words
    assert 'href="https://example.org/plans"' in markup
    assert 'rel="noopener noreferrer nofollow"' in markup


def test_nothing_is_marked_when_the_stored_text_is_not_the_quote():
    item = cited()
    moved = replace(item, page=Page(3, "x" + TEXT))
    assert "<mark>" not in chat_html.passage_text(moved)


def test_a_quote_over_two_paragraphs_is_marked_in_both():
    item = cited()
    whole = Quote("kenya.md", 3, TEXT.index("seven"), TEXT.index(" It is"), "")
    whole = replace(whole, text=TEXT[whole.start : whole.end])
    both = replace(item, evidence=replace(item.evidence, quote=whole))
    assert chat_html.passage_text(both) == (
        f"<p><mark>seven pillars.</mark></p><p><mark>{QUOTED}</mark> It is reviewed yearly.</p>"
    )


def test_machine_translation_is_said_with_the_answer_and_in_the_passage():
    words = Parsed(shown(cited(machine_translated=True))).text
    assert "machine-translated" in words
    assert messages("en")["chat.machine_translation_note"] in words


def test_each_piece_has_its_own_language_and_direction():
    item = cited(language="ar", title="خطط المقاطعات")
    markup = chat_html.turn("What?", shown(item), "en", running=False)
    assert '<article class="sanad-turn" data-state="finished" lang="en" dir="ltr">' in markup
    assert '<cite lang="ar" dir="rtl">خطط المقاطعات</cite>' in markup
    assert '<blockquote lang="ar" dir="rtl">' in markup
    assert '<h2 class="sanad-question" dir="auto">' in markup


def test_unknown_language_leaves_the_direction_to_the_text():
    assert markup.marked("und") == ' dir="auto"'


def test_sources_list_is_closed_and_names_each_document_once():
    markup = shown(cited())
    assert '<details class="sanad-sources"><summary>Sources (1)</summary>' in markup
    assert markup.count("<li>") == 1


@pytest.mark.parametrize(
    "url",
    ["javascript:alert(1)", "data:text/html,x", "//evil.test", "file:///etc/passwd", "", "http://[",
     "JaVaScript:alert(1)", "\tjavascript:alert(1)", "vbscript:x", "https:"],
)  # fmt: skip
def test_only_web_addresses_become_links(url):
    assert markup.link(url, "Open", "new tab") == ""


@pytest.mark.parametrize("evil", HOSTILE)
def test_hostile_strings_stay_text_in_every_field_of_an_answer(evil):
    item = cited(title=evil, publisher=evil, url=evil, date=evil, language=evil[:40])
    passage = replace(item.evidence.passage, headings=(evil,), start=0, end=len(evil))
    quote = Quote("kenya.md", 3, 0, len(evil), evil)
    item = Cited(Evidence(1, passage, quote), item.document, Page(3, evil, evil))
    said = (AnswerSentence(evil, (1,), evil),)
    body = chat_html.answer(Answer("?", "en", said, (item.evidence,), notes=(evil,)), {1: item})
    markup = chat_html.turn(evil, body, "en", running=True, announcement=evil)
    assert evil in only_ours(markup).text


@pytest.mark.parametrize("evil", HOSTILE)
def test_hostile_strings_stay_text_in_a_decline_and_a_notice(evil):
    nearest = SourceDocument("x", "x", evil, "en", url=f"https://example.org/{evil}")
    reply = Declined(evil, "en", "nothing_found", (nearest,), (evil,), (evil,))
    assert evil in only_ours(chat_html.declined(reply, 1000)).text
    assert evil in only_ours(chat_html.notice(evil, evil) + chat_html.stage(evil)).text


def test_direction_overrides_are_removed_and_joiners_kept():
    assert markup.text("a\u202egpj.exe\u2066b\u0000") == "agpj.exeb"
    assert markup.text("می\u200cخواهم") == "می\u200cخواهم"


def test_decline_says_why_what_is_near_and_what_is_covered():
    near = SourceDocument("a.md", "a", "Plans", "ar", date="2024")
    reply = Declined("?", "es", "too_long", (near,), ("youth", "migration"))
    words = Parsed(chat_html.declined(reply, 300)).text
    assert "300" in words
    assert "Plans, 2024 (en árabe)" in words
    assert "juventud, migración" in words


def laid_out(layout: Layout, mode: str = "extractive", language: str = "en") -> str:
    item = cited()
    sentence = AnswerSentence(QUOTED, (1,), "County plans, 21 December 2024")
    reply = Answer("?", language, (sentence,), (item.evidence,), mode=mode, layout=layout)
    return chat_html.answer(reply, {1: item})


def test_a_table_names_its_rows_and_columns_and_says_what_is_missing():
    rows = (Row("Kenya", ((0,),)), Row("Uganda", ((),)))
    markup = laid_out(Layout("table", "Side by side", ("Plans",), rows))
    assert "<caption>Side by side</caption>" in markup
    assert '<th scope="col" role="columnheader"><bdi>Plans</bdi></th>' in markup
    assert (
        '<th scope="row" role="rowheader"><bdi>Uganda</bdi></th>'
        '<td role="cell" data-column="Plans" class="sanad-missing">not stated</td>'
    ) in markup
    assert markup.count('class="sanad-cite"') == 2  # in the cell, and in the list of sources


def test_steps_are_a_numbered_list():
    markup = laid_out(Layout("steps", "In order", (), (Row("1", ((0,),), "kenya.md"),)))
    assert '<ol class="sanad-steps"><li><blockquote lang="en" dir="ltr">' in markup


def test_a_quote_keeps_its_direction_in_an_arabic_table():
    markup = laid_out(Layout("table", "", ("",), (Row("كينيا", ((0,),)),)), language="ar")
    assert '<td role="cell" data-column=""><blockquote lang="en" dir="ltr">' in markup


def test_a_model_s_sentence_is_not_shown_as_a_quotation():
    for layout in (Layout(), Layout("list", "In 1 of 2", (), (Row("Kenya", ((0,),), "kenya.md"),))):
        markup = laid_out(layout, mode="model-x")
        assert "Written by model-x" in Parsed(markup).text
        assert "<blockquote" not in markup and "sanad-quote" not in markup
        assert 'data-n="1"' in markup


@pytest.mark.parametrize("evil", HOSTILE)
@pytest.mark.parametrize("kind", ["table", "list", "reading", "steps", "differ"])
def test_rows_and_headings_never_become_markup(evil, kind):
    columns = (evil,) if kind == "table" else ()
    markup = laid_out(Layout(kind, evil, columns, (Row(evil, ((0,),), "kenya.md"),)))
    assert evil in only_ours(markup).text


def test_a_model_s_sentence_never_stands_in_quotation_marks_while_the_answer_grows(
    assistant, collection
):
    said = "The national strategy of 2016 mandates a County Action Plan"

    def broken(prompt):
        found = next(b for b in prompt.user.split("<<<") if said.lower() in b.lower())
        n = found.split(" BLOCK ")[1].split(">>>")[0]
        yield f"{said} [{n}]. "
        yield f"County Engagement Forums carry the county action plans [{n}]. "
        yield ModelTrouble("cut_off", "model-x")

    with_model = assemble(
        Settings(data_dir=collection, llm="openai:test"), assistant.generation,
        assistant.embedder, assistant.translator, ScriptedWriter(broken, name="model-x"),
    )  # fmt: skip
    chat = Chat(LiveAssistant(lambda before: with_model, lambda: "one"), "sanad ingest", 500)
    question = "How did Kenya structure county action plans?"
    steps = [shown.html for shown in chat.ask(question, {}, "en")]
    begun = said.removesuffix("Plan")
    assert any(f'"sanad-written">{begun}' in html for html in steps)
    for html in steps:
        if "sanad-quote" in html:
            assert "sanad-written" not in html
            assert f'"sanad-quote">{begun}' not in html


def test_what_stands_in_no_row_is_shown_below():
    markup = laid_out(Layout("list", "Found", (), (Row("Kenya", ((),)),)))
    assert "Also in the documents" in Parsed(markup).text
    assert QUOTED.removesuffix("own.") in markup
