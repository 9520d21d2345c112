"""Scope line, filters and example questions, over the sample collection."""

from __future__ import annotations

import pytest

from rag.types import Answer
from rag.wording import languages
from tests.builders import build, document
from ui.examples import EXAMPLES, elsewhere, examples
from ui.holdings import FILTER_KEYS, choices, chosen, percentage, scope_line


@pytest.fixture
def store(tmp_path):
    generation = build(tmp_path, [
        document("a.md", "1", title="A", date="2024-12-21", countries=("KE", "UG"), kind="guide"),
        document("b.md", "Two.", title="B", date="2023", countries=("KE",), themes=("youth",)),
        document("c.md", "ثلاثة", title="ج", language="ar", machine_translated=True),
    ])  # fmt: skip
    yield generation.store
    generation.close()


def test_scope_line_counts_and_is_honest_about_translation(store):
    line = scope_line(store, "en")
    assert "3 documents in 2 languages" in line
    assert "2024" in line
    assert "33% machine-translated" in line


def test_a_small_share_is_not_rounded_to_none():
    assert percentage(0.001, "en") == "1%"
    assert percentage(0.0, "en") == "0%"


def test_filters_are_named_in_the_readers_language(store):
    assert choices(store, "country", "fr") == [("Kenya (2)", "KE"), ("Ouganda (1)", "UG")]
    assert choices(store, "language", "ar") == [("الإنجليزية (2)", "en"), ("العربية (1)", "ar")]
    assert choices(store, "year", "en") == [("2024 (1)", "2024"), ("2023 (1)", "2023")]
    assert choices(store, "kind", "es") == [("guía (1)", "guide")]
    assert choices(store, "theme", "es") == [("juventud (1)", "youth")]
    assert choices(store, "document", "en") == [("A", "a.md"), ("B", "b.md"), ("ج", "c.md")]


def test_what_was_picked_becomes_filters_without_the_empty_ones():
    picked = [["ar"], [], None, ["guide"], [], []]
    assert chosen(picked) == {"language": ["ar"], "kind": ["guide"]}
    assert len(picked) == len(FILTER_KEYS)


def test_every_interface_language_has_examples():
    assert set(EXAMPLES) == set(languages())
    assert {code for code, _ in elsewhere("ar")} == set(EXAMPLES) - {"ar"}
    assert examples("xx") == EXAMPLES["en"]


@pytest.mark.parametrize(
    "question", [question for asked in EXAMPLES.values() for question in asked]
)
def test_every_example_is_answered_from_the_sample_collection(assistant, question):
    reply = assistant.answer(question).reply
    assert isinstance(reply, Answer), reply
