"""A note as Word, PDF and Markdown: real footnotes, both directions, and no word becomes markup."""

from __future__ import annotations

import io
import re
import unicodedata
import zipfile
from xml.etree import ElementTree

import mammoth
import pypdf
import pypdfium2
import pytest
from markdown_it import MarkdownIt

from tests.noting import HOSTILE, KENYA, KENYA_AR, UGANDA, kept, note_of, written
from ui.note.docx import docx
from ui.note.markdown import escaped, link_target, markdown
from ui.note.paper import paper_of
from ui.note.pdf import TypesettingError, pdf

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
R = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
HOME = "https://room.example/"


@pytest.fixture(name="paper", scope="module", params=["en", "ar"])
def set_paper(request, assistant):
    """A note of four answers, one of them a model's, in either direction."""
    replies = [kept(assistant, question) for question in (KENYA, KENYA_AR, UGANDA)]
    return paper_of(
        note_of(
            assistant, *replies, written(assistant), language=request.param, home=HOME,
            title="County plans" if request.param == "en" else "خطط المقاطعات",
            introduction="First.\n\nSecond (NLC) 2024.", comment="تعليق (NLC) 2024.",
        )
    )  # fmt: skip


@pytest.fixture(name="hostile", scope="module")
def set_hostile(assistant):
    """A note in which every field of the author's, and a model's sentence, is hostile."""
    reply = written(assistant, HOSTILE)
    reply["question"] = reply["mode"] = HOSTILE[:190]
    return paper_of(
        note_of(
            assistant, reply, kept(assistant, KENYA), title=HOSTILE[:190],
            introduction=f"{HOSTILE}\n\n- {HOSTILE}\n1. x\n# y\n\n    code", comment=HOSTILE,
        )
    )  # fmt: skip


def opened(file: bytes) -> dict[str, ElementTree.Element]:
    with zipfile.ZipFile(io.BytesIO(file)) as archive:
        assert archive.testzip() is None
        return {name: ElementTree.fromstring(archive.read(name)) for name in archive.namelist()}


def words_of(element: ElementTree.Element) -> str:
    return "".join(part.text or "" for part in element.iter(f"{W}t"))


# Word


def test_every_footnote_of_the_word_file_is_referred_to_once_and_in_order(paper):
    parts = opened(docx(paper))
    referred = [
        int(each.get(f"{W}id")) for each in parts["word/document.xml"].iter(f"{W}footnoteReference")
    ]
    defined = [int(each.get(f"{W}id")) for each in parts["word/footnotes.xml"]]
    assert referred == list(range(1, len(paper.footnotes) + 1))
    assert defined == [-1, 0, *referred]


def test_all_parts_of_the_word_file_are_listed_and_related(paper):
    parts = opened(docx(paper))
    types = {each.get("PartName") for each in parts["[Content_Types].xml"]}
    for name in parts:
        assert name.endswith(".rels") or name == "[Content_Types].xml" or f"/{name}" in types
    for part, relations in (
        ("word/document.xml", "word/_rels/document.xml.rels"),
        ("word/footnotes.xml", "word/_rels/footnotes.xml.rels"),
    ):
        known = {each.get("Id") for each in parts[relations]}
        used = {v for e in parts[part].iter() for k, v in e.attrib.items() if k == f"{R}id"}
        assert used <= known
    styles = {each.get(f"{W}styleId") for each in parts["word/styles.xml"].iter(f"{W}style")}
    for part in ("word/document.xml", "word/footnotes.xml", "word/footer1.xml"):
        for kind in ("pStyle", "rStyle"):
            assert {each.get(f"{W}val") for each in parts[part].iter(f"{W}{kind}")} <= styles


def test_another_program_reads_the_word_file_with_its_footnotes(paper):
    read = mammoth.convert_to_html(io.BytesIO(docx(paper))).value
    assert read.count('<li id="footnote-') == len(paper.footnotes)
    assert paper.title in read


def test_arabic_paragraphs_and_runs_of_the_word_file_go_from_right_to_left(paper):
    document = opened(docx(paper))["word/document.xml"]
    quotes = [
        paragraph
        for paragraph in document.iter(f"{W}p")
        if paragraph.find(f"{W}pPr/{W}pStyle").get(f"{W}val") == "Quote"
    ]
    arabic = [each for each in quotes if "المقاطعات" in words_of(each)]
    english = [each for each in quotes if "Kenya" in words_of(each)]
    assert arabic and english
    assert all(each.find(f"{W}pPr/{W}bidi") is not None for each in arabic)
    assert all(each.find(f"{W}pPr/{W}bidi") is None for each in english)
    run = arabic[0].find(f"{W}r/{W}rPr")
    assert run.find(f"{W}rtl") is not None
    assert run.find(f"{W}lang").get(f"{W}bidi") == "ar-SA"
    assert english[0].find(f"{W}r/{W}rPr/{W}lang").get(f"{W}val") == "en-GB"
    whole = document.find(f"{W}body/{W}sectPr/{W}bidi")
    assert (whole is not None) == (paper.language == "ar")


def test_the_word_file_knows_its_title_language_and_date(paper):
    core = opened(docx(paper))["docProps/core.xml"]
    told = {each.tag.rpartition("}")[2]: each.text for each in core}
    assert told["title"] == paper.title
    assert told["language"] == ("ar-SA" if paper.language == "ar" else "en-GB")
    assert told["created"].startswith("2026-11-23")


def test_hostile_words_stay_words_in_the_word_file(hostile):
    parts = opened(docx(hostile))
    said = words_of(parts["word/document.xml"])
    assert "<script>window.__pwned=1</script>" in said and "\u202e" not in said
    for relations in ("word/_rels/document.xml.rels", "word/_rels/footnotes.xml.rels"):
        for each in parts[relations]:
            if each.get("TargetMode") == "External":
                assert each.get("Target").startswith(("https://room.example/", "https://sanad."))


def test_the_same_note_is_the_same_word_file(paper):
    assert docx(paper) == docx(paper)


# PDF


def test_the_pdf_holds_the_words_in_both_scripts(paper):
    document = pypdfium2.PdfDocument(pdf(paper))
    read = unicodedata.normalize(
        "NFKC", " ".join(page.get_textpage().get_text_range() for page in document)
    )
    for word in ("Kenya", "Uganda", "المقاطعات", "كينيا", "NLC", "2024"):
        assert word in read
    assert {"Sanad", "sample", "collection"} <= set(read.split())  # pdfium turns their order
    assert document.get_metadata_dict()["Title"] == paper.title


def test_the_pdf_is_tagged_for_screen_readers_and_names_its_language(paper):
    root = pypdf.PdfReader(io.BytesIO(pdf(paper))).trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"] and root["/Lang"] == paper.language
    assert "pdfuaid" in root["/Metadata"].get_data().decode()


def test_links_of_the_pdf_are_those_of_the_footnotes_and_nothing_in_it_runs(hostile):
    reader = pypdf.PdfReader(io.BytesIO(pdf(hostile)))
    assert "/OpenAction" not in reader.trailer["/Root"]
    assert "/JavaScript" not in reader.trailer["/Root"].get("/Names", {})
    addresses = [
        note.get_object()["/A"]["/URI"]
        for page in reader.pages
        for note in page.get("/Annots", [])
        if "/URI" in note.get_object().get("/A", {})
    ]
    assert not any("evil" in address or "javascript" in address for address in addresses)
    read = " ".join(page.extract_text() for page in reader.pages)
    assert "#let x = 1 $x$ `raw` *b* _i_ @ref <lbl>" in " ".join(read.split())


def test_letters_that_our_fonts_lack_do_not_stop_the_pdf(assistant):
    paper = paper_of(note_of(assistant, kept(assistant, KENYA), title="漢字 😀 देवनागरी"))
    assert pdf(paper).startswith(b"%PDF")


def test_setting_that_takes_too_long_ends_and_says_so(paper):
    with pytest.raises(TypesettingError, match="took longer"):
        pdf(paper, wall_s=0.01)


# Markdown


def test_the_markdown_defines_each_footnote_it_refers_to(paper):
    text = markdown(paper).decode()
    referred = re.findall(r"\[\^(\d+)\](?!:)", text)
    defined = re.findall(r"^\[\^(\d+)\]: ", text, re.MULTILINE)
    assert referred == defined == [str(n + 1) for n in range(len(paper.footnotes))]


def test_quotations_stand_apart_in_the_markdown_word_for_word(assistant):
    reply = kept(assistant, KENYA)
    text = markdown(paper_of(note_of(assistant, reply))).decode()
    for citation in reply["citations"]:
        assert f"> “{citation['quote']}”[^{citation['n']}]" in text


def test_no_word_becomes_markup_in_the_markdown(hostile):
    parser = MarkdownIt("gfm-like", {"html": True, "linkify": False})
    tokens = parser.parse(markdown(hostile).decode())
    inline = [child for token in tokens for child in token.children or ()]
    kinds = {token.type for token in (*tokens, *inline)}
    assert not kinds & {"html_block", "html_inline", "image", "fence", "code_block", "code_inline"}
    links = [token.attrs["href"] for token in inline if token.type == "link_open"]
    assert not any("evil" in link or "javascript" in link for link in links)
    headings = [token for token in tokens if token.type == "heading_open"]
    wanted = [block for block in hostile.blocks if block.kind in ("title", "question", "heading")]
    assert len(headings) == len(wanted)
    said = "".join(token.content for token in inline if token.type in ("text", "text_special"))
    assert "<script>window.__pwned=1</script>" in said


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        ("# no heading", r"\# no heading"),
        ("1. no list", r"1\. no list"),
        ("- no list", r"\- no list"),
        ("a\n---\nb", "a  \n\\---  \nb"),
        ("    no code", "no code"),
        ("http://x.example", r"http\://x.example"),
        ("wait!", r"wait\!"),
        ("a\u202eb", "ab"),
        ("", ""),
    ],
)
def test_markdown_is_escaped_where_it_would_mean_something(words, wanted):
    assert escaped(words) == wanted


def test_nothing_ends_the_link_it_stands_in():
    target = link_target("https://x.example/a) <b>\n\"c' ?q=ä")
    assert not set(target) & set('<> \n"()')
