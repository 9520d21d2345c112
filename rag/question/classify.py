"""What a question is, in any language: to be answered or not, its shape, what it asks for, whether
of the catalogue, and whether it leans on the question before.

A reading by encoder and reader, heads on it. Knows no word list, no index and no document.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from rag.embed import DEFAULT_MODEL, MODELS, shipped_encoder
from rag.encoder.heads import load_heads
from rag.encoder.reader import reader

HEADS = MODELS / "sanad-heads.npz"
READER = MODELS / "sanad-reader"
_VOWEL_SIGNS = re.compile("[\u064b-\u0652\u0640]")
GRAVE, GRAVE_AT = ("danger", "harm"), 0.6  # to miss these is worse than to ask once too often
ANSWER = "answer"  # the label of a question that is to be answered


@dataclass(frozen=True, slots=True)
class Nature:
    """What the heads say of one question."""

    ruling: str  # ANSWER, or why it is not answered as asked
    shape_share: float  # probability of its shape
    shape: str  # fact, list, steps, comparison, difference, definition, latest, ...
    asks: str  # person, number, time, place, reason, way, yesno, thing
    catalogue: bool  # whether the catalogue is asked, not the text
    probabilities: Mapping[str, float]  # of the rulings


@lru_cache(maxsize=1_024)
def classify(question: str) -> Nature:
    """What a question is, by itself."""
    heads = load_heads(HEADS)
    seen = seen_of([_plain(question)])[0]
    said = {name: head.probabilities(seen) for name, head in heads.by_name.items() if name != LEANS}
    return Nature(
        ruling=_ruling(said["ruling"], heads.thresholds["refused"]),
        shape_share=max(said["shape"].values()),
        shape=_likeliest(said["shape"]),
        asks=_likeliest(said["asks"]),
        catalogue=said["catalogue"]["yes"] >= heads.thresholds["catalogue"],
        probabilities=said["ruling"],
    )


def _plain(question: str) -> str:
    """A question without vowel signs, and in small letters where all were capitals."""
    bare = _VOWEL_SIGNS.sub("", question)
    return bare.lower() if bare.isupper() else bare


def seen_of(questions: Sequence[str]) -> npt.NDArray[np.float32]:
    """(questions, 1536): what encoder and reader hold of questions by themselves."""
    depths = shipped_encoder(MODELS / DEFAULT_MODEL).depths(questions)
    return np.hstack([depths, reader(READER).means(questions)])


LEANS = "follows"
ALONE = "alone"  # the label of a question that stands alone


@lru_cache(maxsize=1_024)
def leaning(question: str, before: str) -> float:
    """Probability, 0..1, that a question leans on the one before it."""
    encoder = shipped_encoder(MODELS / DEFAULT_MODEL)
    first, second = encoder.raw_questions([before])[0], encoder.raw_questions([question])[0]
    seen = np.append(encoder.depths([question])[0], np.float32(first @ second))
    return 1.0 - load_heads(HEADS).by_name[LEANS].probabilities(seen)[ALONE]


def leans_on(question: str, before: str) -> bool:
    """Whether a question cannot be searched without the one before it."""
    return leaning(question, before) >= load_heads(HEADS).thresholds["leans"]


def _ruling(probabilities: Mapping[str, float], least: float) -> str:
    """The likeliest reason not to answer where all of them together reach `least`."""
    reasons = {label: p for label, p in probabilities.items() if label != ANSWER}
    likeliest = max(reasons, key=lambda label: reasons[label])
    if likeliest in GRAVE:
        least = min(least, GRAVE_AT)
    return likeliest if 1.0 - probabilities[ANSWER] >= least else ANSWER


def _likeliest(probabilities: Mapping[str, float]) -> str:
    return max(probabilities, key=lambda label: probabilities[label])
