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
    texts = [sentence[:READ_CHARACTERS] for sentence in sentences]
    known = {text: _remembered[text] for text in texts if text in _remembered}
    new = list(dict.fromkeys(text for text in texts if text not in known))
    if new:
        known |= dict(zip(new, encoder.encode_passages(new), strict=True))
        if len(_remembered) + len(new) > REMEMBERED:
            _remembered.clear()
        _remembered.update((text, known[text]) for text in new)
    asked = encoder.towards_sentences(encoder.raw_questions([question]))[0]
    return np.asarray(np.stack([known[text] for text in texts]) @ asked, np.float32)
