"""How likely the collection answers a question at all: a small logistic model over the question,
its hits and the best candidate sentence.

The probability of a sentence (`rag.support`) says how well it fits the question; here it is
weighed with what a question that nothing answers gives away: words no passage has, a best passage
that does not stand out, names that are missing. Weights and thresholds come from
`evals/training/answerable.py` and are made anew whenever the support model changes. Knows no
wording.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from rag.candidates import Candidate
from rag.embed import MODELS
from rag.generation import Generation
from rag.query import Question
from rag.support import missing_share, names_and_figures
from rag.text import fold, terms, words
from rag.types import Hit

WEIGHTS = "sanad-answerable.json"
SAMPLE = 1000  # passages whose cosine to the question says what is usual
HITS = 6  # over which the first hit's lead is taken
# Words that turn a question round: its answer must turn round too.
_NEGATIONS = frozenset(
    fold(word)
    for word in (
        "not never no without except neither nor cannot isn aren didn doesn wasn weren "
        "pas jamais sans sauf aucun aucune ni nunca sin excepto ningún ninguna "
        "ليس ليست لم لن دون غير لا عدا"
    ).split()
)
FEATURES = (
    "support",  # log odds of the best sentence
    "margin",  # by which it is ahead of the best sentence of another passage
    "coverage",  # of the best sentence: see rag.support
    "passage",
    "similarity",
    "retrieval",
    "lacking",
    "near",
    "pairs",
    "figure",
    "fits",
    "cross",
    "name_missing",
    "sentence_lacking",  # weight of the heaviest of the question's words that the sentence lacks
    "sentence_names",  # share of the question's names and figures that the sentence lacks
    "unknown",  # share, by idf, of the question's words that no passage has
    "lead",  # score of the first hit over the mean of those after it
    "stands_out",  # nearest passage's cosine in standard deviations over a sample of passages
    "agreement",  # retrievers that have the sentence's passage first or second: 0, 1, 2
    "negation",  # 1 when the question is negated and the sentence is not
    "new_words",  # of the sentence, that are not in the question, in tens
    "words",  # of the question, in tens
)


@dataclass(frozen=True, slots=True)
class AnswerableModel:
    """Weights over FEATURES scaled to mean 0 and deviation 1, and the two probabilities that
    decide: below `partial_at` the question is declined, below `answer_at` the answer is shown as
    coming close."""

    bias: float
    means: npt.NDArray[np.float64]  # (features,)
    scales: npt.NDArray[np.float64]  # (features,)
    weights: npt.NDArray[np.float64]  # (features,)
    answer_at: float
    partial_at: float

    def probability(self, evidence: npt.NDArray[np.float64]) -> float:
        """Probability for one question's evidence, (features,); NaN stands for the mean."""
        z = np.nan_to_num((evidence - self.means) / self.scales, nan=0.0)
        x = self.bias + float(self.weights @ np.clip(z, -4, 4))
        return 1.0 / (1.0 + math.exp(-max(-30.0, min(30.0, x))))


@lru_cache(maxsize=1)
def shipped_answerable(path: Path = MODELS / WEIGHTS) -> AnswerableModel:
    """The model that comes with Sanad."""
    values = json.loads(path.read_text("utf-8"))
    rows = np.array([values["features"][name] for name in FEATURES], float)
    return AnswerableModel(
        float(values["bias"]), rows[:, 0], rows[:, 1], rows[:, 2],
        float(values["answer_at"]), float(values["partial_at"]),
    )  # fmt: skip


def probability(
    question: Question,
    hits: Sequence[Hit],
    found: Sequence[Candidate],
    generation: Generation,
    model: AnswerableModel | None = None,
) -> float:
    """Probability that the collection answers the question, 0..1; 0 without a candidate.

    `hits` best first; `found` the candidates of these hits, best first.
    """
    if not found or not hits:
        return 0.0
    model = model or shipped_answerable()
    return model.probability(evidence(question, hits, found, generation))


def evidence(
    question: Question,
    hits: Sequence[Hit],
    found: Sequence[Candidate],
    generation: Generation,
) -> npt.NDArray[np.float64]:
    """(features,) in the order of FEATURES; NaN where there is nothing to tell from."""
    best = found[0]
    features = best.features
    others = (c.score for c in found if c.passage.id != best.passage.id)
    support = _log_odds(best.score)
    values = {
        "support": support,
        "margin": support - _log_odds(max(others, default=0.0)),
        **{
            name: float(getattr(features, name))
            for name in (
                "coverage", "passage", "similarity", "retrieval", "lacking", "near", "pairs",
                "figure", "fits", "cross", "name_missing",
            )
        },
        **_words(question, best, generation),
        **_hits(question, hits, best, generation),
    }  # fmt: skip
    return np.array([values[name] for name in FEATURES], float)


def _words(question: Question, best: Candidate, generation: Generation) -> dict[str, float]:
    """What the question's words say, each weighed by idf in the language of the sentence."""
    language = best.document.language
    index = generation.lexical[language]
    asked = question.words(language)
    frequencies = [index.expected_frequency(word) for word in asked]
    weights = np.array([index.idf(frequency) for frequency in frequencies])
    weights = weights / (weights.sum() or 1.0)
    said = frozenset(terms(best.quote.text, language))
    lacks = [1 - max((w for t, w in word.items() if t in said), default=0.0) / max(word.values())
             for word in asked]  # fmt: skip
    names = [question.renderings(name, language) for name in names_and_figures(question.text)]
    known = {term for word in asked for term in word}
    turned = [bool(_NEGATIONS & set(words(fold(t)))) for t in (question.text, best.quote.text)]
    return {
        "sentence_lacking": max((w * m for w, m in zip(weights, lacks, strict=True)), default=0.0),
        "sentence_names": missing_share(names, said),
        "unknown": sum(w for w, f in zip(weights, frequencies, strict=True) if f < 0.5),
        "negation": float(turned[0] and not turned[1]),
        "new_words": len(said - known) / 10,
        "words": len(asked) / 10,
    }


def _hits(
    question: Question, hits: Sequence[Hit], best: Candidate, generation: Generation
) -> dict[str, float]:
    """Whether the best of what was found stands out."""
    scores = [hit.score for hit in hits]
    after = scores[1:HITS]
    hit = next((hit for hit in hits if hit.passage.id == best.passage.id), hits[0])
    ranks = [int(rank) for found in hit.why for _, _, rank in [found.partition("#")] if rank]
    return {
        "lead": scores[0] - sum(after) / len(after) if after else math.nan,
        "stands_out": _standing(question, generation),
        "agreement": float(sum(rank <= 2 for rank in ranks)),
    }


def _standing(question: Question, generation: Generation) -> float:
    """The nearest passage's cosine, in standard deviations over a sample of all passages."""
    count = generation.manifest.passages
    if generation.dense is None or count < 2 * HITS:
        return math.nan
    rows = np.arange(0, count, max(1, count // SAMPLE))
    usual = generation.dense.similarities(question.vector, rows)
    nearest = generation.dense.top(question.vector, 1, None)
    if not nearest or not float(usual.std()):
        return math.nan
    return (nearest[0][1] - float(usual.mean())) / float(usual.std())


def _log_odds(probability: float) -> float:
    bounded = min(max(probability, 1e-5), 1 - 1e-5)
    return math.log(bounded / (1 - bounded))
