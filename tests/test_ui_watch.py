"""`sanad watch` and `sanad runs`, over a site on loopback."""

import os
import signal
import subprocess
import sys
import time

import pytest
from typer.testing import CliRunner

from ingest.lock import writer_lock
from rag.errors import ConfigurationError, LockedError, ShrinkError
from tests.conftest import ROOT
from tests.playing_site import Site, playing, prose
from ui.cli import app
from ui.watch_cli import keep_fresh, seconds_of


class Enough(BaseException):
    pass


def waits(outcomes, interval=6 * 3600.0):
    """Seconds slept after each outcome: a line to say, or an error to raise."""
    left, slept, said = list(outcomes), [], []

    def run():
        if not left:
            raise Enough
        outcome = left.pop(0)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    with pytest.raises(Enough):
        keep_fresh(run, interval, said.append, slept.append)
    return slept, said


def test_runs_follow_each_other_at_the_interval():
    assert waits(["a", "b"]) == ([21600, 21600], ["a", "b"])


def test_a_locked_folder_is_tried_again_soon_and_then_less_often():
    locked = LockedError("written by process 7")
    slept, said = waits([locked, locked, locked, "done", locked])
    assert slept == [60, 120, 240, 21600, 60]
    assert said[0] == "not now: written by process 7"


def test_no_wait_is_longer_than_the_interval():
    assert max(waits([OSError(28, "no space")] * 20, 600.0)[0]) == 600


def test_a_run_that_would_withdraw_too_much_waits_for_the_next():
    slept, said = waits([ShrinkError("too much")])
    assert (slept, said) == ([21600], ["stopped: too much"])


def test_what_the_operator_must_mend_ends_the_watch():
    with pytest.raises(ConfigurationError):
        keep_fresh(raising(ConfigurationError("nothing was ingested")), 60, str, float)


def raising(error):
    def run():
        raise error

    return run


@pytest.mark.parametrize(("text", "seconds"), [("90s", 90), ("30m", 1800), ("6h", 21600)])
def test_times(text, seconds):
    assert seconds_of(text) == seconds


@pytest.mark.parametrize("text", ["", "6", "h", "-1h", "0m", "6 weeks", "1e9d"])
def test_what_is_no_time(text):
    with pytest.raises(ConfigurationError, match="30m"):
        seconds_of(text)


@pytest.fixture
def site():
    with playing(Site()) as played:
        played.page("/", "Cities", prose("Cities"))
        yield played


@pytest.fixture
def environment(site, tmp_path, monkeypatch):
    values = {
        "SANAD_FETCH_ALLOW": site.place,
        "SANAD_FETCH_PAUSE": "0",
        "SANAD_FETCH_CONTACT": "https://example.org/about",
        "SANAD_DATA_DIR": str(tmp_path / "data"),
    }
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    return {**os.environ, **values, "PYTHONPATH": str(ROOT)}


def invoke(*arguments):
    return CliRunner().invoke(app, arguments)


def test_a_site_is_ingested_and_the_run_is_listed(site, environment):
    done = invoke("ingest", f"{site.base}/")
    assert done.exit_code == 0, done.output
    assert site.asked[0][1]["user-agent"].startswith("Sanad/")
    assert site.asked[0][1]["user-agent"].endswith(" (+https://example.org/about)")
    listed = invoke("runs").output
    assert "1 created" in listed
    detail = invoke("runs", listed.split()[0]).output
    assert f"created {site.base}/" in detail


def test_a_local_site_is_refused_without_the_setting(site, environment, monkeypatch):
    monkeypatch.delenv("SANAD_FETCH_ALLOW")
    done = invoke("ingest", f"{site.base}/")
    assert done.exit_code == 65
    assert "not a web port" in done.output
    assert site.asked == []


def test_an_unknown_run_is_an_error(environment):
    assert isinstance(invoke("runs", "nothing").exception, ConfigurationError)
    assert invoke("runs").output == ""


def start(environment, log):
    return subprocess.Popen(
        [sys.executable, "-m", "ui.cli", "watch", "--every", "6h"],
        env=environment, stdout=log.open("w"), stderr=subprocess.STDOUT,
    )  # fmt: skip


def until(log, words, child):
    end = time.monotonic() + 90
    while words not in log.read_text():
        assert time.monotonic() < end, log.read_text()
        assert child.poll() is None, log.read_text()
        time.sleep(0.1)


def test_the_watch_ends_on_sigterm_and_respects_the_lock(site, environment, tmp_path):
    assert invoke("ingest", f"{site.base}/").exit_code == 0
    log = tmp_path / "log"
    with writer_lock(tmp_path / "data"):
        child = start(environment, log)
        until(log, "not now", child)
    child.send_signal(signal.SIGTERM)
    assert child.wait(30) == 0
    child = start(environment, log)
    until(log, "1 unchanged", child)
    child.send_signal(signal.SIGTERM)
    assert child.wait(30) == 0
    assert "ended" in log.read_text()
