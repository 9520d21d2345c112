"""What leaves by the door to language models and what does not, and how a writer is set up."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from rag.errors import ConfigurationError
from rag.generate import load_writer
from rag.writing.providers import WriterSettings
from tests.asked_models import PROMPT, QUICK, SECRET, read, trouble_with, writer_of
from tests.conftest import ROOT
from tests.openai_server import misbehaving_server

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
