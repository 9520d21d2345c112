"""What stands under and around a reply in the reading room: its data, buttons, short forms, and
the page before Gradio's part is there."""

from __future__ import annotations

import html
import json
import re

import pytest

from rag.assistant import Assistant
from rag.embed import HashEmbedder
from rag.errors import CollectionError
from rag.question.glossary import Concept, Glossary
from rag.types import Answer, AnswerSentence, Evidence, Finished, Passage, Quote
from rag.wording import languages, messages, say
from tests.builders import build, document
from tests.serving import KENYA, answering_with
from tests.test_ui_chat import HOSTILE, Parsed
from ui.actions_html import reply_data, row, terms_data
from ui.answering import Asked
from ui.chat_html import turn
from ui.guard import with_parts
from ui.live import LiveAssistant
from ui.opening import Opened, around, opened
from ui.suggest import Suggestions
from ui.terms import explained


def attribute(page: str, name: str) -> dict:
    return json.loads(html.unescape(re.search(rf'data-{name}="([^"]*)"', page)[1]))


def test_an_answer_in_the_reading_room_carries_what_scripts_need(assistant):
    asked = Asked(KENYA, {"country": ["KE"]}, form="page", room=True)
    *growing, last = answering_with(assistant).ask(asked)
    assert all("data-reply" not in page["html"] for page in growing)
    told = attribute(last["html"], "reply")
    expected = assistant.answer(KENYA, {"country": ["KE"]}).reply
    assert isinstance(expected, Answer)
    kept = {key: told[key] for key in ("question", "searched", "language", "mode", "status")}
    assert kept == {
        "question": KENYA, "searched": "", "language": "en", "mode": "extractive",
        "status": "answered",
    }  # fmt: skip
    assert told["filters"] == {"country": ["KE"]}
    assert told["generation"] == assistant.generation.manifest.name
    assert [each["text"] for each in told["sentences"]] == [s.text for s in expected.sentences]
    for citation in told["citations"]:
        page = assistant.generation.store.page_of(citation["document_id"], citation["page"])
        assert page.text[citation["start"] : citation["end"]] == citation["quote"]
    buttons = re.findall(r'data-act="(\w+)"', last["html"])
    assert buttons == ["copy", "retry", "edit", "keep", "share"]


def test_elsewhere_a_reply_has_no_such_row(assistant):
    *_, last = answering_with(assistant).ask(Asked(KENYA, form="page"))
    assert "sanad-actions" not in last["html"] and "data-reply" not in last["html"]


def test_without_an_answer_there_is_nothing_to_copy_keep_or_share(assistant):
    asked = Asked("How much is a kilo of mangoes in Lima?", form="page", room=True)
    *_, last = answering_with(assistant).ask(asked)
    assert re.findall(r'data-act="(\w+)"', last["html"]) == ["retry", "edit"]
    assert "data-reply" not in last["html"]


@pytest.mark.parametrize("language", languages())
def test_buttons_say_what_they_do_in_the_language_of_the_reply(language):
    words = Parsed(row("?", language, answered=True)).text
    for act in ("copy", "retry", "edit", "keep", "share"):
        assert messages(language)[f"chat.act_{act}"] in words


@pytest.mark.parametrize("evil", HOSTILE)
def test_the_data_of_a_reply_stays_data(evil):
    passage = Passage("kenya.md", 1, 0, len(evil), evil, (evil,))
    evidence = Evidence(1, passage, Quote("kenya.md", 1, 0, len(evil), evil))
    reply = Answer(evil, "en", (AnswerSentence(evil, (1,)),), (evidence,), mode=evil)
    data = reply_data(Finished(reply, evil), {"city": [evil]})
    page = turn(evil, row(evil, "en", answered=True), "en", running=False, data={"reply": data})
    parsed = Parsed(page)
    assert set(parsed.tags) <= {
        "article", "p", "h2", "span", "div", "button", "svg", "path",
    }  # fmt: skip
    told = json.loads(dict(parsed.attributes)["data-reply"] or "")
    assert told["sentences"][0]["text"] == told["citations"][0]["quote"] == evil
    assert ("data-question", evil) in parsed.attributes


# Short forms


GLOSSARY = Glossary((
    Concept("NLC", {"en": ("national-local cooperation",), "ar": ("التعاون الوطني المحلي",)},
            {"en": ("NLC",), "fr": ("CNL",)}, {}, note="A way of working."),
    Concept("NLC-league", {"en": ("National League of Cities",)}, {"en": ("NLC",)}, {}),
    Concept("LPC", {"mk": ("Локален совет",)}, {"en": ("LPC",)}, {}),
))  # fmt: skip


def test_a_short_form_is_explained_in_the_readers_language_from_the_glossary_only():
    (term,) = explained(["The NLC (ONLCO) met."], GLOSSARY, "ar")
    assert term.short == "NLC"
    assert [(m.name, m.language, m.note) for m in term.meanings] == [
        ("التعاون الوطني المحلي", "ar", ""), ("National League of Cities", "en", ""),
    ]  # fmt: skip
    (term,) = explained(["The NLC met."], GLOSSARY, "en")
    assert term.meanings[0].note == "A way of working."


def test_a_part_of_a_word_and_a_name_without_words_are_not_explained():
    assert explained(["ONLCO, NLCs, nlc"], GLOSSARY, "en") == []
    assert explained(["The LPC of Strumica"], GLOSSARY, "fr") == []


def test_a_decline_has_no_short_forms(assistant):
    reply = assistant.answer("How much is a kilo of mangoes in Lima?").reply
    assert terms_data(reply, GLOSSARY) == ""


# The page before Gradio's part is there


@pytest.fixture
def small(tmp_path):
    generation = build(tmp_path, [document("a.md", "One.", title="A", countries=("KE",))])
    live = LiveAssistant(lambda before: Assistant(generation, HashEmbedder()), lambda: "one")
    yield live
    generation.close()


def drawn(page: Opened, language: str = "en", pairs=()) -> str:
    return "".join(around(page, language, pairs, ["Kept for <b>nobody</b>."], 1000))


@pytest.mark.parametrize("language", languages())
def test_a_page_is_drawn_whole_as_it_is_sent(small, language):
    page = opened(small, Suggestions(small), {"country": ["KE"]}, language, "sanad ingest")
    shown = drawn(page, language, [("country", "KE"), ("x", "1")])
    words = Parsed(shown)
    assert say(language, "chat.title") in words.text
    assert say(language, "count.documents", n=1) in words.text
    assert ("aria-label", say(language, "chat.question")) in words.attributes
    remove = next(v for n, v in words.attributes if n == "data-value")
    assert remove == "KE"
    other = next(code for code in languages() if code != language)
    assert ("href", f"../{other}/?country=KE") in words.attributes  # filters go along, no more
    assert "Kept for <b>nobody</b>." in words.text


def test_questions_to_begin_with_are_in_their_own_language_and_asked_at_once():
    page = Opened(starters=("One?",), elsewhere=(("ar", "سؤال؟"),))
    shown = drawn(page)
    assert 'data-ask="One?" data-send lang="en" dir="ltr"' in shown
    assert 'data-ask="سؤال؟" data-send lang="ar" dir="rtl"' in shown
    assert 'class="sanad-example"' not in drawn(Opened())


def test_without_an_index_the_page_says_what_to_type():
    def nothing(before):
        raise CollectionError("nothing was read")

    live = LiveAssistant(nothing, lambda: "one")
    page = opened(live, Suggestions(live), {}, "en", "sanad ingest <FOLDER>")
    assert "sanad ingest <FOLDER>" in Parsed(drawn(page)).text
    assert page.filters == page.scope == "" and page.starters == ()


@pytest.mark.parametrize("evil", HOSTILE)
def test_what_a_page_is_opened_with_never_becomes_markup(small, evil):
    filters = {"city": [evil], "document": [evil]}
    page = opened(small, Suggestions(small), filters, "en", evil)
    known = Opened(page.notice, evil, page.filters, (evil,), (("ar", evil),))
    pairs = [("city", evil), (evil, evil)]
    parsed = Parsed("".join(around(known, "en", pairs, [evil], 10)))
    assert not {"img", "script", "form", "iframe", "link", "style", "base", "math"} & set(
        parsed.tags
    )
    assert not {name for name, _ in parsed.attributes if name.startswith("on")}
    for name, value in parsed.attributes:
        assert name != "href" or re.match(r"\.\./|\./|#", value or "")


def test_the_parts_stand_around_gradio_s_element():
    page = "<body><gradio-app x></gradio-app><script></script></body>"
    assert with_parts(page, (r"<p>\1 above", "below</p>")) == (
        r"<body><p>\1 above<gradio-app x></gradio-app>below</p><script></script></body>"
    )
    assert with_parts("<body></body>", ("a", "b")) == "<body></body>"
