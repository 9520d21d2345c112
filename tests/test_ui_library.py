"""The library: what stands on the shelf, how it is found, and the page."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from ingest.catalog import Catalog
from rag.settings import Settings
from rag.types import SourceDocument
from rag.wording import languages, listed, say
from tests.officing import live_of, visitor_of
from ui.library.coverage import gaps, pictures
from ui.library.entry_html import entry
from ui.library.likeness import alike, sketch
from ui.library.shelf import shelf_of
from ui.library.unread import kind_of, unread
from ui.library.views_html import library_body
from ui.library.wanted import Wanted, wanted

HOSTILE = '<img src=x onerror=alert(1)>"\u202egpj.exe'


def document(name: str, **given) -> SourceDocument:
    values = {"work_id": name, "title": name, "language": "en", "date": "2024-05-01"}
    return SourceDocument(id=name, **{**values, **given})


COUNCIL = document(
    "council.en", work_id="council", title="Prevention councils of Strumica", countries=("MK",),
    cities=("Strumica",), themes=("national-local cooperation",), kind="policy-brief",
)  # fmt: skip
ARABIC = replace(
    COUNCIL, id="council.ar", title="مجالس الوقاية في ستروميتسا", language="ar",
    machine_translated=True,
)  # fmt: skip
PLAN = document(
    "plan.fr", title="Le plan de Málaga", language="fr", date="2020-01", countries=("ES",)
)
OLD = document("old.en", title="Old guide", date="", superseded_by="plan.fr", has_lost_links=True)
SHELF = shelf_of([COUNCIL, ARABIC, PLAN, OLD])


def titles(words: str = "", **chosen) -> list[str]:
    return [work.id for work in SHELF.find(words, {k: [v] for k, v in chosen.items()})]


def test_language_versions_stand_under_one_work_newest_first():
    assert [work.id for work in SHELF.works] == ["council", "plan.fr", "old.en"]
    assert [v.language for v in SHELF.works[0].versions] == ["ar", "en"]


@pytest.mark.parametrize(
    "words",
    ["المجالس", "مَجالِس", "strumica council", "COUNCILS", "مقدونيا الشمالية",
     "Macedonia", "التعاون المحلي", "brief policy"],
)  # fmt: skip
def test_a_work_is_found_by_title_place_and_theme_in_any_language(words):
    assert titles(words) == ["council"]


@pytest.mark.parametrize("words", ["malaga", "MÁLAGA", "España plan", "إسبانيا"])
def test_accents_and_alphabets_do_not_hide_a_work(words):
    assert titles(words) == ["plan.fr"]


def test_every_word_and_every_filter_has_to_hold():
    assert titles("council malaga") == []
    assert titles(language="ar") == ["council"]
    assert titles(year="2020", language="fr") == ["plan.fr"]
    assert titles(year="2020", language="en") == []
    assert titles("()[]*") == ["council", "plan.fr", "old.en"]  # no word at all


def test_a_reader_is_shown_the_version_in_their_language():
    work = SHELF.works[0]
    assert work.shown("ar").language == "ar"
    assert work.shown("fr").language == "en"


def test_an_entry_says_what_was_understood_and_what_to_mind():
    page = "".join(entry(work, SHELF, {}, "en") for work in SHELF.works)
    for said in (
        "North Macedonia", "national-local cooperation", "policy brief", "translated by a machine",
        "date unknown", "announces links that its text has lost", "superseded by",
        "./read?document=council.ar", "./?document=council.en",
    ):  # fmt: skip
        assert said in page, said
    assert '<cite lang="fr" dir="ltr">Le plan de Málaga</cite></a>' in page  # what replaced it


@pytest.mark.parametrize("field", ["id", "title", "kind", "event", "publisher", "url", "language",
                                   "superseded_by", "work_id"])  # fmt: skip
def test_hostile_strings_stay_text_in_every_field(field):
    bad = document("bad") if field != "id" else document(HOSTILE)
    bad = replace(
        bad, **{field: HOSTILE}, cities=(HOSTILE,), countries=(HOSTILE,), themes=(HOSTILE,)
    )
    shelf = shelf_of([bad])
    for view in ("", "coverage"):
        asked = Wanted(HOSTILE if view else "", {"theme": (HOSTILE,)}, 1, view)
        page = library_body(shelf, {bad.id: (HOSTILE,)}, [], asked, "en")
        assert "<img" not in page
        assert "\u202e" not in page


def test_copies_are_told_and_versions_of_other_text_are_not():
    text = [f"Paragraph {n} tells what the council of the city decided that day." for n in range(9)]
    sketches = {
        "one": sketch(["\n".join(text)]),
        "copy": sketch(
            ["\n".join(text[:8]), "A last paragraph that only stands in the copy, alone."]
        ),
        "other": sketch(["\n".join(line.replace("council", "mayor") for line in text)]),
        "short": sketch(["\n".join(text[:2])]),
    }
    found = alike(sketches)
    assert found == {"one": ("copy",), "copy": ("one",)}


def test_what_stands_in_every_document_makes_nothing_alike():
    notice = "\n".join(
        f"Notice {n}: this paragraph stands in each document of the house." for n in range(5)
    )
    assert alike({f"d{n}": sketch([notice]) for n in range(40)}) == {}


def test_coverage_counts_works_and_names_gaps():
    by_facet = {picture.facet: picture for picture in pictures(SHELF)}
    assert dict(by_facet["language"].rows) == {"en": 2, "ar": 1, "fr": 1}
    assert by_facet["year"].rows == (
        ("2020", 1),
        ("2021", 0),
        ("2022", 0),
        ("2023", 0),
        ("2024", 1),
    )
    assert by_facet["year"].without == 1
    assert gaps(SHELF).years == (("2021", "2023"),)
    assert gaps(SHELF).once["theme"] == ("national-local cooperation",)
    page = library_body(SHELF, {}, [], Wanted(view="coverage"), "en")
    assert "Years without a document: 2021 to 2023." in page
    assert "1 work without a date" in page
    assert re.search(r'<th scope="row"><bdi><a href="./library\?year=2024">2024</a>', page)


@pytest.mark.parametrize("language", ["en", "es"])
def test_places_of_one_count_stand_by_name_not_by_code(language):
    held = shelf_of(
        [document(f"{code}.md", countries=(code,)) for code in ("XK", "GB", "DE", "IQ")]
    )
    page = library_body(held, {}, [], Wanted(view="coverage"), language)
    names = re.findall(r'country=\w\w">([^<]+)</a>', page)
    assert len(names) == 4
    assert names == sorted(names)
    assert listed(names, language) in page


def test_pictures_are_tables_of_numbers():
    page = library_body(SHELF, {}, [], Wanted(view="coverage"), "en")
    assert page.count("<table") == 4
    assert page.count('aria-hidden="true"') == page.count("<svg")
    assert "style=" not in page  # the policy forbids it


@pytest.mark.parametrize(
    ("reason", "kind"),
    [
        ("needs a password", "password"),
        ("has no text: probably a scan; OCR is needed", "scan"),
        ("is empty", "empty"),
        ("took longer than 30 s to read; the version stored before is kept", "time"),
        ("crashed its reader (SIGSEGV): it is probably damaged", "damaged"),
        ("is of an unknown kind '.xyz'; known kinds: .pdf", "format"),
        ("could not be processed (ValueError: /home/somebody/x)", "other"),
    ],
)
def test_a_reason_is_one_of_a_few_kinds(reason, kind):
    assert kind_of(reason) == kind
    assert all(say(language, f"library.why_{kind}") for language in languages())


def test_visitors_see_names_and_kinds_of_reason_but_no_path(tmp_path, assistant):
    with Catalog(tmp_path) as catalog, catalog.transaction():
        catalog.record_failure(
            "plan.pdf", "docs", "could not be processed (OSError: /srv/secret/plan.pdf)"
        )
        catalog.record_failure(HOSTILE, "docs", "needs a password")
    assert {each.document for each in unread(tmp_path)} == {"plan.pdf", HOSTILE}
    client = visitor_of(Settings(data_dir=tmp_path), live_of(assistant))
    page = client.get("/en/library?view=unread").text
    assert "plan.pdf" in page
    assert say("en", "library.why_other") in page
    assert "/srv/secret" not in page
    assert "OSError" not in page
    assert "<img" not in page


def test_a_query_is_bounded_and_kept_in_the_address():
    asked = wanted(
        [("q", " cape "), ("country", "ZA"), ("page", "3"), ("view", "nonsense"), ("x", "y"),
         ("page", "-1"), ("theme", "a" * 999)]
    )  # fmt: skip
    assert asked.words == "cape"
    assert asked.page == 3
    assert asked.view == ""
    assert len(asked.chosen["theme"][0]) == 200
    assert asked.at(4).startswith("./library?q=cape&country=ZA&theme=aaa")


@pytest.fixture(scope="module", name="client")
def open_library(tmp_path_factory, assistant):
    settings = Settings(data_dir=tmp_path_factory.mktemp("library"))
    return visitor_of(settings, live_of(assistant))


@pytest.mark.parametrize("language", languages())
@pytest.mark.parametrize("view", ["", "?view=coverage", "?view=unread", "?q=kenya&country=KE"])
def test_the_page_is_served_under_the_strict_policy(client, language, view):
    reply = client.get(f"/{language}/library{view}")
    assert reply.status_code == 200
    assert "script-src 'self';" in reply.headers["content-security-policy"]
    assert f'lang="{language}"' in reply.text
    assert "{" not in re.sub(r"\?v=\w+|<script.*?</script>", "", reply.text)  # all words filled in


def test_the_whole_collection_is_there_page_by_page(client, assistant):
    one, two = (client.get(f"/en/library?page={n}").text for n in (1, 2))
    links = re.findall(r'href="\./read\?document=([^"]+)"><?', one + two)
    held = {d.id for d in assistant.generation.store.documents()}
    assert held <= set(links)
    assert "Page 1 of 2" in one
    assert client.get("/en/library?page=999").text.count("<article") == two.count("<article")


def test_the_language_switch_keeps_the_view(client):
    page = client.get("/en/library?q=kenya&year=2024").text
    assert 'href="../ar/library?q=kenya&amp;year=2024"' in page


def test_unknown_languages_and_the_office_without_a_password_are_not_there(client):
    assert client.get("/xx/library").status_code == 404
    assert client.get("/en/office").status_code == 404
    assert client.post("/en/office-upload", content=b"x").status_code in (404, 405)
    assert "./office" not in client.get("/en/library").text


def test_a_server_without_an_index_says_so_in_words(tmp_path):
    from rag.errors import CollectionError
    from ui.live import LiveAssistant

    def none(before):
        raise CollectionError(f"there is no index in {tmp_path}")

    reply = visitor_of(Settings(data_dir=tmp_path), LiveAssistant(none, lambda: "")).get(
        "/ar/library"
    )
    assert reply.status_code == 503
    assert say("ar", "library.no_index") in reply.text
    assert str(tmp_path) not in reply.text
