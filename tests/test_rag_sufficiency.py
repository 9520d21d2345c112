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
    ],
)
def test_office_or_team_of_another_place_is_no_answer(assistant, text):
    assert status(assistant, text) != "answered"


@pytest.mark.parametrize(
    "text",
    [
        "Which city will host the Global Summit in 2031?",
        "Quelle ville accueillera le Sommet mondial en 2031 ?",
        "أي مدينة ستستضيف القمة العالمية في عام ٢٠٣١؟",
    ],
)
def test_a_year_that_no_passage_has_is_no_answer(assistant, text):
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
