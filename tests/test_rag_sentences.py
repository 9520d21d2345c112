"""Where sentences begin and end."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.words.sentences import LONGEST, split_sentences


def sentences(text, language="en"):
    return [text[a:b] for a, b in split_sentences(text, language)]


@pytest.mark.parametrize(
    ("language", "parts"),
    [
        ("en", ["Dr. Smith met Mr. J. R. Tolkien at St. Louis.", "Then he left."]),
        ("en", ["See art. 5 and No. 3 of the Act.", "No.", "It is not."]),
        ("en", ["In the U.S.", "The mayor spoke.", "The U.S. Department of State paid."]),
        ("en", ["It grew by 3.5 per cent.", "He said “Go.”", "Then went."]),
        ("en", ["The mayor came.[1]", "Then [2] more.", "Text.¹", "Next."]),
        ("en", ["1. Fit the structure to the place.", "2. State a remit."]),
        ("en", ["Partners, etc. are named.", "Is it so?", "Yes!"]),
        ("fr", ["Mme. Dupont et M. Durand sont là.", "P. ex. le no. 5 est bon."]),
        ("fr", ["Il dit : « Oui. »", "Puis il part."]),
        ("es", ["El Sr. López y la Sra. Díaz vinieron.", "¿Qué pasó?", "¡Nada!", "p. ej. esto."]),
        ("es", ["EE. UU. apoya el art. 5 de la Ley.", "La pág. 4 lo dice."]),
        ("ar", ["قال د. محمد ذلك.", "هل تم ذلك؟", "نعم؛ تم بنسبة ١٫٥ في المئة."]),
    ],
)
def test_boundaries_readers_would_agree_with(language, parts):
    assert sentences(" ".join(parts), language) == parts


def test_an_arabic_question_mark_needs_no_space_after_it():
    assert sentences("هل تم ذلك؟نعم.", "ar") == ["هل تم ذلك؟", "نعم."]


def test_a_line_break_always_ends_a_sentence():
    assert sentences("A heading\nA first item\nand a second.") == [
        "A heading", "A first item", "and a second.",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "language", "count"),
    [
        ("Pour ACT! (27 février 2017), le plan de Kwale est le premier plan de comté.", "fr", 1),
        ("Según ACT! (27 de febrero de 2017), el plan de Kwale es el primero.", "es", 1),
        ("وفق ACT! (27 فبراير 2017): أُطلقت خطة كوالي في ذلك اليوم.", "ar", 1),
        ("يقول تقرير القمة (ديسمبر 2024) إن مجلس ستروميكا استُلهم منها. وهو قديم.", "ar", 2),
        ("Le profil (Réseau des villes fortes. Vers 2017) le décrit. Il est daté.", "fr", 2),
        ("El informe (Oficina Nacional. Junio de 2019) lo cuenta. Es breve.", "es", 2),
    ],
)
def test_no_sentence_ends_inside_brackets(text, language, count):
    spans = split_sentences(text, language)
    assert len(spans) == count
    assert spans[0][0] == 0
    assert spans[-1][1] == len(text)


def test_a_bracket_that_stays_open_holds_nothing_together():
    assert sentences("He came (so they say. Then he left. Nobody saw him.") == [
        "He came (so they say.", "Then he left.", "Nobody saw him.",
    ]  # fmt: skip


def test_no_break_spaces_and_lone_surrogates_do_no_harm():
    assert sentences("B\u00a0a. C\u00a0.d \ud800 x. Then.")


@pytest.mark.parametrize("separator", ["; ", ": ", "، ", " ", ""])
def test_what_no_reader_would_call_one_sentence_is_cut(separator):
    text = separator.join(["word" * 10] * 200)
    spans = split_sentences(text, "en")
    assert all(b - a <= LONGEST for a, b in spans)
    assert "".join(text[a:b] for a, b in spans).replace(" ", "") == text.replace(" ", "")


LETTERS = "aB1é د؟؛.!?;:,\"'«»“”()[] \n\t\r\u2028\x1c\u00a0²😀。\u200b\u0301"


@settings(max_examples=400)
@given(
    st.one_of(st.text(), st.text(alphabet=LETTERS)),
    st.sampled_from(["en", "ar", "fr", "es", "de", "zh", "und", "", "klingon"]),
)
def test_spans_are_ordered_disjoint_trimmed_and_cover_the_text(text, language):
    end = 0
    kept = set()
    for a, b in split_sentences(text, language):
        assert end <= a < b <= len(text)
        assert text[a:b] == text[a:b].strip()
        end = b
        kept.update(range(a, b))
    assert all(char.isspace() or at in kept for at, char in enumerate(text))
