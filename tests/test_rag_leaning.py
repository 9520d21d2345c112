"""Sentences that cannot stand without the one before them."""

from __future__ import annotations

import pytest

from rag.evidence.candidates import sentence_quotes
from rag.evidence.leaning import is_fragment, leans
from rag.types import Page, Passage


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "He said that the council meets every month."),
        ("en", "However, she added that money is short."),
        ("en", "In addition, they asked for training."),
        ("fr", "Il a ajouté que la ville manque de moyens."),
        ("fr", "Sa taille varie selon les sources."),
        ("fr", "En outre, elle a salué le rôle des jeunes."),
        ("es", "Él preside el consejo."),
        ("es", "Añadió que la ciudad carece de medios."),
        ("es", "Además, señaló la importancia de los jóvenes."),
        ("ar", "وأضافت أن المدينة تحتاج إلى موارد."),
        ("ar", "كما أشار إلى دور الشباب."),
        ("ar", "وقال إن المجلس يجتمع كل شهر."),
    ],
)
def test_sentence_that_points_back_leans(language: str, text: str) -> None:
    assert leans(text, language)


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "The mayor said that the council meets every month."),
        ("en", "It is important that cities take part."),
        ("fr", "Il est important que les villes participent."),
        ("fr", "Il faut un budget pour chaque plan."),
        ("es", "El alcalde añadió que la ciudad carece de medios."),
        ("ar", "وأضاف العمدة أن المدينة تحتاج إلى موارد."),
        ("ar", "أكدت الجلسة على دور البلديات."),
        ("en", ""),
    ],
)
def test_sentence_that_names_its_subject_stands_alone(language: str, text: str) -> None:
    assert not leans(text, language)


def test_arabic_item_that_begins_with_that_is_a_fragment() -> None:
    assert is_fragment("أن يلائم شكل الشبكة سياق المكان.", "ar")
    assert not is_fragment("يلائم شكل الشبكة سياق المكان.", "ar")


def test_speaker_is_quoted_with_what_she_added() -> None:
    text = (
        "تحدثت مونيكا موغا، الأمينة التنفيذية لمقاطعة هوما باي في كينيا، عن عمل المقاطعة مع "
        "اللجنة الوطنية للتماسك. وأضافت أن المقاطعة تحتاج إلى موارد أكبر لكي تنفذ خطة العمل."
    )
    passage = Passage("d", 1, 0, len(text), text)
    quotes = list(sentence_quotes(passage, Page(1, text), "ar"))
    assert [quote.text for quote in quotes][1:] == [text]
