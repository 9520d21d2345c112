"""Descriptions: what an author says wins, what the text says fills in, nothing crashes."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.describe import describe
from ingest.types import Block, CleanDocument, CleanPage, RawDocument, RawPage
from ingest.works import without_language

SHARED = Path(__file__).resolve().parents[2] / "shared"
SITE = "https://strongcitiesnetwork.org"
ENGLISH = (
    "The Strong Cities Network met in Cape Town (South Africa) on 3 – 5 December 2024 for its "
    "Fifth Global Summit. More than 140 people came, 60 of them mayors and governors. One parallel "
    "session was given to national-local cooperation and to trust between levels of government."
)
ARABIC = (
    "عقدت شبكة المدن القوية قمتها العالمية الخامسة في كيب تاون بجنوب أفريقيا في الفترة من 3 إلى 5 "
    "ديسمبر 2024، وحضرها أكثر من 140 مشاركًا من بينهم 60 رئيس بلدية، وناقشت الجلسة التعاون الوطني "
    "المحلي في كينيا وفي ستروميكا بمقدونيا الشمالية، وهو ما يساعد المدن على الوقاية من الكراهية "
    "والتطرف في كل مستوى من مستويات الحكم."
)


def describe_text(*blocks, metadata=None, reader="trafilatura", sidecar=None, url="", **more):
    """Describe a page of (kind, level, text) blocks."""
    text, placed = "", []
    for kind, level, words in blocks:
        text += "\n" if placed else ""
        placed.append((kind, level, len(text), len(text) + len(words)))
        text += words
    page = CleanPage(1, "", text, tuple(placed), tuple(range(len(text))))
    raw = RawDocument(
        (RawPage(1, tuple(Block(k, w, n) for k, n, w in blocks)),), metadata or {}, reader
    )
    source_id = more.pop("source_id", "folder/file.en.md")
    return describe(source_id, raw, CleanDocument((page,), **more), sidecar or {}, url)


def body(text=ENGLISH):
    return ("paragraph", 0, text)


def test_front_matter_and_sidecar_win_over_guesses_the_sidecar_most():
    front = {
        "title": "A title", "date": "2024-12-21", "kind": "Session report", "language": "en",
        "countries": ["ZA", "Kenya"], "cities": ["Homa Bay"], "themes": ["youth"],
        "work_id": "w", "event": "E", "machine_translated": True, "superseded_by": "x",
    }  # fmt: skip
    described = describe_text(
        body(), metadata=front, reader="markdown-it", sidecar={"title": "Better"}
    )
    document = described.document
    assert described.notes == ()
    assert (document.title, document.date, document.kind) == (
        "Better",
        "2024-12-21",
        "session-report",
    )
    assert (document.countries, document.cities) == (("ZA", "KE"), ("Homa Bay",))
    assert (document.themes, document.work_id, document.event) == (("youth",), "w", "E")
    assert document.machine_translated
    assert document.superseded_by == "x"


def test_bad_values_become_notes_and_the_text_decides():
    bad = {"language": "klingon", "date": "soon", "countries": 42, "title": ["x"], "url": "java:x"}
    described = describe_text(body(), sidecar=bad)
    assert len(described.notes) == 5
    assert described.document.language == "en"
    assert described.document.date == "2024-12-03"
    assert "ZA" in described.document.countries


def test_a_page_that_claims_english_and_is_arabic_is_arabic():
    described = describe_text(body(ARABIC), metadata={"language": "en-US"})
    assert described.document.language == "ar"
    assert described.notes == ("language: it claims en, the text is ar",)
    assert {"ZA", "KE", "MK"} <= set(described.document.countries)
    assert {"Cape Town", "Strumica"} <= set(described.document.cities)


@pytest.mark.parametrize(
    ("metadata", "title"),
    [
        ({"og_title": "The real title"}, "The real title"),
        (
            {"title": "The real title - Strong Cities", "site_name": "Strong Cities"},
            "The real title",
        ),
        ({"title": "Microsoft Word - brief_v3.doc"}, "The heading"),
        ({"title": "file.en"}, "The heading"),
        ({"title": "brief_final2.pdf"}, "The heading"),
        ({"title": "Untitled"}, "The heading"),
        ({"title": "\u202egnol a\x00\n line \u200b"}, "gnol a line"),
        ({}, "The heading"),
    ],
)
def test_the_title_is_the_best_that_is_not_junk(metadata, title):
    described = describe_text(("heading", 1, "The heading"), body(), metadata=metadata)
    assert described.document.title == title


def test_without_a_title_the_address_gives_one():
    url = f"{SITE}/news/fifth-global-summit-managing-migration/"
    described = describe_text(body(), ("heading", 2, "A part"), url=url)
    assert described.document.title == "Fifth global summit managing migration"


def test_publication_date_comes_before_update_and_event():
    dates = (("updated", "2025-04-01"), ("published", "2024-11-27"))
    assert describe_text(body(), labelled_dates=dates).document.date == "2024-11-27"
    assert describe_text(body(), labelled_dates=dates[:1]).document.date == "2025-04-01"
    meta = {"published": "2024-12-21T09:00:00+00:00"}
    assert (
        describe_text(body(), metadata=meta, labelled_dates=dates[:1]).document.date == "2024-12-21"
    )
    assert describe_text(body()).document.date == "2024-12-03"


def test_a_brief_does_not_take_the_date_of_an_event_it_tells_of():
    described = describe_text(("heading", 1, "Policy brief: trust"), body())
    assert (described.document.kind, described.document.date) == ("policy-brief", "")


@pytest.mark.parametrize(
    ("path", "title", "kind"),
    [
        ("/city-spotlight/nansana/", "City Spotlight: Nansana", "city-spotlight"),
        ("/resource/a-toolkit/", "A Toolkit for Cities", "toolkit"),
        ("/es/resource/guia/3/", "Guía para alcaldes", "guide"),
        ("/ar/resource/x/", "دليل للمدن: الوقاية", "guide"),
        ("/fr/resource/x", "Coopération – Mise à jour des pratiques", "policy-brief"),
        ("/our-themes/x/", "Global Crises", "theme-page"),
        ("/news/fifth-global-summit-x/", "Fifth Global Summit: x", "session-report"),
    ],
)
def test_kind_by_title_and_address(path, title, kind):
    described = describe_text(("heading", 1, title), body(), url=SITE + path)
    assert described.document.kind == kind
    assert described.document.publisher == "Strong Cities Network"


@pytest.mark.parametrize(
    "title",
    ["Fifth Global Summit: NLC", "V Cumbre Mundial: Confianza", "Cinquième sommet mondial : x",
     "القمة العالمية الخامسة: ممارسات", "مؤتمر القمة العالمي الخامس: ممارسات"],
)  # fmt: skip
def test_the_event_has_one_name_in_every_language(title):
    assert describe_text(("heading", 1, title), body("x")).document.event == "Fifth Global Summit"


@pytest.mark.parametrize(
    ("name", "language", "work"),
    [
        ("docs/brief.ar.md", "ar", "docs/brief"),
        ("docs/brief.md", "en", "docs/brief"),
        ("brief_ar.pdf", "ar", "brief"),
        ("brief-ar.pdf", "ar", "brief"),
        ("how-to-be.md", "en", "how-to-be"),
        ("fr/brief.md", "fr", "brief"),
        (f"{SITE}/fr/news/page/", "fr", "strongcitiesnetwork.org/news/page"),
        (f"http://www.{SITE[8:]}/news/page", "en", "strongcitiesnetwork.org/news/page"),
    ],
)
def test_language_versions_share_a_work_id(name, language, work):
    assert without_language(name, language) == work


def test_translated_addresses_join_through_their_alternates():
    alternates = {"en": f"{SITE}/news/page/", "fr": f"{SITE}/fr/news/la-page/"}
    english = describe_text(body(), metadata={"alternates": alternates}, url=alternates["en"])
    french = describe_text(body(), metadata={"alternates": alternates}, url=alternates["fr"])
    assert (
        english.document.work_id == french.document.work_id == "strongcitiesnetwork.org/news/page"
    )


ANYTHING = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=400), st.dates()
    ),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=2)
    ),
    max_leaves=5,
)
KEYS = st.sampled_from(
    ["title", "language", "date", "kind", "event", "publisher", "countries", "cities", "themes",
     "work_id", "translation_of", "superseded_by", "machine_translated", "url", "og_title",
     "published", "modified", "created", "alternates", "site_name", "canonical", "ld_language"]
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(
    st.dictionaries(KEYS, ANYTHING),
    st.dictionaries(KEYS, ANYTHING),
    st.sampled_from(["markdown-it", "pypdf", "plain", ""]),
    st.text(max_size=80),
)
def test_hostile_metadata_neither_crashes_nor_gets_through(front, sidecar, reader, text):
    blocks = [body(" ".join(text.split()) or "x")]
    described = describe_text(*blocks, metadata=front, sidecar=sidecar, reader=reader)
    document = described.document
    lines = [document.title, document.kind, document.event, document.publisher, document.url,
             document.work_id, document.date, *document.countries, *document.cities,
             *document.themes]  # fmt: skip
    assert 0 < len(document.title) <= 300
    for line in lines:
        assert not any(unicodedata.category(c) in ("Cc", "Zl", "Zp") for c in line)
        assert not set(line) & set("\u202a\u202b\u202d\u202e\u2066\u2067\u2068\u2069")
        assert len(line) <= 2_000


@pytest.mark.skipif(not SHARED.exists(), reason="needs the reference folder shared/")
def test_the_real_report_is_described():
    from ingest.clean import clean
    from ingest.read import read_bytes

    path = SHARED / "real/session_report_ar.txt"
    raw = read_bytes(path.read_bytes(), path.name)
    document = describe(path.name, raw, clean(raw), {}, "").document
    assert (document.language, document.kind) == ("ar", "session-report")
    assert document.event == "Fifth Global Summit"
    assert document.date == "2024-12-03"
    assert document.title.startswith("مؤتمر القمة العالمي الخامس")
    assert {"ZA", "KE", "MK", "UG", "IT"} <= set(document.countries)
    assert {"Cape Town", "Strumica", "Homa Bay"} <= set(document.cities)
    assert "national-local cooperation" in document.themes
    assert document.machine_translated
    assert document.has_lost_links
