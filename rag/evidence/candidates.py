"""Sentences that may answer: taken from the hits, read against the question.

    hits -> their sentences -> words that they share with the question
         -> the likeliest windows, read by the reader -> a probability each
         -> the likeliest of them compared with the question by vectors

Each candidate is an exact span of a stored page. Knows no wording and no order of
presentation.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from rag.embed import MODELS
from rag.encoder.reader import SentenceRead, Window, reader, windows_of
from rag.evidence.leaning import is_fragment, leans
from rag.evidence.likeness import Likens, likeness
from rag.evidence.reading import WordReader
from rag.evidence.support import Features, SupportModel, shipped_support
from rag.index.generation import Generation
from rag.question.query import Question
from rag.types import Hit, Page, Passage, Quote, SourceDocument
from rag.words.sentences import split_sentences
from rag.words.text import fold, words

READER = "sanad-reader"
OVERHEAD = 40  # tokens of question, title and signs in a window
READ_TOKENS = 1_080  # read for one question: seven windows or so (docs/answers.md)
CELLS = " | "  # between the cells of a row, as `ingest` writes tables
MARKED_AT = 6.0  # `SentenceRead.span` from which the words are taken for the answer
MOST_MARKED = 8  # words
LIKENED = 10  # of the likeliest sentences that are compared with the question by vectors
MIN_WORDS = 4
SHORT = 11  # words of a sentence that is quoted with the one after it
Span = tuple[int, int]
_NO_STATEMENT = ("?", "؟", ";", "؛", ",", "،")
LIST_CHARACTERS = 700  # a sentence that announces a list is quoted with this much of it
COVERAGE_SHARE = 0.25  # of a window's best coverage beside its hit's score, for what is read first


class Reads(Protocol):
    """Reads sentences in their place against a question: `rag.encoder.reader.SentenceReader`."""

    @property
    def window_tokens(self) -> int: ...

    def lengths(self, sentences: Sequence[str]) -> list[int]:
        """Tokens that each sentence takes in a window."""
        ...

    def read(self, question: str, windows: Sequence[Window]) -> list[list[SentenceRead]]:
        """One entry for each sentence of each window; those that do not fit are left out."""
        ...


@dataclass(frozen=True, slots=True)
class Candidate:
    """One sentence (with what it cannot stand without) and the probability that it
    answers the question, 0..1."""

    quote: Quote
    passage: Passage
    document: SourceDocument
    features: Features
    score: float
    answer: tuple[int, int] = (0, 0)  # of the page's text: the words that answer; empty: unknown


def candidates(
    question: Question,
    hits: Sequence[Hit],
    generation: Generation,
    reads: Reads | None = None,
    support: SupportModel | None = None,
    read_tokens: int = READ_TOKENS,
    likens: Likens | None = likeness,
) -> list[Candidate]:
    """Candidates of the hits, best first: of those windows that are read."""
    support = support or shipped_support()
    reads = reads or reader(MODELS / READER)
    found = list(_sources(hits, generation))
    if not any(source.quotes for source in found):
        return []
    readers = {
        language: WordReader(question, generation.lexical[language], language)
        for language in {source.document.language for source in found}
    }
    scored: list[Candidate] = []
    for source in _read(question, found, readers, reads, read_tokens):
        document, passage = source.document, source.hit.passage
        for quote, features in zip(source.quotes, source.features, strict=True):
            odds, answer = source.read_of(quote)
            if odds is not None:
                features = replace(features, reader=odds)
                score = support.probability(features)
                scored.append(Candidate(quote, passage, document, features, score, answer))
    ranked = _ranked(scored)
    return ranked if likens is None else _likened(question, ranked, support, likens)


def _ranked(scored: Iterable[Candidate]) -> list[Candidate]:
    return sorted(scored, key=lambda c: (-c.score, c.document.id, c.quote.start))


def _likened(
    question: Question, ranked: Sequence[Candidate], support: SupportModel, likens: Likens
) -> list[Candidate]:
    """Ranked anew: the first LIKENED by how like the question they are too, the others taken for
    as like as those on average. The best is as likely as the best before: this says which
    sentence answers, not whether one does."""
    if not ranked:
        return []
    alike = likens(question.mended, [candidate.quote.text for candidate in ranked[:LIKENED]])
    every = [*map(float, alike), *[float(alike.mean())] * (len(ranked) - len(alike))]
    features = [
        replace(candidate.features, likeness=like)
        for candidate, like in zip(ranked, every, strict=True)
    ]
    before = support.log_odds(ranked[0].features)
    lifted = max(map(support.log_odds, features)) - before
    return _ranked(
        replace(candidate, features=seen, score=support.probability(seen, lifted))
        for candidate, seen in zip(ranked, features, strict=True)
    )


@dataclass(slots=True)
class _Source:
    """A hit, its document, the sentences it may be quoted with, and what was read of it."""

    hit: Hit
    document: SourceDocument
    page: Page
    quotes: tuple[Quote, ...]
    features: list[Features] = field(default_factory=list)  # of the quotes
    read: dict[Span, SentenceRead] = field(default_factory=dict)  # by span of the page

    def read_of(self, quote: Quote) -> tuple[float | None, Span]:
        """The odds of the likeliest sentence of a quote, and the words in it that answer; None
        where none of it was read."""
        inside = [
            (found.odds, self._words(start, found))
            for (start, end), found in self.read.items()
            if quote.start <= start and end <= quote.end
        ]
        return max(inside, default=(None, (0, 0)), key=lambda pair: pair[0])

    def _words(self, start: int, found: SentenceRead) -> Span:
        """The words of a sentence that answer, without blanks around them; none in doubt."""
        said = self.page.text[start + found.start : start + found.end]
        if found.span < MARKED_AT or len(said.split()) > MOST_MARKED:
            return (0, 0)
        first = start + found.start + len(said) - len(said.lstrip())
        return first, first + len(said.strip())


@dataclass(frozen=True, slots=True)
class _Part:
    """A window of a source: its sentences by their span of the page."""

    source: _Source
    spans: tuple[Span, ...]
    tokens: int

    @property
    def window(self) -> Window:
        passage, text = self.source.hit.passage, self.source.page.text
        title = " · ".join((self.source.document.title, *passage.headings))
        return Window(title, tuple(text[start:end] for start, end in self.spans))

    def worth(self) -> float:
        """What it promises before it is read."""
        quotes = zip(self.source.quotes, self.source.features, strict=True)
        first, last = self.spans[0][0], self.spans[-1][1]
        held = [f.coverage for quote, f in quotes if first <= quote.start < last]
        return self.source.hit.score + COVERAGE_SHARE * max(held, default=-1.0)


def _sources(hits: Sequence[Hit], generation: Generation) -> Iterator[_Source]:
    for hit in hits:
        row_and_document = generation.store.find_document(hit.passage.document_id)
        if row_and_document is not None:
            row, document = row_and_document
            page = generation.store.page(row, hit.passage.page)
            quotes = tuple(sentence_quotes(hit.passage, page, document.language))
            yield _Source(hit, document, page, quotes)


def _read(
    question: Question,
    found: Sequence[_Source],
    readers: Mapping[str, WordReader],
    reads: Reads,
    most: int,
) -> Sequence[_Source]:
    """The sources, with the likeliest of their windows read: `most` tokens of them, and at least
    one window."""
    parts: list[_Part] = []
    for source in found:
        words_of = readers[source.document.language]
        source.features = words_of.features(source.hit, source.document.title, source.quotes)
        parts += _parts(source, reads)
    parts.sort(key=lambda part: -part.worth())
    chosen: list[_Part] = []
    for part in parts:
        if chosen and part.tokens > most:
            break
        chosen.append(part)
        most -= part.tokens
    answers = reads.read(question.mended, [part.window for part in chosen])
    for part, sentences in zip(chosen, answers, strict=True):
        part.source.read |= dict(zip(part.spans, sentences, strict=False))
    return found


def _parts(source: _Source, reads: Reads) -> Iterator[_Part]:
    """The windows of a source that hold something quotable."""
    passage = source.hit.passage
    spans = [
        (passage.start + start, passage.start + end)
        for start, end in split_sentences(passage.text, source.document.language)
    ]
    lengths = reads.lengths([source.page.text[start:end] for start, end in spans])
    tokens = dict(zip(spans, lengths, strict=True))
    for window in windows_of(spans, lengths, reads.window_tokens):
        first, last = window[0][0], window[-1][1]
        if any(quote.start < last and first < quote.end for quote in source.quotes):
            yield _Part(source, tuple(window), OVERHEAD + sum(tokens[span] for span in window))


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
    items = set(page.items)
    for i, (start, end) in enumerate(spans):
        text = page.text[start:end]
        tokens = words(fold(text))
        if CELLS in text and (start, end) in items:
            yield Quote(passage.document_id, passage.page, start, end, text)
            continue  # a row states something however short
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
