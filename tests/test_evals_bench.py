"""The benchmark's own workings: what it counts and promises, never how fast it is."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from evals.bench import material, report
from evals.bench.process import ProgramFailed, measure


def test_a_program_is_measured_from_outside(tmp_path: Path) -> None:
    code = "held = bytearray(80_000_000); held[::4096] = b'x' * len(held[::4096]); print('done')"
    used = measure([sys.executable, "-S", "-c", code], tmp_path)
    assert used.output == "done\n"
    assert used.peak_mb > 80
    assert used.wall_s > 0


def test_memory_of_the_measuring_process_is_not_counted(tmp_path: Path) -> None:
    held = bytearray(300_000_000)
    held[::4096] = b"x" * len(held[::4096])
    assert measure([sys.executable, "-S", "-c", "pass"], tmp_path).peak_mb < 100


def test_a_program_that_fails_says_its_last_words(tmp_path: Path) -> None:
    with pytest.raises(ProgramFailed, match="ended with 3"):
        measure([sys.executable, "-c", "import sys; sys.exit(3)"], tmp_path)


def test_targets_are_met_or_not_by_the_median() -> None:
    figures = report.summary({"ask_s": [1.0, 1.2, 9.0], "vanilla_ask_s": [12.0], "help_s": [0.5]})
    ask, shown = report.ROWS[0], report.ROWS[1]
    verdict = report.judge(ask, figures)
    assert verdict is not None
    assert (verdict["ratio"], verdict["met"]) == (pytest.approx(10), True)
    assert report.judge(shown, figures) == {"ours": 0.5, "peer": None, "ratio": None, "met": False}
    table = report.markdown(figures)
    assert "| First answer, from process start, s | 1.20 |" in table
    assert "**no**" in table
    assert "PDF" not in table  # nothing was measured


def test_a_ratio_of_rates_is_ours_over_the_peers() -> None:
    figures = report.summary({"ingest_chunks_s": [400], "vanilla_ingest_chunks_s": [20]})
    row = next(row for row in report.ROWS if row.ours == "ingest_chunks_s")
    verdict = report.judge(row, figures)
    assert verdict is not None
    assert verdict["ratio"] == 20
    assert verdict["met"]


def test_made_documents_differ_from_one_another_and_are_the_same_on_every_run(
    tmp_path: Path,
) -> None:
    source = tmp_path / "source"
    source.mkdir()
    (source / "a.txt").write_text("Title\n\nIn 2017 a plan.\n\nIn 2019 another.\n")
    for name in ("first", "second"):
        material.write_many_texts(source, tmp_path / name, 5)
    first = [path.read_text() for path in sorted((tmp_path / "first").iterdir())]
    assert len(set(first)) == 5
    assert first == [path.read_text() for path in sorted((tmp_path / "second").iterdir())]
