"""What one document is about: its own summary, else how its sections open."""

from __future__ import annotations

from dataclasses import replace

import pytest

from rag.embed import HashEmbedder
from rag.evidence.outline import outline
from rag.question.query import understand
from rag.question.shapes import Plan
from tests.builders import build, document

LINES = (
    "School mediation in Bend", "Mediation began in nine schools in 2019.", "In short",
    "Nine schools have mediators now. Quarrels have halved since then.", "Money",
    "The county pays for the training of mediators.",
)  # fmt: skip
HEADINGS = ("School mediation in Bend", "In short", "Money")


def made(lines, title="School mediation in Bend", name="bend"):
    text = "\n".join(lines)
    source = document(name, text)
    (page,) = source.pages
    asides = tuple((text.index(h), text.index(h) + len(h)) for h in HEADINGS if h in lines)
    return replace(source, title=title, pages=(replace(page, asides=asides),))


def told(generation, question, filters=None):
    plan = Plan(understand(question, HashEmbedder()), "overview")
    found = outline(plan, generation, filters or {})
    return None if found is None else [c.quote.text for c in found.chosen]


@pytest.fixture
def generation(tmp_path):
    other = made(
        ("Road safety", "Roads are safer than before in Ford."), "Road safety in Ford", "ford"
    )
    return build(tmp_path, [made(LINES), other])


def test_the_summary_of_a_document_that_is_pointed_at_is_quoted_whole(generation):
    said = told(generation, "What is this report about?", {"document": ["bend"]})
    assert said == [LINES[3]]


def test_without_a_summary_each_section_opens(tmp_path):
    generation = build(tmp_path, [made([line for line in LINES if line not in LINES[2:4]])])
    said = told(generation, "Summarise this report", {"document": ["bend"]})
    assert said == [LINES[1], LINES[5]]


def test_a_document_is_meant_by_what_its_title_says(generation):
    assert told(generation, "Sum up the report on school mediation") == [LINES[3]]
    assert told(generation, "Sum up the report on fishing") is None
    assert told(generation, "Give me an overview of road safety in Bend") is None
    assert told(generation, "What is this report about?") is None


def test_several_documents_are_none(generation):
    assert told(generation, "What are they about?", {"document": ["bend", "ford"]}) is None


def test_a_filter_does_not_make_a_document_one_on_anything(generation):
    filters = {"language": ["en"], "work": ["bend"]}
    assert told(generation, "Give me an overview of chess tournaments", filters) is None
    assert told(generation, "Give me an overview of school mediation", filters) == [LINES[3]]
