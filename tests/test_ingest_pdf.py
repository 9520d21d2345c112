"""PDF: structure, repair, and the choice between the two readers."""

from __future__ import annotations

import collections
import re
import unicodedata
from io import BytesIO
from itertools import pairwise
from pathlib import Path

import pytest

from ingest.clean import clean
from ingest.pdf import clearly_better, read_pdf
from ingest.pdf_bidi import LOST
from ingest.pdf_lines import Line, pages_to_blocks
from ingest.pdf_quality import damage, letters_for_forms, repair, restore_shifted_letters
from ingest.pdf_reading import Reading
from ingest.read import read_bytes
from ingest.types import RawDocument
from rag.errors import ReadError
from tests.pdf_maker import Print, make_pdf

SHARED = Path(__file__).resolve().parents[2] / "shared"
PDFS = SHARED / "pdf"
ASVS = PDFS / "owasp-asvs"
needs_shared = pytest.mark.skipif(not ASVS.exists(), reason="the reference folder is not here")

BODY = [
    "The council meets every month and its sessions are open to the",
    "public. It brings the municipality, the police and the residents",
    "to one table.",
]
TITLES = ["Local Prevention Councils", "Trust", "Money", "People", "Results"]
PARTIES = ["police", "schools", "clinics", "clubs", "residents"]


def report(pages: int = 1) -> bytes:
    content = []
    for number in range(1, pages + 1):
        lines = [Print("Annual report 2024", 800, size=9)]
        lines += [Print(TITLES[number - 1], 740, size=18, bold=True)]
        lines += [Print(text, 700 - 14 * index) for index, text in enumerate(BODY)]
        lines += [Print("Who sits on the council", 640, bold=True)]
        lines += [
            Print("The mayor chairs it, and each session has a clerk who writes the", 622),
            Print(f"minutes of session {'abcde'[number - 1]}.", 608),
        ]
        lines += [Print("1. the municipality", 580), Print(f"2. the {PARTIES[number - 1]}", 566)]
        lines += [Print(str(number), 40, x=290, size=9)]
        content.append(lines)
    return make_pdf(content, "/Title (A report) /CreationDate (D:20241221100000Z)")


def kinds(raw: RawDocument) -> list[tuple[str, int, str]]:
    return [(block.kind, block.level, block.text) for block in raw.pages[0].blocks]


def test_headings_paragraphs_and_items_are_told_apart() -> None:
    assert kinds(read_pdf(report(), "x.pdf")) == [
        ("paragraph", 0, "Annual report 2024"),
        ("heading", 1, "Local Prevention Councils"),
        ("paragraph", 0, " ".join(BODY)),
        ("heading", 2, "Who sits on the council"),
        (
            "paragraph",
            0,
            "The mayor chairs it, and each session has a clerk who writes the "
            "minutes of session a.",
        ),
        ("list_item", 0, "1. the municipality"),
        ("list_item", 0, "2. the police"),
        ("paragraph", 0, "1"),
    ]


def test_properties_reader_and_pages() -> None:
    raw = read_pdf(report(2), "x.pdf")
    assert raw.reader == "pypdfium2" and raw.notes == ()
    assert raw.metadata == {"title": "A report", "created": "2024-12-21"}
    assert [page.number for page in raw.pages] == [1, 2]


def test_running_heads_and_page_numbers_are_cleaned_away() -> None:
    document = clean(read_pdf(report(5), "x.pdf"))
    assert {removal.text for removal in document.removals} == {
        "Annual report 2024",
        "1",
        "2",
        "3",
        "4",
        "5",
    }
    assert [page.text.split("\n")[0] for page in document.pages] == TITLES


def test_page_labels_are_kept() -> None:
    import pypdf

    writer = pypdf.PdfWriter(BytesIO(report(3)))
    writer.set_page_label(0, 1, style="/r")
    writer.set_page_label(2, 2, style="/D")
    data = BytesIO()
    writer.write(data)
    raw = read_pdf(data.getvalue(), "x.pdf")
    assert [page.label for page in raw.pages] == ["i", "ii", "1"]


def test_bookmarks_make_headings() -> None:
    import pypdf

    writer = pypdf.PdfWriter(
        BytesIO(
            make_pdf(
                [
                    [
                        Print("Trust comes first", 700),
                        *(Print(text, 680 - 14 * index) for index, text in enumerate(BODY)),
                    ]
                ]
            )
        )
    )
    writer.add_outline_item(title="Trust comes first", page_number=0)
    data = BytesIO()
    writer.write(data)
    assert kinds(read_pdf(data.getvalue(), "x.pdf"))[0] == ("heading", 1, "Trust comes first")


@pytest.mark.parametrize(("password", "readable"), [("", True), ("secret", False)])
def test_encrypted_file_is_read_with_the_empty_password_only(password: str, readable: bool) -> None:
    import pypdf

    writer = pypdf.PdfWriter(BytesIO(report()))
    writer.encrypt(password, "owner", algorithm="AES-256")
    data = BytesIO()
    writer.write(data)
    if readable:
        assert read_bytes(data.getvalue(), "x.pdf").pages[0].blocks
    else:
        with pytest.raises(ReadError, match=r"^needs a password$"):
            read_bytes(data.getvalue(), "x.pdf")


def test_scan_asks_for_ocr() -> None:
    with pytest.raises(ReadError, match="OCR"):
        read_bytes(make_pdf([[]]), "scan.pdf")


@pytest.mark.parametrize("data", [b"%PDF-1.7\n", b"%PDF-1.7 rubbish" * 50, report()[:400]])
def test_broken_file_is_a_sentence(data: bytes) -> None:
    with pytest.raises(ReadError, match=r"is damaged|has no text"):
        read_bytes(data, "x.pdf")


def lines(*texts: str) -> list[Line]:
    return [Line(text, 10, False, 72, 500, 700 - 12 * index) for index, text in enumerate(texts)]


@pytest.mark.parametrize(
    ("texts", "joined"),
    [
        (("They value co-", "operation. The word cooperation is known."), "value cooperation."),
        (("A national-", "local plan. The national plan. The local plan."), "national-local plan."),
        (("It needs imple-", "mentation soon."), "needs implementation soon."),
        (("The Schwarz-", "Weiss debate is old."), "The Schwarz-Weiss debate"),
        (("It needs imple\u00ad", "mentation soon."), "needs implementation soon."),
        (("One line goes on", "to the next."), "goes on to the next."),
    ],
)
def test_words_cut_at_the_line_end(texts: tuple[str, ...], joined: str) -> None:
    (page,) = pages_to_blocks([lines(*texts)], {})
    assert joined in page[0].text and len(page) == 1


def test_rows_of_figures_are_told_from_sentences_with_years() -> None:
    rows = lines("Austria 8.9 83,879 Vienna", "Denmark 5.8 42,951 Copenhagen")
    (page,) = pages_to_blocks([rows], {})
    assert [block.kind for block in page] == ["table_row", "table_row"]
    (page,) = pages_to_blocks(
        [
            lines(
                "The network held workshops in many cities of the region in the years",
                "2022, 2023, 2024 and 2025, with 40 cities.",
            )
        ],
        {},
    )
    assert [block.kind for block in page] == ["paragraph"]


def test_presentation_forms_become_letters() -> None:
    assert letters_for_forms("ﺍﻟﺴﻼﻡ ﬁnance") == "السلام finance"


def test_arabic_in_visual_order_is_turned_round() -> None:
    line = "القمة العالمية لشبكة المدن القوية 2024 في المدينة"
    assert repair(line) == line
    backwards = "ةنيدملا يف 2024 ةيوقلا ندملا ةكبشل ةيملاعلا ةمقلا"
    assert repair(backwards) == line


def test_arabic_and_latin_words_are_set_apart() -> None:
    assert repair("المشاركين فيASVS عام2008") == "المشاركين في ASVS عام 2008"
    assert repair("كل منMike وJeff") == "كل من Mike وJeff"
    assert repair("صحةالمدخلات") == "صحة المدخلات"


def test_shifted_letters_need_evidence() -> None:
    sound = [["يرجى الرجوع إلى المدينة على الطريق"] * 30]
    assert restore_shifted_letters(sound) == (sound, 0)
    broken = [["ىميع الىهات عل الطريق إل المدينة"] * 30]
    pages, restored = restore_shifted_letters(broken)
    assert pages[0][0] == "جميع الجهات على الطريق إلى المدينة" and restored == 120


def test_letters_printed_but_not_named_come_back_where_the_font_loses_them() -> None:
    gaps = [f"الأدن{LOST} ىميع الىهات عل{LOST} الطريق إل{LOST} المدينة"] * 30
    pages, _ = restore_shifted_letters([gaps])
    assert pages[0][0] == "الأدنى جميع الجهات على الطريق إلى المدينة"
    wide = [[f"المدينة في الطريق{LOST} المدن"]]
    assert restore_shifted_letters(wide) == ([["المدينة في الطريق المدن"]], 0)


def test_damage_ranks_readings() -> None:
    assert damage("The council meets every month.") == 0
    assert damage("المدن القوية في العالم") == 0
    assert damage("اﻟﻌﺮﺑﻴﺔ اﳋﻄﻮط اﻧﻮاع") == 1
    assert damage("األمان في اإلصدار") > damage("الأمان في الإصدار")
    assert damage("\ue012\ue044 \ue0ff\ue012") == 1


@needs_shared
@pytest.mark.parametrize(
    ("path", "reader", "text", "asked"),
    [
        ("sample-files/015-arabic/habibi.pdf", "pypdf", "حَبيبي habibi حَبيبي", True),
        ("sample-files/015-arabic/habibi-oneline-cmap.pdf", "pypdf", "حَبيبي habibi حَبيبي", True),
        ("hostile/ArabicCIDTrueType.pdf", "pypdfium2", "انواع الخطوط العربية", False),
    ],
)
def test_better_reader_is_kept(path: str, reader: str, text: str, asked: bool) -> None:
    raw = read_pdf((PDFS / path).read_bytes(), path)
    assert raw.reader == reader
    assert raw.pages[0].blocks[0].text == text
    assert any(note.startswith(f"kept {reader} over") for note in raw.notes) == asked


GOOD = "عقد المجلس جلساته في المدينة"
BAD = "\ue012\ue044"
FORMS = "ﺔﻨﻳﺪﻤﻟﺍ ﻲﻓ ﻪﺗﺎﺴﻠﺟ ﺲﻠﺠﻤﻟﺍ ﺪﻘﻋ"


@pytest.mark.parametrize(
    ("first", "other", "ordered", "taken"),
    [
        ("\ue012\ue044 \ue0ff", GOOD, True, {0}),  # the first reader found no letters
        (GOOD, FORMS, True, set()),
        ("", GOOD, False, {0}),
        (GOOD, GOOD, True, set()),
        (f"{GOOD} {BAD}", GOOD, True, {0}),
        (f"{GOOD} {GOOD} {GOOD} {BAD}", GOOD, True, set()),  # too close to risk the order
        (f"{GOOD} {GOOD} {GOOD} {BAD}", GOOD, False, {0}),
    ],
)
def test_other_reader_is_taken_where_clearly_better(
    first: str, other: str, ordered: bool, taken: set[int]
) -> None:
    one = Reading({0: [Line(first)]}, 1, ordered={0} if ordered else set())
    assert clearly_better(one, Reading({0: [Line(other)]}, 1)) == taken


@needs_shared
@pytest.mark.parametrize(
    ("language", "words", "bigrams"),
    [("en", 0.99, 0.98), ("fr", 0.99, 0.98), ("es", 0.99, 0.98), ("ar", 0.97, 0.94)],
)
def test_asvs_text_is_found_again(language: str, words: float, bigrams: float) -> None:
    """Share of the Markdown source's words and bigrams that the cleaned PDF has."""
    name = f"OWASP_Application_Security_Verification_Standard_4.0.3-{language}.pdf"
    document = clean(read_pdf((ASVS / name).read_bytes(), name))
    found = _words("\n".join(page.text for page in document.pages))
    source = _words(_markdown(language))
    assert _recall(found, source) >= words
    assert _recall(list(pairwise(found)), list(pairwise(source))) >= bigrams


def _markdown(language: str) -> str:
    text = "\n".join(
        path.read_text(encoding="utf-8")
        for path in sorted((ASVS / "markdown" / language).glob("*.md"))
    )
    return re.sub(r"!\[.*?\]\(.*?\)|\]\(.*?\)|<[^>]+>", " ", text)


def _words(text: str) -> list[str]:
    text = unicodedata.normalize("NFKC", text).lower()
    return re.findall(r"\w+", re.sub("[\u064b-\u065f\u0640\u200b-\u200f\u202a-\u202e]", "", text))


def _recall(found: list, source: list) -> float:
    shared = collections.Counter(found) & collections.Counter(source)
    return shared.total() / len(source)
