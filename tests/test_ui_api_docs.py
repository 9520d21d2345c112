"""docs/api.md: every command and every piece of Python in it is run against a served API."""

from __future__ import annotations

import re
import shutil
import subprocess

import pytest

from tests.conftest import ROOT
from tests.serving import answering_with, api, on_a_port, settings_for
from ui.api.problems import CODES, STATUSES

PAGE = (ROOT / "docs" / "api.md").read_text("utf-8")
NAMED = "http://127.0.0.1:7860"


@pytest.fixture(scope="module")
def address(assistant, tmp_path_factory):
    app, ending = api(settings_for(tmp_path_factory.mktemp("docs")), answering_with(assistant))
    with on_a_port(app, ending) as found:
        yield found


def blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.S)


def commands():
    return [line for block in blocks("sh") for line in block.splitlines() if line]


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
@pytest.mark.parametrize("command", commands())
def test_every_command_succeeds(address, command):
    assert NAMED in command
    told = command.replace(NAMED, address).replace("curl ", "curl --fail ", 1)
    done = subprocess.run(told, shell=True, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout


@pytest.mark.parametrize("number", range(len(blocks("python"))))
def test_every_piece_of_python_runs(address, number, capsys):
    exec(blocks("python")[number].replace(NAMED, address), {})
    assert capsys.readouterr().out


def test_every_code_is_listed():
    listed = set(re.findall(r"`([a-z_]+)`", PAGE))
    assert set(CODES.values()) | set(STATUSES) <= listed
