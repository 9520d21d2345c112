"""Harnesses over `ingest`: what documents, websites and archives bring."""

from __future__ import annotations

import io
import json
import zipfile
from contextlib import suppress

from ingest.backup import restore
from ingest.clean import clean
from ingest.dates import find_dates
from ingest.docx import read_docx
from ingest.html import read_html
from ingest.markdown import read_markdown
from ingest.pdf_lines import Line, pages_to_blocks
from ingest.pdf_quality import repair, restore_shifted_letters
from ingest.plain import read_plain
from ingest.read import read_bytes
from ingest.sidecar import parse_sidecar
from ingest.split import split
from ingest.types import Block, RawDocument, RawPage
from ingest.web.outline import outline
from ingest.web.robots import parse_rules
from ingest.web.urls import normal, normal_or_empty, site
from ingest.wire import document_from_json, document_to_json
from rag.errors import ConfigurationError, IndexDamagedError, ReadError
from rag.index.generation import MANIFEST, read_manifest
from rag.types import Page, SourceDocument
from tests.fuzz.harness import Harness, file_of, scratch, text_of

ADDRESS = "https://example.org/a/b"
KINDS = ("paragraph", "heading", "list_item", "table_row", "table_header")
YAML = (
    "---\n", "title: ", "language: ar\n", "date: 2024-01-01\n", "countries: [KE]\n", "- ", ": ",
    "&a ", "*a", "!!bool ", "!!int ", "!!timestamp ", "<<: ", "|\n", "{", "}", "[", "]", "'", '"',
)  # fmt: skip
HTML = (
    "<p>", "</p>", "<table>", "<tr>", "<td>", "<th>", "<h1>", "<li>", "<ul>", "<main>", "<article>",
    "<base href=", "<a href=", '<link rel="canonical" href=', '<meta charset="', "hreflang=", "&#",
    "&nbsp;", "<!--", "-->", "<script>", "<template>", 'style="display:none"', "hidden", "<br>",
)  # fmt: skip


def _is_well_formed(raw: RawDocument) -> None:
    """It crosses the sandbox's pipe as it is."""
    assert document_from_json(document_to_json(raw)).pages == raw.pages
    for page in raw.pages:
        for block in page.blocks:
            assert block.kind in KINDS and block.level >= 0


def markdown(data: bytes) -> None:
    """Front matter and text: blocks, or a reason."""
    with suppress(ReadError):
        _is_well_formed(read_markdown(data, "a.md"))


def html(data: bytes) -> None:
    """A page of the web."""
    with suppress(ReadError):
        _is_well_formed(read_html(data, "a.html"))


def plain(data: bytes) -> None:
    """Plain text of any encoding."""
    with suppress(ReadError):
        _is_well_formed(read_plain(data, "a.txt"))


def any_file(data: bytes) -> None:
    """A file of any kind but PDF, told by its content: no line break stays in a block."""
    if b"%PDF-" in data[:1024]:
        return  # read in the sandbox alone: pdfium is C
    with suppress(ReadError):
        raw = read_bytes(data, "a.txt")
        _is_well_formed(raw)
        texts = [block.text for page in raw.pages for block in page.blocks]
        assert all(text and "\n" not in text for text in texts)
        assert not any("\ud800" <= c <= "\udfff" for text in texts for c in text)


def docx(data: bytes) -> None:
    """A Word document: an archive as it is, or one whose text is what was given."""
    if not data.startswith(b"PK"):
        held = io.BytesIO()
        with zipfile.ZipFile(held, "w") as archive:
            archive.writestr("[Content_Types].xml", TYPES)
            archive.writestr("_rels/.rels", RELATIONS)
            archive.writestr("word/document.xml", data)
        data = held.getvalue()
    with suppress(ReadError):
        _is_well_formed(read_docx(data, "a.docx"))


def sidecar(data: bytes) -> None:
    """A sidecar: values by name, or a reason."""
    with suppress(ReadError):
        assert all(isinstance(key, str) for key in parse_sidecar(data, "a.md"))


def cleaner(data: bytes) -> None:
    """The cleaner: offsets lead back in order, passages are the text between theirs."""
    pages = []
    for number, part in enumerate(data.decode("utf-8", "replace").split("\f")[:4], 1):
        lines = [line for line in part.split("\n") if line]
        blocks = [Block(KINDS[len(line) % len(KINDS)], " ".join(line.split())) for line in lines]
        pages.append(RawPage(number, tuple(block for block in blocks if block.text)))
    readers = ("trafilatura", "pypdf", "")
    raw = RawDocument(tuple(pages), reader=readers[len(data) % len(readers)])
    cleaned = clean(raw)
    for page, before in zip(cleaned.pages, raw.pages, strict=True):
        joined = "\n".join(block.text for block in before.blocks)
        assert len(page.offsets) == len(page.text)
        assert list(page.offsets) == sorted(page.offsets)
        assert all(0 <= offset < len(joined) for offset in page.offsets)
        ends = [0]
        for _, _, start, end in page.blocks:
            assert ends[-1] <= start <= end <= len(page.text)
            assert "\n" not in page.text[start:end]
            ends.append(end)
    source = SourceDocument(
        id="d", work_id="d", title="t", language="en",
        pages=tuple(Page(page.number, page.text) for page in cleaned.pages),
    )  # fmt: skip
    texts = {page.number: page.text for page in cleaned.pages}
    for passage in split(source, cleaned.pages):
        assert texts[passage.page][passage.start : passage.end] == passage.text


def pdf_lines(data: bytes) -> None:
    """Lines of a PDF with their places: blocks of one line, and no letter that was not there."""
    pages = []
    for part in data.decode("utf-8", "replace").split("\f")[:4]:
        lines = []
        for row, line in enumerate(" ".join(one.split()) for one in part.split("\n")):
            code = sum(map(ord, line[:3]))
            place = (float(code % 30), code % 2 == 0, code % 500 - 9.5, code % 700, 800.0 - 9 * row)
            lines += [Line(line, *place)] if line else []
        pages.append(lines)
    restored, _ = restore_shifted_letters([[line.text for line in page] for page in pages])
    assert [len(page) for page in restored] == [len(page) for page in pages]
    for page in pages:
        for line in page:
            repair(line.text)
    blocks = pages_to_blocks(pages, {(0, "x"): 1})
    assert len(blocks) == len(pages)
    for made, page in zip(blocks, pages, strict=True):
        there = {character for line in page for character in line.text}
        for block in made:
            assert block.kind in KINDS
            assert "\n" not in block.text
            assert set(block.text) <= there | set(" |-")  # a cut word keeps its hyphen


def site_answer(data: bytes) -> None:
    """What a website answers: sitemap, feed, list or page."""
    with suppress(ReadError):
        found = outline(data, ADDRESS).metadata
        json.dumps(found)
        links = found.get("links", [])
        assert isinstance(links, list) and all(isinstance(link, str) for link in links)
        for link in links[:50]:
            _is_an_address(normal_or_empty(link, ADDRESS))


def robots(data: bytes) -> None:
    """robots.txt: rules, whatever it holds."""
    rules = parse_rules(data, "Sanad", ADDRESS)
    assert isinstance(rules.allows(ADDRESS), bool)
    assert 0 <= rules.delay <= 30
    for sitemap in rules.sitemaps:
        _is_an_address(normal_or_empty(sitemap, ADDRESS))


def address(data: bytes) -> None:
    """An address as a page writes it: its one spelling, or none."""
    text = text_of(data)
    _is_an_address(normal_or_empty(text))
    _is_an_address(normal_or_empty(text, ADDRESS))


def _is_an_address(url: str) -> None:
    if url:
        assert normal(url) == url, url
        assert url.startswith(("http://", "https://"))
        assert url.isascii() and not set(url) & set(' <>"\\^`{|}\n\t#')
        assert "@" not in url.split("/")[2]
        assert site(url)


def reply_of_child(data: bytes) -> None:
    """What the sandbox's child replies: a document, or a reason."""
    with suppress(ReadError):
        raw = document_from_json(data)
        assert document_from_json(document_to_json(raw)) == raw


def dates(data: bytes) -> None:
    """Dates in a text stand between their offsets, in their order."""
    text = data.decode("utf-8", "replace")
    for language in ("en", "ar", "fr", "es"):
        end = 0
        for found in find_dates(text, language):
            assert end <= found.start < found.end <= len(text)
            end = found.end


def archive(data: bytes) -> None:
    """A backup that is none restores nothing and leaves nothing behind."""
    path, target = file_of("backup.tar", data), scratch() / "restored"
    before = set(scratch().iterdir())
    with suppress(ConfigurationError):
        restore(path, target)
        raise AssertionError("it was restored")
    assert set(scratch().iterdir()) == before


def manifest(data: bytes) -> None:
    """A manifest reads, or is named as damaged."""
    file_of(MANIFEST, data)
    with suppress(IndexDamagedError):
        found = read_manifest(scratch())
        assert all(isinstance(size, int) for size, _ in found.files.values())


TYPES = (
    '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="rels" ContentType='
    '"application/vnd.openxmlformats-package.relationships+xml"/><Override PartName='
    '"/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument.'
    'wordprocessingml.document.main+xml"/></Types>'
)
RELATIONS = (
    '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    '<Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/'
    'relationships/officeDocument" Target="word/document.xml"/></Relationships>'
)
WORD = (
    b'<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body>'
    b'<w:p><w:pPr><w:pStyle w:val="Heading1"/></w:pPr><w:r><w:t>A plan</w:t></w:r></w:p><w:p><w:r>'
    b"<w:rPr><w:vanish/></w:rPr><w:t>Hidden</w:t></w:r></w:p><w:tbl><w:tr><w:tc><w:p><w:r><w:t>Cell"
    b"</w:t></w:r></w:p></w:tc></w:tr></w:tbl></w:body></w:document>"
)
PAGE = (
    b"<!doctype html><html><head><meta charset='utf-8'><title>T</title><link rel='canonical' "
    b"href='/b'></head><body><main><h1>Plan</h1><p>The city of Bern wrote a plan.</p><table><tr>"
    b"<th>Year</th></tr><tr><td>2024</td></tr></table><a href='/c.pdf'>c</a></main></body></html>"
)
PROSE = (
    "Plan of Bern\n\nPublished: 3 March 2024\nThe city wrote a plan.\fPage 2 of 3\n"
    "سلامة المدينة في عام ٢٠٢٤\n- One\n- Two\nhttp://a.b/c\n"
).encode()
SITEMAP = (
    b"<urlset xmlns='http://www.sitemaps.org/schemas/sitemap/0.9'><url><loc>https://example.org/a"
    b"</loc></url></urlset>"
)
FEED = (
    b"<rss version='2.0'><channel><item><link>https://example.org/b</link></item></channel></rss>"
)
REPLY = document_to_json(RawDocument((RawPage(1, (Block("paragraph", "x"),)),), {"title": "t"}))

HARNESSES = {
    "markdown": Harness(markdown, (b"---\ntitle: T\n---\n# A\n\n| a | b |\n|---|---|\n| 1 | 2 |",),
                        (*YAML, "# ", "| ", "|---|", "```", "- ", "1. ", "[x](y)", "<p>")),
    "html": Harness(html, (PAGE,), HTML),
    "plain": Harness(plain, (PROSE, "é à".encode("cp1252"), "سلام".encode("cp1256"))),
    "any_file": Harness(any_file, (PAGE, PROSE, b"# A\n\ntext", b"PK\x03\x04", b"{\\rtf1")),
    "docx": Harness(docx, (WORD,), ("<w:p>", "<w:r>", "<w:t>", "<w:vanish/>", "<w:tbl>", "<w:tc>",
                                    "<w:drawing>", 'r:link="rId1"', "<w:footnoteReference", "</")),
    "sidecar": Harness(sidecar, (b"title: T\ndate: 2024-05-01\ncountries: [KE, UG]\n",), YAML),
    "cleaner": Harness(cleaner, (PROSE,), ("\f", "\n", "Page 3 of 9", "Share", "ﬁ", "ﷺ", "e\u0301",
                                           "\u00ad", "\u200f", "•", "Date: ", "http://a.b", "½")),
    "pdf_lines": Harness(pdf_lines, (PROSE,), ("\f", "\n", "-\n", "\u00ad\n", "1.1 ", "• ", ".....",
                                               "ﻼ", "ﻡ", "الـ", "12 ", "|")),
    "site_answer": Harness(site_answer, (SITEMAP, FEED, PAGE, b"https://example.org/a\n"),
                           (*HTML, "<loc>", "<urlset>", "<item>", "<entry>", "<feed>", "<!")),
    "robots": Harness(robots, (b"User-agent: *\nDisallow: /a*b$\nCrawl-delay: 2\nSitemap: /s\n",),
                      ("User-agent: ", "Disallow: ", "Allow: ", "Crawl-delay: ", "Sitemap: ", "*",
                       "$", "%2F", "nan", "1e999", "Request-rate: 1/5", "Visit-time: ")),
    "address": Harness(address, (b"https://example.org:443/a/../b?utm_source=x&y=1#z", b"//h/%7e"),
                       ("http://", "//", "@", "[::1]", ":80", "..", "%2e", "?", "&", ";jsessionid=",
                        "\u00df", "xn--", "#", "\\", "utm_", "\u3002", "٣")),
    "reply_of_child": Harness(reply_of_child, (REPLY, b'{"error": "is empty"}'),
                              ('"pages"', '"metadata"', '"paragraph"', "[", "]", "null", "1e9")),
    "dates": Harness(dates, ("3 March 2024, 2024-05-01, ٣ مارس ٢٠٢٤, le 1er mai 2023".encode(),)),
    "archive": Harness(archive, (b"backup.json" + b"\0" * 500,), ("ustar", "../", "backup.json")),
    "manifest": Harness(manifest, (b'{"files": {"a": [1, "b"]}, "format": 1}',),
                        ('"files"', '"format"', '"name"', "null", "[", "{")),
}  # fmt: skip
