"""Suggested questions: verified, new, in the reader's language, cheap, and never markup."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from rag.assistant import Assistant
from rag.embed import HashEmbedder
from rag.errors import CollectionError
from rag.generate import ScriptedWriter
from rag.question.mentions import mentions
from rag.settings import Settings
from rag.types import Answer
from rag.wording import languages
from tests.builders import build, document
from tests.questions import EXAMPLES
from tests.serving import KENYA, until
from tests.test_ui_chat import HOSTILE, Parsed
from ui import suggest
from ui.live import LiveAssistant
from ui.next_html import next_html
from ui.open import assemble
from ui.suggest import Next, Seen, Suggestions, following, starting
from ui.suggest_candidates import Candidate, starters
from ui.suggest_words import about_another, as_subject


@pytest.fixture(autouse=True)
def without_pauses(monkeypatch):
    monkeypatch.setattr(suggest, "PAUSE_S", 0.0)
    monkeypatch.setattr(suggest, "DELAY_S", 0.0)


def seen_of(assistant, question: str, filters=None) -> tuple[Answer, Seen]:
    reply = assistant.answer(question, filters).reply
    assert isinstance(reply, Answer)
    places = tuple((e.quote.document_id, e.quote.page, e.quote.start) for e in reply.evidence)
    return reply, Seen(question, reply.language, filters or {}, places)


# To begin with


@pytest.mark.parametrize("language", languages())
def test_the_questions_beside_the_documents_come_first_and_are_all_answered(assistant, language):
    found = starting(assistant, language)
    assert found[: len(EXAMPLES[language])] == EXAMPLES[language][:4]
    for question in found:
        reply = assistant.answer(question).reply
        assert isinstance(reply, Answer)
        assert (reply.status, reply.language) == ("answered", language)


@pytest.mark.parametrize("language", languages())
def test_without_that_file_questions_are_drawn_from_the_collection(
    assistant, language, monkeypatch
):
    monkeypatch.setattr("ui.suggest_candidates.written", lambda *_: [])
    found = starting(assistant, language)
    assert len(found) >= 2
    assert not set(found) & set(EXAMPLES[language])
    for question in found:
        assert assistant.answer(question).reply.status == "answered"


def test_a_collection_on_another_subject_gets_its_own_questions_or_none(tmp_path):
    bees = document(
        "bees.md", "Bees store honey in wax combs for the winter months in Slovenia.",
        "Beekeepers in Slovenia inspect the hive of the Carniolan bee every spring.",
        title="Bees and honey in Slovenia", countries=("SI",),
    )  # fmt: skip
    generation = build(tmp_path, [bees])
    keeper = Assistant(generation, HashEmbedder())
    for language in languages():
        for question in starting(keeper, language):
            assert "Kenya" not in question and "city" not in question.lower()
            assert keeper.answer(question).reply.status == "answered"
    generation.close()


def test_a_file_that_does_not_read_is_left_out(assistant, tmp_path, caplog):
    (tmp_path / "questions.yaml").write_text("en: [unclosed")
    manifest = replace(assistant.generation.manifest, glossary=str(tmp_path / "glossary.yaml"))

    class Elsewhere:
        store = assistant.generation.store

    Elsewhere.manifest = manifest
    assert next(starters(Elsewhere, "en")).question
    assert "does not read" in caplog.text
    (tmp_path / "questions.yaml").write_text("[a, list]")
    assert all(each.question != "a" for each in starters(Elsewhere, "en"))


def test_opening_a_page_waits_for_nothing_and_what_was_found_is_kept(assistant, tmp_path):
    live = LiveAssistant(lambda before: assistant, lambda: "one")
    first, name = Suggestions(live, tmp_path), assistant.generation.manifest.name
    assert first.starters(name, "en") == ()  # and a thread has begun
    assert until(lambda: (tmp_path / "starters.json").is_file(), 60)
    assert first.starters(name, "en")[0] == KENYA
    again = Suggestions(LiveAssistant(lambda before: 1 / 0, lambda: "one"), tmp_path)
    assert again.starters(name, "ar")[0] == EXAMPLES["ar"][0]  # without asking anything
    assert again.starters("", "ar") == ()


@pytest.mark.parametrize("broken", ["", "[]", "{}", '{"form": 9}', '{"form": 1, "questions": 3}'])
def test_a_file_that_is_not_ours_is_found_again(assistant, tmp_path, broken):
    (tmp_path / "starters.json").write_text(broken)
    live = LiveAssistant(lambda before: assistant, lambda: "one")
    found = Suggestions(live, tmp_path)
    assert found.starters(assistant.generation.manifest.name, "en") == ()


def test_a_folder_that_cannot_be_written_costs_nothing(assistant, tmp_path, caplog):
    live = LiveAssistant(lambda before: assistant, lambda: "one")
    made = Suggestions(live, tmp_path / "not" / "there")
    made._seek(assistant.generation.manifest.name)
    assert made.starters(assistant.generation.manifest.name, "en")
    assert "not kept" in caplog.text


def test_a_collection_that_is_gone_is_no_error(tmp_path, caplog):
    def nothing(before):
        raise CollectionError("gone")

    Suggestions(LiveAssistant(nothing, lambda: "one"), tmp_path)._seek("one")
    assert "gone" in caplog.text


# To go on with


QUESTIONS = [question for several in EXAMPLES.values() for question in several]


@pytest.mark.parametrize("question", QUESTIONS)
def test_what_could_be_asked_next_is_answered_with_something_new(assistant, question):
    reply, seen = seen_of(assistant, question)
    found = following(assistant, seen, 60.0)
    for candidate in found.questions:
        after = assistant.answer(candidate.question).reply
        assert isinstance(after, Answer)
        assert (after.status, after.language) == ("answered", reply.language)
        places = {(e.quote.document_id, e.quote.page, e.quote.start) for e in after.evidence}
        assert places - set(seen.quoted)
        assert candidate.question != question
    assert len({each.question for each in found.questions}) == len(found.questions) <= 3


def test_most_answers_have_a_sequel(assistant):
    having = [bool(following(assistant, seen_of(assistant, q)[1], 60.0).questions)
              for q in QUESTIONS]  # fmt: skip
    assert sum(having) >= 0.6 * len(having)  # 9 of 13: what would be marked is not suggested


def test_what_comes_next_keeps_to_the_filters(assistant):
    filters = {"country": ["KE"]}
    _, seen = seen_of(assistant, KENYA, filters)
    found = following(assistant, seen, 60.0)
    assert found.questions
    for candidate in found.questions:
        reply = assistant.answer(candidate.question, filters).reply
        held = assistant.generation.store.find_documents(
            {item.quote.document_id for item in reply.evidence}
        )
        assert all("KE" in document.countries for document in held.values())
    assert all(chip.value != "KE" for chip in found.filters)


def test_a_question_offers_the_filter_it_names(assistant):
    _, seen = seen_of(assistant, KENYA)
    chip = following(assistant, seen, 60.0).filters[0]
    assert (chip.key, chip.value, chip.label) == ("country", "KE", "Kenya")


def test_no_time_no_questions(assistant):
    _, seen = seen_of(assistant, KENYA)
    assert following(assistant, seen, 0.0).questions == ()


def test_verifying_asks_no_model(assistant, collection):
    def never(prompt):
        raise AssertionError("a model was asked")
        yield ""

    with_model = assemble(
        Settings(data_dir=collection, llm="openai:test"), assistant.generation,
        assistant.embedder, assistant.translator, ScriptedWriter(never, name="model-x"),
    )  # fmt: skip
    _, seen = seen_of(assistant, KENYA)
    assert following(with_model, seen, 60.0).questions
    assert starting(with_model, "en", most=1)


def test_only_one_answer_is_followed_at_a_time(assistant):
    made = Suggestions(LiveAssistant(lambda before: assistant, lambda: "one"))
    _, seen = seen_of(assistant, KENYA)
    made._after.acquire()
    assert made.after(seen) == Next()
    made._after.release()
    assert made.after(seen).filters


# Places in a sentence


@pytest.mark.parametrize(
    ("key", "subject"),
    [("KE", "le Kenya"), ("UG", "l’Ouganda"), ("SE", "la Suède"), ("US", "les États-Unis"),
     ("MK", "la Macédoine du Nord"), ("GB", "le Royaume-Uni"), ("MX", "le Mexique"),
     ("CU", "Cuba"), ("PH", "les Philippines"), ("ZA", "l’Afrique du Sud"),
     ("city:Strumica", "Strumica")],
)  # fmt: skip
def test_a_french_country_takes_its_article(key, subject):
    assert as_subject(key, "fr") == subject


@pytest.mark.parametrize(
    ("language", "question", "key", "asked"),
    [
        ("en", "What is Kenya doing?", "UG", "What is Uganda doing?"),
        ("en", "What do Kenyan counties do?", "UG", ""),
        ("en", "How does Kenya's centre work?", "UG", ""),
        ("en", "What is Kenya doing?", "city:Strumica", ""),
        ("fr", "Que fait le Kenya ?", "SE", ""),
        ("fr", "Que fait le Kenya ?", "MA", "Que fait le Maroc ?"),
        ("es", "¿Qué hace Kenia?", "SE", "¿Qué hace Suecia?"),
        ("ar", "ما الذي يجري في كينيا؟", "UG", "ما الذي يجري في أوغندا؟"),
        ("ar", "ما الذي يجري في كينيا؟", "SE", ""),
    ],
)
def test_the_same_question_about_another_place_reads_well_or_is_not_asked(
    language, question, key, asked
):
    (place,) = [m for m in mentions(question, language) if m.kind == "place"]
    assert about_another(question, place, key, language) == asked


@pytest.mark.parametrize("evil", HOSTILE)
def test_suggestions_never_become_markup(evil):
    found = Next((Candidate(evil), Candidate(evil, part=evil, title=evil)), ())
    parsed = Parsed(next_html(found, "ar"))
    assert set(parsed.tags) <= {"section", "h3", "ul", "li", "button", "span", "small"}
    assert parsed.text.count(evil) == 3
    assert not {name for name, _ in parsed.attributes if name.startswith("on")}


def test_nothing_next_is_nothing():
    assert next_html(Next(), "en") == ""


def test_what_is_kept_is_text_by_language(assistant, tmp_path):
    made = Suggestions(LiveAssistant(lambda before: assistant, lambda: "one"), tmp_path)
    made._seek(assistant.generation.manifest.name)
    held = json.loads((tmp_path / "starters.json").read_text("utf-8"))
    assert set(held["questions"]) == set(languages())
