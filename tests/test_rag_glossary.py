import os

import pytest

from rag.assistant import Assistant
from rag.embed import HashEmbedder
from rag.errors import ConfigurationError
from rag.question.glossary import GlossaryFile, read_glossary
from tests.builders import build, document
from tests.conftest import ROOT

GLOSSARY = """
- id: LPC
  forms: {en: [Local Prevention Council], ar: [مجلس الوقاية المحلي]}
  abbreviations: {en: [LPC]}
  mistranslations: {ar: [المجلس المحلي للسلامة المرورية]}
"""


@pytest.fixture
def path(tmp_path):
    found = tmp_path / "glossary.yaml"
    found.write_text(GLOSSARY, "utf-8")
    return found


@pytest.mark.parametrize(
    "question",
    [
        "What is the Local Prevention Council?",
        "What does the LPC do?",
        "ما هو مجلس الوقاية المحلي؟",
    ],
)
def test_a_concept_is_known_by_any_of_its_forms(path, question):
    assert [concept.id for concept in read_glossary(path).named_in(question)] == ["LPC"]


@pytest.mark.parametrize("question", ["Which council is local?", "a lpc", "LPCs"])
def test_a_concept_is_not_named_by_parts_of_its_name(path, question):
    assert read_glossary(path).named_in(question) == []


def test_a_wrong_rendering_is_found_by_the_right_name(tmp_path, path):
    documents = [
        document("wrong.md", "يجتمع المجلس المحلي للسلامة المرورية شهريا.", language="ar"),
        document("other.md", "تناقش المدينة ميزانية المدارس كل عام.", language="ar"),
    ]
    generation = build(tmp_path / "data", documents)
    bare = Assistant(generation, HashEmbedder())
    with_glossary = Assistant(generation, HashEmbedder(), glossary=GlossaryFile(path))
    question = "When does the LPC meet?"
    assert not any("lexical" in why for hit in bare.search(question, 2) for why in hit.why)
    best = with_glossary.search(question, 2)[0]
    assert best.passage.document_id == "wrong.md"
    assert any("lexical" in why for why in best.why)


def test_an_edit_reaches_the_next_question(path):
    file = GlossaryFile(path)
    assert file.current().named_in("What is the SCN?") == []
    path.write_text(GLOSSARY + "- {id: SCN, abbreviations: {en: [SCN]}}\n", "utf-8")
    assert [c.id for c in file.current().named_in("What is the SCN?")] == ["SCN"]


def test_a_broken_edit_keeps_the_last_good_glossary(path):
    file = GlossaryFile(path)
    file.current()
    path.write_text("- id: [", "utf-8")
    os.utime(path, ns=(1, 1))
    assert [c.id for c in file.current().concepts] == ["LPC"]
    assert "does not read" in file.problem


def test_a_glossary_that_is_gone_is_empty(path):
    file = GlossaryFile(path)
    file.current()
    path.unlink()
    assert file.current().concepts == ()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a: b", "not a list"),
        ("- forms: {}", "entry 1 has no id"),
        ("- {id: A, colour: red}", "unknown key 'colour'"),
        ("- {id: A, forms: [x]}", "forms is not"),
        ("- {id: A, forms: {en: x}}", r"forms\.en is not a list"),
        ("- {id: A}\n- {id: A}", "'A' twice"),
    ],
)
def test_a_mistake_is_named(path, text, words):
    path.write_text(text, "utf-8")
    with pytest.raises(ConfigurationError, match=words):
        read_glossary(path)


def test_the_collections_glossary_reads():
    glossary = read_glossary(ROOT / "docs_corpus" / "glossary.yaml")
    ids = {concept.id for concept in glossary.concepts}
    assert len(ids) >= 29
    assert all(set(concept.collides_with) <= ids for concept in glossary.concepts)


def test_a_known_mistranslation_in_a_passage_is_named_with_what_it_means(tmp_path):
    path = tmp_path / "glossary.yaml"
    path.write_text(
        "- id: LPC\n"
        "  forms: {en: [Local Prevention Council], ar: [مجلس الوقاية المحلي]}\n"
        "  mistranslations: {ar: [المجلس المحلي للسلامة المرورية, المجلس المحلي]}\n",
        "utf-8",
    )
    glossary = read_glossary(path)
    passage = "اجتمع المجلس المحلي للسلامة المرورية في ستروميكا."
    (found,) = glossary.mistranslated(passage, "ar", "en")
    assert (found.found, found.meant) == (
        "المجلس المحلي للسلامة المرورية",
        "Local Prevention Council",
    )
    (native,) = glossary.mistranslated(passage, "ar", "ar")
    assert native.meant == "مجلس الوقاية المحلي"
    assert glossary.mistranslated("اجتمع مجلس الوقاية المحلي.", "ar", "en") == ()
    assert glossary.mistranslated(passage, "en", "en") == ()
