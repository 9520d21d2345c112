"""Tables of PDFs by docling: what it replies becomes rows where lines were; without it each PDF's
ledger row says what is missing.

docling's models cannot be had here: its reply is a file that docling-core 2.104 itself wrote, and a
program that gives it stands in for the command line. That docling finds tables is not tested.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from ingest.catalog import Catalog
from ingest.report import Options
from ingest.tables import Absent, Docling, Table, docling, tables_in, with_tables
from ingest.types import Block, RawDocument, RawPage
from ingest.walk import ingest
from rag.embed import HashEmbedder
from rag.errors import ReadError
from tests.pdf_maker import Print, make_pdf

REPLY = Path(__file__).parent / "data" / "docling-2.143.json"
BERN = Table(2, (("Year", "Patrols"), ("2021", "14"), ("2022", "9")), 1)


def pages(*blocks):
    return RawDocument((RawPage(1, (Block("paragraph", "One"),)), RawPage(2, tuple(blocks))))


def paragraphs(*texts):
    return [Block("paragraph", text) for text in texts]


class Found:
    """Passes the contract of `Tables` without a program."""

    id = "found 1"

    def __init__(self, *tables):
        self._tables = tables

    def read(self, data):
        return self._tables


@pytest.fixture
def program(tmp_path):
    """A command line that takes docling's arguments, keeps them, and writes a real reply."""
    path, models = tmp_path / "docling", tmp_path / "models"
    models.mkdir()
    path.write_text(
        f"#!{sys.executable}\n"
        "import json, os, pathlib, shutil, sys\n"
        "if sys.argv[1:] == ['--version']:\n    print('Docling version: 2.143.0')\n    sys.exit()\n"
        f"seen = pathlib.Path({str(tmp_path / 'seen')!r})\n"
        "seen.write_text(json.dumps([sys.argv, dict(os.environ)]))\n"
        "out = sys.argv[sys.argv.index('--output-file') + 1]\n"
        f"shutil.copy({str(REPLY)!r}, out)\n"
    )
    path.chmod(0o755)
    return path, models


def test_the_reply_of_docling_is_read():
    assert tables_in(REPLY.read_bytes()) == (BERN,)


@pytest.mark.parametrize(
    "reply", [b"", b"{}", b"[]", b'{"tables": 3}', b'{"tables": [{"prov": [{}]}]}', b"[" * 9999]
)
def test_any_other_reply_is_a_reason(reply):
    with pytest.raises(ReadError, match="nonsense"):
        tables_in(reply)


def test_lines_of_a_table_become_rows():
    raw = pages(*paragraphs("Before it.", "Year Patrols", "2021 14", "2022 9", "After it."))
    done = with_tables(raw, b"", Found(BERN))
    assert done.pages[0] == raw.pages[0]
    assert [(block.kind, block.text) for block in done.pages[1].blocks] == [
        ("paragraph", "Before it."), ("table_header", "Year | Patrols"), ("table_row", "2021 | 14"),
        ("table_row", "2022 | 9"), ("paragraph", "After it."),
    ]  # fmt: skip
    assert done.notes == ("1 of 1 tables read as rows (found 1)",)


def test_a_table_whose_words_stand_elsewhere_changes_nothing():
    raw = pages(*paragraphs("The year 2021 saw many patrols in the whole city.", "2022"))
    done = with_tables(raw, b"", Found(BERN, Table(9, BERN.rows)))
    assert done.pages == raw.pages
    assert done.notes == ("0 of 2 tables read as rows (found 1)",)


def test_docling_is_called_offline_with_the_models_of_a_folder(program, tmp_path):
    path, models = program
    found = docling(models, lambda name: str(path))
    assert isinstance(found, Docling)
    assert found.id == "docling 2.143.0"
    assert found.read(b"%PDF-1.4") == (BERN,)
    arguments, environment = json.loads((tmp_path / "seen").read_text())
    assert arguments[1] == "convert"
    assert arguments[arguments.index("--artifacts-path") + 1] == str(models)
    assert "--no-ocr" in arguments and "--tables" in arguments
    assert environment["HF_HUB_OFFLINE"] == "1"
    assert not any(name.startswith("SANAD") for name in environment)


def test_without_docling_or_its_models_there_is_a_stand_in(program, tmp_path):
    path, models = program
    for found in (
        docling(models, lambda name: None),
        docling(None, lambda name: str(path)),
        docling(tmp_path / "none", lambda name: str(path)),
        docling(models, lambda name: str(tmp_path / "none")),
    ):
        assert isinstance(found, Absent)


def test_the_ledger_says_what_is_missing_and_the_pdf_is_read_again_later(tmp_path):
    docs, data = tmp_path / "docs", tmp_path / "data"
    docs.mkdir()
    lines = ["Patrols of the city of Bern.", "Year Patrols", "2021 14", "2022 9"]
    page = [Print(line, 700 - 60 * n) for n, line in enumerate(lines)]
    (docs / "a.pdf").write_bytes(make_pdf([[Print("Cover of the report.", 700)], page]))
    (docs / "b.md").write_text("# B\n\nA plan of Oslo for its schools.\n")

    def run(tables):
        return ingest([str(docs)], data, HashEmbedder(), Options(tables=tables, workers=1))

    assert run(None).created == ("a.pdf", "b.md")
    report = run(Absent())
    assert (report.updated, report.skipped) == (("a.pdf",), ("b.md",))
    ((name, note),) = report.notes
    assert name == "a.pdf"
    assert "docling or its models are not installed" in note and "SANAD_TABLES_MODELS" in note
    assert run(Absent()).skipped == ("a.pdf", "b.md")
    report = run(Found(BERN))
    assert (report.updated, report.skipped) == (("a.pdf",), ("b.md",))
    with Catalog(data, read_only=True) as catalog:
        text = next(d for d, _ in catalog.documents() if d.id == "a.pdf").pages[1].text
    assert "2021 | 14\n2022 | 9" in text
