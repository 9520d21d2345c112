"""Settings: what they take, and what their messages never show."""

from __future__ import annotations

import pytest

from rag.errors import ConfigurationError
from rag.settings import Settings, load_settings

SECRET = "sk-never-to-be-shown"


@pytest.fixture(autouse=True)
def no_settings_of_this_machine(monkeypatch, tmp_path):
    """Neither .env nor sanad.toml of the folder the tests run in."""
    monkeypatch.chdir(tmp_path)


def test_there_is_no_language_model_by_default():
    assert load_settings().writer() is None


def test_a_reader_waits_at_most_half_a_minute_by_default():
    writer = load_settings(llm="openai:gpt-test").writer()
    assert writer is not None
    assert writer.deadlines.total <= 30
    assert writer.connect_seconds < writer.deadlines.first < writer.deadlines.total
    assert writer.temperature is None


def test_each_setting_reaches_the_writer(monkeypatch):
    told = {
        "LLM": "openai:gpt-test", "LLM_BASE_URL": "http://127.0.0.1:8000/v1",
        "LLM_API_KEY": f" {SECRET}\n", "LLM_CONNECT_SECONDS": "1", "LLM_FIRST_TOKEN_SECONDS": "2",
        "LLM_BETWEEN_TOKENS_SECONDS": "3", "LLM_TOTAL_SECONDS": "4", "LLM_RETRIES": "5",
        "LLM_MAX_TOKENS": "6", "LLM_TEMPERATURE": "0.7", "LLM_PRICE_INPUT": "0.8",
        "LLM_PRICE_OUTPUT": "0.9",
    }  # fmt: skip
    assert {f"llm{name[3:].lower()}" for name in told} == {
        name for name in Settings.model_fields if name.startswith("llm")
    }
    for name, value in told.items():
        monkeypatch.setenv(f"SANAD_{name}", value)
    writer = load_settings().writer()
    assert writer is not None
    assert (writer.model, writer.base_url) == ("openai:gpt-test", "http://127.0.0.1:8000/v1")
    assert writer.api_key == SECRET
    deadlines = writer.deadlines
    seconds = (writer.connect_seconds, deadlines.first, deadlines.between, deadlines.total)
    assert seconds == (1, 2, 3, 4)
    assert (writer.retries, writer.max_tokens, writer.temperature) == (5, 6, 0.7)
    assert (writer.price_input, writer.price_output) == (0.8, 0.9)


@pytest.mark.parametrize(
    "url",
    ["ftp://models.example/v1", "models.example/v1", "//models.example", "http://", "file:/x"],
)
def test_an_address_that_is_not_of_the_web_is_refused(url):
    with pytest.raises(ConfigurationError, match=r"llm_base_url.*http"):
        load_settings(llm_base_url=url)


@pytest.mark.parametrize("url", ["http://user:{}@models.example/v1", "https://{}@models.example"])
def test_an_address_with_credentials_is_refused_without_repeating_them(url):
    with pytest.raises(ConfigurationError, match="SANAD_LLM_API_KEY") as caught:
        load_settings(llm_base_url=url.format(SECRET))
    assert shown_nowhere(caught.value)


@pytest.mark.parametrize("url", ["http://[::1", "http://[x]/v1"])
def test_an_address_that_does_not_parse_is_a_configuration_error(url):
    with pytest.raises(ConfigurationError, match="llm_base_url"):
        load_settings(llm_base_url=url)


@pytest.mark.parametrize("rest", [" two words", "\nInjected: header", "\u200b", "clé"])
def test_a_key_that_fits_no_header_is_refused_without_repeating_it(rest):
    with pytest.raises(ConfigurationError, match="llm_api_key") as caught:
        load_settings(llm_api_key=SECRET + rest)
    assert shown_nowhere(caught.value)


def test_a_key_of_the_wrong_type_in_the_file_is_not_repeated(tmp_path):
    (tmp_path / "sanad.toml").write_text(f'llm_api_key = ["{SECRET}"]\n')
    with pytest.raises(ConfigurationError, match="llm_api_key") as caught:
        load_settings()
    assert shown_nowhere(caught.value)


def test_the_key_is_shown_by_no_view_of_the_settings(tmp_path):
    from ui.doctor import examine

    settings = load_settings(llm="openai:m", llm_api_key=SECRET, data_dir=tmp_path)
    views = [
        repr(settings), str(settings), str(settings.model_dump()), settings.model_dump_json(),
        repr(settings.writer()), str([finding.as_dict() for finding in examine(settings)]),
    ]  # fmt: skip
    for view in views:
        assert SECRET not in view


@pytest.mark.parametrize(
    "name, value, said",
    [
        ("trusted_proxies", "10.0.0.0/8, proxy.example", "proxy.example"),
        ("trusted_proxies", "10.0.0.0/99", "neither an address nor a network"),
        ("cors_origins", "https://x.org *", "not an exact origin"),
        ("cors_origins", "https://x.org/", "not an exact origin"),
        ("public_hosts", "answers.example.org:443", "host name without port"),
        ("public_hosts", "*", "host name without port"),
        ("limit_address_minute", 0, "greater than or equal to 1"),
        ("log", "file", "'off' or 'stderr'"),
    ],
)
def test_a_wrong_setting_of_the_public_server_is_named(name, value, said):
    with pytest.raises(ConfigurationError, match=name) as caught:
        load_settings(**{name: value})
    assert said in str(caught.value)


def test_lists_take_commas_and_spaces():
    settings = load_settings(
        trusted_proxies="127.0.0.1,10.0.0.0/8 ::1",
        cors_origins="https://x.org, http://localhost:3000",
        public_hosts="answers.example.org, www.example.org",
    )
    assert [str(net) for net in settings.proxies()] == ["127.0.0.1/32", "10.0.0.0/8", "::1/128"]
    assert settings.origins() == {"https://x.org", "http://localhost:3000"}
    assert settings.hosts() == ("answers.example.org", "www.example.org")


def test_by_default_nothing_is_logged_shared_or_open_to_others():
    settings = load_settings()
    assert (settings.log, settings.log_questions) == ("off", False)
    assert settings.proxies() == settings.hosts() == ()
    assert settings.origins() == frozenset()
    assert settings.host == "127.0.0.1"


@pytest.mark.parametrize("url", [f"memcached://:{SECRET}@host", f"redis:///{SECRET}"])
def test_a_store_that_is_not_redis_is_refused_without_repeating_its_password(url):
    with pytest.raises(ConfigurationError, match="SANAD_LIMITS_STORE") as caught:
        load_settings(limits_store=url)
    assert shown_nowhere(caught.value)


def test_the_secrets_of_the_public_server_are_shown_by_no_view(tmp_path):
    from ui.doctor import examine

    settings = load_settings(
        metrics_token=SECRET, limits_store=f"redis://:{SECRET}@host/0", data_dir=tmp_path
    )
    views = [
        repr(settings), str(settings.model_dump()), settings.model_dump_json(),
        str([finding.as_dict() for finding in examine(settings)]),
    ]  # fmt: skip
    for view in views:
        assert SECRET not in view


def shown_nowhere(error: BaseException) -> bool:
    """Whether neither the error nor one it came from, as a traceback prints them, holds the key."""
    import traceback

    return SECRET not in "".join(traceback.format_exception(error, limit=0))


def test_what_kubernetes_sets_for_a_service_named_sanad_is_no_setting(monkeypatch):
    for name, value in {
        "PORT": "tcp://10.0.0.7:7860", "SERVICE_HOST": "10.0.0.7", "SERVICE_PORT": "7860",
        "SERVICE_PORT_HTTP": "7860", "PORT_7860_TCP": "tcp://10.0.0.7:7860",
        "PORT_7860_TCP_ADDR": "10.0.0.7", "PORT_7860_TCP_PORT": "7860",
        "PORT_7860_TCP_PROTO": "tcp", "WEB_SERVICE_HOST": "10.0.0.8",
    }.items():  # fmt: skip
        monkeypatch.setenv(f"SANAD_{name}", value)
    assert load_settings().port == Settings.model_fields["port"].default
    monkeypatch.setenv("SANAD_PORT", "8123")
    assert load_settings().port == 8123
    monkeypatch.setenv("SANAD_PORTS", "1")
    with pytest.raises(ConfigurationError, match="SANAD_PORTS is not a setting"):
        load_settings()
