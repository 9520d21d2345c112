"""Cleaning: what goes, what stays, and the map back to the raw text."""

from __future__ import annotations

import unicodedata
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.clean import ADDRESS_HIDDEN, clean, raw_text
from ingest.normalise import normalise
from ingest.read import read_bytes
from ingest.types import Block, CleanDocument, RawDocument, RawPage

SHARED = Path(__file__).resolve().parents[2] / "shared"
REAL = SHARED / "real"
needs_shared = pytest.mark.skipif(not REAL.exists(), reason="the reference folder is not here")


def cleaned(*texts: str, reader: str = "plain") -> CleanDocument:
    blocks = tuple(
        Block("list_item", text[2:]) if text.startswith("- ") else Block("paragraph", text)
        for text in texts
    )
    return clean(RawDocument((RawPage(1, blocks),), reader=reader))


def kept(document: CleanDocument) -> list[str]:
    return [page.text[a:b] for page in document.pages for _, _, a, b in page.blocks]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (
            "arrow-circle arrow-down-basicarrow-down arrow-left-small closefacebooklinkedinsearch "
            "twittervideo-icon",
            "icon-font line",
        ),
        ("menu search close", "icon-font line"),
        ("— 9 minutes reading time", "reading time"),
        ("5 min read", "reading time"),
        ("— 0 دقائق وقت القراءة", "reading time"),
        ("— 18 minutes temps de lecture", "reading time"),
        ("— 12 minutos tiempo de lectura", "reading time"),
        ("1 2 3 4 5 6", "pager"),
        ("١ ٢ ٣ ٤ ٥ ٦ ٧ ٨ ٩< ١0", "pager"),
        ("Share:", "label without content"),
        ("سهم:", "label without content"),
        ("Partager :", "label without content"),
        ("Comparte:", "label without content"),
        ("Share on facebook", "share buttons"),
        ("Leave a Reply", "comment form"),
        ("Skip to main content", "navigation"),
        ("الأخبار و الأحداث", "navigation"),
        ("ابق على اطلاع بأحدث الأخبار والمقالات وتقارير الأحداث", "newsletter"),
        ("Read the Report", "call to action"),
        ("V4.1 General Access Control ........................ 31", "line of a table of contents"),
        ("0", "number on its own"),
        ("\u200b\u200b", "hidden characters: zero width"),
    ],
)
def test_chrome_goes_with_its_reason(line: str, reason: str) -> None:
    document = cleaned("A paragraph of the report.", line, "Another paragraph of the report.")
    assert len(kept(document)) == 2
    assert [(removal.text, removal.reason) for removal in document.removals] == [(line, reason)]


@pytest.mark.parametrize(
    "line",
    [
        "The Summit was made possible by the generous support of the European Union.",
        "The views expressed do not necessarily reflect those of all members.",
        "Share of votes by city",
        "Search and rescue",
        "Home care for the elderly",
        "In 2024 10 cities of 40 took part.",
        "The session brought out four points",
        "They met on 21/12/2024.",
        "Wait... what?",
    ],
)
def test_sponsors_disclaimers_and_sentences_stay(line: str) -> None:
    assert kept(cleaned(line, "A paragraph of the report.")) == [line, "A paragraph of the report."]


def test_chrome_words_may_be_headings_of_a_document() -> None:
    assert kept(cleaned("Email", "Write to us.", reader="markdown-it")) == ["Email", "Write to us."]


@pytest.mark.parametrize(
    ("lines", "dates"),
    [
        (["Publication Date:", "21/12/2024"], (("published", "2024-12-21"),)),
        (["آخر تحديث:", "٢٧/١١/٢٠٢٤"], (("updated", "2024-11-27"),)),
        (["Dernière mise à jour :", "01/04/2025"], (("updated", "2025-04-01"),)),
        (["Fecha de publicación: 13/09/2023"], (("published", "2023-09-13"),)),
        (["Sidan senast uppdaterad: 2019-07-11"], (("updated", "2019-07-11"),)),
        (["Published on 21 December 2024"], (("published", "2024-12-21"),)),
    ],
)
def test_labelled_dates_become_metadata(
    lines: list[str], dates: tuple[tuple[str, str], ...]
) -> None:
    document = cleaned(*lines, "A paragraph of the report.")
    assert document.labelled_dates == dates
    assert kept(document) == ["A paragraph of the report."]


def test_label_without_a_date_takes_no_text_with_it() -> None:
    document = cleaned("Publication Date:", "Content Type:", "A paragraph.")
    assert document.labelled_dates == () and kept(document) == ["A paragraph."]


def test_announced_list_that_is_lost_is_recorded() -> None:
    document = cleaned(
        "Text.",
        "See the new policy brief on this topic:",
        "Other resources are:",
        "Further reading:",
        "The Summit was made possible by support of the EU.",
    )
    assert document.has_lost_links
    assert kept(document) == ["Text.", "The Summit was made possible by support of the EU."]


def test_announced_list_that_is_there_stays() -> None:
    document = cleaned("Further reading:", "- A toolkit for cities", "The tasks are:", "- One task")
    assert not document.has_lost_links and len(kept(document)) == 4


def test_featured_speakers_without_a_list_are_dropped() -> None:
    assert kept(cleaned("Featured Speakers", "The session began.")) == ["The session began."]
    assert len(kept(cleaned("Featured Speakers", "- Ms A", "- Mr B"))) == 3


def test_translation_plugin_sets_the_flag() -> None:
    document = cleaned("Text.", "تمت ترجمة محتوى هذا الموقع تلقائيًا باستخدام WPML .")
    assert document.machine_translated and kept(document) == ["Text."]


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("Write to [email\u00a0protected].", f"Write to {ADDRESS_HIDDEN}."),
        ("our team ([email protected]).", f"our team {ADDRESS_HIDDEN}."),
    ],
)
def test_hidden_address_is_said_in_words(raw: str, text: str) -> None:
    document = cleaned(raw)
    assert kept(document) == [text]
    assert len(document.pages[0].offsets) == len(text)


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("a\u00a0 b\t\tc", "a b c"),
        ("soft\u00adhyphen", "softhyphen"),
        ("\u202eabc\u202c \u200bdef", "abc def"),
        ("می\u200cخواهم \u200c ", "می\u200cخواهم"),
        ("tag\U000e0041\U000e0042s", "tags"),
        ("variation\ufe0f", "variation"),
        ("ﬁnance ﻻ ﷲ", "finance لا الله"),
        ("cafe\u0301", "café"),
        ("١٢٣ ② x²", "١٢٣ ② x²"),
        ("a\u0000b\ufeff", "ab"),
    ],
)
def test_characters(raw: str, text: str) -> None:
    assert normalise(raw)[0] == text


@pytest.mark.parametrize(
    "text",
    [
        " \u200b" * 200_000,
        "." * 300_000,
        ". " * 200_000,
        "a\u0315\u0300" + "\u0315\u0300" * 100_000,
        "\u200b" * 300_000,
    ],
)
def test_a_long_hostile_text_is_cleaned_to_its_end(text: str) -> None:
    before, after = (f"The council of city {n} meets every month in public." for n in (1, 2))
    pages = kept(cleaned(before, text, after))
    assert pages[0] == before
    assert pages[-1] == after


TRICKY = "aé ا\u064bلإ\u00a0\u200b\u200c\u00ad\u0301\u202eﬁﻻﷺ\u3000\u2028\u1100\u1161각"
TEXTS = st.text(st.one_of(st.characters(exclude_categories=("Cs",)), st.sampled_from(TRICKY)))


@given(TEXTS)
def test_every_kept_character_knows_where_it_came_from(raw: str) -> None:
    text, offsets = normalise(raw)
    assert len(text) == len(offsets)
    assert all(a <= b for a, b in pairwise(offsets))
    assert text == text.strip(" ") and "  " not in text and "\n" not in text
    for char, offset in zip(text, offsets, strict=True):
        # the cluster that begins at the offset, decomposed as far as can be, holds the character
        end = offset + 1
        while end < len(raw) and (
            unicodedata.category(raw[end])[0] == "M"
            or "\u1160" <= raw[end] <= "\u11ff"
            or unicodedata.category(raw[end]) in ("Cf", "Cc", "Cn")
        ):
            end += 1
        source = unicodedata.normalize("NFKD", raw[offset:end])
        assert char == " " or all(part in source for part in unicodedata.normalize("NFKD", char))


@given(st.lists(TEXTS, max_size=6))
def test_offsets_of_a_page_point_into_its_raw_text(texts: list[str]) -> None:
    blocks = tuple(Block("paragraph", text.replace("\n", " ")) for text in texts)
    (page,) = clean(RawDocument((RawPage(1, blocks),))).pages
    raw = raw_text(blocks)
    assert len(page.offsets) == len(page.text)
    assert all(a <= b for a, b in pairwise(page.offsets))
    assert all(0 <= offset < len(raw) for offset in page.offsets)
    assert "\n".join(page.text[a:b] for _, _, a, b in page.blocks) == page.text
    for char, offset in zip(page.text, page.offsets, strict=True):
        if char.isascii() and char.isalnum() and raw[offset].isascii():
            assert raw[offset] == char


@needs_shared
def test_session_report_comes_out_clean() -> None:
    path = REAL / "session_report_ar.txt"
    document = clean(read_bytes(path.read_bytes(), path.name))
    paragraphs = [line for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    stay = [2, 4, 5, *range(7, 18), 21, 22, 23]
    starts = [normalise(paragraphs[number - 1])[0][:60] for number in stay]
    assert [text[:60] for text in kept(document)] == starts
    gone = {number: paragraphs[number - 1] for number in range(1, 27) if number not in stay}
    reasons = {removal.text: removal.reason for removal in document.removals}
    assert {
        number: reasons[normalise(text)[0] if text not in reasons else text]
        for number, text in gone.items()
    } == {
        1: "icon-font line",
        3: "reading time",
        6: "heading of a lost list",
        18: "lost link",
        19: "lost link",
        20: "lost link",
        24: "navigation",
        25: "newsletter",
        26: "translation plug-in notice",
    }
    assert document.machine_translated and document.has_lost_links
    assert ADDRESS_HIDDEN in document.pages[0].text


@needs_shared
def test_no_page_of_the_network_keeps_its_chrome() -> None:
    chrome = (
        "arrow-",
        "reading time",
        "lecture",
        "lectura",
        "وقت القراءة",
        "Share",
        "Leave a Reply",
        "Publication Date",
        "تاريخ النشر",
        "protected]",
        "self-contained unit",
    )
    for path in sorted((REAL / "pages").glob("*.txt")):
        document = clean(read_bytes(path.read_bytes(), path.name))
        text = document.pages[0].text
        assert len(text) > 150, path.name
        assert not [word for word in chrome if word in text], path.name


@pytest.mark.parametrize(
    ("hidden", "kind"),
    [
        ("\U000e0073\U000e0061\U000e0079", "unicode tag"),
        ("\u202e", "direction override"),
        ("\u200b", "zero width"),
        ("\ufe01", "variation selector"),
        ("\ue001", "private use"),
        ("\u00ad", "soft hyphen"),
        ("\ufff9", "annotation"),
        ("\u0007", "control"),
    ],
)
def test_hidden_characters_go_and_their_kind_is_in_the_account(hidden: str, kind: str) -> None:
    document = cleaned(f"The may{hidden}or spoke of the plan.", "Nothing is hidden here.")
    assert kept(document) == ["The mayor spoke of the plan.", "Nothing is hidden here."]
    assert [removal.reason for removal in document.removals] == [f"hidden characters: {kind}"]
    assert document.pages[0].offsets[7] == 7 + len(hidden)
