"""Questions to the sample collection through the whole ask walk."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rag.types import Answer, Declined, Finished, Retrieved, Spoken
from rag.wording import reply_text, say

CLIENTS_QUESTION = {
    "en": "How did Kenya structure its county action plans?",
    "ar": "كيف نظّمت كينيا خطط عمل المقاطعات؟",
    "fr": "Comment le Kenya a-t-il structuré ses plans d'action de comté ?",
    "es": "¿Cómo estructuró Kenia los planes de acción de los condados?",
}


@pytest.mark.parametrize("language", CLIENTS_QUESTION)
def test_the_clients_question_is_answered_from_the_readers_version(assistant, language):
    reply = assistant.answer(CLIENTS_QUESTION[language]).reply
    assert isinstance(reply, Answer)
    assert reply.language == language
    first = reply.evidence[0].quote.document_id
    found = assistant.generation.store.find_document(first)
    assert found is not None
    assert (found[1].work_id, found[1].language) == ("kenya-county-action-plans", language)


@pytest.mark.parametrize("language", CLIENTS_QUESTION)
def test_every_sentence_is_a_verified_span(assistant, language):
    reply = assistant.answer(CLIENTS_QUESTION[language]).reply
    assert isinstance(reply, Answer)
    shown = {item.n: item for item in reply.evidence}
    for sentence in reply.sentences:
        for n in sentence.citations:
            quote = shown[n].quote
            page = assistant.generation.store.page_of(quote.document_id, quote.page)
            assert page.text[quote.start : quote.end] == quote.text
            assert sentence.text in quote.text


def test_no_heading_and_no_source_list_is_quoted(assistant):
    for question in CLIENTS_QUESTION.values():
        reply = assistant.answer(question).reply
        assert reply.evidence
        for item in reply.evidence:
            page = assistant.generation.store.page_of(item.quote.document_id, item.quote.page)
            for start, end in page.asides:
                assert not (start <= item.quote.start and item.quote.end <= end)
            assert "http" not in item.quote.text


@pytest.mark.parametrize(
    "question",
    [
        "Who won the 2022 football world cup?",
        "What is the capital of Mongolia?",
        "How do I bake bread?",
        "ما هي عاصمة منغوليا؟",
        "Quelle est la recette de la quiche lorraine ?",
        "¿Cuántos habitantes tiene Lima?",
    ],
)
def test_what_the_documents_do_not_say_is_declined(assistant, question):
    reply = assistant.answer(question).reply
    assert isinstance(reply, Declined)
    assert reply.reason in ("not_answered", "nothing_found", "out_of_scope")
    assert reply.covers


def test_events_come_in_order_and_end_with_the_reply(assistant):
    events = list(assistant.ask(CLIENTS_QUESTION["en"]))
    assert isinstance(events[0], Retrieved)
    assert isinstance(events[-1], Finished)
    spoken = [event.sentence for event in events if isinstance(event, Spoken)]
    assert tuple(spoken) == events[-1].reply.sentences
    assert events[-1].timings_ms["total"] > 0


def test_a_filter_keeps_other_documents_out(assistant):
    reply = assistant.answer("county action plans in Kenya", {"language": ["ar"]}).reply
    assert isinstance(reply, Answer)
    for item in reply.evidence:
        found = assistant.generation.store.find_document(item.quote.document_id)
        assert found is not None
        assert found[1].language == "ar"


def test_filters_that_match_nothing_say_so(assistant):
    reply = assistant.answer(CLIENTS_QUESTION["en"], {"country": ["AQ"]}).reply
    assert isinstance(reply, Declined)
    assert reply.reason == "no_match_for_filters"


@pytest.mark.parametrize(
    ("question", "reason"),
    [("", "not_a_question"), ("🎉🎉", "not_a_question"), ("?!…", "not_a_question"),
     ("plan " * 300, "too_long")],
)  # fmt: skip
def test_what_is_not_a_question_is_declined(assistant, question, reason):
    reply = assistant.answer(question).reply
    assert isinstance(reply, Declined)
    assert reply.reason == reason


@pytest.mark.parametrize(
    "question",
    ["KENYA COUNTY ACTION PLANS", "kenya", "2019", "Kenia خطط plans", "kayf kenya 5otat",
     "Konty acton plns keny", "ما", "the of and", "a" * 1000, "' OR 1=1 --", "\x00kenya\u202e",
     "\ud800 kenya"],
)  # fmt: skip
def test_odd_questions_get_a_reply(assistant, question):
    assert isinstance(assistant.answer(question).reply, Answer | Declined)


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.text(max_size=80))
def test_any_text_gets_a_reply(assistant, question):
    assert isinstance(assistant.answer(question).reply, Answer | Declined)


def test_one_work_is_not_quoted_in_two_languages(assistant):
    for question in CLIENTS_QUESTION.values():
        reply = assistant.answer(question).reply
        assert reply.evidence
        works = {}
        for item in reply.evidence:
            found = assistant.generation.store.find_document(item.quote.document_id)
            assert found is not None
            assert works.setdefault(found[1].work_id, found[1].id) == found[1].id


@pytest.mark.parametrize("language", sorted(CLIENTS_QUESTION))
def test_a_search_lists_one_language_version_of_a_work_the_readers_first(assistant, language):
    hits = assistant.search(CLIENTS_QUESTION[language], 10)
    assert len(hits) == 10
    languages = {}
    for hit in hits:
        found = assistant.generation.store.find_document(hit.passage.document_id)
        languages.setdefault(found[1].work_id, set()).add(found[1].language)
    assert all(len(versions) == 1 for versions in languages.values())
    plans = assistant.generation.store.find_document("kenya-county-action-plans.en.md")[1].work_id
    assert languages[plans] == {language}


def test_several_questions_in_one_are_answered_one_by_one(assistant):
    asked = "When was Kenya's national strategy adopted? How often does Strumica's council meet?"
    reply = assistant.answer(asked).reply
    assert [row.label for row in reply.layout.rows] == asked.replace("? ", "?|").split("|")
    said = [[reply.sentences[i].text for i in row.cells[0]] for row in reply.layout.rows]
    assert any("2016" in text for text in said[0])
    assert any("monthly" in text for text in said[1])
    assert not {*said[0]} & {*said[1]}


def test_of_several_questions_one_without_an_answer_says_so(assistant):
    asked = "How often does Strumica's council meet? What does a mango cost in Strumica?"
    reply = assistant.answer(asked).reply
    assert [bool(row.cells[0]) for row in reply.layout.rows] == [True, False]
    assert say("en", "shape.not_stated") in reply_text(reply)
