"""What of a foreign quotation is said in the reader's language."""

from __future__ import annotations

import pytest

from rag.check.gloss import gloss
from rag.question.glossary import Glossary, read_glossary
from tests.builders import document
from tests.conftest import ROOT

BELGIUM = document("b", "x", countries=("BE", "NL"))
SAID = "Belgium set up seven cells by a circular of 22 May 2018, and two more in March."


@pytest.mark.parametrize(
    ("reader", "things"),
    [
        ("fr", ("22 mai 2018", "Belgique")),
        ("es", ("22 de mayo de 2018", "Bélgica")),
        ("en", ()),
    ],
)
def test_dates_and_countries(reader, things):
    assert gloss(SAID, BELGIUM, reader, Glossary()) == things


def test_an_arabic_reader_reads_arabic_names():
    assert gloss(SAID, BELGIUM, "ar", Glossary())[-2:] == ("22 مايو 2018", "بلجيكا")


def test_figures_and_years_need_no_words():
    assert gloss("In 2018 there were 245 actions.", BELGIUM, "fr", Glossary()) == ()


def test_a_date_that_can_be_read_in_two_ways_is_left_alone():
    assert gloss("It began on 03/04/2024.", BELGIUM, "fr", Glossary()) == ()


def test_a_date_that_no_calendar_has_is_left_alone():
    assert gloss("On 30 February 2023 it began.", BELGIUM, "fr", Glossary()) == ()


def test_numbers_in_words_are_not_ours_to_say():
    assert gloss("Half a million people, between three and five thousand a year.", BELGIUM, "fr",
                 Glossary()) == ()  # fmt: skip


def test_terms_of_the_glossary_by_their_preferred_names():
    glossary = read_glossary(ROOT / "docs_corpus" / "glossary.yaml")
    concept = next(c for c in glossary.concepts if {"en", "fr"} <= c.forms.keys())
    said = f"They rely on the {concept.forms['en'][0]} there."
    assert concept.forms["fr"][0] in gloss(said, BELGIUM, "fr", glossary)
