"""A name must stand where the source has it: not in another sentence, not in place of another
name, not joined to half of another."""

from __future__ import annotations

import pytest

from rag.check.checker import Checker
from rag.embed import STATIC_MODEL, load_embedder
from rag.question.query import shipped_translator
from tests.builders import build, document, passages

ENGLISH = (
    "The strategy of Strasbourg covers primary and secondary prevention. "
    "It was adopted after two years of talks with schools and clubs. "
    "Its office has four members of staff and a small budget of its own. "
    "Kizito Wangalwa of the Council of Governors praised the role of local governments. "
    "A review of the plans is due in the summer and will be public. "
    "In Vilvoorde the police and the schools meet every month about single cases. "
    "Kostadin Kostadinov, Mayor of Strumica, said that the meetings are open to the public. "
    "The peer exchange of the towns took place in March 2021 and was short."
)


@pytest.fixture(scope="module")
def check(tmp_path_factory):
    source = document(
        "report.md", ENGLISH, title="Strasbourg, Vilvoorde and others", countries=("FR", "UG")
    )
    embedder = load_embedder(STATIC_MODEL)
    generation = build(tmp_path_factory.mktemp("placement"), [source], embedder)
    checker = Checker(generation, shipped_translator())
    yield lambda sentence: checker.check(sentence, "en", passages(source))
    generation.close()


@pytest.mark.parametrize(
    "sentence",
    [
        "The strategy of Strasbourg covers primary prevention.",
        "Kizito Wangalwa praised the role of local governments.",
        "Kostadin Kostadinov of Strumica said that the meetings are open to the public.",
        "The police and the schools in Vilvoorde meet every month about single cases.",
    ],
)
def test_a_name_in_its_place_holds(check, sentence):
    verdict = check(sentence)
    assert verdict.holds, verdict.problems


@pytest.mark.parametrize(
    ("sentence", "name"),
    [
        ("The strategy of Vilvoorde covers primary and secondary prevention.", "vilvoorde"),
        ("Kizito Uganda of the Council of Governors praised the role of local governments.",
         "uganda"),
        ("Kizito Kostadinov praised the role of local governments.", "kostadinov"),
        ("In Strumica the police and the schools meet every month about single cases.",
         "strumica"),
    ],
)  # fmt: skip
def test_a_name_of_another_place_is_no_support(check, sentence, name):
    verdict = check(sentence)
    assert name in {problem.what.lower() for problem in verdict.problems if problem.kind == "name"}


def test_a_year_of_another_sentence_is_no_support(check):
    assert not check("The strategy of Strasbourg was adopted in 2021.").holds
