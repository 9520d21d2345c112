"""Sentences compared with a question by vectors."""

from __future__ import annotations

import numpy as np
import pytest

from rag.embed import DEFAULT_MODEL, MODELS, shipped_encoder
from rag.evidence import likeness as module
from rag.evidence.likeness import likeness

SENTENCES = (
    "This brief sets side by side how ten towns share the work.",
    "Families can report to the office without going to the police.",
    "The market square was paved again in 2019.",
)


@pytest.mark.parametrize(
    "question",
    [
        "worried parents son radical where to go no police",
        "familias preocupadas por un hijo, sin ir a la poli",
        "إلى من تلجأ الأسرة القلقة على ابنها دون الشرطة؟",
    ],
)
def test_the_sentence_that_answers_is_nearest_however_it_is_asked(question):
    assert likeness(question, SENTENCES).argmax() == 1


def test_what_was_compared_is_not_embedded_again(monkeypatch):
    encoder = shipped_encoder(MODELS / DEFAULT_MODEL)
    first = likeness("Who meets whom?", SENTENCES)

    def never(texts):
        raise AssertionError(texts)

    monkeypatch.setattr(encoder, "encode_passages", never)
    assert np.array_equal(likeness("Who meets whom?", SENTENCES), first)


def test_no_more_is_remembered_than_was_promised(monkeypatch):
    monkeypatch.setattr(module, "REMEMBERED", 4)
    module._remembered.clear()
    for number in range(6):
        likeness("Who?", [f"Sentence {number}.", SENTENCES[0]])
        assert len(module._remembered) <= 4
    long = [SENTENCES[1] * 90, SENTENCES[1] * 91]
    assert likeness("Who?", long).shape == (2,)
