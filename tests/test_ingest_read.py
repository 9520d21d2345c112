"""Kinds of files, plain text and Markdown."""

from __future__ import annotations

import pytest

from ingest.docx import read_docx
from ingest.html import read_html
from ingest.markdown import read_markdown, split_front_matter
from ingest.pdf import read_pdf
from ingest.plain import read_plain
from ingest.read import read_bytes, reader_for
from ingest.types import RawDocument
from rag.errors import ReadError
from tests.docx_maker import make_docx
from tests.pdf_maker import make_pdf


def kinds(raw: RawDocument) -> list[tuple[str, str]]:
    return [(block.kind, block.text) for block in raw.pages[0].blocks]


@pytest.mark.parametrize(
    ("data", "name", "reader"),
    [
        (make_pdf([[]]), "misnamed.txt", read_pdf),
        (b"\xef\xbb\xbf\n" + make_pdf([[]]), "x", read_pdf),
        (make_docx(""), "misnamed.pdf", read_docx),
        (b"<!DOCTYPE html><p>x", "misnamed.txt", read_html),
        (b"\n <!-- saved --> <html lang=en>", "x", read_html),
        (b"text", "notes/A.TXT", read_plain),
        (b"# text", "a.md", read_markdown),
        (b"<p>fragment", "https://example.org/a.html?x=1.pdf", read_html),
        (b"text", "text/plain; charset=utf-8", read_plain),
        (b"text", "text/markdown", read_markdown),
    ],
)
def test_content_decides_before_the_name(data: bytes, name: str, reader: object) -> None:
    assert reader_for(data, name) is reader


@pytest.mark.parametrize(
    ("data", "name", "reason"),
    [
        (b"", "x.txt", "^is empty$"),
        (b" \n\x00", "x.pdf", "^is empty$"),
        (b"a,b", "x.csv", r"unknown kind '.csv'; known kinds: .docx, .htm"),
        (b"text", "x.pdf", "is damaged: it is named PDF"),
        (b"text", "x.docx", "is damaged: it is named DOCX"),
        (b"\x89PNG\r\n\x1a\n", "x.txt", "picture"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 Word", "x.doc", "old Office document"),
        (
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"),
            "x.docx",
            "needs a password",
        ),
        (bytes(range(256)) * 40, "x.txt", "binary data"),
        (b"---\ntitle: x\n---\n", "x.md", "has no text"),
        (b"<!doctype html><title>x</title>", "x.html", "has no text"),
    ],
)
def test_unreadable_files_say_why(data: bytes, name: str, reason: str) -> None:
    with pytest.raises(ReadError, match=reason):
        read_bytes(data, name)


def test_plain_text_has_headings_items_and_an_address() -> None:
    text = (
        "https://example.org/a\nLocal councils\n\nThe council meets every month in the town."
        "\n\nWho takes part\n\n  1. The municipality\n  • The police\n\n"
        "It is open to the public.\n"
    )
    raw = read_plain(text.encode(), "a.txt")
    assert raw.metadata == {"url": "https://example.org/a"}
    assert kinds(raw) == [
        ("heading", "Local councils"),
        ("paragraph", "The council meets every month in the town."),
        ("heading", "Who takes part"),
        ("list_item", "1. The municipality"),
        ("list_item", "The police"),
        ("paragraph", "It is open to the public."),
    ]


def test_hard_wrapped_lines_are_joined() -> None:
    wrapped = "\n".join(["The council meets every month and writes down what it decides"] * 8)
    assert len(kinds(read_plain(f"{wrapped}\n\nEnd.".encode(), "a.txt"))) == 2


@pytest.mark.parametrize(
    ("encoding", "noted"),
    [("utf-8", False), ("utf-8-sig", False), ("utf-16", True), ("cp1256", True)],
)
def test_encodings_are_found(encoding: str, noted: bool) -> None:
    text = "تعمل المدن القوية على الوقاية من الكراهية والتطرف والاستقطاب في كل مكان. " * 5
    raw = read_plain(text.encode(encoding), "a.txt")
    assert kinds(raw)[0][1] == text.strip()
    assert bool(raw.notes) is noted


def test_markdown_blocks_and_front_matter() -> None:
    text = (
        "---\ntitle: A brief\ndate: 2024-12-21\ncities: [Cape Town]\n---\n"
        "# Title\n\nA *marked* [word](https://x.y)\nnext line.\n\n- one\n- two\n\n"
        "| a | b |\n|---|---|\n| 1 | 2 |\n\n> quoted\n\n<!-- hidden --><p hidden>secret</p>\n"
    )
    raw = read_markdown(text.encode(), "a.md")
    assert raw.metadata == {"title": "A brief", "date": "2024-12-21", "cities": ["Cape Town"]}
    assert kinds(raw) == [
        ("heading", "Title"),
        ("paragraph", "A marked word next line."),
        ("list_item", "one"),
        ("list_item", "two"),
        ("table_header", "a | b"),
        ("table_row", "1 | 2"),
        ("paragraph", "quoted"),
    ]


@pytest.mark.parametrize(
    "front",
    ["title: [unclosed", "- a\n- b", "a: &x [1]\nb: *x", "!!python/object/apply:os.getcwd []"],
)
def test_front_matter_that_is_not_understood_stays_in_the_text(front: str) -> None:
    metadata, body, notes = split_front_matter(f"---\n{front}\n---\nBody.\n")
    assert metadata == {} and front in body and "Body." in body and len(notes) == 1


def test_rule_at_the_top_is_no_front_matter() -> None:
    assert split_front_matter("---\n\nBody.\n") == ({}, "---\n\nBody.\n", ())


def test_blocks_hold_no_line_breaks_and_no_lone_surrogates() -> None:
    raw = read_bytes("a\u2028b\x0bc\n".encode(), "a.txt")
    assert all("\n" not in text and text.isprintable() for _, text in kinds(raw))
