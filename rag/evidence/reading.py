"""Reads sentences of one language against a question: the features of `rag.evidence.support`.

Knows no order of presentation and no threshold.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rag.evidence.support import Features, missing_share
from rag.index.lexical import Bm25
from rag.question.answer_types import asked_types, asks_figure, shows
from rag.question.query import Question
from rag.types import Hit, Passage, Quote
from rag.words.figures import has_figure, names_and_figures
from rag.words.text import fold, stem, stopwords, words

CLOSE = 3  # words apart at which two neighbouring words of the question still stand together
LIKELY = 0.3  # a rendering of at least this share of the likeliest counts as the word itself

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Reading:
    """What one text holds of the question."""

    stems: tuple[str, ...]  # in order, without stop words
    held: Floats  # (question's words,) 0..1: by stem or rendering

    def along(self, *others: Reading) -> Reading:
        """This text and others, taken together."""
        parts = (self, *others)
        return Reading(
            tuple(s for part in parts for s in part.stems),
            np.maximum.reduce([part.held for part in parts]),
        )


class WordReader:
    """Reads the sentences of passages in one language against a question."""

    def __init__(self, question: Question, index: Bm25, language: str) -> None:
        self._question, self._language = question, language
        self._cross = float(language != question.language)
        found = question.words(language)
        weights = np.array([index.idf(index.expected_frequency(word)) for word in found])
        self._weights = _shares(weights)
        self._renderings = _by_term(found)
        self._count = len(found)
        names = names_and_figures(question.text)
        self._known = names
        self._names = [question.renderings(name, language) for name in names]
        self._asks_figure = asks_figure(question.text)
        self._types = asked_types(question.text)
        self._readings: dict[str, Reading] = {}

    def features(self, hit: Hit, title: str, quotes: Sequence[Quote]) -> list[Features]:
        """What the words of each quote of a passage say: `support.FEATURES` but for the
        reader's."""
        passage = hit.passage
        heading = self.read(" ".join((title, *passage.headings)))
        whole = self.read(passage.text).along(heading)
        name_missing = missing_share(self._names, frozenset(whole.stems))
        inside = [self.read(quote.text) for quote in quotes]
        coverages = [self.coverage(reading) for reading in inside]
        found = []
        for quote, reading, coverage in zip(quotes, inside, coverages, strict=True):
            around = reading.along(heading, self.read(text_before(quote, passage)))
            found.append(
                Features(
                    coverage=coverage,
                    context=self.coverage(around),
                    passage=self.coverage(whole),
                    retrieval=hit.score,
                    cross=self._cross,
                    name_missing=name_missing,
                    lacking=float((self._weights * (1 - whole.held)).max(initial=0.0)),
                    figure=self._figure(quote.text),
                    pairs=self._pairs(reading.stems),
                    fits=self._fits(quote.text),
                )
            )
        return found

    def coverage(self, reading: Reading) -> float:
        """Share of the question's words, weighted by idf, that a text holds; 0 when the
        question has no content words.

        A word with several renderings is held to the degree of the likeliest rendering
        present, relative to its likeliest of all.
        """
        return float(self._weights @ reading.held)

    def read(self, text: str) -> Reading:
        """A text against the question's words."""
        if text not in self._readings:
            stems = stem(list(_content(text, self._language)), self._language)
            held = np.zeros(self._count)
            for term in stems:
                for word, share in self._renderings.get(term, ()):
                    held[word] = max(held[word], share)
            self._readings[text] = Reading(tuple(stems), held)
        return self._readings[text]

    def _figure(self, text: str) -> float:
        if not self._asks_figure:
            return 0.0
        return 1.0 if has_figure(text, self._language) else -1.0

    def _fits(self, text: str) -> float:
        shown = [shows(kind, text, self._language, self._known) for kind in self._types]
        return sum(shown) / len(shown) if shown else 0.0

    def _pairs(self, stems: Sequence[str]) -> float:
        """Share, by idf, of the question's neighbouring words that stand within CLOSE words
        of each other."""
        places: dict[int, list[int]] = {}
        for place, term in enumerate(stems):
            for word, share in self._renderings.get(term, ()):
                if share >= LIKELY:
                    places.setdefault(word, []).append(place)
        total = close = 0.0
        for word in range(self._count - 1):
            weight = float(self._weights[word] + self._weights[word + 1])
            total += weight
            here, there = places.get(word, ()), places.get(word + 1, ())
            if any(a != b and abs(a - b) <= CLOSE for a in here for b in there):
                close += weight
        return close / total if total else 0.0


def text_before(quote: Quote, passage: Passage) -> str:
    """The text of the passage's line up to the quote: what the sentence follows on."""
    until = quote.start - passage.start
    line = passage.text.rfind("\n", 0, max(0, until)) + 1
    return passage.text[line : max(line, until)]


def _content(text: str, language: str) -> tuple[str, ...]:
    stop = stopwords(language)
    return tuple(word for word in words(fold(text)) if word not in stop)


def _shares(weights: Floats) -> Floats:
    total = float(weights.sum())
    return weights / total if total else weights


def _by_term(found: Sequence[Mapping[str, float]]) -> dict[str, list[tuple[int, float]]]:
    """Term -> (word of the question, how likely a rendering of it, the likeliest being 1)."""
    terms: dict[str, list[tuple[int, float]]] = {}
    for number, word in enumerate(found):
        likeliest = max(word.values(), default=0.0)
        for term, weight in word.items():
            if likeliest:
                terms.setdefault(term, []).append((number, weight / likeliest))
    return terms
