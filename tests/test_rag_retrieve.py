"""Cosines count by the scale of the model that made the question's vector."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from rag.embed import HashEmbedder
from rag.evidence.retrieve import RetrievalSettings, retrieve
from rag.question.query import understand
from tests.builders import build, document


class Scaled(HashEmbedder):
    """Questions have cosine 0.3 with passages on councils and 0.1 with others."""

    cosines = (0.1, 0.5)

    def encode_passages(self, texts):
        return self._made([0.3 if "council" in text else 0.1 for text in texts])

    def encode_questions(self, texts):
        return self._made([1.0 for _ in texts])

    def _made(self, cosines):
        found = np.zeros((len(cosines), self.dim), np.float32)
        found[:, 0] = cosines
        found[:, 1] = np.sqrt(1 - np.square(cosines))
        return found


def test_a_models_own_scale_goes_before_that_of_the_index(tmp_path):
    texts = ("A council meets every month.", "Roads were mended last year.")
    documents = [document(name, text) for name, text in zip("ab", texts, strict=True)]
    generation = build(tmp_path, documents, embedder := Scaled())
    asked = understand("Who gathers how often?", embedder)
    assert asked.cosines == (0.1, 0.5)
    settings = RetrievalSettings(lexical_weight=0.0)
    first, second = retrieve(asked, generation, 2, settings=settings)
    assert (first.passage.document_id, second.passage.document_id) == ("a", "b")
    assert first.score == pytest.approx(0.5, abs=1e-3) and second.score == pytest.approx(
        0, abs=1e-3
    )
    plain = retrieve(replace(asked, cosines=None), generation, 1, settings=settings)[0]
    floor = generation.manifest.unrelated
    assert plain.score == pytest.approx(max(0.0, 0.3 - floor) / (1 - floor), abs=1e-3)
