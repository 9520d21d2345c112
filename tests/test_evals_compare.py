"""Two runs side by side, and the tests of their difference."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from evals.baseline import main as baseline
from evals.compare import compare, markdown, text
from evals.observed import Observed
from evals.paired import paired
from evals.runs import Row, append_row, find_run, last_finished, read_json, write_json
from evals.suite import (
    ANSWERING,
    JUDGING,
    NAMES,
    code_digest,
    conclude,
    judge_folder,
    load_suite,
)
from rag.errors import ConfigurationError
from tests.conftest import ROOT

SUITE = """name: two
cases:
  - {id: a, question: "Who?", language: en, expect: answered, must_include: [[mayor]]}
  - {id: b, question: "When?", language: en, expect: answered, must_include: [["2024"]]}
  - {id: c, question: "Why?", language: en, expect: declined}
"""
SAID = Observed("answered", "en", "The mayor, in 2024.")
NO = Observed("declined", "en", "", reason="not_answered")


def a_run(folder: Path, **replies: Observed) -> Path:
    """A finished run folder."""
    folder.mkdir(parents=True)
    (folder / "suite.yaml").write_text(SUITE)
    write_json(folder / "config.json", {"suite": "two", "suite_sha256": "x"})
    for name, reply in replies.items():
        append_row(folder, Row(name, 1, reply))
    conclude(load_suite(folder / "suite.yaml", NAMES), folder)
    return folder


def test_what_no_longer_holds_comes_first_with_both_answers(tmp_path: Path) -> None:
    before = a_run(tmp_path / "1", a=NO, b=SAID, c=NO)
    after = a_run(tmp_path / "2", a=SAID, b=NO, c=NO)
    found = compare(before, after)
    assert [(one.id, one.turn) for one in found.changes] == [
        ("b", "pass to fail"),
        ("a", "fail to pass"),
    ]
    told = text(found)
    assert told.index("pass to fail: b") < told.index("fail to pass: a")
    assert "before [answered] The mayor, in 2024." in told
    assert "after [declined] not_answered" in told
    assert "| pass to fail | `b` |" in markdown(found)


def test_the_same_run_twice_does_not_differ(tmp_path: Path) -> None:
    before, after = (a_run(tmp_path / n, a=SAID, b=NO, c=NO) for n in "12")
    found = compare(before, after)
    assert found.changes == ()
    assert "no measure differs" in text(found)


def test_cases_of_one_run_only_are_named(tmp_path: Path) -> None:
    before = a_run(tmp_path / "1", a=SAID, b=SAID)
    after = a_run(tmp_path / "2", a=SAID, c=NO)
    found = compare(before, after)
    assert (found.only_before, found.only_after) == (("b",), ("c",))
    assert set(found.differences["passed"].__slots__) >= {"p", "low", "high"}
    assert found.differences["passed"].count == 1


def test_a_graded_measure_that_moves_is_told_without_a_turn(tmp_path: Path) -> None:
    slow = replace(SAID, language="fr")  # fails by its language on both sides
    before = a_run(tmp_path / "1", a=slow)
    after = a_run(tmp_path / "2", a=replace(slow, text="The council."))
    (change,) = compare(before, after).changes
    assert (change.turn, change.measures) == ("worse", (("must_include", 1.0, 0.0),))


def test_runs_without_a_common_case_are_refused(tmp_path: Path) -> None:
    before, after = a_run(tmp_path / "1", a=SAID), a_run(tmp_path / "2", c=NO)
    with pytest.raises(ConfigurationError, match="no case in common"):
        compare(before, after)


def test_a_run_is_found_by_folder_file_or_name(tmp_path: Path) -> None:
    folder = a_run(tmp_path / "runs" / "one", a=SAID)
    assert find_run(str(folder), tmp_path) == folder
    assert find_run(str(folder / "aggregates.json"), tmp_path) == folder
    assert find_run("one", tmp_path / "runs") == folder
    with pytest.raises(ConfigurationError, match="is no run"):
        find_run("nothing", tmp_path)


def test_the_last_run_is_one_of_the_same_suite_and_system(tmp_path: Path) -> None:
    ours = {"system": "library", "writer": "openai:m"}
    server = {"system": "http", "url": "https://one.example"}
    asked = [{"system": "library"}, server, {"system": "vanilla"}, {**server, "url": "https://b"}]
    folders = []
    for number, system in enumerate(asked):
        folder = a_run(tmp_path / str(number), a=SAID)
        write_json(folder / "config.json", {"suite": "two", "system": system})
        folders.append(folder)
    assert last_finished(tmp_path, "two", ours) == folders[0]
    assert last_finished(tmp_path, "two", server) == folders[1]
    assert last_finished(tmp_path, "two", {"system": "vanilla"}) == folders[2]
    assert last_finished(tmp_path, "two", {"system": "other"}) is None
    assert last_finished(tmp_path, "one", ours) is None
    (folders[0] / "aggregates.json").unlink()  # cut short
    assert last_finished(tmp_path, "two", ours) is None


def test_paired_tests_are_the_same_on_every_run_and_see_a_difference() -> None:
    before, after = [0.0] * 20 + [1.0] * 20, [1.0] * 30 + [0.0] * 2 + [1.0] * 8
    found = paired(before, after)
    assert found == paired(before, after)
    assert found.mean == pytest.approx(0.45)
    assert 0 < found.low < found.mean < found.high
    assert found.p < 0.01


def test_the_randomisation_test_agrees_with_counting_all_signs() -> None:
    # Three questions better by 1: of the 8 ways to give them signs, 2 are as far from 0.
    assert paired([0, 0, 0], [1, 1, 1]).p == pytest.approx(2 / 8, abs=0.02)


def test_no_difference_and_no_questions_have_p_of_one() -> None:
    assert paired([0.5] * 9, [0.5] * 9).p == 1.0
    assert paired([], []).p == 1.0


def test_the_baseline_page_is_made_from_runs_of_one_program(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folders = [a_run(tmp_path / n, a=SAID, c=NO) for n in "12"]
    page = tmp_path / "BASELINE.md"
    assert baseline([str(folders[0]), "--to", str(page)]) == 0
    assert "| status | 100.0 | 100.0 to 100.0 | 2 |  |" in page.read_text()
    write_json(folders[1] / "config.json", {"suite": "two", "code_sha256": "other"})
    assert baseline([*map(str, folders), "--to", str(page)]) == 2
    assert "come from 2 states of the program" in capsys.readouterr().err


def test_the_baseline_page_is_made_by_one_judge(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folders = [a_run(tmp_path / n, a=SAID, c=NO) for n in "12"]
    figures = read_json(folders[1] / "aggregates.json")
    assert figures["judged_by_sha256"] == code_digest(*JUDGING)
    write_json(folders[1] / "aggregates.json", {**figures, "judged_by_sha256": "an older judge"})
    page = tmp_path / "BASELINE.md"
    assert baseline([*map(str, folders), "--to", str(page)]) == 2
    assert "judged by 2 states of the program" in capsys.readouterr().err
    judge_folder(None, folders[1])
    assert baseline([*map(str, folders), "--to", str(page)]) == 0


def test_the_digest_of_the_code_covers_what_asks_and_what_judges() -> None:
    evals = {path.relative_to(ROOT).as_posix() for path in (ROOT / "evals").glob("*.py")}
    assert {"rag", "ingest", "evals/systems.py", "evals/observed.py"} <= set(ANSWERING)
    assert all((ROOT / place).exists() for place in ANSWERING)
    everything = code_digest("evals/*.py")
    assert everything == code_digest(*sorted(evals))
    assert everything != code_digest(*sorted(evals - {"evals/judge.py"}))
    assert "evals/*.py" in JUDGING
