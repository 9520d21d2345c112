"""What only comes close is shown as such: other places, other offices."""

from __future__ import annotations

import pytest

from rag.types import Answer


def status(assistant, text):
    reply = assistant.answer(text).reply
    return reply.status if isinstance(reply, Answer) else "declined"


@pytest.mark.parametrize(
    "text",
    [
        "Who is the mayor of Nairobi?",
        "When was Nairobi's Community Action Team founded?",
        "¿Quién es el alcalde de Málaga?",
        "من هو عمدة باريس؟",
        "من هي عمدة نيروبي؟",
        "Which city will host the Global Summit in 2031?",
        "Quelle ville accueillera le Sommet mondial en 2031 ?",
        "أي مدينة ستستضيف القمة العالمية في عام ٢٠٣١؟",
    ],
)
def test_another_place_office_or_year_is_no_answer(assistant, text):
    assert status(assistant, text) != "answered"


@pytest.mark.parametrize(
    "text",
    [
        "Which city hosted the Global Summit in December 2024?",
        "Who is the mayor of Kumanovo?",
        "Who is Strumica's mayor?",
        "¿Quién es el alcalde de Nansana?",
        "Qui est le maire de Strumica ?",
        "من هو عمدة ستروميكا؟",
        "When did Vilvoorde join the Strong Cities Network?",
        "Que fait Strasbourg contre la radicalisation ?",
    ],
)
def test_place_that_is_spoken_of_is_answered(assistant, text):
    assert status(assistant, text) == "answered"


@pytest.mark.parametrize(
    ("text", "others"),
    [
        ("How did Uganda structure county action plans?", "Kenya"),
        ("كيف نظّمت أوغندا خطط عمل المقاطعات؟", "كينيا"),
        ("Quelle est la stratégie de Málaga ?", "La estrategia de Estrasburgo"),
    ],
)
def test_what_is_asked_of_one_place_is_not_answered_with_another(assistant, text, others):
    """Where nothing is said on it, what there is of the place stands as coming close."""
    reply = assistant.answer(text).reply
    assert isinstance(reply, Answer)
    assert not any(sentence.text.startswith(others) for sentence in reply.sentences)


@pytest.mark.parametrize("text", ["Where is Nansana?", "What does UNAR do in Italy?"])
def test_a_disagreement_about_something_else_does_not_open_the_answer(assistant, text):
    reply = assistant.answer(text).reply
    assert isinstance(reply, Answer)
    assert reply.layout.kind != "differ"


def test_a_disagreement_on_what_was_asked_does(assistant):
    reply = assistant.answer("Who is the mayor of Nansana?").reply
    assert isinstance(reply, Answer)
    assert reply.layout.kind == "differ"
