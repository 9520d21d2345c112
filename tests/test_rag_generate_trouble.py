"""What goes wrong at the door to language models, through the real langchain-openai package:
it has a name, nobody waits for it, nothing stays behind, and what passes is tried again."""

from __future__ import annotations

import datetime
import threading
import time
from contextlib import closing
from dataclasses import replace
from email.utils import format_datetime
from functools import partial

import pytest

from rag.generate import CHARACTERS
from rag.types import Usage
from rag.writing.deadline import Deadlines
from rag.writing.providers import WriterSettings
from rag.writing.trouble import SAID, ModelTrouble, trouble_of
from tests.asked_models import (
    PATIENT,
    PROMPT,
    QUICK,
    SAYINGS,
    SECRET,
    read,
    trouble_with,
    writer_of,
)  # fmt: skip
from tests.openai_server import misbehaving_server

# What goes wrong

WRONG = {
    "refuse": "unreachable",
    "reset_first": "unreachable",
    "401": "unauthorised",
    "403": "unauthorised",
    "429": "rate_limited",
    "500": "server_error",
    "503": "server_error",
    "529": "server_error",
    "error_event": "server_error",
    "error_late": "server_error",
    "400": "rejected",
    "404": "rejected",
    "cut": "cut_off",
    "torn": "cut_off",
    "reset": "cut_off",
    "no_finish": "cut_off",
    "length": "cut_off",
    "utf8": "unreadable",
    "json": "unreadable",
    "schema": "unreadable",
    "number": "unreadable",
    "not_a_stream": "unreadable",
    "page": "unreadable",
    "empty": "empty",
    "blank": "empty",
    "nothing": "empty",
    "megabyte": "too_long",
    "one_megabyte": "too_long",
    "flood": "too_long",
    "filtered": "refused",
}


@pytest.mark.parametrize("behaviour", WRONG)
@pytest.mark.filterwarnings("ignore:Pydantic serializer warnings")
def test_what_goes_wrong_has_a_kind(behaviour):
    said, trouble = trouble_with(behaviour)
    assert trouble.kind == WRONG[behaviour]
    assert str(trouble).startswith("openai:gpt-test ")
    assert len(said) <= CHARACTERS


@pytest.mark.parametrize("behaviour", ["silent", "headers", "comments"])
def test_a_model_that_does_not_begin_is_given_up(behaviour):
    said, trouble = trouble_with(behaviour, deadlines=QUICK)
    assert (said, trouble.kind) == ("", "silent")
    assert "SANAD_LLM_FIRST_TOKEN_SECONDS" in str(trouble)


def test_a_model_that_falls_silent_is_given_up():
    said, trouble = trouble_with("stall", deadlines=replace(PATIENT, between=0.3))
    assert said == "The cit"
    assert trouble.kind == "silent"
    assert "SANAD_LLM_BETWEEN_TOKENS_SECONDS" in str(trouble)


def test_a_model_that_never_ends_is_given_up():
    said, trouble = trouble_with("drip", deadlines=replace(PATIENT, total=1.5))
    assert said.startswith("more more ")
    assert trouble.kind == "slow"
    assert "SANAD_LLM_TOTAL_SECONDS" in str(trouble)


def test_the_whole_deadline_binds_before_the_first_text_too():
    said, trouble = trouble_with("silent", deadlines=replace(PATIENT, total=0.3))
    assert (said, trouble.kind) == ("", "slow")


def test_a_slow_reader_does_not_stretch_the_deadline():
    with misbehaving_server("drip", pause=0.01) as server:
        writer = writer_of(server.url, deadlines=replace(PATIENT, total=0.4))
        ticks = threading.Event()
        with pytest.raises(ModelTrouble) as caught:
            for _ in writer.write(PROMPT):
                ticks.wait(0.2)
        assert caught.value.kind == "slow"


def test_an_address_that_does_not_answer_is_unreachable_and_not_tried_again():
    class ConnectTimeout(Exception):
        """Stands for the one of httpx."""

    trouble = trouble_of(ConnectTimeout(), "m")
    assert (trouble.kind, trouble.passing) == ("unreachable", False)


def test_a_finished_text_is_whole_though_the_connection_stays_open():
    with misbehaving_server("stall_after_finish", text=SAYINGS[0]) as server:
        draft = writer_of(server.url, deadlines=replace(PATIENT, between=1.0)).write(PROMPT)
        assert read(draft) == (SAYINGS[0], None)
        assert draft.usage == Usage()


def test_usage_that_is_lost_after_the_text_is_logged_and_the_text_is_kept(caplog):
    with misbehaving_server("reset_after_finish", text=SAYINGS[0]) as server:
        draft = writer_of(server.url).write(PROMPT)
        assert read(draft) == (SAYINGS[0], None)
    assert draft.usage == Usage()
    (logged,) = (record.message for record in caplog.records if record.name == "rag.generate")
    assert logged.startswith("openai:gpt-test did not tell its usage: ")


def test_every_kind_is_explained_and_the_messages_hold_no_secret():
    with misbehaving_server("401") as server:  # it repeats the key in its error
        _, trouble = read(writer_of(server.url).write(PROMPT))
    assert trouble is not None
    assert str(trouble) == f"openai:gpt-test {SAID['unauthorised']} (HTTP 401, said_so)"
    chain = [
        trouble,
        trouble.__cause__,
        trouble.__context__ if not trouble.__suppress_context__ else None,
    ]
    assert all(SECRET not in repr(each) for each in chain)
    assert SECRET not in repr(WriterSettings("openai:m", api_key=SECRET))


# Nobody waits, nothing stays behind


ENDS = [
    (behaviour, end)
    for behaviour in ("silent", "headers", "comments", "drip", "stall")
    for end in ("deadline", "cancelled", "closed")
    if end != "closed" or behaviour in ("drip", "stall")  # left at a piece of text, if there is one
]


@pytest.mark.parametrize(("behaviour", "end"), ENDS)
def test_the_connection_is_closed_when_nobody_waits(behaviour, end):
    deadlines = Deadlines(1.0, 1.0, 1.5) if end == "deadline" else PATIENT
    with misbehaving_server(behaviour) as server:
        draft = writer_of(server.url, deadlines=deadlines).write(
            PROMPT, cancelled=lambda: end == "cancelled" and bool(server.requests)
        )
        if end == "closed":
            with closing(iter(draft)) as pieces:
                next(pieces)
        else:
            _, trouble = read(draft)
            assert trouble is not None
            expected = {"cancelled": {"cancelled"}, "deadline": {"silent", "slow"}}
            assert trouble.kind in expected[end]
        # On a busy machine a deadline may pass before anything was sent.
        assert server.client_left.wait(10) or not server.requests


def test_no_thread_stays_behind():
    def threads():
        """Of the door: without the server's, and the loop's own pool, which is limited."""
        others = ("asyncio_", "process_request")
        named = [each.name for each in threading.enumerate()]
        return sorted(name for name in named if not any(other in name for other in others))

    with misbehaving_server() as server:
        read(writer_of(server.url).write(PROMPT))
    before = threads()
    assert before.count("sanad-models") == 1
    for behaviour in ("silent", "stall", "comments"):
        with misbehaving_server(behaviour) as server:
            writer = writer_of(server.url)
            for turn in range(3):
                asked = partial(lambda server, turn: len(server.requests) > turn, server, turn)
                assert read(writer.write(PROMPT, cancelled=asked))[1] is not None
                assert server.client_left.wait(10)
                server.client_left.clear()
    assert threads() == before


def test_questions_asked_at_once_do_not_wait_for_each_other():
    with misbehaving_server("silent") as silent, misbehaving_server(text=SAYINGS[1]) as good:
        done = threading.Event()
        held = writer_of(silent.url).write(PROMPT, cancelled=done.is_set)
        stuck = threading.Thread(target=read, args=(held,))
        stuck.start()
        try:
            results: list[str] = []
            writer = writer_of(good.url)
            asking = [
                threading.Thread(target=lambda: results.append(read(writer.write(PROMPT))[0]))
                for _ in range(8)
            ]
            for each in asking:
                each.start()
            for each in asking:
                each.join(20)
            assert results == [SAYINGS[1]] * 8
        finally:
            done.set()
            stuck.join(10)
        assert not stuck.is_alive()


# Trying again


@pytest.mark.parametrize("behaviour", ["429", "500", "503", "529", "reset_first", "error_event"])
def test_what_passes_is_tried_again_before_the_first_text(behaviour):
    with misbehaving_server(behaviour, times=2) as server:
        draft = writer_of(server.url, retries=2).write(PROMPT)
        assert read(draft) == ("The city of Kyiv has a plan [1].", None)
        assert len(server.requests) == 3


def test_tries_are_counted():
    for retries in (0, 1, 3):
        with misbehaving_server("500") as server:
            _, trouble = read(writer_of(server.url, retries=retries).write(PROMPT))
        assert trouble is not None
        assert len(server.requests) == retries + 1


@pytest.mark.parametrize("behaviour", ["401", "404", "utf8", "empty", "filtered", "flood", "page"])
def test_what_does_not_pass_is_not_tried_again(behaviour):
    with misbehaving_server(behaviour) as server:
        _, trouble = read(writer_of(server.url, retries=3).write(PROMPT))
        assert trouble is not None
        assert len(server.requests) == 1


@pytest.mark.parametrize("behaviour", ["cut", "torn", "reset", "error_late"])
def test_nothing_is_tried_again_after_the_first_text(behaviour):
    with misbehaving_server(behaviour, times=1) as server:
        said, trouble = read(writer_of(server.url, retries=3).write(PROMPT))
        assert said == "The city of Kyiv"
        assert trouble is not None
        assert len(server.requests) == 1


def test_the_wait_a_provider_asks_for_is_kept_where_there_is_time():
    with misbehaving_server("429", times=1, retry_after="1") as server:
        begun = time.monotonic()
        _, trouble = read(writer_of(server.url, retries=1).write(PROMPT))
        assert trouble is None
        assert time.monotonic() - begun >= 1
        assert len(server.requests) == 2


@pytest.mark.parametrize("wait", ["3600", "in a year"])
def test_a_wait_beyond_the_deadline_is_not_begun(wait):
    if wait == "in a year":
        now = datetime.datetime.now(datetime.UTC)
        wait = format_datetime(now + datetime.timedelta(days=365), usegmt=True)
    with misbehaving_server("429", retry_after=wait) as server:
        _, trouble = read(writer_of(server.url, retries=3).write(PROMPT))
        assert trouble is not None
        assert trouble.kind == "rate_limited"
        assert len(server.requests) == 1


@pytest.mark.parametrize("wait", ["soon", "", "-5", "nan", "9" * 40])
def test_a_wait_that_cannot_be_read_is_none(wait):
    with misbehaving_server("429", times=1, retry_after=wait) as server:
        assert read(writer_of(server.url, retries=1).write(PROMPT))[1] is None
