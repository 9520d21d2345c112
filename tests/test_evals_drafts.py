"""Drafts of cases: from a document, from feedback, from a conversation."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from evals.cases import load_suite
from evals.drafts import from_conversation, from_document, from_feedback, write_drafts
from evals.suite import NAMES
from rag.assistant import Assistant
from rag.errors import ConfigurationError
from rag.words.text import words
from tests.builders import build, document

KENYA = "kenya-county-action-plans.en.md"


def test_drafts_of_a_document_quote_it_and_load_as_a_suite(
    assistant: Assistant, tmp_path: Path
) -> None:
    drafts = from_document(KENYA, assistant.generation, 4)
    write_drafts(tmp_path / "new.yaml", drafts)
    cases = load_suite(tmp_path / "new.yaml", NAMES).cases
    assert len(cases) == 4
    stored = " ".join(assistant.generation.store.page_of(KENYA, 1).text.split())
    for case in cases:
        assert case.review == "to review"
        assert case.gold[0].quote in stored
        assert len(words(case.gold[0].quote.lower())) >= 8


def test_a_document_that_is_not_there_is_named(assistant: Assistant) -> None:
    with pytest.raises(ConfigurationError, match=r"'x\.md' is not in the collection"):
        from_document("x.md", assistant.generation, 4)


def test_feedback_becomes_one_draft_a_question(tmp_path: Path) -> None:
    path = tmp_path / "feedback.jsonl"
    rows = [
        {"question": "Who?", "verdict": "good", "status": "answered", "documents": ["a.md"]},
        {"question": "Who? ", "verdict": "bad", "status": "answered"},
        {"question": "¿Dónde está la sede?", "verdict": "bad", "comment": "Wrong city",
         "status": "partial", "documents": ["b.md"]},
        {"question": "Why?", "verdict": "good", "status": "declined", "language": "en"},
    ]  # fmt: skip
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    write_drafts(tmp_path / "new.jsonl", from_feedback(path))
    who, where, why = load_suite(tmp_path / "new.jsonl", NAMES).cases
    assert (who.gold[0].document, who.tags) == ("a.md", ("feedback", "helped"))
    assert (where.expect, where.language, where.gold) == ("partial", "es", ())
    assert where.note.startswith("Wrong city")
    assert why.expect == "declined"


def test_feedback_without_a_question_names_the_line(tmp_path: Path) -> None:
    path = tmp_path / "feedback.jsonl"
    path.write_text('{"question": "Who?"}\n{"verdict": "bad"}\n')
    with pytest.raises(ConfigurationError, match=r"feedback\.jsonl line 2"):
        from_feedback(path)


def test_a_conversation_becomes_a_case_a_turn(assistant: Assistant, tmp_path: Path) -> None:
    path = tmp_path / "talk.txt"
    path.write_text("How did Kenya structure county action plans?\n\nand in Uganda?\n")
    write_drafts(tmp_path / "new.yaml", from_conversation(path, assistant))
    first, second = load_suite(tmp_path / "new.yaml", NAMES).cases
    assert first.expect == "answered" and first.gold
    assert second.history == (first.question,)
    assert second.standalone is not None
    assert "Uganda" in second.standalone.must_include[0][0]


def test_work_of_a_person_is_not_written_over(tmp_path: Path) -> None:
    path = tmp_path / "feedback.jsonl"
    path.write_text('{"question": "Who?"}\n')
    drafts = from_feedback(path)
    write_drafts(tmp_path / "new.yaml", drafts)
    with pytest.raises(ConfigurationError, match="exists"):
        write_drafts(tmp_path / "new.yaml", drafts)
    with pytest.raises(ConfigurationError, match=r"neither \.yaml nor \.jsonl"):
        write_drafts(tmp_path / "new.txt", drafts)
    with pytest.raises(ConfigurationError, match="nothing was found"):
        write_drafts(tmp_path / "empty.yaml", [])


def test_a_sentence_that_stands_twice_on_a_page_is_drafted_once(tmp_path: Path) -> None:
    plan = "The county action plan of Kilifi has seven pillars with two leads each."
    generation = build(tmp_path, [document("k.md", plan, "Some other words.", plan)])
    assert len(from_document("k.md", generation, 5)) == 1
