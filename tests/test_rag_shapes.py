"""Which shape of answer a question asks for, in four languages."""

from __future__ import annotations

from dataclasses import replace

import pytest

from rag.embed import HashEmbedder
from rag.evidence.candidates import Candidate
from rag.evidence.gather import find
from rag.evidence.pick import denies_concept
from rag.evidence.search import GatherSettings
from rag.question.glossary import read_glossary
from rag.question.query import understand
from rag.question.shapes import plan
from rag.types import Page, Quote
from tests.builders import build, document, passages
from tests.conftest import ROOT

EMBEDDER = HashEmbedder()


@pytest.fixture(scope="module")
def towns(tmp_path_factory):
    return build(
        tmp_path_factory.mktemp("towns"),
        [
            document("kenya", "Kenya has county action plans.", countries=("KE",)),
            document("strumica", "The council of Strumica meets monthly.", cities=("Strumica",)),
            document("bend", "Bend has a pilot.", cities=("Bend",)),
        ],
    )


def planned(text, generation):
    question = understand(text, HashEmbedder())
    return plan(question, generation)


@pytest.mark.parametrize(
    ("question", "archetype", "kind"),
    [
        ("Compare Kenya and Bangladesh", "compare", "table"),
        ("Belgium versus the Netherlands", "compare", "table"),
        ("Comparez la Belgique et les Pays-Bas", "compare", "table"),
        ("¿Qué diferencia hay entre Kenia y Uganda?", "compare", "table"),
        ("قارن بين كينيا وأوغندا", "compare", "table"),
        ("Which cities have a council open to the public?", "list", "list"),
        ("Quelles villes ont un conseil local de prévention ?", "list", "list"),
        ("¿Qué ciudades tienen un plan de prevención?", "list", "list"),
        ("ما هي المدن التي لديها مجلس وقاية محلي؟", "list", "list"),
        ("Which brief covers youth councils?", "reading", "reading"),
        ("Quel document traite de la migration ?", "reading", "reading"),
        ("¿Qué documento habla de los jóvenes?", "reading", "reading"),
        ("أي وثيقة تتناول الشباب؟", "reading", "reading"),
        ("How do we start a local prevention framework?", "steps", "steps"),
        ("Comment créer un cadre local de prévention ?", "steps", "steps"),
        ("¿Cómo crear un consejo local de prevención?", "steps", "steps"),
        ("كيف ننشئ شبكة وقاية محلية؟", "steps", "steps"),
        ("Is it true that Kwale had the first county plan?", "check", "quotes"),
        ("هل صحيح أن كوالي كانت أول مقاطعة؟", "check", "quotes"),
        ("Who is the mayor of Nansana?", "who", "quotes"),
        ("What is a Local Prevention Council?", "definition", "quotes"),
        ("What is the newest guidance on cooperation?", "latest", "quotes"),
    ],
)
def test_question_gets_its_shape(question, archetype, kind, towns):
    found = planned(question, towns)
    assert (found.archetype, found.kind) == (archetype, kind)


@pytest.mark.parametrize(
    "question",
    [
        "How did Kenya structure county action plans?",
        "Compare the two approaches",  # nobody can say which
        "كيف نظّمت كينيا خطط عمل المقاطعات؟",
        "Comment le Kenya a-t-il structuré les plans d’action de comté ?",
        "¿Cuántos pilares tiene el plan de Kilifi?",
    ],
)
def test_other_questions_keep_plain_quotations(question, towns):
    assert planned(question, towns).kind == "quotes"


def test_headings_of_a_comparison_become_columns(towns):
    found = planned("Compare Strumica's council and Sweden's centre on meetings and money", towns)
    assert found.aspects == ("meetings", "money")
    assert [side.label for side in found.sides] == ["Strumica", "Sweden"]
    assert [side.asked for side in found.sides] == ["strumica's council", "sweden's centre"]


def test_words_shared_by_both_sides_are_asked_of_both(towns):
    found = planned("Compare the action plans of Kenya and Uganda", towns)
    assert [side.asked for side in found.sides] == [
        "the action plans of kenya", "the action plans of uganda",
    ]  # fmt: skip


def test_word_that_is_also_a_city_names_it_only_with_a_capital(towns):
    assert planned("Compare how rivers bend and how Kenya plans", towns).kind == "quotes"


def test_comparison_keeps_to_the_side_that_is_known(towns):
    question = understand("Compare Kenya and Bangladesh", HashEmbedder())
    found = find(question, plan(question, towns), towns, HashEmbedder())
    assert found.plan.kind == "table"
    assert {candidate.document.id for candidate in found.chosen} == {"kenya"}


def test_cities_spelt_in_arabic_are_the_sides_of_a_comparison(assistant):
    reply = assistant.answer("قارن بين ستروميكا وكومانوفو").reply
    assert reply.layout.kind == "table"
    assert [row.label for row in reply.layout.rows] == ["ستروميكا", "كومانوفو"]


def test_place_that_only_lacks_what_is_listed_has_no_line(assistant):
    reply = assistant.answer("List all cities that have a local prevention council").reply
    assert reply.layout.kind == "list"
    assert [row.label for row in reply.layout.rows] == ["Strumica"]


@pytest.mark.parametrize(
    ("text", "language", "denied"),
    [
        ("A team is not the same as a Local Prevention Council.", "en", True),
        ("Unlike a Local Prevention Council, the team meets weekly.", "en", True),
        ("L’équipe n’est pas un conseil local de prévention.", "fr", True),
        ("El equipo no es un consejo local de prevención.", "es", True),
        ("فلا ينبغي الخلط بينه وبين مجلس الوقاية المحلي.", "ar", True),
        ("The Local Prevention Council does not meet in August.", "en", False),
        ("It has no team, but it has a Local Prevention Council.", "en", False),
        ("Strumica tiene un consejo local de prevención.", "es", False),
    ],
)
def test_concept_after_a_negation_is_denied(text, language, denied):
    glossary = read_glossary(ROOT / "docs_corpus" / "glossary.yaml")
    council = next(c for c in glossary.concepts if c.id == "LPC")
    source = document("x", text, language=language)
    (passage,) = passages(source)
    quote = Quote("x", 1, 0, len(text), text)
    spoken = Candidate(quote, passage, source, None, 1.0, None)
    assert denies_concept(spoken, [council]) is denied


def test_a_document_that_compares_by_itself_is_quoted_with_its_table(tmp_path):
    lines = ("Town | Seats", "Strumica | nine", "Kumanovo | twelve")
    text = "\n".join(lines)
    at = [(text.index(line), text.index(line) + len(line)) for line in lines]
    page = Page(1, text, asides=(at[0],), items=tuple(at[1:]))
    source = document("brief", text, cities=("Strumica", "Kumanovo"))
    generation = build(tmp_path, [replace(source, pages=(page,))])
    question = understand("Compare Strumica and Kumanovo", EMBEDDER)
    low = GatherSettings(cell_at=0.0)
    found = find(question, plan(question, generation), generation, EMBEDDER, None, low)
    assert [c.quote.text for c in found.chosen] == [text]
    assert found.plan.kind == "quotes"
    high = GatherSettings(cell_at=0.99)  # a table of something else
    found = find(question, plan(question, generation), generation, EMBEDDER, None, high)
    assert text not in [c.quote.text for c in found.chosen]


def test_a_country_is_no_city_that_sounds_like_it(assistant):
    question = understand(
        "قارن بين هولندا وبلجيكا", assistant.embedder, assistant.translator, None,
        assistant.generation.spellings,
    )  # fmt: skip
    assert [side.country for side in plan(question, assistant.generation).sides] == ["NL", "BE"]
