"""Suites: what a mistake says, how a reply is judged, what a run leaves behind."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from evals.cases import load_suite
from evals.dev_report import holds, read_questions
from evals.judge import MEASURES
from evals.observed import Citation, Observed, comparable
from evals.suite import RunOptions, judge_folder, run
from evals.systems import Asked, SystemFailure
from rag.assistant import Assistant
from rag.embed import HashEmbedder
from rag.errors import ConfigurationError, SanadError
from rag.index.generation import open_current
from tests.builders import build, document
from tests.small_suite import CASES, PLAN, suite

NAMES = frozenset(MEASURES)


@pytest.fixture
def assistant(tmp_path: Path) -> Assistant:
    documents = [
        document("kilifi.md", PLAN, "The plan was written in the year 2024 by the county."),
        document("strumica.md", "The prevention council of Strumica meets every month in public."),
    ]
    return Assistant(build(tmp_path / "data", documents), HashEmbedder())


def test_a_run_is_judged_and_leaves_a_folder(tmp_path: Path, assistant: Assistant) -> None:
    result = run(suite(tmp_path, CASES), assistant, tmp_path / "runs")
    assert result.passed, result.table
    names = {path.name for path in result.folder.iterdir()}
    assert names == {
        "config.json", "suite.yaml", "rows.jsonl", "verdicts.jsonl", "aggregates.json",
        "junit.xml", "cases.csv", "summary.md",
    }  # fmt: skip
    rows = [json.loads(line) for line in (result.folder / "rows.jsonl").open(encoding="utf-8")]
    assert [row["id"] for row in rows] == ["pillars", "bread"]
    assert rows[0]["reply"]["citations"][0]["quote"] in PLAN
    assert rows[0]["reply"]["found"][0]["text"]
    verdicts = [json.loads(line) for line in (result.folder / "verdicts.jsonl").open()]
    assert verdicts[0]["verdict"]["passed"] == 1.0
    config = json.loads((result.folder / "config.json").read_text())
    assert config["system"]["collection"]["documents"] == 2
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
        [json.loads(line)["verdict"] for line in (one.folder / "verdicts.jsonl").open()]
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


class Scripted:
    """A system that says what it was told to say, and counts how often it was asked."""

    name = "scripted"

    def __init__(self, *replies: Observed | SanadError | KeyboardInterrupt) -> None:
        self.replies = list(replies)
        self.asked: list[str] = []

    def describe(self) -> dict[str, Any]:
        return {"system": self.name}

    def holds(self, document: str) -> bool | None:
        return None

    def ask(self, asked: Asked) -> Observed:
        self.asked.append(asked.question)
        reply = self.replies.pop(0)
        if isinstance(reply, BaseException):
            raise reply
        return reply


ANSWER = Observed(
    "answered", "en", "seven pillars",
    citations=(Citation("kilifi.md", 1, 0, len(PLAN), PLAN, True, 1),), confidence=0.9,
)  # fmt: skip
DECLINE = Observed("declined", "en", "", reason="not_answered", confidence=0.1)


def test_a_run_that_was_cut_short_is_continued(tmp_path: Path) -> None:
    path, out = suite(tmp_path, CASES), tmp_path / "runs"
    with pytest.raises(KeyboardInterrupt):
        run(path, Scripted(ANSWER, KeyboardInterrupt()), out)
    (folder,) = out.iterdir()
    with (folder / "rows.jsonl").open("a") as file:
        file.write('{"id": "bread", "att')  # the process died while it wrote
    second = Scripted(DECLINE)
    result = run(path, second, out)
    assert result.folder == folder
    assert second.asked == ["Quantum chromodynamics lattice gauge coupling?"]
    assert result.passed, result.table


def test_a_fresh_run_does_not_continue(tmp_path: Path) -> None:
    path, out = suite(tmp_path, CASES), tmp_path / "runs"
    with pytest.raises(KeyboardInterrupt):
        run(path, Scripted(KeyboardInterrupt()), out)
    again = Scripted(ANSWER, DECLINE)
    run(path, again, out, options=RunOptions(resume=False))
    assert len(list(out.iterdir())) == 2


def test_another_suite_does_not_continue_a_run(tmp_path: Path) -> None:
    out = tmp_path / "runs"
    with pytest.raises(KeyboardInterrupt):
        run(suite(tmp_path, CASES), Scripted(ANSWER, KeyboardInterrupt()), out)
    changed = suite(tmp_path, CASES.replace("seven, 7", "seven, VII"))
    system = Scripted(ANSWER, DECLINE)
    run(changed, system, out)
    assert len(system.asked) == 2


def test_a_question_without_a_reply_is_counted_and_asked_again(tmp_path: Path) -> None:
    path, out = suite(tmp_path, CASES), tmp_path / "runs"
    result = run(path, Scripted(ANSWER, SystemFailure("the server is away")), out)
    assert result.errors == 1
    assert "no reply: the server is away" in result.table
    (result.folder / "aggregates.json").unlink()  # as if it had been interrupted
    again = Scripted(DECLINE)
    assert run(path, again, out).errors == 0
    assert len(again.asked) == 1


def test_asked_several_times_a_case_that_wavers_is_not_stable(tmp_path: Path) -> None:
    replies = (ANSWER, DECLINE, DECLINE, DECLINE)  # pillars, bread, pillars, bread
    result = run(
        suite(tmp_path, CASES), Scripted(*replies), tmp_path / "runs", options=RunOptions(2)
    )
    values = json.loads((result.folder / "aggregates.json").read_text())
    assert values["measures"]["stable"] == 0.5
    assert values["measures"]["answered"] == 0.5
    assert (values["cases"], values["replies"]) == (2, 4)


def test_drafts_are_not_asked(tmp_path: Path) -> None:
    path = suite(tmp_path, CASES + "    review: to review\n")
    system = Scripted(ANSWER)
    result = run(path, system, tmp_path / "runs")
    assert len(system.asked) == 1
    assert "1 cases are marked 'to review'" in result.table


def test_a_suite_of_drafts_alone_says_what_to_do(tmp_path: Path) -> None:
    text = CASES.replace("expect:", "review: to review\n    expect:")
    with pytest.raises(ConfigurationError, match="all 2 cases of suite small"):
        run(suite(tmp_path, text), Scripted(), tmp_path / "runs")


def test_a_pass_mark_of_a_slice_is_held(tmp_path: Path) -> None:
    text = CASES.replace("declined: 1.0", "answered@en: 1.0, must_include@other: 0.9")
    result = run(suite(tmp_path, text), Scripted(ANSWER, DECLINE), tmp_path / "runs")
    marks = json.loads((result.folder / "aggregates.json").read_text())["pass_marks"]
    assert marks["answered@en"] == {"mark": 1.0, "value": 1.0, "reached": True}
    assert result.passed


def test_abstention_is_measured_from_the_confidence(tmp_path: Path) -> None:
    result = run(suite(tmp_path, CASES), Scripted(ANSWER, DECLINE), tmp_path / "runs")
    told = json.loads((result.folder / "aggregates.json").read_text())["abstention"]
    assert (told["auroc"], told["hallucination_rate"], told["error_rate"]) == (1.0, 0.0, 0.0)


def test_junit_counts_failures_errors_and_missed_marks(tmp_path: Path) -> None:
    wrong = replace(DECLINE, reason="a \x00 b <&>")
    system = Scripted(wrong, SystemFailure("away"))
    result = run(suite(tmp_path, CASES), system, tmp_path / "runs")
    tree = ElementTree.parse(result.folder / "junit.xml").getroot()
    assert (tree.get("tests"), tree.get("errors")) == ("5", "1")
    names = [test.get("name") for test in tree if test.find("failure") is not None]
    assert names == ["pillars", "quote_fidelity", "gold_document", "declined"]


def test_the_spreadsheet_carries_out_nothing(tmp_path: Path) -> None:
    evil = replace(ANSWER, text='=HYPERLINK("http://x")\nseven pillars')
    result = run(suite(tmp_path, CASES), Scripted(evil, DECLINE), tmp_path / "runs")
    with (result.folder / "cases.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert rows[0]["reply"].startswith("'=")
    assert rows[1]["declined"] == "1.0"


def test_the_summary_for_a_pull_request_cannot_be_broken_by_an_answer(tmp_path: Path) -> None:
    text = CASES.replace("[seven, 7]", '["| <b> `x`"]')
    result = run(suite(tmp_path, text), Scripted(ANSWER, DECLINE), tmp_path / "runs")
    told = (result.folder / "summary.md").read_text()
    assert "\\| \\<b\\> \\`x\\`" in told
    assert "**below a pass mark**" not in told  # must_include has no mark here
