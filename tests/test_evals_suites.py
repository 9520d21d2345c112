"""The suites over the sample collection: what they cover, and that their gold stands in it."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from itertools import chain
from pathlib import Path

import pytest

from evals.cases import Case, Suite, load_suite
from evals.judge import MEASURES
from evals.observed import comparable
from rag.index.generation import open_current

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "evals/suites"
SET = ("summit", "multilingual", "disputes", "unanswerable", "dialogues", "sensitive")
KINDS_OF_QUESTION = {
    "fact", "who", "where", "term", "compare", "near_names", "list", "steps", "which_document",
    "latest", "lessons", "my_situation", "quote", "check", "beyond",
}  # fmt: skip
UNANSWERABLE = ("unknowable", "near_miss", "false_premise", "out_of_scope")
LANGUAGES = {"en", "ar", "fr", "es"}


@pytest.fixture(scope="module")
def suites() -> dict[str, Suite]:
    return {name: load_suite(FOLDER / f"{name}.yaml", frozenset(MEASURES)) for name in SET}


@pytest.fixture(scope="module")
def cases(suites: dict[str, Suite]) -> list[Case]:
    return list(chain.from_iterable(suite.cases for suite in suites.values()))


def tagged(cases: list[Case], tag: str) -> list[Case]:
    return [case for case in cases if tag in case.tags]


def test_a_suite_has_the_name_of_its_file(suites: dict[str, Suite]) -> None:
    assert {name: suite.name for name, suite in suites.items()} == {name: name for name in SET}


def test_no_id_stands_in_two_files(cases: list[Case]) -> None:
    others = [
        load_suite(FOLDER / f"{name}.yaml", frozenset(MEASURES)).cases
        for name in ("client", "shapes", "declines")
    ]
    ids = Counter(case.id for case in chain(cases, *others))
    assert [name for name, count in ids.items() if count > 1] == []


def test_no_question_is_asked_twice(cases: list[Case]) -> None:
    asked = Counter((case.turns or (case.question,), case.language) for case in cases)
    assert [question for question, count in asked.items() if count > 1] == []


@pytest.fixture(scope="module")
def pages(cases: list[Case], collection: Path) -> dict[str, dict[int, str]]:
    """{document: {page number: its stored text}}"""
    generation = open_current(collection)
    passages = generation.store.passages(range(generation.manifest.passages))
    found: dict[str, dict[int, str]] = {}
    for name, number in sorted({(one.document_id, one.page) for one in passages}):
        found.setdefault(name, {})[number] = generation.store.page_of(name, number).text
    generation.close()
    return found


def test_every_gold_quote_stands_letter_for_letter_in_its_document(
    cases: list[Case], pages: dict[str, dict[int, str]]
) -> None:
    lost = [
        (case.id, gold.document, gold.page, gold.quote)
        for case in cases
        for gold in case.gold
        if not any(
            gold.quote in text
            for number, text in pages.get(gold.document, {}).items()
            if gold.page in (None, number)
        )
    ]
    assert lost == []


def test_what_must_be_included_stands_in_a_gold_document(
    cases: list[Case], pages: dict[str, dict[int, str]]
) -> None:
    """A statement of which no wording occurs there could only be met by chance."""
    astray = [
        (case.id, group)
        for case in cases
        for group in case.must_include
        if case.gold
        and not any(
            comparable(wording) in comparable(text)
            for wording in group
            for gold in case.gold
            for text in pages[gold.document].values()
        )
    ]
    assert astray == []


def test_the_set_has_more_than_two_hundred_cases(cases: list[Case]) -> None:
    assert len(cases) >= 200


def test_all_fifteen_kinds_of_question_are_asked_at_least_three_times(cases: list[Case]) -> None:
    kinds = Counter(case.type for case in cases)
    assert set(kinds) == KINDS_OF_QUESTION
    assert min(kinds.values()) >= 3


def test_at_least_twenty_five_questions_are_asked_in_all_four_languages(
    cases: list[Case],
) -> None:
    languages: dict[str, set[str]] = {}
    for case in cases:
        languages.setdefault(case.group, set()).add(case.language)
    languages.pop("", None)
    assert sum(spoken == LANGUAGES for spoken in languages.values()) >= 25


def test_fifty_questions_cannot_be_answered_and_each_says_why(cases: list[Case]) -> None:
    found = tagged(cases, "unanswerable")
    assert len(found) >= 50
    assert all(case.expect != "answered" for case in found)
    assert all(len({*case.tags} & {*UNANSWERABLE}) == 1 for case in found)
    assert all(len(tagged(found, kind)) >= 10 for kind in UNANSWERABLE)
    assert {case.language for case in found} == LANGUAGES


def test_twenty_five_conversations_are_judged_by_their_last_turn(cases: list[Case]) -> None:
    found = tagged(cases, "conversation")
    assert len(found) >= 25
    assert all(case.history for case in found)
    assert {case.language for case in found} == LANGUAGES


@pytest.mark.parametrize(
    ("tag", "least"),
    [
        ("conflict", 10),
        ("superseded", 5),
        ("mistranslation", 8),
        ("acronym", 10),
        ("attack", 8),
        ("must_not", 20),
        ("must_answer", 15),
    ],
)
def test_what_goes_wrong_easily_is_asked(cases: list[Case], tag: str, least: int) -> None:
    assert len(tagged(cases, tag)) >= least


def test_nobody_chose_which_half_is_held_out(cases: list[Case]) -> None:
    """By the rule in summit.yaml, so that a new case cannot be put where it suits."""
    wrong = [
        case.id
        for case in cases
        if [tag for tag in case.tags if tag in ("held_out", "open")] != [half(case)]
    ]
    assert wrong == []
    assert 0.45 <= len(tagged(cases, "held_out")) / len(cases) <= 0.55


def half(case: Case) -> str:
    """The number 26 was taken because it halves every file, before any half had been looked at
    for tuning."""
    digest = hashlib.sha256(f"26:{case.group or case.id}".encode()).digest()
    return "held_out" if digest[0] % 2 else "open"


def test_make_eval_asks_every_suite_of_the_set() -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")
    target = re.search(r"^eval:.*?(?=^\S)", makefile, re.MULTILINE | re.DOTALL)
    assert target is not None
    assert [name for name in SET if name not in target[0]] == []


def test_every_suite_of_the_set_has_marks_for_both_halves(suites: dict[str, Suite]) -> None:
    for name, suite in suites.items():
        assert "quote_fidelity" in suite.pass_marks, name
        slices = {mark.partition("@")[2] for mark in suite.pass_marks}
        assert {"held_out", "open"} <= slices, name
