"""Answering in worker processes: the same answers, a worker that dies, an asker who leaves."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
import time
from pathlib import Path

import pytest

from rag.errors import ConfigurationError
from rag.settings import Settings
from tests.serving import KENYA, answering_with, until
from ui.answering import Asked, UnderWay
from ui.answering_pool import ONE_CORE, OpenFolder, Pool
from ui.live import LiveState


@pytest.fixture(scope="module")
def pool(collection):
    settings = Settings(data_dir=collection, vector_search="exact")
    found = Pool(OpenFolder(settings), 2, LiveState)
    yield found
    found.close()


def untimed(event: dict) -> dict:
    if "reply" in event:
        return {**event, "reply": {**event["reply"], "timings_ms": {}}}
    return event


@pytest.mark.parametrize("form", ["json", "page"])
def test_workers_give_the_same_events_as_this_process(pool, assistant, form):
    asked = Asked(KENYA, form=form)
    here = [untimed(event) for event in answering_with(assistant).ask(asked)]
    assert [untimed(event) for event in pool.ask(asked)] == here


def test_search_and_documents_are_the_same_too(pool, assistant):
    here = answering_with(assistant)
    assert pool.search("prevention council", 3, {}) == here.search("prevention council", 3, {})
    assert pool.documents({"country": ["MK"]}) == here.documents({"country": ["MK"]})


def test_an_error_of_a_worker_is_raised_here(pool):
    with pytest.raises(ConfigurationError, match="unknown filter"):
        pool.documents({"colour": ["red"]})


class Surroundings:
    """Answers with what a worker finds in its environment."""

    under_way = UnderWay()

    def __call__(self) -> Surroundings:
        return self

    def search(self, question, k, filters):
        return {name: os.environ.get(name) for name in ONE_CORE}


def test_a_worker_computes_on_one_core_and_the_server_as_before(monkeypatch):
    for name in ONE_CORE:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "3")
    with contextlib.closing(Pool(Surroundings(), 1, LiveState)) as pool:
        found = pool.search("", 1, {})
    assert found == {**ONE_CORE, "OPENBLAS_NUM_THREADS": "3"}  # what the operator set stays
    assert {name: os.environ.get(name) for name in ONE_CORE} == {
        **dict.fromkeys(ONE_CORE), "OPENBLAS_NUM_THREADS": "3",
    }  # fmt: skip


class Numbers:
    """Answers with events until told to stop; notes in a folder that it was, and by whom."""

    def __init__(self, folder: Path, events: int = 10_000) -> None:
        self.folder = folder
        self.events = events
        self.under_way = UnderWay()

    def __call__(self) -> Numbers:
        return self

    def ask(self, asked, cancelled):
        for n in range(self.events):
            if cancelled():
                (self.folder / "cancelled").touch()
                return
            yield {"type": "n", "n": n, "pid": os.getpid()}
            time.sleep(0.01)


@pytest.fixture
def counting(tmp_path):
    found = Pool(Numbers(tmp_path), 2, LiveState)
    assert until(lambda: found.ready == 2)
    yield found
    found.close()


def test_a_worker_killed_mid_answer_fails_its_question_alone_and_is_replaced(counting):
    before = counting.pids
    first, second = counting.ask(Asked("a")), counting.ask(Asked("b"))
    victim, other = next(first)["pid"], next(second)["pid"]
    assert {victim, other} == set(before)  # each took the worker with less to do
    os.kill(victim, signal.SIGKILL)
    *_, last = first
    assert last == {"type": "failed", "code": "error"}
    assert next(second)["pid"] == other
    second.close()
    assert until(lambda: victim not in counting.pids and counting.ready == 2)
    again = [counting.ask(Asked("c")) for _ in range(2)]
    assert {next(events)["pid"] for events in again} == set(counting.pids)
    for events in again:
        events.close()


def test_a_worker_that_is_still_starting_gets_no_question(counting):
    os.kill(counting.pids[0], signal.SIGKILL)
    assert until(lambda: counting.ready == 1)
    while counting.ready == 1:
        with contextlib.closing(counting.ask(Asked("a"))) as events:
            assert next(events)["pid"] == counting.pids[1]
    assert counting.ready == 2


def test_leaving_the_events_ends_the_work_in_the_worker(counting, tmp_path):
    events = counting.ask(Asked("a"))
    next(events)
    events.close()
    assert until((tmp_path / "cancelled").exists)


def test_taking_a_question_back_from_another_thread_ends_it(counting, tmp_path):
    gone = threading.Event()
    events = counting.ask(Asked("a"), gone.is_set)
    next(events)
    gone.set()
    assert len(list(events)) < 1000
    assert until((tmp_path / "cancelled").exists)


def test_workers_end_with_the_pool_and_questions_are_told(tmp_path):
    found = Pool(Numbers(tmp_path), 1, LiveState)
    events = found.ask(Asked("a"))
    pid = next(events)["pid"]
    found.close()
    *_, last = events
    assert last == {"type": "failed", "code": "error"}
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    assert list(found.ask(Asked("b"))) == [{"type": "failed", "code": "error"}]
