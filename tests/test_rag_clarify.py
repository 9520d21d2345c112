import dataclasses

import pytest

from rag.embed import HashEmbedder
from rag.question.clarify import ambiguous, shared_forms
from rag.question.glossary import GlossaryFile, read_glossary
from rag.question.query import understand
from tests.builders import build, document

GLOSSARY = """
- id: cooperation
  forms:
    en: [national-local cooperation]
    ar: [التعاون الوطني المحلي]
    es: [cooperación nacional-local]
  abbreviations: {en: [NLC]}
  note: A way of working between levels of government.
- id: league
  forms: {en: [National League of Cities], fr: [Ligue nationale des villes]}
  abbreviations: {en: [NLC]}
  note: An association of cities in the United States.
- id: team
  forms: {en: [Community Action Team]}
  abbreviations: {en: [CAT]}
"""
BOTH = [
    document("a.md", "National-local cooperation brings ministries and mayors to one table."),
    document("b.md", "The National League of Cities runs an academy in Brooklyn."),
]


@pytest.fixture
def glossary(tmp_path):
    path = tmp_path / "glossary.yaml"
    path.write_text(GLOSSARY, "utf-8")
    return read_glossary(path)


@pytest.fixture
def ask(tmp_path, glossary):
    def asked(question, documents=BOTH):
        generation = build(tmp_path / "data", documents)
        return ambiguous(
            understand(question, HashEmbedder(), glossary=glossary), generation
        )  # fmt: skip

    return asked


def test_a_short_form_of_two_concepts_is_asked_back(ask):
    assert ask("What is NLC?") == (
        "What is NLC (national-local cooperation)?",
        "What is NLC (National League of Cities)?",
    )


@pytest.mark.parametrize(
    ("question", "choice"),
    [
        ("Qu'est-ce que la NLC ?", "Qu'est-ce que la NLC (Ligue nationale des villes) ?"),
        ("ما هو الـNLC؟", "ما هو الـNLC (التعاون الوطني المحلي)؟"),
        ("¿Qué es la NLC?", "¿Qué es la NLC (cooperación nacional-local)?"),
        ("what is nlc", "what is NLC (National League of Cities)"),
    ],
)
def test_choices_are_in_the_readers_language_where_the_glossary_has_it(ask, question, choice):
    assert choice in ask(question)


def test_a_choice_is_not_asked_back_again(ask):
    assert [ask(choice) for choice in ask("What is NLC?")] == [(), ()]


@pytest.mark.parametrize(
    "question",
    [
        "Which ministries take part in NLC?",  # found with one sense only
        "Where is the academy of the NLC?",
        "How does NLC, national-local cooperation, work?",
        "What is the difference between the two meanings of NLC?",
        "What does the abbreviation NLC mean?",
        "What is the CAT?",
        "Who chairs the council?",
        "What is the NLCX?",
    ],
)
def test_a_clear_question_is_not_asked_back(ask, question):
    assert ask(question) == ()


def test_a_sense_that_the_collection_does_not_name_is_no_choice(ask):
    assert ask("What is NLC?", BOTH[:1]) == ()


def test_a_sentence_that_explains_the_short_form_decides_nothing(ask):
    explains = "NLC is national-local cooperation or the National League of Cities in Sweden."
    assert len(ask("What is NLC in Sweden?", [*BOTH, document("c.md", explains)])) == 2


def test_only_forms_that_two_concepts_have_are_shared(glossary):
    assert {short: [c.id for c in found] for short, found in shared_forms(glossary).items()} == {
        "NLC": ["cooperation", "league"]
    }


def test_the_sample_glossary_asks_back_and_is_decided_by_context(assistant):
    def asked(question):
        return len(ambiguous(assistant._understand(question), assistant.generation))

    assert asked("What is CVE?") == 2
    assert asked("How is CVE organised in Sweden?") == 0
    assert asked("What does NLC mean in the name of the Prevention Academy?") == 0


def test_no_glossary_asks_nothing_back(tmp_path, glossary):
    generation = build(tmp_path / "data", BOTH)
    question = understand("What is NLC?", HashEmbedder(), glossary=GlossaryFile(None).current())
    assert ambiguous(question, generation) == ()
    assert ambiguous(dataclasses.replace(question, glossary=glossary), generation)
