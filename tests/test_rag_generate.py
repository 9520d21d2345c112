"""The door to language models, through the real langchain-openai package."""

from __future__ import annotations

import datetime
import os
import subprocess
import sys
import threading
import time
from contextlib import closing
from dataclasses import replace
from email.utils import format_datetime
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.errors import ConfigurationError
from rag.generate import (
    CHARACTERS,
    Draft,
    Prompt,
    ScriptedWriter,
    Thoughts,
    Writer,
    load_writer,
)
from rag.types import Usage
from rag.writing.deadline import Deadlines
from rag.writing.providers import WriterSettings
from rag.writing.trouble import SAID, ModelTrouble, trouble_of
from tests.conftest import ROOT
from tests.openai_server import misbehaving_server

SECRET = "sk-never-to-be-shown"
PROMPT = Prompt("Answer from the evidence.", "What did {Kyiv} do? [1] It has a plan.")
PATIENT = Deadlines(first=20.0, between=20.0, total=30.0)  # where no deadline is meant to pass
SAYINGS = [
    "The city of Kyiv has a plan against hate speech [1].",
    "لدى مدينة كييف خطة لمواجهة خطاب الكراهية [١].",
    "La ville de Kyiv a un plan contre les discours de haine [1].",
    "La ciudad de Kiev tiene un plan contra el discurso de odio [1].",
]


def writer_of(url: str, *, model="openai:gpt-test", **changes) -> Writer:
    settings = WriterSettings(
        model, url, SECRET, deadlines=PATIENT, retries=0, backoff_seconds=0.01
    )
    return load_writer(replace(settings, **changes))


def read(draft: Draft) -> tuple[str, ModelTrouble | None]:
    """(the text that came, the trouble it ended in)."""
    said = []
    try:
        for piece in draft:
            said.append(piece)
    except ModelTrouble as trouble:
        return "".join(said), trouble
    return "".join(said), None


def trouble_with(behaviour: str, **changes) -> tuple[str, ModelTrouble]:
    """What comes of a server that misbehaves; the connection does not outlive it."""
    with misbehaving_server(behaviour) as server:
        begun = time.monotonic()
        said, trouble = read(writer_of(server.url, **changes).write(PROMPT))
        assert time.monotonic() - begun < 10
    assert trouble is not None, said
    assert SECRET not in str(trouble)
    return said, trouble


# One contract for the fake and the real one


@pytest.fixture(params=["scripted", "real"])
def make(request):
    """A function from pieces of text to a writer that says them."""
    with misbehaving_server(text=lambda body: saying[0], piece=5) as server:
        saying = [""]

        def make_writer(text: str) -> Writer:
            saying[0] = text
            if request.param == "real":
                return writer_of(server.url)
            return ScriptedWriter([text[i : i + 5] for i in range(0, len(text), 5)])

        yield make_writer


@pytest.mark.parametrize("saying", SAYINGS, ids=["en", "ar", "fr", "es"])
def test_pieces_join_to_what_the_model_said(make, saying):
    draft = make(saying).write(PROMPT)
    pieces = list(draft)
    assert "".join(pieces) == saying
    assert len(pieces) > 1
    assert all(pieces)
    assert draft.usage.output_tokens == len(pieces)


def test_nothing_said_is_trouble(make):
    for text in ("", "  \n"):
        said, trouble = read(make(text).write(PROMPT))
        assert not said.strip()
        assert trouble is not None
        assert trouble.kind == "empty"


def test_a_reader_who_left_ends_the_draft(make):
    writer = make("One sentence, and another one, and a third one.")
    left: list[str] = []
    with pytest.raises(ModelTrouble) as caught:
        for piece in writer.write(PROMPT, cancelled=lambda: len(left) >= 2):
            left.append(piece)
    assert caught.value.kind == "cancelled"
    assert len(left) == 2


def test_the_loop_may_be_left_early(make):
    draft = make("One sentence, and another one.").write(PROMPT)
    for _ in draft:
        break
    assert isinstance(draft.usage, Usage)


def test_a_writer_has_a_name(make):
    assert make("x").name in ("scripted", "openai:gpt-test")


# The fake


def test_scripts_are_said_in_turn_and_the_last_one_again():
    writer = ScriptedWriter(["a"], ["b", ModelTrouble("cut_off", "it")], lambda asked: [asked.user])
    assert read(writer.write(PROMPT)) == ("a", None)
    said, trouble = read(writer.write(PROMPT))
    assert said == "b"
    assert trouble is not None
    assert trouble.kind == "cut_off"
    assert [read(writer.write(Prompt("", word)))[0] for word in ("c", "d")] == ["c", "d"]
    assert [prompt.user for prompt in writer.prompts] == [PROMPT.user, PROMPT.user, "c", "d"]


# What is sent


def test_the_prompt_is_sent_as_it_is_to_the_address_that_is_set():
    with misbehaving_server() as server:
        writer = writer_of(server.url, max_tokens=77, temperature=0.25)
        read(writer.write(PROMPT))
        (request,) = server.requests
    assert request.path == "/v1/chat/completions"
    assert request.headers["authorization"] == f"Bearer {SECRET}"
    assert [(m["role"], m["content"]) for m in request.body["messages"]] == [
        ("system", PROMPT.system),
        ("user", PROMPT.user),
    ]
    assert request.body["model"] == "gpt-test"
    assert request.body["stream"] is True
    assert 77 in (request.body.get("max_tokens"), request.body.get("max_completion_tokens"))
    assert request.body["temperature"] == 0.25


def test_no_temperature_is_sent_unless_it_is_set():
    with misbehaving_server() as server:
        read(writer_of(server.url).write(PROMPT))
    assert "temperature" not in server.requests[0].body


def test_nothing_is_sent_before_the_draft_is_read():
    with misbehaving_server() as server:
        writer_of(server.url).write(PROMPT)
    assert server.requests == []


def test_nothing_is_sent_for_a_reader_who_has_left():
    with misbehaving_server() as server:
        _, trouble = read(writer_of(server.url).write(PROMPT, cancelled=lambda: True))
        assert trouble is not None
        assert trouble.kind == "cancelled"
    assert server.requests == []


def test_the_providers_own_key_does_not_go_to_another_server():
    with misbehaving_server() as server:
        run_writer(server.url, key="", OPENAI_API_KEY="sk-of-openai")
    assert "sk-of-openai" not in str(server.requests)
    assert len(server.requests) == 1


def test_questions_leave_by_no_side_door():
    with misbehaving_server() as server, misbehaving_server() as spy:
        done = run_writer(
            server.url,
            LANGSMITH_TRACING="true",
            LANGCHAIN_TRACING_V2="true",
            LANGSMITH_API_KEY="lsv2_x",
            LANGSMITH_ENDPOINT=spy.url,
            LANGSMITH_GATEWAY=spy.url,
            OPENAI_API_BASE=spy.url,
            OPENAI_BASE_URL=spy.url,
        )
        assert "The city of Kyiv" in done
        assert len(server.requests) == 1
        assert spy.requests == []


@pytest.mark.parametrize("provider", ["openai", "anthropic"])
def test_the_environment_does_not_redirect_a_providers_own_address(provider):
    pytest.importorskip(f"langchain_{provider}")
    code = (
        "from rag.generate import load_writer; from rag.writing.providers import WriterSettings\n"
        f"model = load_writer(WriterSettings('{provider}:m', api_key='k'))._model\n"
        "print(getattr(model, 'openai_api_base', None) or model.anthropic_api_url)"
    )
    spy = "http://127.0.0.1:9"
    names = ("LANGSMITH_GATEWAY", "OPENAI_API_BASE", "OPENAI_BASE_URL", "ANTHROPIC_BASE_URL")
    said = run(code, **dict.fromkeys(names, spy), LANGSMITH_API_KEY="lsv2_x")
    assert said.strip().startswith(f"https://api.{provider}.com")


def test_no_token_table_is_fetched():
    with misbehaving_server() as server:
        read(writer_of(server.url).write(PROMPT))
    import tiktoken.registry

    assert tiktoken.registry.ENCODINGS == {}


def test_a_redirect_is_not_followed():
    with (
        misbehaving_server() as spy,
        misbehaving_server("307", location=f"{spy.url}/chat/completions") as server,
    ):
        _, trouble = read(writer_of(server.url).write(PROMPT))
    assert trouble is not None
    assert trouble.kind == "rejected"
    assert spy.requests == []


def run(code: str, **environment: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True, text=True, cwd=ROOT, timeout=120,
        env={**os.environ, **environment},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def run_writer(url: str, key: str = SECRET, **environment: str) -> str:
    """What a writer says in a process of its own: libraries read the environment once."""
    return run(
        "from rag.generate import Prompt, load_writer\n"
        "from rag.writing.providers import WriterSettings\n"
        f"writer = load_writer(WriterSettings('openai:gpt-test', {url!r}, {key!r}))\n"
        "print(''.join(writer.write(Prompt('system', 'a question'))))",
        **environment,
    )


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


QUICK = Deadlines(first=0.3, between=0.3, total=20.0)


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


# Accounting, and text that is not text


def test_usage_and_cost_are_the_providers_figures_at_our_prices():
    with misbehaving_server(text="x" * 70, piece=7) as server:
        draft = writer_of(server.url, price_input=2.5, price_output=10.0).write(PROMPT)
        read(draft)
    told = len(f"{PROMPT.system} {PROMPT.user}".split())
    assert draft.usage == Usage(told, 10, pytest.approx((told * 2.5 + 10 * 10.0) / 1e6))


@pytest.mark.parametrize(("usage", "price"), [(False, 2.5), (True, 0.0)])
def test_a_cost_nobody_can_know_is_none(usage, price):
    with misbehaving_server(usage=usage) as server:
        draft = writer_of(server.url, price_input=price).write(PROMPT)
        assert read(draft)[1] is None
    assert draft.usage.cost is None
    assert (draft.usage.input_tokens is None) is not usage


def test_a_server_that_does_not_know_the_usage_option_is_asked_without_it():
    with misbehaving_server("strict") as server:
        writer = writer_of(server.url)
        for _ in range(2):
            assert read(writer.write(PROMPT))[1] is None
    asked = ["stream_options" in request.body for request in server.requests]
    assert asked == [True, False, False]


def test_reasoning_is_not_text():
    with misbehaving_server("thinking", text=SAYINGS[2], piece=3) as server:
        assert read(writer_of(server.url).write(PROMPT)) == (SAYINGS[2], None)


@given(
    st.text("a<think>/ \n", max_size=20),
    st.text("b<think>/ \n", max_size=20),
    st.lists(st.integers(1, 9), min_size=1),
)
def test_only_a_leading_thought_is_taken_away_however_it_is_cut(thought, text, sizes):
    thought = thought.replace("</think>", "")
    for whole, left in ((f"<think>{thought}</think>{text}", None), (f"b{text}", f"b{text}")):
        expected = whole.partition("</think>")[2] if left is None else left
        pieces, start, turn = [], 0, 0
        while start < len(whole):
            size = sizes[turn % len(sizes)]
            pieces.append(whole[start : start + size])
            start, turn = start + size, turn + 1
        thoughts = Thoughts()
        assert "".join(map(thoughts.strip, pieces)) + thoughts.rest() == expected


def test_content_in_blocks_is_joined_and_other_blocks_are_dropped():
    from rag.generate import _text

    blocks = [
        {"type": "thinking", "thinking": "42?"},
        {"type": "text", "text": "Kyiv "},
        "has ",
        {"type": "text", "text": "a plan"},
        {"type": "tool_use", "input": {}},
        {"type": "text", "text": None},
    ]
    assert _text(blocks) == "Kyiv has a plan"


# Set up


@pytest.mark.parametrize("model", ["gpt-test", "openai:", ":gpt", "", "nobody:model"])
def test_a_model_that_names_no_provider_is_refused_with_the_known_ones(model):
    with pytest.raises(ConfigurationError, match=r"openai:.*anthropic:.*ollama:"):
        load_writer(WriterSettings(model))


@pytest.mark.parametrize("provider", ["openai", "anthropic", "ollama"])
def test_a_missing_package_is_named_with_the_command_that_installs_it(provider):
    said = run(
        f"import sys; sys.modules['langchain_{provider}'] = None\n"
        f"sys.modules['openai'] = None\n"
        "from rag.generate import load_writer; from rag.writing.providers import WriterSettings\n"
        f"try: load_writer(WriterSettings('{provider}:m', api_key='k'))\n"
        "except Exception as error: print(type(error).__name__, error)"
    )
    assert said.startswith("ConfigurationError")
    assert f'pip install "sanad[{provider}]"' in said


def test_the_package_of_any_other_provider_is_named_too():
    with pytest.raises(ConfigurationError, match="pip install langchain-mistralai"):
        load_writer(WriterSettings("mistralai:m", api_key="k"))


def test_a_missing_key_is_named():
    said = run(
        "import os; os.environ.pop('OPENAI_API_KEY', None)\n"
        "from rag.generate import load_writer; from rag.writing.providers import WriterSettings\n"
        "try: load_writer(WriterSettings('openai:m'))\n"
        "except Exception as error: print(type(error).__name__, error)"
    )
    assert said.startswith("ConfigurationError")
    assert "SANAD_LLM_API_KEY or OPENAI_API_KEY" in said


def test_a_local_server_needs_no_key():
    with misbehaving_server() as server:
        assert read(writer_of(server.url, api_key="").write(PROMPT))[1] is None


@pytest.mark.parametrize("provider", ["anthropic", "ollama"])
def test_other_providers_keep_the_deadline_and_the_kinds(provider):
    pytest.importorskip(f"langchain_{provider}")
    kinds = {"refuse": "unreachable", "401": "unauthorised", "500": "server_error"}
    for behaviour, kind in kinds.items():
        _, trouble = trouble_with(behaviour, model=f"{provider}:m")
        assert trouble.kind == kind, behaviour
    _, trouble = trouble_with("silent", model=f"{provider}:m", deadlines=QUICK)
    assert trouble.kind == "silent"


def test_nothing_of_langchain_is_imported_before_a_writer_is_loaded():
    said = run(
        "import sys, rag.generate, rag.settings\n"
        "heavy = ('langchain', 'langsmith', 'openai', 'anthropic', 'ollama', 'httpx', 'tiktoken')\n"
        "print(sorted(name for name in sys.modules if name.startswith(heavy)))"
    )
    assert said.strip() == "[]"
