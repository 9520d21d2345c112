"""Word files: structure and properties; bombs and local links are refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from ingest.read import read_bytes
from ingest.sandbox import Sandbox
from ingest.types import Block
from ingest.wire import document_to_json
from rag.errors import ReadError
from tests.docx_maker import linked_picture, make_docx, paragraph


def test_headings_paragraphs_and_properties() -> None:
    table = (
        "<w:tbl><w:tr><w:tc>"
        + paragraph("City")
        + "</w:tc><w:tc>"
        + paragraph("Members")
        + "</w:tc></w:tr></w:tbl>"
    )
    body = paragraph("Trust", "Heading1") + paragraph("It takes time.") + table
    raw = read_bytes(make_docx(body), "x.docx")
    assert raw.pages[0].blocks == (
        Block("heading", "Trust", 1),
        Block("paragraph", "It takes time."),
        Block("table_row", "City | Members"),
    )
    assert raw.metadata == {
        "title": "A brief",
        "language": "en-GB",
        "created": "2024-12-21T10:00:00Z",
    }
    assert raw.reader == "mammoth"


def test_word_file_is_known_by_its_content() -> None:
    assert read_bytes(make_docx(paragraph("text")), "download").pages[0].blocks


def test_picture_linked_to_a_local_file_is_not_opened(tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("the secret of the house")
    data = make_docx(paragraph("Public text.") + linked_picture(), secret.as_uri())
    with Sandbox() as sandbox:
        raw = sandbox.read(data, "x.docx")
    assert b"secret" not in document_to_json(raw)
    assert raw.pages[0].blocks == (Block("paragraph", "Public text."),)


@pytest.mark.parametrize(
    ("extra", "reason"),
    [
        ({"word/media/image1.bin": bytes(5_000_000)}, "more than 100 times"),
        ({f"word/media/{n}": b"x" for n in range(2_100)}, "parts, more than 2000"),
        ({"word/document2.xml": b"<a>" + b" " * 2_000_000}, "more than 100 times"),
    ],
)
def test_zip_bomb_is_refused(extra: dict[str, bytes], reason: str) -> None:
    with pytest.raises(ReadError, match=reason):
        read_bytes(make_docx(paragraph("text"), extra=extra), "x.docx")


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_billion_laughs_does_not_expand() -> None:
    entities = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 8}">' for n in range(1, 12))
    laughs = f'<!DOCTYPE x [<!ENTITY e0 "ha">{entities}]><x>&e11;</x>'.encode()
    with Sandbox() as sandbox, pytest.raises(ReadError):
        sandbox.read(make_docx("", extra={"word/document.xml": laughs}), "x.docx")


def test_comments_nested_without_end_are_a_sentence() -> None:
    namespace = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
    nested = "<w:ins>" * 3_000 + "</w:ins>" * 3_000
    comments = f'<w:comments {namespace}><w:comment w:id="0">{nested}</w:comment></w:comments>'
    data = make_docx(paragraph("text"), extra={"word/comments.xml": comments.encode()})
    with Sandbox() as sandbox, pytest.raises(ReadError, match="nested too deeply"):
        sandbox.read(data, "x.docx")


@pytest.mark.parametrize("data", [b"PK\x03\x04" + b"rubbish" * 20, make_docx("x")[:300]])
def test_broken_archive_is_a_sentence(data: bytes) -> None:
    with pytest.raises(ReadError, match="is damaged"):
        read_bytes(data, "x.docx")
