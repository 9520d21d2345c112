"""Figures that disagree, and sentences that say that sources differ."""

from __future__ import annotations

import pytest

from rag.embed import HashEmbedder
from rag.evidence.disagree import claims, differing, differs_on, disagree, says_so
from rag.question.query import understand
from rag.question.subject import Statement
from tests.builders import build, document

A = document("a", "x", title="The network")
B = document("b", "x", title="The network", date="2025")


def question(text):
    return understand(text, HashEmbedder())


MEMBERS = "How many members does the network have?"


@pytest.mark.parametrize(
    ("text", "language", "figure", "unit"),
    [
        ("The network has 1,250 members.", "en", 1250, "member"),
        ("Le plan repose sur sept piliers.", "fr", 7, "pili"),
        ("El plan tiene ocho pilares.", "es", 8, "pilar"),
        ("تقوم الخطة على سبع ركائز.", "ar", 7, "ركايز"),
        ("تقوم الخطة على ٧ ركائز.", "ar", 7, "ركايز"),
    ],
)
def test_figure_is_read_with_what_it_counts(text, language, figure, unit):
    (claim,) = claims(text, language)
    assert claim.figure == figure
    assert any(stem.startswith(unit) for stem in claim.units)


def test_dates_and_years_are_no_figures():
    assert claims("It met on 24 and 25 April 2023, as in 2019.", "en") == []


def test_different_figures_for_what_was_asked_disagree():
    first = Statement("The network has 200 members.", A)
    second = Statement("The network counts more than 250 members.", B)
    assert disagree(first, second, question(MEMBERS))


@pytest.mark.parametrize(
    ("first", "second", "asked"),
    [
        ("The network has 200 members.", "It has 200 members in all.", MEMBERS),
        ("The network has 200 members.", "The network has 12 hubs.", MEMBERS),
        ("The network has 200 members.", "Two new members joined the network.", MEMBERS),
        ("The network has 200 members.", "The network has 250 members.", "What is the network?"),
    ],
)
def test_other_figures_do_not(first, second, asked):
    assert not disagree(Statement(first, A), Statement(second, B), question(asked))


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("The sources do not agree on the mayor.", "en"),
        ("Sa taille varie selon les sources.", "fr"),
        ("Depende de la fecha: más de 200 en 2023.", "es"),
        ("تختلف المصادر في هذا الشأن.", "ar"),
    ],
)
def test_sentence_that_says_that_sources_differ(text, language):
    assert says_so(Statement(text, document("x", text, language=language)))
    assert not says_so(Statement("All went well.", A))


def test_disagreement_about_another_summit_is_not_shown(tmp_path):
    text = "The sources do not agree on the size of the Fourth Global Summit."
    source = document("summit", text, title="Summits")
    generation = build(tmp_path, [source])
    spoken = [Statement(text, source)]
    assert differing(spoken, question("How large was the Fourth Global Summit?"), generation) == [0]
    assert differing(spoken, question("How large was the Fifth Global Summit?"), generation) == []


@pytest.mark.parametrize(
    ("text", "language", "asked", "expected"),
    [
        ("Sources differ: one dates it to 3 May 2021.", "en", "When was the plan launched?", True),
        (
            "Another set (2024) names three sponsors: the sources differ.",
            "en",
            "When was the summit?",
            False,
        ),
        ("Sa taille varie selon les sources : 240 personnes.", "fr", "متى عقدت القمة؟", False),
        ("A different set: Lamu and Kwale were first.", "en", "How many plans are there?", False),
        ("Other sources count eight plans.", "en", "How many plans are there?", True),
        ("The sources do not agree: 240 or 45 came.", "en", "How large was the summit?", True),
        ("Other sources tell it otherwise.", "en", "Who launched the plan?", True),
    ],
)
def test_sources_must_differ_on_what_was_asked(text, language, asked, expected):
    statement = Statement(text, document("d", "x", language=language))
    assert says_so(statement)
    assert differs_on(statement, question(asked)) is expected


@pytest.mark.parametrize(
    "asked",
    [
        "When was the Kilifi plan launched?",
        "When and where was the Fifth Summit?",
        "How many county action plans does Kenya have?",
        "متى عقدت القمة العالمية الخامسة؟",
    ],
)
def test_sources_that_differ_on_something_else_are_plain_quotations(assistant, asked):
    assert assistant.answer(asked).reply.layout.kind == "quotes"
