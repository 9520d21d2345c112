"""Pages that are pictures: read by OCR where it is installed, counted where it is not, and read
again when that changes. What needs Tesseract itself is skipped where it is missing."""

from __future__ import annotations

import io
import shutil

import pytest
from PIL import Image

from ingest.catalog import Catalog
from ingest.ocr import Scanned, paragraphs, tesseract
from ingest.pdf import PICTURES
from ingest.read import read_bytes
from ingest.report import Options
from ingest.sandbox import Limits, SandboxPool
from ingest.scan import Scans, mark_of, unmarked
from ingest.tables import Absent
from ingest.types import Block
from ingest.walk import ingest
from rag.assistant import Assistant
from rag.embed import HashEmbedder
from rag.errors import ConfigurationError, ReadError
from rag.index.generation import open_current
from rag.types import Answer
from rag.wording import attribution
from tests.pdf_maker import Print, make_pdf
from tests.scan_maker import scan

ENGLISH = [
    "The council of Aarhus adopted its local prevention plan",
    "in March 2024. It names 14 youth centres and two mentors",
    "for each of them, and is reviewed every spring.",
]
ARABIC = [
    "في شهر مارس وتضم الخطة مراكز للشباب",
    "والمدارس ويراجعها المجلس كل ربيع",
    "مع الشرطة والمدارس وسكان المدينة",
]
installed = pytest.mark.skipif(
    shutil.which("tesseract") is None, reason="Tesseract is not installed"
)


class Pretended:
    """Passes the contract of `Ocr` without a program: any picture says the same."""

    def __init__(self, name="pretended 1", text="A picture of the plan of Bern for its schools."):
        self.id, self._text, self.seen = name, text, 0

    def read(self, picture):
        image = Image.open(io.BytesIO(picture))
        assert image.format == "PNG" and image.mode == "L"
        assert 500 < image.width < 6000
        self.seen += 1
        if not self._text:
            raise ReadError("could not be read by a pretended OCR")
        return Scanned((Block("paragraph", self._text),), 91.0)


def blank_scan(pages=1):
    """Pictures without letters of ours: enough where OCR is pretended."""
    pictures = [Image.effect_noise((600, 800), 40) for _ in range(pages)]
    packed = io.BytesIO()
    pictures[0].save(packed, "PDF", resolution=72, save_all=True, append_images=pictures[1:])
    return packed.getvalue()


def mixed():
    """A page of text, and then a picture."""
    import pypdf

    writer = pypdf.PdfWriter()
    text = make_pdf([[Print("Cover of the report of Oslo, with its title.", 700)]])
    for data in (text, blank_scan()):
        writer.append(io.BytesIO(data))
    packed = io.BytesIO()
    writer.write(packed)
    return packed.getvalue()


@pytest.fixture
def run(tmp_path):
    docs = tmp_path / "docs"
    docs.mkdir()

    def once(ocr=None, dry_run=False, **files):
        for name, data in files.items():
            (docs / f"{name}.pdf").write_bytes(data)
        options = Options(ocr=ocr, workers=1, dry_run=dry_run)
        return ingest([str(docs)], tmp_path / "data", HashEmbedder(), options)

    return once


def stored(tmp_path):
    with Catalog(tmp_path / "data", read_only=True) as catalog:
        return {document.id: document for document, _ in catalog.documents()}


def test_pictures_are_told_from_blank_pages():
    raw = read_bytes(mixed(), "x.pdf")
    assert raw.metadata[PICTURES] == [2]
    assert [bool(page.blocks) for page in raw.pages] == [True, False]
    with pytest.raises(ReadError, match="has no text"):
        read_bytes(make_pdf([[]]), "blank.pdf")


def test_without_ocr_the_ledger_says_how_many_pictures_and_what_to_install(run, tmp_path):
    report = run(whole=blank_scan(3), part=mixed())
    assert report.created == ("part.pdf",)
    ((name, reason),) = report.failed
    assert name == "whole.pdf"
    assert "3 of 3 pages are pictures without text" in reason
    assert "apt-get install tesseract-ocr" in reason and "run again" in reason
    with Catalog(tmp_path / "data", read_only=True) as catalog:
        notes = {row.document: " ".join(row.notes) for row in catalog.ledger()}
    assert "1 of 2 pages are pictures without text" in notes["part.pdf"]
    assert "apt-get install" in notes["part.pdf"]
    assert stored(tmp_path)["part.pdf"].scanned_pages == 0


def test_with_ocr_pictures_have_text_and_say_so(run, tmp_path):
    report = run(Pretended(), whole=blank_scan(2), part=mixed())
    assert report.created == ("part.pdf", "whole.pdf")
    assert report.failed == ()
    found = stored(tmp_path)
    assert [page.number for page in found["part.pdf"].pages] == [1, 2]
    assert "Cover of the report" in found["part.pdf"].pages[0].text
    assert "plan of Bern" in found["part.pdf"].pages[1].text
    assert (found["part.pdf"].scanned_pages, found["whole.pdf"].scanned_pages) == (1, 2)
    assert "read from a scan by a machine" in attribution(found["whole.pdf"], "en")
    notes = dict(report.notes)
    assert "2 of 2 pages are pictures without text" in notes["whole.pdf"]
    assert "2 read by OCR (pretended 1; confidence 91 of 100)" in notes["whole.pdf"]
    reply = Assistant(open_current(tmp_path / "data"), HashEmbedder()).answer("plan of Bern").reply
    assert isinstance(reply, Answer)
    assert "plan of Bern" in reply.evidence[0].quote.text


def test_documents_with_pictures_are_read_again_when_the_ocr_is_another(run, tmp_path):
    text = make_pdf([[Print("A report of Oslo without a picture.", 700)]])
    run(part=mixed(), plain=text, whole=blank_scan())
    assert run().skipped == ("part.pdf", "plain.pdf")
    first = Pretended()
    assert run(first, dry_run=True).updated == ("part.pdf",)
    report = run(first)
    assert (report.created, report.updated, report.skipped) == (
        ("whole.pdf",), ("part.pdf",), ("plain.pdf",),
    )  # fmt: skip
    assert first.seen == 2
    assert run(first).skipped == ("part.pdf", "plain.pdf", "whole.pdf")
    assert run(first, dry_run=True).skipped == ("part.pdf", "plain.pdf", "whole.pdf")
    assert first.seen == 2
    better = run(Pretended("pretended 2", "Better: a plan of Bern for its schools."))
    assert better.updated == ("part.pdf", "whole.pdf")
    assert "Better" in stored(tmp_path)["whole.pdf"].pages[0].text


def test_a_picture_that_cannot_be_read_costs_its_page_alone(run):
    report = run(Pretended(text=""), whole=blank_scan(), part=mixed())
    assert report.created == ("part.pdf",)
    said = [note for name, note in report.notes if name == "part.pdf"]
    assert any("page 2 could not be read by a pretended OCR" in note for note in said)
    assert "has no text" in dict(report.failed)["whole.pdf"]


def test_digests_name_the_ocr_of_documents_with_pictures_alone():
    raw, ocr, tables = read_bytes(mixed(), "x.pdf"), Pretended(), Absent()

    def kept(before, after, name="x.pdf"):
        """What a digest marked under (ocr, tables) is worth under others."""
        scans = Scans.of(before[0], 1, Limits(), before[1])
        return unmarked("abc" + mark_of(name, raw, scans), name, *after)

    for state in ((ocr, None), (None, None), (ocr, tables), (None, tables)):
        assert kept(state, state) == "abc"
    assert kept((None, None), (ocr, None)) == ""
    assert kept((ocr, None), (ocr, tables)) == ""
    assert kept((ocr, tables), (ocr, None)) == ""
    assert kept((ocr, None), (ocr, tables), "x.docx") == "abc"
    assert unmarked("abc", "x.pdf", ocr, None) == "abc"
    assert unmarked("abc", "x.pdf", ocr, tables) == ""


def test_a_table_of_words_becomes_paragraphs():
    head = "level page block par line word left top width height conf text".replace(" ", "\t")
    rows = [
        ("1", "1", "1", "96", "pre-"), ("1", "1", "2", "90", "vention"),
        ("1", "1", "2", "90", "2024"), ("2", "1", "1", "20", "§§"),
        ("3", "1", "1", "15", "noise"), ("1", "2", "1", "nan?", "x"),
    ]  # fmt: skip
    lines = [f"5\t1\t{b}\t{p}\t{n}\t1\t0\t0\t9\t9\t{conf}\t{word}" for b, p, n, conf, word in rows]
    found = paragraphs("\n".join([head, *lines, "4\t1\t9", "rubbish"]))
    assert [block.text for block in found.blocks] == ["prevention 2024"]
    assert 90 <= found.confidence <= 96
    assert paragraphs("").blocks == ()


def test_a_language_that_is_not_installed_is_named(tmp_path):
    fake = tmp_path / "tesseract"
    fake.write_text(
        '#!/bin/sh\n[ "$1" = --list-langs ] && printf "List:\\neng\\nosd\\nara\\n" && exit\n'
        'echo "tesseract 9.9"\n'
    )
    fake.chmod(0o755)
    assert tesseract("", lambda name: str(fake)).id == "tesseract 9.9, eng+ara"
    assert tesseract("ara", lambda name: str(fake)).id == "tesseract 9.9, ara"
    with pytest.raises(ConfigurationError, match=r"deu.*it has eng, osd, ara.*tesseract-ocr-deu"):
        tesseract("eng+deu", lambda name: str(fake))
    assert tesseract("", lambda name: None) is None


def test_a_program_that_does_not_end_is_a_reason(tmp_path, monkeypatch):
    monkeypatch.setattr("ingest.ocr.PAGE_S", 1)
    fake = tmp_path / "tesseract"
    fake.write_text(
        '#!/bin/sh\ncase "$1" in --list-langs) printf "List:\\neng\\n";; --version) echo t 1;; '
        "*) exec sleep 60;; esac\n"
    )
    fake.chmod(0o755)
    with pytest.raises(ReadError, match="longer than 1 s"):
        tesseract("", lambda name: str(fake)).read(b"")


@installed
def test_a_scan_in_english_and_arabic_is_read(run, tmp_path):
    ocr = tesseract()
    if "ara" not in ocr.id or "eng" not in ocr.id:
        pytest.skip(f"Tesseract lacks English or Arabic: {ocr.id}")
    report = run(ocr, english=scan(("en", ENGLISH)), both=scan(("en", ENGLISH), ("ar", ARABIC)))
    assert report.created == ("both.pdf", "english.pdf")
    found = stored(tmp_path)
    text = " ".join(found["english.pdf"].pages[0].text.split())
    assert "It names 14 youth centres and two mentors" in text
    assert found["english.pdf"].language == "en"
    arabic = found["both.pdf"].pages[1].text
    right = [word for line in ARABIC for word in line.split() if word in arabic]
    assert len(right) > 0.7 * sum(len(line.split()) for line in ARABIC), arabic
    generation = open_current(tmp_path / "data")
    reply = (
        Assistant(generation, HashEmbedder()).answer("What did Aarhus adopt in March 2024?").reply
    )
    assert isinstance(reply, Answer)
    assert "adopted its local prevention plan" in reply.evidence[0].quote.text


@installed
def test_rubbish_is_a_reason():
    with pytest.raises(ReadError, match="Tesseract"):
        tesseract().read(b"no picture")


@installed
def test_a_page_without_letters_has_no_text():
    packed = io.BytesIO()
    Image.new("L", (1200, 1600), 255).save(packed, "PDF", resolution=150)
    data = packed.getvalue()
    with SandboxPool(1) as pool, Scans.of(tesseract(), 1, Limits()) as scans:
        raw = pool.read(data, "x.pdf")
        with pytest.raises(ReadError, match="its one page is a picture without text, in which OCR"):
            scans.completed(raw, data)
