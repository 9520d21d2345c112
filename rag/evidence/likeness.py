"""How near a sentence is to a question by the encoder's vectors, the question turned towards
sentences that answer (`evals.training.adapter`).

Sees what words and reader miss; knows no context and no index.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt

from rag.embed import DEFAULT_MODEL, MODELS, shipped_encoder
from rag.encoder.encoder import SanadEncoder

READ_CHARACTERS = 400  # of a sentence with its list
REMEMBERED = 4_096  # sentences, 1.5 kB each: those of small collections are asked for again
_remembered: dict[str, npt.NDArray[np.float32]] = {}


class Likens(Protocol):
    """Compares a question with sentences."""

    def __call__(self, question: str, sentences: Sequence[str]) -> npt.NDArray[np.float32]:
        """(sentences,) cosines."""
        ...


def likeness(question: str, sentences: Sequence[str]) -> npt.NDArray[np.float32]:
    """(sentences,) cosines of a question with sentences, by the shipped encoder."""
    encoder = shipped_encoder(MODELS / DEFAULT_MODEL)
    asked = encoder.towards_sentences(encoder.raw_questions([question]))[0]
    found = (_vector(sentence[:READ_CHARACTERS], encoder) for sentence in sentences)
    return np.array([vector @ asked for vector in found], np.float32)


def _vector(text: str, encoder: SanadEncoder) -> npt.NDArray[np.float32]:
    """(dim,) of one sentence, read by itself: in a batch 8 bits are scaled by what is beside it,
    and what is remembered would depend on what was asked before. One by one costs no more."""
    vector = _remembered.get(text)
    if vector is None:
        vector = encoder.encode_passages([text])[0]
        if len(_remembered) >= REMEMBERED:
            _remembered.clear()
        _remembered[text] = vector
    return vector
