"""Passages in another language than the question are not behind for that alone."""

from __future__ import annotations

import numpy as np

from rag.embed import HashEmbedder
from rag.evidence.retrieve import RetrievalSettings, retrieve
from rag.question.query import understand
from tests.builders import build, document


class Leaning(HashEmbedder):
    """Vectors of the first words: French texts stand a little farther from English questions."""

    def encode_passages(self, texts):
        return self._made([0.80 if "conseil" in text else 0.81 for text in texts])

    def encode_questions(self, texts):
        return self._made([1.0 for _ in texts])

    def _made(self, cosines):
        found = np.zeros((len(cosines), self.dim), np.float32)
        found[:, 0] = cosines
        found[:, 1] = np.sqrt(1 - np.square(cosines))
        return found


def test_a_passage_in_another_language_is_lifted_by_what_its_cosine_lacks(tmp_path):
    embedder = Leaning()
    generation = build(
        tmp_path,
        [
            document("en", "Roads were mended last year.", language="en"),
            document("fr", "Un conseil se réunit chaque mois.", language="fr"),
        ],
        embedder,
    )
    asked = understand("Who meets how often?", embedder)
    for lifted, first in ((0.0, "en"), (0.02, "fr")):
        settings = RetrievalSettings(lexical_weight=0.0, foreign_cosine=lifted)
        hits = retrieve(asked, generation, 2, settings=settings)
        assert hits[0].passage.document_id == first
