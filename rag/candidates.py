"""Sentences that may answer: taken from the hits, scored against the question.

Each candidate is an exact span of a stored page. Knows no wording and no order of
presentation.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rag.embed import Embedder
from rag.generation import Generation
from rag.lexical import LexicalIndex, TermDistribution
from rag.query import Question
from rag.sentences import split_sentences
from rag.support import (
    Features,
    SupportModel,
    asks_figure,
    has_figure,
    missing_share,
    names_and_figures,
    shipped_support,
)
from rag.text import fold, terms, words
from rag.types import Hit, Page, Passage, Quote, SourceDocument

MIN_WORDS = 4
SHORT = 11  # words of a sentence that is quoted with the one after it
_NO_STATEMENT = ("?", "؟", ";", "؛", ",", "،")
_SAME = frozenset({"same", "meme", "mismo", "misma", "نفسه", "نفسها", "ذاته", "ذاتها"})
LIST_CHARACTERS = 700  # a sentence that announces a list is quoted with this much of it
# Sentence openings that point back: such a sentence is quoted with the one before it.
_POINTS_BACK = {
    "en": "he she it they this these those such his her its their both".split(),
    "fr": "il elle ils elles ce cette ces celui celle ceux celles cela leur leurs".split(),
    "es": "él ella ellos ellas este esta estos estas ese esa esos esas esto eso ello".split(),
    "ar": "هو هي هم هذا هذه هؤلاء ذلك تلك وهو وهي وهم كما".split(),
}


@dataclass(frozen=True, slots=True)
class Candidate:
    """One sentence (with what it cannot stand without) and the probability that it
    answers the question, 0..1."""

    quote: Quote
    passage: Passage
    document: SourceDocument
    features: Features
    score: float
    vector: npt.NDArray[np.float32]


def candidates(
    question: Question,
    hits: Sequence[Hit],
    generation: Generation,
    embedder: Embedder,
    support: SupportModel | None = None,
) -> list[Candidate]:
    """Candidates of the hits, best first."""
    support = support or shipped_support()
    found: list[tuple[Quote, Hit, SourceDocument]] = []
    for hit in hits:
        row_and_document = generation.store.find_document(hit.passage.document_id)
        if row_and_document is not None:
            row, document = row_and_document
            page = generation.store.page(row, hit.passage.page)
            quotes = sentence_quotes(hit.passage, page, document.language)
            found += [(quote, hit, document) for quote in quotes]
    if not found:
        return []
    vectors = embedder.encode_passages([quote.text for quote, _, _ in found])
    similarities = generation.similarity(vectors @ question.vector)
    readers: dict[str, Reader] = {}
    scored = []
    for (quote, hit, document), vector, cosine in zip(found, vectors, similarities, strict=True):
        language = document.language
        if language not in readers:
            readers[language] = Reader(question, generation.lexical[language], language)
        features = readers[language].features(quote, hit, document.title, float(cosine))
        score = support.probability(features)
        scored.append(Candidate(quote, hit.passage, document, features, score, vector))
    return sorted(scored, key=lambda c: (-c.score, c.document.id, c.quote.start))


def sentence_quotes(passage: Passage, page: Page, language: str) -> Iterable[Quote]:
    """The statements of a passage as quotes: no heading, no source list, no question.

    A sentence that points back takes the one before it along; one that announces a
    list takes the list.
    """
    spans = [
        (passage.start + start, passage.start + end)
        for start, end in split_sentences(passage.text, language)
    ]
    spans = [span for span in spans if not _inside(span, page.asides)]
    for i, (start, end) in enumerate(spans):
        text = page.text[start:end]
        tokens = words(fold(text))
        if len(tokens) < MIN_WORDS or text.endswith(_NO_STATEMENT) or text[0].islower():
            continue  # a question, or an item of a list that its announcement takes along
        if text.endswith(":"):
            announced = _list_end(start, end, page)
            if announced == end:
                continue  # its list is not in this passage
            end = announced
        elif len(tokens) <= SHORT and _follows(spans, i, page):
            end = spans[i + 1][1]  # a short statement opens what the next one says
        same_block = i > 0 and "\n" not in page.text[spans[i - 1][1] : start]
        if same_block and (tokens[0] in _pointers(language) or _SAME & set(tokens[:5])):
            start = spans[i - 1][0]
        yield Quote(passage.document_id, passage.page, start, end, page.text[start:end])


def _follows(spans: Sequence[tuple[int, int]], i: int, page: Page) -> bool:
    """Whether sentence i + 1 goes on in the same line and announces no list."""
    if i + 1 == len(spans):
        return False
    between = page.text[spans[i][1] : spans[i + 1][0]]
    return "\n" not in between and not page.text[slice(*spans[i + 1])].endswith((":", "?", "؟"))


def _inside(span: tuple[int, int], asides: Sequence[tuple[int, int]]) -> bool:
    return any(start <= span[0] and span[1] <= end for start, end in asides)


def _list_end(start: int, end: int, page: Page) -> int:
    """Where the list that is announced before `end` ends; `end` when there is none.

    Its lines are items, or lines of a table that the reader did not take apart: those
    under a header that stands right after the announcement, without a full stop.
    """
    limit = start + LIST_CHARACTERS
    headed = False
    at = end
    while at < len(page.text) and page.text[at] == "\n":
        stop = page.text.find("\n", at + 1)
        line = (at + 1, stop if stop >= 0 else len(page.text))
        if line in page.asides and not headed and at == end:
            headed = True
        elif line not in page.items and not (headed and _is_row(page.text[slice(*line)])):
            break
        if line[1] > limit:
            break
        at = line[1]
    return end if headed and page.text.count("\n", end, at) < 2 else at


def _is_row(line: str) -> bool:
    return bool(line) and line[-1] not in ".?!؟:"


def _pointers(language: str) -> frozenset[str]:
    return frozenset(fold(word) for word in _POINTS_BACK.get(language, ()))


class Reader:
    """Reads sentences of one language against a question."""

    def __init__(self, question: Question, index: LexicalIndex, language: str) -> None:
        self._language = language
        self._cross = float(language != question.language)
        self._words = question.words(language)
        self._weights = [index.idf(index.expected_frequency(word)) for word in self._words]
        self._names = [
            question.renderings(name, language) for name in names_and_figures(question.text)
        ]
        self._asks_figure = asks_figure(question.text, question.language)
        self._terms: dict[str, frozenset[str]] = {}

    def features(self, quote: Quote, hit: Hit, title: str, cosine: float) -> Features:
        """What speaks for and against one sentence; see `rag.support.FEATURES`."""
        passage = hit.passage
        heading = " ".join((title, *passage.headings))
        inside = self._of(quote.text)
        around = inside | self._of(heading) | self._of(_before(quote, passage))
        whole = self._of(passage.text) | self._of(heading)
        figure = 0.0
        if self._asks_figure:
            figure = 1.0 if has_figure(quote.text, self._language) else -1.0
        return Features(
            coverage=self.coverage(inside),
            context=self.coverage(around),
            passage=self.coverage(whole),
            similarity=max(0.0, cosine),
            retrieval=hit.score,
            cross=self._cross,
            name_missing=missing_share(self._names, whole),
            lacking=self.lacking(whole),
            figure=figure,
        )

    def coverage(self, present: frozenset[str]) -> float:
        """Share of the question's words, weighted by idf, among the stems present; 0 when
        the question has no content words.

        A word with several renderings is held to the degree of the likeliest rendering
        present, relative to its likeliest of all.
        """
        total = sum(self._weights)
        pairs = zip(self._weights, self._words, strict=True)
        held = sum(weight * _held(word, present) for weight, word in pairs)
        return held / total if total else 0.0

    def lacking(self, present: frozenset[str]) -> float:
        """Weight, as a share, of the weightiest of the question's words that is not present."""
        pairs = zip(self._weights, self._words, strict=True)
        missing = [weight * (1 - _held(word, present)) for weight, word in pairs]
        return max(missing, default=0.0) / (sum(self._weights) or 1.0)

    def _of(self, text: str) -> frozenset[str]:
        if text not in self._terms:
            self._terms[text] = frozenset(terms(text, self._language))
        return self._terms[text]


def _before(quote: Quote, passage: Passage) -> str:
    """The text of the passage's line up to the quote: what the sentence follows on."""
    until = quote.start - passage.start
    line = passage.text.rfind("\n", 0, max(0, until)) + 1
    return passage.text[line : max(line, until)]


def _held(word: TermDistribution, present: frozenset[str]) -> float:
    best = max((weight for term, weight in word.items() if term in present), default=0.0)
    return best / max(word.values()) if best else 0.0


def by_document(chosen: Sequence[Candidate]) -> Mapping[str, list[Candidate]]:
    """Candidates grouped by document, groups in order of first appearance, each in the
    order of the page."""
    groups: dict[str, list[Candidate]] = {}
    for candidate in chosen:
        groups.setdefault(candidate.document.id, []).append(candidate)
    for group in groups.values():
        group.sort(key=lambda c: (c.quote.page, c.quote.start))
    return groups
