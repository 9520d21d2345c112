"""Sentences that may answer: taken from the hits, scored against the question.

Each candidate is an exact span of a stored page. Knows no wording and no order of
presentation.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rag.embed import Embedder
from rag.evidence.leaning import is_fragment, leans
from rag.evidence.nearness import nearness
from rag.evidence.reading import Reader, text_before
from rag.evidence.support import Features, SupportModel, shipped_support
from rag.index.generation import Generation
from rag.question.query import Question
from rag.types import Hit, Page, Passage, Quote, SourceDocument
from rag.words.sentences import split_sentences
from rag.words.text import fold, words

MIN_WORDS = 4
SHORT = 11  # words of a sentence that is quoted with the one after it
_NO_STATEMENT = ("?", "؟", ";", "؛", ",", "،")
LIST_CHARACTERS = 700  # a sentence that announces a list is quoted with this much of it


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
    found = list(_sources(hits, generation))
    quotes = [quote for source in found for quote in source.quotes]
    if not quotes:
        return []
    vectors = embedder.encode_passages([quote.text for quote in quotes])
    cosines = generation.similarity(vectors @ question.vector)
    near = nearness(embedder)
    readers = {
        language: Reader(question, generation.lexical[language], language, near, texts)
        for language, texts in _texts(found).items()
    }
    scored: list[Candidate] = []
    for source in found:
        document, passage = source.document, source.hit.passage
        rows = range(len(scored), len(scored) + len(source.quotes))
        features = readers[document.language].features(
            source.hit, document.title, source.quotes, [float(cosines[row]) for row in rows]
        )
        for row, quote, feature in zip(rows, source.quotes, features, strict=True):
            score = support.probability(feature)
            scored.append(Candidate(quote, passage, document, feature, score, vectors[row]))
    return sorted(scored, key=lambda c: (-c.score, c.document.id, c.quote.start))


@dataclass(frozen=True, slots=True)
class _Source:
    """A hit, its document, and the sentences it may be quoted with."""

    hit: Hit
    document: SourceDocument
    quotes: tuple[Quote, ...]


def _sources(hits: Sequence[Hit], generation: Generation) -> Iterator[_Source]:
    for hit in hits:
        row_and_document = generation.store.find_document(hit.passage.document_id)
        if row_and_document is not None:
            row, document = row_and_document
            page = generation.store.page(row, hit.passage.page)
            yield _Source(
                hit, document, tuple(sentence_quotes(hit.passage, page, document.language))
            )


def _texts(found: Sequence[_Source]) -> dict[str, list[str]]:
    """All that a reader of each language will read."""
    texts: dict[str, list[str]] = {}
    for source in found:
        passage = source.hit.passage
        texts.setdefault(source.document.language, []).extend(
            [
                " ".join((source.document.title, *passage.headings)),
                passage.text,
                *(quote.text for quote in source.quotes),
                *(text_before(quote, passage) for quote in source.quotes),
            ]
        )
    return texts


def sentence_quotes(passage: Passage, page: Page, language: str) -> Iterable[Quote]:
    """The statements of a passage as quotes: no heading, no source list, no question.

    A sentence that points back takes the one before it along, one that answers a question the
    question; one that announces a list takes the list.
    """
    spans = [
        (passage.start + start, passage.start + end)
        for start, end in split_sentences(passage.text, language)
    ]
    spans = [span for span in spans if not _inside(span, page.asides)]
    for i, (start, end) in enumerate(spans):
        text = page.text[start:end]
        tokens = words(fold(text))
        if len(tokens) < MIN_WORDS or text.endswith(_NO_STATEMENT) or is_fragment(text, language):
            continue  # a question, or an item of a list that its announcement takes along
        if text.endswith(":"):
            announced = list_end(start, end, page)
            if announced == end:
                continue  # its list is not in this passage
            end = announced
        elif len(tokens) <= SHORT and _follows(spans, i, page):
            end = spans[i + 1][1]  # a short statement opens what the next one says
        same_block = i > 0 and "\n" not in page.text[spans[i - 1][1] : start]
        asked = same_block and page.text[spans[i - 1][1] - 1] in "?؟"
        if asked or (same_block and leans(text, language)):
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


def list_end(start: int, end: int, page: Page) -> int:
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


def by_document(chosen: Sequence[Candidate]) -> Mapping[str, list[Candidate]]:
    """Candidates grouped by document, groups in order of first appearance, each in the
    order of the page."""
    groups: dict[str, list[Candidate]] = {}
    for candidate in chosen:
        groups.setdefault(candidate.document.id, []).append(candidate)
    for group in groups.values():
        group.sort(key=lambda c: (c.quote.page, c.quote.start))
    return groups
