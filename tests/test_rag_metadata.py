"""The catalogue answers what the catalogue knows: which documents, how many, the newest."""

from __future__ import annotations

import pytest

from rag.assistant import Assistant
from rag.embed import HashEmbedder
from rag.evidence import listing
from rag.question.classify import Nature
from rag.question.courtesy import courtesy
from rag.question.metadata import MetadataQuery, metadata_query
from rag.question.query import understand
from rag.types import Answer, Declined
from tests.builders import build, document

ASKED = Nature("answer", 1.0, "list", "thing", catalogue=True, probabilities={})
LATEST = Nature("answer", 1.0, "latest", "thing", catalogue=True, probabilities={})


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    opened = build(
        tmp_path_factory.mktemp("library"),
        [
            document("kenya-en", "Kenya has a plan for every county.", work_id="kenya",
                     title="Kenya brief", date="2024-11-01", countries=("KE",)),
            document("kenya-ar", "لكل مقاطعة في كينيا خطة عمل.", work_id="kenya",
                     title="موجز كينيا", language="ar", date="2024-11-01", countries=("KE",)),
            document("strumica", "The council meets every month.", title="Strumica brief",
                     date="2021-04", cities=("Strumica",), countries=("MK",)),
            document("summit", "Le sommet a réuni des maires.", title="Compte rendu",
                     language="fr", date="2023-06-30"),
            document("undated", "Nobody knows when this was written.", title="Undated"),
        ],
    )  # fmt: skip
    yield opened
    opened.close()


def asked(text: str, library, nature: Nature = ASKED) -> MetadataQuery | None:
    return metadata_query(understand(text, HashEmbedder()), nature, library)


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("Which documents are in Arabic?", MetadataQuery(languages=frozenset({"ar"}))),
        ("Quels documents sont en arabe ?", MetadataQuery(languages=frozenset({"ar"}))),
        ("¿Qué documentos hay en francés?", MetadataQuery(languages=frozenset({"fr"}))),
        ("ما هي الوثائق المتوفرة باللغة الفرنسية؟", MetadataQuery(languages=frozenset({"fr"}))),
        ("How many documents were published in 2023?", MetadataQuery(years=(2023, 2023))),
        ("documentos entre 2020 y 2022", MetadataQuery(years=(2020, 2022))),
        ("reports since 2022", MetadataQuery(years=(2022, 9999))),
        ("reports published after 2022", MetadataQuery(years=(2023, 9999))),
        ("Quels rapports sont parus avant 2022 ?", MetadataQuery(years=(0, 2021))),
        ("List all documents about Kenya", MetadataQuery(countries=frozenset({"KE"}))),
        ("ما هي الوثائق المتعلقة بكينيا؟", MetadataQuery(countries=frozenset({"KE"}))),
        ("Documents about Strumica", MetadataQuery(cities=frozenset({"Strumica"}))),
        ("What is this collection about?", MetadataQuery(whole=True)),
        ("De quoi parle cette collection ?", MetadataQuery(whole=True)),
        ("What is the oldest document?", MetadataQuery(order="oldest")),
        ("ما أحدث وثيقة لديكم؟", MetadataQuery(order="newest")),
    ],
)
def test_what_is_asked_of_the_catalogue(question, expected, library):
    assert asked(question, library) == expected


@pytest.mark.parametrize(
    "question",
    [
        "Which documents are not in English?", "Quels documents ne sont pas en anglais ?",
        "¿Qué documentos no están en inglés?", "ما الوثائق التي ليست باللغة الإنجليزية؟",
        "List documents in languages other than English", "Which reports are not about Kenya?",
        "What is this report about?", "What did Kenya publish in 2023?",
        "What was released in 2024?",
        "How many pages does the report have?", "What is the last page about?",
    ],
)  # fmt: skip
def test_what_metadata_would_answer_wrongly_is_left_to_the_search(question, library):
    assert asked(question, library) is None


@pytest.mark.parametrize("asks", ["person", "time", "reason"])
def test_who_when_and_why_are_left_to_the_search(asks, library):
    nature = Nature("answer", 1.0, "fact", asks, catalogue=True, probabilities={})
    assert asked("Who published the reports of 2023?", library, nature) is None


@pytest.mark.parametrize(
    "question", ["Which documents deal with AI?", "Quel document parle des cellules locales ?"]
)
def test_a_topic_is_left_to_the_search(question, library):
    assert asked(question, library) is None


def test_the_newest_by_shape(library):
    assert asked("most recent report", library, LATEST) == MetadataQuery(order="newest")


def test_where_the_text_is_meant_the_catalogue_is_not_asked(library):
    text = Nature("answer", 1.0, "list", "thing", catalogue=False, probabilities={})
    assert asked("Which documents are in Arabic?", library, text) is None


def reply(library, question: str, filters=None):
    return Assistant(library, HashEmbedder()).answer(question, filters).reply


def listed(found: Answer) -> list[str]:
    return [item.quote.document_id for item in found.evidence]


def test_all_documents_that_match_are_listed_in_the_readers_language(library):
    found = reply(library, "List all documents about Kenya")
    assert isinstance(found, Answer) and found.status == "answered"
    assert listed(found) == ["kenya-en"]
    assert found.layout.lead == "1 of the collection's 4 documents, language versions counted once."
    assert found.sentences[0].text == "Kenya has a plan for every county."
    assert listed(reply(library, "اعرض جميع الوثائق عن كينيا")) == ["kenya-ar"]


def test_what_is_about_the_place_alone_comes_first():
    kenya = MetadataQuery(countries=frozenset({"KE"}))
    assert kenya.is_subject_of(document("a", "x", countries=("KE",)))
    assert not kenya.is_subject_of(document("b", "x", countries=("KE", "UG")))


def test_the_newest_come_first_and_what_has_no_date_is_left_out(library):
    found = reply(library, "What is the newest document?")
    assert isinstance(found, Answer)
    assert listed(found) == ["kenya-en", "summit", "strumica"]
    assert listed(reply(library, "What is the oldest document?"))[0] == "strumica"


def test_what_the_collection_is_about(library):
    found = reply(library, "What is this collection about?")
    assert isinstance(found, Answer)
    assert found.layout.lead.startswith("The collection holds 4 documents, language versions")
    assert "Dates: 2021 to 2024." in found.layout.lead
    assert len(found.evidence) == 4


def test_a_year_without_documents_is_declined_by_the_catalogue(library):
    found = reply(library, "How many documents were published in 2031?")
    assert isinstance(found, Declined) and found.reason == "none_catalogued"


def test_a_filter_of_the_reader_is_kept(library):
    found = reply(library, "What is this collection about?", {"language": ["fr"]})
    assert isinstance(found, Answer) and listed(found) == ["summit"]
    assert found.layout.lead.startswith("1 of the collection's 4 documents")


def test_a_city_in_a_country_is_the_city():
    asked_for = MetadataQuery(countries=frozenset({"KE"}), cities=frozenset({"Nakuru"}))
    assert asked_for.matches(document("a", "x", countries=("KE",), cities=("Nakuru",)))
    assert not asked_for.matches(document("b", "x", countries=("KE",), cities=("Kisumu",)))


def test_only_what_is_shown_is_opened(library, monkeypatch):
    opened = []
    whole = listing._opening
    monkeypatch.setattr(listing, "_opening", lambda *one: opened.append(one) or whole(*one))
    reply(library, "What is the newest document?")
    assert len(opened) == listing.FEW


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("hello", ("greeting", "en")), ("Bonjour !", ("greeting", "fr")),
        ("buenas tardes", ("greeting", "es")), ("السلام عليكم", ("greeting", "ar")),
        ("thank you very much!", ("thanks", "en")), ("merci beaucoup", ("thanks", "fr")),
        ("¡Muchas gracias!", ("thanks", "es")), ("شكرا جزيلا", ("thanks", "ar")),
        ("good", None), ("السلام", None), ("morning", None), ("صباح الخير", ("greeting", "ar")),
        ("hello, who leads the council?", None), ("", None),
        ("thanks to whom was the plan adopted?", None),
    ],
)  # fmt: skip
def test_a_greeting_asks_nothing(text, expected):
    assert courtesy(text) == expected


def test_a_greeting_is_answered_as_one(library):
    found = reply(library, "Hola, buenos días")
    assert isinstance(found, Declined)
    assert (found.reason, found.language) == ("greeting", "es")
