"""`sanad site`, `sanad switch` and `sanad questions`, as an operator types them."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib

import pytest
from typer.testing import CliRunner

from rag.errors import ConfigurationError
from ui.cli import app
from ui.public.questions import FOLDER, QuestionLog
from ui.public.sites import read_sites
from ui.public.switches import Switches
from ui.public.tokens import Tokens, secret_of
from ui.widget.snippet import preview_of


@pytest.fixture
def sanad(tmp_path, monkeypatch):
    """Runs a command on a data folder of its own; its output."""
    monkeypatch.chdir(tmp_path)

    def run(*words):
        found = CliRunner().invoke(app, [*words, "--data-dir", str(tmp_path / "data")])
        if found.exception is not None:
            raise found.exception
        return found.output.strip()

    return run


def test_a_site_is_added_listed_paused_resumed_and_removed(sanad, tmp_path):
    key = sanad(
        "site", "add", "The Network", "--origin", "https://X.org/", "--origin", "https://x.org",
        "--origin", "https://www.x.org", "--language", "ar", "--language", "en", "--filter",
        "country=KE", "--filter", "country=TN", "--starter", "ما هي؟", "--starter-language", "ar",
        "--daily", "50",
    )  # fmt: skip
    path = tmp_path / "data" / "sites.toml"
    site = read_sites(path)[key]
    assert site.origins == ("https://x.org", "https://www.x.org")
    assert (site.languages, site.daily_questions) == (("ar", "en"), 50)
    assert dict(site.filters) == {"country": ("KE", "TN")}
    assert dict(site.starters) == {"ar": ("ما هي؟",)}
    other = sanad("site", "add", "Other", "--origin", "http://127.0.0.1:8000")
    assert sanad("site", "pause", key) == f"{key} paused"
    assert read_sites(path)[key].paused
    assert list(read_sites(path)) == [key, other]
    listed = sanad("site", "list").splitlines()
    assert [line.split()[:2] for line in listed] == [[key, "paused"], [other, "open"]]
    sanad("site", "resume", key)
    assert not read_sites(path)[key].paused
    sanad("site", "remove", key)
    assert list(read_sites(path)) == [other]


@pytest.mark.parametrize(
    "words, said",
    [
        (["site", "add", "x", "--origin", "https://*.x.org"], "without \\*"),
        (["site", "add", "x", "--origin", "https://x.org", "--language", "xx"], "not one of"),
        (["site", "add", "x", "--origin", "https://x.org", "--filter", "country"], "key=value"),
        (["site", "pause", "nobody"], "no site 'nobody'"),
        (["site", "snippet", "nobody"], "no site 'nobody'"),
        (["switch", "everything", "off"], "no switch; known: model, chat, widget, api"),
        (["switch", "model"], "sanad switch model off"),
        (["questions", "delete", "--older-than", "a week"], "such as 7d"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_written(sanad, tmp_path, words, said):
    with pytest.raises(ConfigurationError, match=said):
        sanad(*words)
    assert not (tmp_path / "data" / "sites.toml").exists()


def test_the_snippet_names_the_site_and_the_server_and_where_to_see_it(sanad, tmp_path):
    key = sanad("site", "add", "x", "--origin", "https://x.org")
    printed = sanad("site", "snippet", key, "--host", "https://answers.x.org")
    assert "https://answers.x.org/widget" in printed
    assert f'data-site="{key}"' in printed
    preview = re.search(r"https://answers\.x\.org/widget/(\S+)/preview\?token=(\S+)", printed)
    tokens = Tokens(secret_of(tmp_path / "data"))
    assert preview[1] == key
    assert tokens.read(preview[2], preview_of(read_sites(tmp_path / "data" / "sites.toml")[key]))


def test_switches_are_thrown_and_shown(sanad, tmp_path):
    assert sanad("switch") == "all is on"
    assert sanad("switch", "model", "off") == "off: model"
    assert sanad("switch", "widget", "off") == "off: model, widget"
    assert not Switches(tmp_path / "data").on("model")
    assert sanad("switch", "model", "on") == "off: widget"


def test_kept_questions_are_deleted(sanad, tmp_path):
    questions = QuestionLog(tmp_path / "data", enabled=True)
    questions.keep("one", "chat", "en", "answered")
    (tmp_path / "data" / FOLDER / "2020-01-01.jsonl").touch()
    assert sanad("questions", "delete", "--older-than", "30d") == "1 days of questions deleted"
    assert sanad("questions", "delete") == "1 days of questions deleted"
    assert list((tmp_path / "data" / FOLDER).iterdir()) == []


def test_a_key_in_the_environment_appears_in_no_output(tmp_path):
    """Every command that can run without an index, with canaries for each secret."""
    canary = "sk-canary-5b1e"
    environment = {
        "SANAD_LLM": "openai:gpt-test", "SANAD_LLM_API_KEY": canary,
        "SANAD_METRICS_TOKEN": canary, "SANAD_LIMITS_STORE": f"redis://:{canary}@localhost:1/0",
        "SANAD_DATA_DIR": str(tmp_path), "HOME": str(tmp_path), "PATH": "/usr/bin:/bin",
    }  # fmt: skip
    commands = (
        ["doctor"], ["doctor", "--json"], ["ask", "What?"], ["site", "list"], ["switch"],
        ["questions", "delete"], ["site", "pause", "x"], ["search", "x", "--filter", "y"],
    )  # fmt: skip
    for words in commands:
        found = subprocess.run(
            [sys.executable, "-m", "ui.cli", *words], env=environment, capture_output=True,
            text=True, timeout=120,
        )  # fmt: skip
        told = found.stdout + found.stderr
        assert "Traceback" not in told and (told or found.returncode == 0), words  # it ran
        assert canary not in told, words
        assert "Traceback" not in found.stderr, words


def test_sites_are_plain_toml(sanad, tmp_path):
    key = sanad("site", "add", "x", "--origin", "https://x.org")
    told = tomllib.loads((tmp_path / "data" / "sites.toml").read_text("utf-8"))
    assert told["site"][key]["origins"] == ["https://x.org"]
