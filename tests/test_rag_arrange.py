"""Rows and cells of an answer, from what its sentences cite."""

from __future__ import annotations

from dataclasses import replace

import pytest

from rag.embed import HashEmbedder
from rag.evidence.arrange import arrange
from rag.evidence.compose import spoken
from rag.evidence.gather import find
from rag.evidence.search import Found
from rag.question.query import understand
from rag.question.shapes import plan
from rag.types import Answer, AnswerSentence
from rag.wording import answer_text
from tests.builders import build, document


@pytest.fixture(scope="module")
def places(tmp_path_factory):
    return build(
        tmp_path_factory.mktemp("places"),
        [
            document("kenya", "Kenya has county action plans with seven pillars.",
                     title="Kenya", countries=("KE",), date="2024", kind="policy-brief"),
            document("uganda", "Uganda has action plans in its municipalities.",
                     title="Uganda", countries=("UG",), date="2023", kind="guide"),
            document("sweden", "The helpline opened in April.", title="Sweden",
                     countries=("SE",), date="2018"),
        ],
    )  # fmt: skip


def answered(text, generation) -> tuple[Answer, Found]:
    question = understand(text, HashEmbedder())
    found = find(question, plan(question, generation), generation, HashEmbedder())
    said = list(spoken(found.chosen, "en", generation))
    sentences, evidence = tuple(s for s, _ in said), tuple(e for _, e in said)
    layout = arrange(found.plan, sentences, evidence, generation, "en")
    return Answer(text, "en", sentences, evidence, layout=layout), found


def test_side_that_nothing_speaks_of_keeps_an_empty_cell(places):
    reply, _ = answered("Compare the action plans of Kenya and Bangladesh", places)
    kenya, bangladesh = reply.layout.rows
    assert (kenya.label, bangladesh.label) == ("Kenya", "Bangladesh")
    assert kenya.cells[0] and not bangladesh.cells[0]
    assert "not stated" in answer_text(reply)


def test_sentence_of_a_model_stands_where_its_citation_does(places):
    reply, found = answered("Compare the action plans of Kenya and Uganda", places)
    written = tuple(
        AnswerSentence(f"Sentence {i}.", sentence.citations)
        for i, sentence in enumerate(reply.sentences)
    )
    layout = arrange(found.plan, written, reply.evidence, places, "en")
    assert layout.rows == reply.layout.rows
    text = answer_text(replace(reply, sentences=written, layout=layout, mode="model-x"))
    assert text.startswith("Written by model-x")
    assert "“" not in text


def test_list_says_how_many_documents_hold_it(places):
    reply, _ = answered("Which countries have action plans?", places)
    assert reply.layout.lead == "Found in 2 of 3 documents."
    assert {row.label for row in reply.layout.rows} == {"Kenya", "Uganda"}


def test_list_with_one_line_gives_way_to_quotations(places):
    reply, _ = answered("Which countries have a helpline?", places)
    assert reply.layout.kind == "quotes"


def test_reading_list_names_kind_date_and_language(places):
    reply, _ = answered("Which guide covers action plans in Uganda?", places)
    label = reply.layout.rows[0].label
    assert reply.layout.kind == "reading"
    for fact in ("Uganda", "guide", "2023", "English"):
        assert fact in label


def test_every_sentence_is_shown_once(assistant):
    for text in ("How do we start a local prevention framework?", "Who is the mayor of Nansana?"):
        reply = assistant.answer(text).reply
        shown = answer_text(reply)
        assert reply.layout.kind in ("steps", "differ")
        for sentence in reply.sentences:
            assert shown.count(f"“{sentence.text}” [{sentence.citations[0]}]") == 1


def test_steps_are_numbered_in_the_order_of_the_page(assistant):
    reply = assistant.answer("How do we start a local prevention framework?").reply
    labels = [row.label for row in reply.layout.rows if row.label]
    starts = [item.quote.start for item in reply.evidence]
    assert labels == [str(n) for n in range(1, len(labels) + 1)]
    assert starts == sorted(starts)
