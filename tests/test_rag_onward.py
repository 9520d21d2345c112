"""A quotation is read on where the next sentence says what was asked."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest

from rag.embed import HashEmbedder
from rag.evidence.candidates import candidates
from rag.evidence.gather import find
from rag.evidence.onward import LONGEST, read_on
from rag.evidence.retrieve import retrieve
from rag.question.query import understand
from rag.question.shapes import plan
from tests.builders import build, document

SESSION = (
    "The eleventh session of the Bend council took place in the town hall on 22 February 2023."
)
AGENDA = "It dealt with illegal logging and with dog poisoning."
EMBEDDER = HashEmbedder()


def best(text, tmp_path, question):
    generation = build(tmp_path, [document("bend", text)])
    asked = understand(question, EMBEDDER)
    found = candidates(asked, retrieve(asked, generation, 5), generation)
    opening = [c for c in found if c.quote.text.startswith(text[:30])]
    first = min(opening, key=lambda c: len(c.quote.text))
    return first, asked, generation


def read(text, tmp_path, question):
    return read_on(*best(text, tmp_path, question)).quote.text


def test_a_session_is_quoted_with_what_it_dealt_with(tmp_path):
    question = "What was on the agenda of the Bend council session of 22 February 2023?"
    said = read(f"{SESSION} {AGENDA} Lunch was served.", tmp_path, question)
    assert said == f"{SESSION} {AGENDA}"


def test_a_sentence_that_shows_the_time_asked_for_stands_alone(tmp_path):
    asked = "When did the eleventh session of the Bend council take place?"
    assert read(f"{SESSION} {AGENDA}", tmp_path, asked) == SESSION


def test_two_things_asked_are_two_sentences(tmp_path):
    asked = (
        "When did the eleventh session of the Bend council take place and what did it deal with?"
    )
    assert read(f"{SESSION} {AGENDA}", tmp_path, asked) == f"{SESSION} {AGENDA}"


@pytest.mark.parametrize(
    "after", ["", "\nLogging is another matter, in a block of its own.", " Was that enough?"]
)
def test_nothing_is_taken_from_another_block_and_no_question(after, tmp_path):
    asked = "What did the eleventh session of the Bend council deal with?"
    assert read(f"{SESSION}{after}", tmp_path, asked) == SESSION


def test_a_sentence_too_long_to_go_along_is_left(tmp_path):
    asked = "What did the eleventh session of the Bend council deal with?"
    long = f"The session dealt with {'many different matters and ' * 25}more."
    assert len(long) > LONGEST
    assert read(f"{SESSION} {long}", tmp_path, asked) == SESSION


def test_what_is_read_on_is_a_span_of_the_page(tmp_path):
    asked = "What did the eleventh session of the Bend council deal with?"
    first, question, generation = best(f"{SESSION} {AGENDA}", tmp_path, asked)
    quote = read_on(first, question, generation).quote
    page = generation.store.page_of(quote.document_id, quote.page)
    assert page.text[quote.start : quote.end] == quote.text


def test_what_another_quotation_says_already_is_not_said_twice(tmp_path):
    text = f"{SESSION} The Bend council session of February dealt with logging, says the council."
    generation = build(tmp_path, [document("bend", text)])
    asked = understand("What did the Bend council session of February deal with?", EMBEDDER)
    chosen = find(
        asked, replace(plan(asked, generation), kind="quotes"), generation, EMBEDDER
    ).chosen
    spans = sorted((c.quote.start, c.quote.end) for c in chosen)
    assert spans
    assert all(a[1] <= b[0] for a, b in itertools.pairwise(spans))


def test_an_answer_is_quoted_with_the_question_it_answers(tmp_path):
    text = "How many members has Bend? It depends on the date: 200 in 2023 and 250 in 2025."
    generation = build(tmp_path, [document("bend", text)])
    asked = understand("How many members does the town of Bend have?", EMBEDDER)
    found = candidates(asked, retrieve(asked, generation, 5), generation)
    assert [c.quote.text for c in found] == [text]
