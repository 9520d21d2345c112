"""Suites: what a mistake says, how a reply is judged, what a run leaves behind."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from evals.cases import Case, load_suite
from evals.dev_report import holds, read_questions
from evals.judge import MEASURES, Citation, Observed, comparable, judge, overlap
from evals.suite import judge_folder, run
from rag.assistant import Assistant
from rag.embed import HashEmbedder
from rag.errors import ConfigurationError
from rag.index.generation import open_current
from tests.builders import build, document

NAMES = frozenset(MEASURES)
PLAN = "The county action plan of Kilifi has seven pillars with two leads each."


@pytest.fixture
def assistant(tmp_path: Path) -> Assistant:
    documents = [
        document("kilifi.md", PLAN, "The plan was written in the year 2024 by the county."),
        document("strumica.md", "The prevention council of Strumica meets every month in public."),
    ]
    return Assistant(build(tmp_path / "data", documents), HashEmbedder())


def suite(tmp_path: Path, text: str, name: str = "suite.yaml") -> Path:
    path = tmp_path / name
    path.write_text(text, "utf-8")
    return path


CASES = f"""
name: small
pass_marks: {{quote_fidelity: 1.0, gold_document: 1.0, declined: 1.0}}
cases:
  - id: pillars
    question: How many pillars has the county action plan of Kilifi?
    language: en
    expect: answered
    gold: [{{document: kilifi.md, quote: "{PLAN}"}}]
    must_include: [[seven, 7], [pillars]]
  - id: bread
    question: Quantum chromodynamics lattice gauge coupling?
    language: en
    expect: declined
"""


def test_a_run_is_judged_and_leaves_a_folder(tmp_path: Path, assistant: Assistant) -> None:
    result = run(suite(tmp_path, CASES), assistant, tmp_path / "runs")
    assert result.passed, result.table
    names = {path.name for path in result.folder.iterdir()}
    assert names == {"config.json", "cases.jsonl", "aggregates.json"}
    rows = [json.loads(line) for line in (result.folder / "cases.jsonl").open(encoding="utf-8")]
    assert [row["id"] for row in rows] == ["pillars", "bread"]
    assert rows[0]["verdict"]["passed"] == 1.0
    assert rows[0]["reply"]["citations"][0]["quote"] in PLAN
    config = json.loads((result.folder / "config.json").read_text())
    assert config["generation"]["name"] == assistant.generation.manifest.name
    assert config["versions"]["sanad"]


def test_a_missed_pass_mark_fails_the_run_and_says_why(
    tmp_path: Path, assistant: Assistant
) -> None:
    text = CASES.replace("[seven, 7]", "[eight, 8]").replace("declined: 1.0", "passed: 0.9")
    result = run(suite(tmp_path, text), assistant, tmp_path / "runs")
    assert not result.passed
    assert "below its mark" in result.table
    assert "failed pillars: lacks [['eight', '8']]" in result.table


def test_two_runs_of_one_second_have_two_folders_and_the_same_verdicts(
    tmp_path: Path, assistant: Assistant
) -> None:
    first, second = (run(suite(tmp_path, CASES), assistant, tmp_path / "runs") for _ in range(2))
    assert first.folder != second.folder
    verdicts = [
        [json.loads(line)["verdict"] for line in (one.folder / "cases.jsonl").open()]
        for one in (first, second)
    ]
    assert verdicts[0] == verdicts[1]


def test_old_replies_can_be_judged_anew(tmp_path: Path, assistant: Assistant) -> None:
    result = run(suite(tmp_path, CASES), assistant, tmp_path / "runs")
    stricter = suite(tmp_path, CASES.replace("[pillars]", "[towers]"), "stricter.yaml")
    again = judge_folder(stricter, result.folder)
    assert "lacks [['towers']]" in again.table


def test_a_gold_document_outside_the_collection_is_a_mistake(
    tmp_path: Path, assistant: Assistant
) -> None:
    path = suite(tmp_path, CASES.replace("document: kilifi.md", "document: nairobi.md"))
    with pytest.raises(ConfigurationError, match=r"case 'pillars', field 'gold.document'"):
        run(path, assistant, tmp_path / "runs")


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


def case(**fields: object) -> Case:
    values = {"id": "c", "question": "q", "language": "en", "expect": "answered", **fields}
    return Case.model_validate(values)


def reply(text: str = "", *citations: Citation, status: str = "answered") -> Observed:
    return Observed(status, "en", text, citations=citations)


def cite(document_id: str, quote: str, *, holds: bool = True) -> Citation:
    return Citation(document_id, 1, 0, len(quote), quote, holds)


def test_what_a_case_does_not_ask_is_not_judged() -> None:
    verdict = judge(case(expect="declined"), reply(status="declined"))
    assert verdict.passed
    asked = {name for name, value in verdict.values.items() if value is not None}
    assert asked == {"passed", "status", "declined"}


def test_a_decline_of_an_answerable_question_scores_zero_everywhere() -> None:
    gold = [{"document": "a", "quote": "seven pillars"}]
    asked = case(gold=gold, must_include=[["seven"]], must_not_include=["eight"])
    values = judge(asked, reply(status="declined")).values
    assert values["gold_document"] == values["gold_quote"] == values["must_include"] == 0.0
    assert values["answered"] == 0.0
    assert values["quote_fidelity"] is None


def test_a_citation_that_is_not_the_stored_text_fails_the_case() -> None:
    verdict = judge(case(), reply("x", cite("a", "b", holds=False), cite("a", "c")))
    assert verdict.values["quote_fidelity"] == 0.5
    assert not verdict.passed


def test_a_quote_counts_only_in_its_own_document() -> None:
    asked = case(gold=[{"document": "a", "quote": "seven pillars"}])
    assert judge(asked, reply("x", cite("b", "It has seven pillars."))).values["gold_quote"] == 0
    assert judge(asked, reply("x", cite("a", "It has seven pillars."))).values["gold_quote"] == 1


def test_must_include_takes_alternatives_and_counts_statements() -> None:
    asked = case(must_include=[["monthly", "every month"], ["public"]])
    assert judge(asked, reply("It meets EVERY\nmonth.")).values["must_include"] == 0.5


def test_what_must_not_be_said_is_named() -> None:
    verdict = judge(case(must_not_include=["eight pillars"]), reply("It has eight pillars."))
    assert verdict.reasons == ("says ['eight pillars']",)


def test_overlap_ignores_tashkeel_case_and_line_breaks() -> None:
    assert overlap("وتُنظِّم المقاطعةُ مشاورات عامة", "مشاورات عامة")
    assert overlap("Each PILLAR\nhas two leads", "pillar has two")
    assert overlap("pillar has two leads", "Each pillar has two leads in Kilifi")
    assert not overlap("two leads", "Each pillar has two leads in Kilifi")


def test_every_gold_quote_of_the_client_suite_stands_in_one_passage(collection: Path) -> None:
    client = load_suite(Path(__file__).parents[1] / "evals/suites/client.yaml", NAMES)
    generation = open_current(collection)
    passages: dict[str, list[str]] = {}
    for passage in generation.store.passages(range(generation.manifest.passages)):
        passages.setdefault(passage.document_id, []).append(comparable(passage.text))
    generation.close()
    lost = [
        (case.id, gold.quote)
        for case in client.cases
        for gold in case.gold
        if not any(comparable(gold.quote) in text for text in passages.get(gold.document, ()))
    ]
    assert lost == []


def test_the_development_report_asks_conversations_by_their_standalone_turns(
    tmp_path: Path,
) -> None:
    turns = [
        {"question": "Who?", "standalone": "Who spoke?", "gold_quotes": ["The mayor spoke."]},
        {"question": "When?", "standalone": "When did he speak?", "gold_quotes": [], "lang": "fr"},
    ]
    row = {"id": "c1", "lang": "en", "question": "Who?", "gold_quotes": [], "turns": turns}
    asked = read_questions(suite(tmp_path, json.dumps(row) + "\n", "dev.jsonl"))
    assert [(one.id, one.language, one.question) for one in asked] == [
        ("c1.1", "en", "Who spoke?"),
        ("c1.2", "fr", "When did he speak?"),
    ]
    with pytest.raises(ConfigurationError, match=r"dev\.jsonl line 1: KeyError 'lang'"):
        read_questions(suite(tmp_path, '{"id": "a"}', "dev.jsonl"))


def test_a_gold_quote_that_runs_over_the_end_of_a_passage_still_overlaps_it() -> None:
    quote = "one two three four five six seven eight nine ten"
    assert holds("before one two three four five six seven eight", [quote])
    assert not holds("nine ten and then something else entirely follows here", [quote])
