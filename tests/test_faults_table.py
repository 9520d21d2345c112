"""The fault table says what is there, and the drills see what they are to see."""

from __future__ import annotations

import errno
import re
import signal
import subprocess
import sys

import pytest

from evals.bench.load_figures import Sample
from evals.drills import faulty, soaking, state
from evals.drills.breaking import moments
from evals.drills.material import version_in
from evals.drills.table import ROWS, table
from rag.errors import IndexDamagedError
from rag.index.generation import GENERATIONS, current_name
from tests.builders import build, document
from tests.conftest import ROOT


def test_the_page_holds_the_table_of_the_drills():
    assert table() in (ROOT / "docs" / "faults.md").read_text("utf-8")


def test_there_are_twenty_five_rows_and_each_is_shown_by_something():
    assert [row.number for row in ROWS] == list(range(1, 26))
    for row in ROWS:
        assert row.tests or row.drills, row.fault
        assert re.fullmatch(r"I[1-5]( I[1-5])*", row.holds)


@pytest.mark.parametrize("name", sorted({name for row in ROWS for name in row.tests}))
def test_each_test_of_the_table_exists(name):
    module, _, test = name.partition("::")
    text = (ROOT / "tests" / f"test_{module}.py").read_text("utf-8")
    assert re.search(rf"^(async )?def {test}\(", text, re.M)


def test_make_drill_runs_the_drills():
    assert "-m evals.drills" in (ROOT / "Makefile").read_text("utf-8").partition("\ndrill:")[2]


def drill(*arguments):
    command = [sys.executable, "-m", "evals.drills", "--few", "--no-tests", *arguments]
    return subprocess.run(command, capture_output=True, text=True, cwd=ROOT)


@pytest.mark.slow
def test_an_ingestion_killed_at_each_stage_loses_nothing():
    done = drill("3")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "passed" in done.stdout


@pytest.mark.slow
@pytest.mark.parametrize("row", ["2", "4", "6", "7", "10"])
def test_a_drill_in_short_holds(row):
    done = drill(row)
    assert done.returncode == 0, done.stdout + done.stderr


# That the drills would notice


def touching(folder):
    def work(stage):
        stage("one")
        (folder / "first").write_text("1")
        (folder / "second").write_text("2")

    return work


def in_a_child(code, folder):
    """The outcome of `faulty` in a process without pytest's threads, as its representation."""
    program = (
        "import sys\nfrom pathlib import Path\nfrom evals.drills import faulty\n"
        "from tests.test_faults_table import touching\n"
        f"folder = Path(sys.argv[1])\nprint({code})\n"
    )
    command = [sys.executable, "-c", program, str(folder)]
    return subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=True).stdout


def test_the_nth_operation_is_the_one_that_fails(tmp_path):
    run = "faulty.run(touching(folder), folder"
    whole = in_a_child(f"{run}).points", tmp_path)
    assert whole.count("open") == 2
    assert whole.startswith("('stage one'")
    (tmp_path / "first").unlink()
    (tmp_path / "second").unlink()
    killed = in_a_child(f"{run}, at=3).code", tmp_path)
    assert int(killed) == -signal.SIGKILL
    assert [path.name for path in tmp_path.iterdir()] == ["first"]
    failed = in_a_child(f"{run}, at=2, fault={errno.EIO}).error", tmp_path)
    assert "Input/output error" in failed
    assert faulty.MAX_FILE


def test_moments_are_each_operation_at_its_first_and_last_time():
    assert moments(["open a", "open b", "open a", "open a", "stage read 1"], few=False) == [
        1, 2, 4, 5,
    ]  # fmt: skip
    assert moments(["open a", "stage read 1", "stage read 2"], few=True) == [2]


def samples(rss=lambda minute: 380.0, handles=lambda minute: 74):
    """Ten minutes of a server, a sample every two seconds, with the noise of ingestions."""
    each = [2 * n / 60 for n in range(300)]
    return [
        Sample(60 * m, rss(m) + 3 * (n % 5 - 2), handles(m) + n % 3, 0.0, 0.0)
        for n, m in enumerate(each)
    ]


def test_a_server_that_stays_as_it_is_passes_the_soak():
    assert "380 -> 380 MB" in soaking.stayed(samples(), {200: 2000, 429: 3})
    warming = samples(rss=lambda m: 380 - 80 / (1 + 4 * m))  # caches fill, and then no more
    assert soaking.stayed(warming, {200: 2000})


@pytest.mark.parametrize(
    ("seen", "codes", "said"),
    [
        (samples(rss=lambda m: 380 + 5 * m), {200: 2000}, "memory grew"),
        (samples(handles=lambda m: int(74 + 5 * m)), {200: 2000}, "handles grew"),
        (samples(), {200: 2000, 500: 1}, "other answers"),
        (samples(), {200: 2000, 0: 1}, "other answers"),
        (samples(), {200: 2, 429: 1000}, "hardly anything"),
        (samples(), {}, "hardly anything"),
        (samples()[:39], {200: 2000}, "too few"),
    ],
)
def test_a_server_that_leaks_or_fails_does_not_pass_the_soak(seen, codes, said):
    with pytest.raises(AssertionError, match=said):
        soaking.stayed(seen, codes)


def test_a_mixture_of_two_states_is_noticed():
    assert version_in("wrote version 3 of it\nwrote version 3 of that") == 3
    with pytest.raises(ValueError, match="versions"):
        version_in("wrote version 3 of it\nwrote version 4 of that")


def test_a_fallback_is_not_taken_for_the_active_generation(tmp_path):
    build(tmp_path, [document("a.md", "version 1 of it")]).close()
    build(tmp_path, [document("a.md", "version 2 of it")]).close()
    assert state.served(tmp_path) == state.acknowledged(tmp_path) == {"a.md": 2}
    assert state.leftovers(tmp_path) == []
    before = state.content(tmp_path)
    (tmp_path / GENERATIONS / "20200101T000000.000Z-r000001.tmp").mkdir()
    assert state.leftovers(tmp_path) == ["20200101T000000.000Z-r000001.tmp"]
    (tmp_path / GENERATIONS / current_name(tmp_path) / "text.sqlite").write_bytes(b"x")
    with pytest.raises(IndexDamagedError, match="opened"):
        state.served(tmp_path)
    assert state.content(tmp_path) == before  # of the manifest: `whole` reads the files
