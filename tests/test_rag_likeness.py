"""Sentences compared with a question by vectors."""

from __future__ import annotations

import numpy as np
import pytest

from rag.embed import DEFAULT_MODEL, MODELS, load_embedder, shipped_encoder
from rag.evidence import likeness as module
from rag.evidence.candidates import candidates
from rag.evidence.likeness import likeness
from rag.evidence.retrieve import retrieve
from rag.question.query import understand
from tests.builders import build, document

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
    assert likeness("Who?", []).shape == (0,)


def test_what_was_asked_before_changes_no_likeness():
    module._remembered.clear()
    alone = likeness("Who meets whom?", SENTENCES[2:])[0]
    module._remembered.clear()
    assert likeness("Who meets whom?", [SENTENCES[0] * 5, *SENTENCES])[-1] == alone


def test_likeness_orders_sentences_and_leaves_the_best_as_likely_as_it_was(tmp_path):
    embedder = load_embedder()
    generation = build(tmp_path, [document("brief", "\n\n".join(SENTENCES))], embedder)
    asked = understand("Which towns share the work, and how do families report?", embedder)
    hits = retrieve(asked, generation, 5)
    plain = candidates(asked, hits, generation, likens=None)
    last = plain[-1].quote.text

    def likes_the_last(question: str, sentences):
        assert question == asked.mended and list(sentences) == [c.quote.text for c in plain]
        return np.array([float(sentence == last) for sentence in sentences], np.float32)

    turned = candidates(asked, hits, generation, likens=likes_the_last)
    assert len(plain) > 1 and turned[0].quote.text == last != plain[0].quote.text
    assert turned[0].score == pytest.approx(plain[0].score, rel=1e-6)
    assert {c.quote.text for c in turned} == {c.quote.text for c in plain}
    alike = candidates(asked, hits, generation, likens=lambda _, said: np.full(len(said), 0.3))
    assert [c.score for c in alike] == pytest.approx([c.score for c in plain])


def test_nothing_found_is_compared_with_nothing(tmp_path):
    embedder = load_embedder()
    generation = build(tmp_path, [document("brief", SENTENCES[0])], embedder)
    asked = understand("Which towns?", embedder)

    def never(question, sentences):
        raise AssertionError(sentences)

    assert candidates(asked, [], generation, likens=never) == []
