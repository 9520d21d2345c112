"""`sanad eval ...` as it is typed: exit codes and what is left behind."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT

SUITE = """name: typed
pass_marks: {quote_fidelity: 1.0, status: 0.6}
cases:
  - {id: kenya, question: "How did Kenya structure county action plans?", language: en,
     expect: answered, gold: [{document: kenya-county-action-plans.en.md}]}
  - {id: bread, question: "How do I bake sourdough bread at home?", language: en, expect: declined}
"""


def sanad_eval(*arguments: object, cwd: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "ui.cli", "eval", *map(str, arguments)]
    env = {"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"}
    return subprocess.run(command, capture_output=True, text=True, cwd=cwd, env=env)


@pytest.fixture(scope="module")
def runs(collection: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a suite and a run of it."""
    folder = tmp_path_factory.mktemp("typed")
    (folder / "suite.yaml").write_text(SUITE)
    done = sanad_eval("run", "suite.yaml", "--data-dir", collection, cwd=folder)
    assert done.returncode == 0, done.stderr
    assert "passed; run folder runs/" in done.stdout
    return folder


def the_run(runs: Path) -> Path:
    return sorted((runs / "runs").iterdir())[0]


def test_a_missed_mark_is_exit_1_and_the_baseline_is_compared(runs: Path, collection: Path) -> None:
    text = SUITE.replace("status: 0.6", "status: 0.9").replace(
        "How do I bake sourdough bread at home?", "What is UNAR?"
    )
    (runs / "strict.yaml").write_text(text)
    done = sanad_eval(
        "run", "strict.yaml", "--data-dir", collection, "--baseline", "last", cwd=runs
    )
    assert done.returncode == 1, done.stderr
    assert "below its mark" in done.stdout
    assert "the suite has changed" in done.stdout


def test_a_mistake_in_a_suite_is_exit_2_in_one_sentence(runs: Path, collection: Path) -> None:
    (runs / "bad.yaml").write_text(SUITE.replace("expect: declined", "expect: maybe"))
    done = sanad_eval("run", "bad.yaml", "--data-dir", collection, cwd=runs)
    assert done.returncode == 2
    assert "bad.yaml line 6: case 'bread', field 'expect'" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_server_that_is_away_is_exit_2(runs: Path, collection: Path) -> None:
    done = sanad_eval(
        "run", "suite.yaml", "--data-dir", collection, "--url", "http://127.0.0.1:9", cwd=runs
    )
    assert done.returncode == 2
    assert "2 questions got no reply" in done.stdout


def test_old_replies_are_judged_compared_and_reported(runs: Path) -> None:
    run = the_run(runs)
    assert "passed" in sanad_eval("judge", run.name, cwd=runs).stdout
    compared = sanad_eval("compare", run, run.name, "--json", cwd=runs)
    assert json.loads(compared.stdout)["changes"] == []
    reported = sanad_eval("report", run, cwd=runs)
    assert reported.returncode == 0, reported.stderr
    assert "default-src 'none'" in (runs / reported.stdout.strip()).read_text("utf-8")


def test_cases_are_drafted_from_a_document(runs: Path, collection: Path) -> None:
    document = "kenya-county-action-plans.en.md"
    done = sanad_eval(
        "new", "drafts.yaml", "--document", document, "--most", 2, "--data-dir", collection,
        cwd=runs,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "2 drafts in drafts.yaml" in done.stdout
    assert sanad_eval("new", "more.yaml", cwd=runs).returncode == 2


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["compare", "nothing", "none"], "is no run"),
        (["run", "suite.yaml", "--url", "ftp://x"], "it takes an http:// or https:// address"),
        (["run", "suite.yaml", "--url", "http://x", "--peer", "vanilla"], "one system is asked"),
        (["run", "suite.yaml", "--peer", "x"], "unknown peer 'x'"),
    ],
)
def test_wrong_use_is_one_sentence(
    runs: Path, collection: Path, arguments: list[str], words: str
) -> None:
    place = ["--data-dir", str(collection)] if arguments[0] == "run" else []
    done = sanad_eval(*arguments, *place, cwd=runs)
    assert done.returncode == 2
    assert words in done.stderr
    assert "Traceback" not in done.stderr
