"""The command line contract, through real processes."""

import json
import os
import subprocess
import sys

import pytest

from ingest.lock import writer_lock
from tests.conftest import ROOT


def sanad(*arguments, env=None, cwd=None):
    return subprocess.run(
        [sys.executable, "-m", "ui.cli", *map(str, arguments)],
        capture_output=True, text=True, timeout=120, env=env, cwd=cwd or ROOT,
    )  # fmt: skip


def test_ask_json_has_the_contracts_shape(collection, assistant):
    done = sanad(
        "ask",
        "How did Kenya structure its county action plans?",
        "--data-dir",
        collection,
        "--json",
    )
    assert done.returncode == 0, done.stderr
    body = json.loads(done.stdout)
    assert set(body) == {
        "status", "reason", "question", "language", "mode", "text", "sentences", "citations",
        "nearest", "generation", "timings_ms",
        "searched", "layout", "choices", "notes", "usage",
    }  # fmt: skip
    assert (body["status"], body["reason"], body["mode"]) == ("answered", None, "extractive")
    assert set(body["citations"][0]) == {
        "n", "document_id", "work_id", "title", "language", "date", "page", "heading", "quote",
        "start", "end", "url", "machine_translated", "mistranslations", "answer",
    }  # fmt: skip
    numbers = {citation["n"] for citation in body["citations"]}
    assert {n for sentence in body["sentences"] for n in sentence["citations"]} == numbers
    for citation in body["citations"]:
        page = assistant.generation.store.page_of(citation["document_id"], citation["page"])
        assert page.text[citation["start"] : citation["end"]] == citation["quote"]
        assert citation["quote"] in body["text"]


def test_decline_names_reason_and_nearest(collection):
    done = sanad("ask", "What is the capital of Mongolia?", "--data-dir", collection, "--json")
    body = json.loads(done.stdout)
    assert body["status"] == "declined"
    assert body["reason"] == "not_answered"
    assert body["sentences"] == body["citations"] == []
    assert body["nearest"]


def test_ask_in_words(collection):
    done = sanad(
        "ask", "¿Cómo estructuró Kenia los planes de acción de condado?", "--data-dir", collection
    )
    assert done.returncode == 0
    assert "[1]" in done.stdout
    assert "Fuentes" in done.stdout


def test_search_json(collection):
    done = sanad("search", "Strumica council", "-k", 3, "--json", "--data-dir", collection)
    hits = json.loads(done.stdout)["hits"]
    assert [hit["rank"] for hit in hits] == [1, 2, 3]
    assert set(hits[0]) == {
        "rank", "document_id", "page", "start", "end", "text", "score", "language",
    }  # fmt: skip
    assert "strumica" in hits[0]["text"].lower() or "ستروميكا" in hits[0]["text"]


@pytest.mark.parametrize("command", ["ask", "search"])
def test_batch_answers_each_line(collection, tmp_path, command):
    path = tmp_path / "questions.jsonl"
    path.write_text('{"id": "a", "question": "Kenya"}\n\n{"id": 7, "question": "Strumica"}\n')
    done = sanad(command, "--batch", path, "--json", "--data-dir", collection)
    assert done.returncode == 0, done.stderr
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert [row["id"] for row in rows] == ["a", "7"]


def test_filters_reach_the_search(collection):
    done = sanad(
        "search", "plans", "--json", "--data-dir", collection, "--filter", "language=fr",
        "--filter", "language=es",
    )  # fmt: skip
    assert {hit["language"] for hit in json.loads(done.stdout)["hits"]} <= {"fr", "es"}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["ask", "x", "--filter", "colour"], "not key=value"),
        (["ask", "x", "--filter", "colour=red"], "unknown filter 'colour'"),
        (["ask"], "no question given"),
        (["search", "--batch", "nowhere.jsonl"], "nowhere.jsonl cannot be read"),
        (["ingest", "nowhere"], "nowhere does not exist"),
    ],
)
def test_wrong_use_is_one_sentence_and_exit_2(collection, arguments, words):
    done = sanad(*arguments, "--data-dir", collection)
    assert done.returncode == 2
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_bad_batch_line_is_named(collection, tmp_path):
    path = tmp_path / "q.jsonl"
    path.write_text('{"id": 1, "question": "Kenya"}\n{"question": "no id"}\n')
    done = sanad("search", "--batch", path, "--data-dir", collection)
    assert done.returncode == 2
    assert "line 2" in done.stderr


def test_no_index_says_what_to_type(tmp_path):
    done = sanad("ask", "Kenya?", "--data-dir", tmp_path / "none")
    assert done.returncode == 2
    assert "sanad ingest" in done.stderr


def test_bad_setting_is_named(tmp_path, monkeypatch):
    import os

    env = {**os.environ, "SANAD_PORT": "abc"}
    done = sanad("doctor", "--data-dir", tmp_path, env=env)
    assert done.returncode == 2
    assert "'port' has value 'abc'" in done.stderr
    assert "SANAD_PORT" in done.stderr


def test_ingest_reports_failures_with_exit_65(tmp_path):
    docs = tmp_path / "docs"
    docs.mkdir()
    (docs / "good.md").write_text("# Good\n\nA plan for schools and police in the city.\n")
    (docs / "bad.pdf").write_bytes(b"%PDF-1.4 broken")
    done = sanad("ingest", docs, "--data-dir", tmp_path / "data", "--json")
    assert done.returncode == 65
    report = json.loads(done.stdout)
    assert report["created"] == ["good.md"]
    assert report["failed"][0][0] == "bad.pdf"


def test_locked_folder_is_exit_75(tmp_path):
    docs = tmp_path / "docs"
    docs.mkdir()
    (docs / "a.md").write_text("# A\n\nA plan for schools and police in the city.\n")
    with writer_lock(tmp_path / "data"):
        done = sanad("ingest", docs, "--data-dir", tmp_path / "data")
    assert done.returncode == 75
    assert "being written by process" in done.stderr


def test_doctor_finds_a_healthy_collection(collection):
    done = sanad("doctor", "--data-dir", collection, "--json")
    assert done.returncode == 0, done.stdout
    findings = json.loads(done.stdout)["findings"]
    assert {f["area"] for f in findings} >= {"settings", "model", "packages", "index", "chroma"}
    assert {f["state"] for f in findings} == {"ok"}


def test_doctor_rebuild_heals(tmp_path):
    docs = tmp_path / "docs"
    docs.mkdir()
    (docs / "a.md").write_text("# A\n\nA plan for schools and police in the city of Bern.\n")
    data = tmp_path / "data"
    assert sanad("ingest", docs, "--data-dir", data).returncode == 0
    for path in (data / "generations").rglob("text.sqlite"):
        path.write_bytes(b"damaged")
    sick = sanad("doctor", "--data-dir", data)
    assert sick.returncode == 2
    assert "doctor --rebuild" in sick.stdout
    healed = sanad("doctor", "--rebuild", "--data-dir", data)
    assert "rebuilt generation" in healed.stdout
    assert sanad("ask", "A plan for schools in Bern?", "--data-dir", data).returncode == 0


def test_help_and_ask_import_nothing_heavy(collection):
    code = (
        "import sys, runpy\n"
        "sys.argv = ['sanad', *sys.argv[1:]]\n"
        "try:\n    runpy.run_module('ui.cli', run_name='__main__')\n"
        "except SystemExit:\n    pass\n"
        "heavy = {'torch', 'transformers', 'gradio', 'chromadb', 'langchain', 'pypdf', "
        "'langchain_core', 'langsmith', 'openai', 'httpx', 'rag.writing.written'}\n"
        "print('HEAVY', sorted(heavy & set(sys.modules)))"
    )
    for arguments in (["--help"], ["ask", "Kenya county plans", "--data-dir", str(collection)]):
        done = subprocess.run(
            [sys.executable, "-c", code, *arguments], capture_output=True, text=True, cwd=ROOT
        )
        assert "HEAVY []" in done.stdout, (arguments, done.stdout[-300:], done.stderr[-300:])


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b'{"id": null, "question": null}\n', "line 1"),
        (b'{"id": 1, "question": "Kenya"}\nnot json\n', "line 2"),
        (b"\xff\xfe", "not UTF-8"),
    ],
)
def test_a_bad_batch_is_refused_before_anything_is_asked(collection, tmp_path, content, words):
    path = tmp_path / "q.jsonl"
    path.write_bytes(content)
    done = sanad("ask", "--batch", path, "--data-dir", collection)
    assert (done.returncode, done.stdout) == (2, "")
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_a_line_separator_inside_a_question_does_not_end_the_line(collection, tmp_path):
    path = tmp_path / "q.jsonl"
    path.write_text('{"id": 1, "question": "Kenya\u2028county plans"}\n', "utf-8")
    done = sanad("search", "--batch", path, "--data-dir", collection)
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) == 1


def test_control_characters_of_a_file_name_do_not_reach_the_terminal(tmp_path):
    docs = tmp_path / "docs"
    docs.mkdir()
    (docs / "x\x1b]0;pwn\x07\nline.pdf").write_bytes(b"%PDF-1.4 broken")
    done = sanad("ingest", docs, "--data-dir", tmp_path / "data")
    assert done.returncode == 65
    assert "\x1b" not in done.stdout
    assert "x ]0;pwn line.pdf" in done.stdout


def test_too_long_a_question_is_not_searched(collection):
    done = sanad("search", "plan " * 300, "--data-dir", collection)
    assert done.returncode == 2
    assert "SANAD_QUESTION_CHARACTERS" in done.stderr


def test_slips_in_settings_are_named_without_their_values(tmp_path):
    import os

    env = {**os.environ, "SANAD_PROT": "secret-value"}
    done = sanad("doctor", "--data-dir", tmp_path, env=env)
    assert done.returncode == 2
    assert "SANAD_PROT is not a setting" in done.stderr
    assert "secret-value" not in done.stderr + done.stdout


def test_other_programs_lines_in_dotenv_are_theirs(tmp_path):
    (tmp_path / ".env").write_text("OPENAI_API_KEY=sk-secret\nSANAD_PORT=8123\n")
    done = sanad("doctor", "--data-dir", tmp_path / "d", cwd=tmp_path)
    assert "sk-secret" not in done.stdout + done.stderr
    assert "port=8123" in done.stdout


def test_a_full_disk_is_one_sentence_and_the_old_index_serves(tmp_path):
    """The build step fails as it does when the disk is full."""
    code = (
        "import errno, sys\n"
        "import ingest.walk, ui.cli\n"
        "def full(*a, **k):\n    raise OSError(errno.ENOSPC, 'No space left on device')\n"
        "ingest.walk.build_generation = full\n"
        "sys.argv = ['sanad', 'ingest', sys.argv[1], '--data-dir', sys.argv[2]]\n"
        "ui.cli.main()\n"
    )
    docs = tmp_path / "docs"
    docs.mkdir()
    (docs / "a.md").write_text("# A\n\nA plan for schools and police in the city of Bern.\n")
    assert sanad("ingest", docs, "--data-dir", tmp_path / "data").returncode == 0
    (docs / "b.md").write_text("# B\n\nA plan for schools and police in the city of Basel.\n")
    done = subprocess.run(
        [sys.executable, "-c", code, str(docs), str(tmp_path / "data")],
        capture_output=True, text=True, cwd=ROOT,
    )  # fmt: skip
    assert done.returncode == 2
    assert "no space left" in done.stderr
    assert "Traceback" not in done.stderr
    assert (
        sanad("ask", "A plan for schools in Bern?", "--data-dir", tmp_path / "data").returncode == 0
    )


@pytest.mark.parametrize("encoding", ["cp1252", "latin-1"])
def test_a_terminal_of_another_encoding_gets_what_it_can_show(collection, encoding):
    done = subprocess.run(
        [sys.executable, "-m", "ui.cli", "ask", "How did Kenya structure county action plans?",
         "--data-dir", str(collection)],
        capture_output=True, env={**os.environ, "PYTHONIOENCODING": encoding}, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert b"two levels" in done.stdout
    assert "\u2068".encode() not in done.stdout
