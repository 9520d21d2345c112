"""Suites as people write them: shorthands, and what a mistake says."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from evals.cases import Case, Limits, load_suite
from evals.judge import MEASURES
from rag.errors import ConfigurationError
from tests.small_suite import CASES, suite

NAMES = frozenset(MEASURES)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("expect: declined", "expect: maybe", r"case 'bread', field 'expect': .*'answered'"),
        ("language: en\n    expect: answered", "expect: answered", r"'pillars', field 'language'"),
        ("must_include:", "must_includes:", r"case 'pillars', field 'must_includes'"),
        ("id: bread", "id: pillars", r"case id 'pillars' occurs twice"),
        ("[seven, 7]", "[]", r"case 'pillars': must_include holds an empty wording"),
        ("declined: 1.0", "declines: 1.0", r"field 'pass_marks.declines'"),
        ("declined: 1.0", "declined: 90", r"field 'pass_marks.declined' is 90"),
        ("name: small", "name: [", r"suite\.yaml line \d+ is not YAML"),
        ("  - id: bread", "  - no: bread", r"case number 2"),
    ],
)
def test_a_mistake_in_a_suite_names_file_case_and_field(
    tmp_path: Path, old: str, new: str, message: str
) -> None:
    assert old in CASES
    with pytest.raises(ConfigurationError, match=message) as caught:
        load_suite(suite(tmp_path, CASES.replace(old, new)), NAMES)
    assert "suite.yaml" in str(caught.value)


def test_a_decline_has_no_gold(tmp_path: Path) -> None:
    text = CASES.replace("expect: declined", "expect: declined\n    gold: [{document: a}]")
    with pytest.raises(ConfigurationError, match=r"case 'bread'.* has no gold"):
        load_suite(suite(tmp_path, text), NAMES)


def test_a_suite_may_be_json_lines(tmp_path: Path) -> None:
    case = {"id": "a", "question": "Why?", "language": "en", "expect": "declined"}
    path = suite(tmp_path, json.dumps(case) + "\n", "lines.jsonl")
    assert load_suite(path, NAMES).name == "lines"
    with pytest.raises(ConfigurationError, match=r"lines\.jsonl line 1 is not JSON"):
        load_suite(suite(tmp_path, "{", "lines.jsonl"), NAMES)


def one_case(tmp_path: Path, lines: str) -> Path:
    return suite(tmp_path, f"name: one\ncases:\n  - id: a\n{lines}")


def test_a_mistake_names_the_line_it_stands_on(tmp_path: Path) -> None:
    lines = "    question: Why?\n    language: en\n    expect: answered\n    gold:\n"
    lines += "      - document: a.md\n      - {document: b.md, page: 0}\n"
    with pytest.raises(ConfigurationError, match=r"suite\.yaml line 9: .*field 'gold\.1\.page'"):
        load_suite(one_case(tmp_path, lines), NAMES)


def test_a_missing_field_is_named_with_the_line_of_its_case(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"line 3: case 'a', field 'expect'"):
        load_suite(one_case(tmp_path, "    question: Why?\n    language: en\n"), NAMES)


def test_a_field_that_stands_twice_is_a_mistake(tmp_path: Path) -> None:
    lines = "    question: Why?\n    language: en\n    expect: declined\n    language: fr\n"
    with pytest.raises(ConfigurationError, match=r"line 7: field 'language' stands twice"):
        load_suite(one_case(tmp_path, lines), NAMES)


def test_a_mistake_in_json_lines_names_the_line(tmp_path: Path) -> None:
    good = {"id": "a", "question": "Why?", "language": "en", "expect": "declined"}
    bad = {**good, "id": "b", "expect": "maybe"}
    text = f"{json.dumps(good)}\n\n{json.dumps(bad)}\n"
    with pytest.raises(ConfigurationError, match=r"lines\.jsonl line 3: case 'b', field 'expect'"):
        load_suite(suite(tmp_path, text, "lines.jsonl"), NAMES)


def test_json_lines_may_begin_with_pass_marks(tmp_path: Path) -> None:
    case = {"id": "a", "question": "Why?", "language": "en", "expect": "declined"}
    text = f"{json.dumps({'name': 'n', 'pass_marks': {'status': 1}})}\n{json.dumps(case)}\n"
    loaded = load_suite(suite(tmp_path, text, "lines.jsonl"), NAMES)
    assert (loaded.name, loaded.pass_marks) == ("n", {"status": 1.0})


def test_questions_in_several_languages_are_a_group_with_their_own_statements(
    tmp_path: Path,
) -> None:
    lines = """    questions: {en: "How many members?", fr: "Combien de membres ?"}
    expect: answered
    must_include: {any: [["230"]], fr: [[plus de 230]]}
"""
    english, french = load_suite(one_case(tmp_path, lines), NAMES).cases
    assert (english.id, english.language, english.group) == ("a-en", "en", "a")
    assert (french.id, french.language, french.group) == ("a-fr", "fr", "a")
    assert english.must_include == (("230",),)
    assert french.must_include == (("230",), ("plus de 230",))


def test_paraphrases_are_a_group_with_the_same_gold(tmp_path: Path) -> None:
    lines = """    question: Who leads?
    language: en
    expect: answered
    gold: [{document: a.md}]
    paraphrases: ["Who is in charge?"]
"""
    first, second = load_suite(one_case(tmp_path, lines), NAMES).cases
    assert (first.id, second.id, first.group, second.group) == ("a", "a-p1", "a", "a")
    assert second.gold == first.gold
    assert second.question == "Who is in charge?"


def test_the_last_turn_is_the_question(tmp_path: Path) -> None:
    lines = '    turns: ["What is A?", "and B?"]\n    language: en\n    expect: partial\n'
    (case,) = load_suite(one_case(tmp_path, lines), NAMES).cases
    assert (case.history, case.question) == (("What is A?",), "and B?")


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ("turns: [A, B]\n    question: B?\n    language: en", "question or turns, not both"),
        ("questions: {en: A}\n    language: en", "not both"),
        ("questions: [A]", "'questions' is a mapping"),
        ("question: A?\n    language: en\n    paraphrases: B?", "'paraphrases' is a list"),
        ("question: A?\n    language: en\n    must_include: {english: [[a]]}", "language codes"),
        ("question: A?\n    language: en\n    labels: [[a]]", "name the layout too"),
        ("question: A?\n    language: en\n    reason: out_of_scope", "reason of a decline"),
    ],
)
def test_shorthands_that_do_not_fit_are_named(tmp_path: Path, lines: str, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        load_suite(one_case(tmp_path, f"    {lines}\n    expect: answered\n"), NAMES)


def test_a_pass_mark_of_a_slice_needs_a_case_in_it(tmp_path: Path) -> None:
    text = CASES.replace("declined: 1.0", "answered@en: 1.0")
    assert load_suite(suite(tmp_path, text), NAMES).pass_marks["answered@en"] == 1.0
    with pytest.raises(ConfigurationError, match=r"no case has the language, type or tag 'ar'"):
        load_suite(suite(tmp_path, text.replace("@en", "@ar")), NAMES)


def test_every_shipped_suite_of_questions_loads() -> None:
    folder = Path(__file__).parents[1] / "evals" / "suites"
    loaded = {path.stem: load_suite(path, NAMES).cases for path in folder.glob("*.yaml")}
    assert {"client", "conversations", "shapes"} <= set(loaded)
    assert all(loaded.values())


def test_gold_may_be_the_id_of_a_document(tmp_path: Path) -> None:
    text = (
        CASES + "  - {id: z, language: en, question: q, expect: answered, gold: [one.md, two.md]}\n"
    )
    case = load_suite(suite(tmp_path, text), NAMES).cases[-1]
    assert [(gold.document, gold.quote) for gold in case.gold] == [("one.md", ""), ("two.md", "")]


GUIDE = Path(__file__).parents[1] / "docs" / "evaluation.md"


def test_the_suite_in_the_guide_loads(tmp_path: Path) -> None:
    text = GUIDE.read_text("utf-8").split("```yaml\n")[1].split("```")[0]
    cases = load_suite(suite(tmp_path, text), NAMES).cases
    assert [case.id for case in cases] == [
        "kenya-plans", "members-en", "members-ar", "then-uganda", "budget",
    ]  # fmt: skip


def test_the_guide_names_every_field_and_every_measure() -> None:
    text = GUIDE.read_text("utf-8")
    fields = {*Case.model_fields, "questions", "paraphrases", "part", "page", "unchanged"}
    fields |= set(Limits.model_fields)
    assert [name for name in sorted(fields | set(MEASURES)) if f"`{name}`" not in text] == []


def test_every_command_and_option_in_the_guide_exists() -> None:
    import typer.main

    from ui.eval_cli import evaluation

    commands = typer.main.get_command(evaluation).commands  # type: ignore[attr-defined]
    lines = re.findall(r"sanad eval ([^\n`#]+)", GUIDE.read_text("utf-8"))
    assert {line.split()[0] for line in lines} == set(commands)
    for line in lines:
        name, *rest = line.split()
        options = {option for one in commands[name].params for option in one.opts}
        assert {word for word in rest if word.startswith("--")} <= options, line


def test_a_pass_mark_may_be_of_a_slice_of_a_measure_with_a_depth(tmp_path: Path) -> None:
    cases = "cases: [{id: a, question: q, language: ar, expect: declined}]"
    path = tmp_path / "marks.yaml"
    path.write_text(f"name: marks\npass_marks: {{nDCG@10: 0.1, nDCG@10@ar: 0.5}}\n{cases}\n")
    assert load_suite(path, NAMES).pass_marks == {"nDCG@10": 0.1, "nDCG@10@ar": 0.5}


@pytest.mark.parametrize(
    ("entry", "told"),
    [
        ("{questions: {en: Who}, expect: declined, group: g}", "line 3.*field 'id' is missing"),
        ("{id: a, questions: {english: Who}, expect: declined}", "case 'a', field 'questions'"),
    ],
)
def test_a_mistake_in_questions_by_language_is_told_of_them(
    tmp_path: Path, entry: str, told: str
) -> None:
    path = tmp_path / "spread.yaml"
    path.write_text(f"name: spread\ncases:\n  - {entry}\n")
    with pytest.raises(ConfigurationError, match=told):
        load_suite(path, NAMES)
