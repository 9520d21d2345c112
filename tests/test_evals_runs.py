"""The folder of a run: rows that were cut off, and two runs at the same time."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from evals.observed import Observed
from evals.runs import Row, append_row, new_run, read_rows, unfinished, writing
from evals.suite import run
from evals.systems import Asked
from rag.errors import LockedError

SUITE = """name: small
cases:
  - {id: a, question: "Who?", language: en, expect: declined}
  - {id: b, question: "When?", language: en, expect: declined}
"""
DECLINE = Observed("declined", "en", "", reason="not_answered")


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    path = tmp_path / "small.yaml"
    path.write_text(SUITE)
    return path


def test_a_last_row_cut_off_inside_a_letter_is_left_out(tmp_path: Path, suite: Path) -> None:
    folder = new_run(tmp_path / "runs", "small", suite, {})
    append_row(folder, Row("a", 1, DECLINE))
    reply = Observed("answered", "ar", "سند").as_dict()
    line = json.dumps({"id": "b", "attempt": 1, "reply": reply}, ensure_ascii=False).encode()
    with (folder / "rows.jsonl").open("ab") as file:
        file.write(line[: line.index("سند".encode()) + 3])  # one letter and a half
    assert [row.id for row in read_rows(folder)] == ["a"]


class Meddled:
    """A system in the middle of whose first question the same suite is started again."""

    name = "meddled"

    def __init__(self, suite: Path, out: Path) -> None:
        self.suite, self.out = suite, out
        self.other: Path | None = None

    def describe(self) -> dict[str, Any]:
        return {"system": self.name}

    def holds(self, document: str) -> bool | None:
        return None

    def ask(self, asked: Asked) -> Observed:
        if self.other is None:
            self.other = Path()
            self.other = run(self.suite, self, self.out).folder
        return DECLINE


def test_two_runs_at_the_same_time_have_a_folder_each(tmp_path: Path, suite: Path) -> None:
    system = Meddled(suite, tmp_path / "runs")
    first = run(suite, system, tmp_path / "runs")
    assert system.other not in (None, first.folder)
    for folder in (first.folder, system.other):
        assert [row.id for row in read_rows(folder)] == ["a", "b"]


def test_a_folder_is_written_by_one_run_and_free_after_it(tmp_path: Path, suite: Path) -> None:
    folder = new_run(tmp_path / "runs", "small", suite, {"fingerprint": "same"})
    with writing(folder):
        assert unfinished(tmp_path / "runs", "same") is None
        with pytest.raises(LockedError, match="is being written by another run"), writing(folder):
            pass
    assert unfinished(tmp_path / "runs", "same") == folder
