"""Whether a sentence is about what was asked: the question's words in it and above it.

A coarser reading than that of `rag.evidence.candidates`, for whole statements that were chosen
already. Knows no score and no layout.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from rag.index.generation import Generation
from rag.question.query import Question
from rag.question.shapes import cue_words
from rag.types import Passage, Quote, SourceDocument
from rag.words.figures import names_and_figures
from rag.words.text import fold, stem, stopwords, terms, words

LEAST_SHARE = 0.5  # of a word's likeliest rendering, for another one to stand for it


@dataclass(frozen=True, slots=True)
class Statement:
    """A sentence with where it stands."""

    text: str
    document: SourceDocument
    headings: tuple[str, ...] = ()  # above it, the nearest last
    before: str = ""  # what stands before it in its paragraph


def statement_of(
    quote: Quote, passage: Passage, document: SourceDocument, generation: Generation
) -> Statement:
    """A quotation as a statement."""
    page = generation.store.page_of(quote.document_id, quote.page).text
    before = page[page.rfind("\n", 0, quote.start) + 1 : quote.start]
    return Statement(quote.text, document, headings_of(quote, passage, generation), before)


def headings_of(quote: Quote, passage: Passage, generation: Generation) -> tuple[str, ...]:
    """Headings a quotation stands under: those of its passage, and the nearest line above
    it on its page that is one."""
    page = generation.store.page_of(quote.document_id, quote.page)
    above = [span for span in page.asides if span[1] <= quote.start]
    nearest = page.text[slice(*max(above))] if above else ""
    return (*passage.headings, nearest) if nearest else passage.headings


def on_subject(question: Question, statement: Statement, generation: Generation) -> float:
    """Share of the question's words that a statement holds with its title and headings."""
    around = (statement.text, statement.before, statement.document.title, *statement.headings)
    return held_share(question, around, statement.document.language, generation)


def holds_names(question: Question, statement: Statement) -> bool:
    """Whether a statement, with its title and headings, holds every name of the question: the
    Fourth Summit is not the Fifth. Names are words with capitals; Arabic shows none."""
    language = statement.document.language
    around = (statement.text, statement.before, statement.document.title, *statement.headings)
    present = {term for text in around for term in terms(text, language)}
    names = names_and_figures(question.text) - stopwords(question.language)
    return all(question.renderings(name, language) & present for name in names)


def held_share(
    question: Question, texts: Iterable[str], language: str, generation: Generation
) -> float:
    """Share of the question's words, by their weight, that texts of a language hold; words
    that name no subject ("how large", "took part") do not count. 0 for a question of none."""
    index = generation.lexical[language]
    present = {term for text in texts for term in terms(text, language)}
    skipped = fillers(language)
    total = held = 0.0
    for word in question.words(language):
        rendered = likely(word)
        if not rendered & skipped:
            weight = index.idf(index.expected_frequency(word))
            total += weight
            held += weight * bool(rendered & present)
    return held / total if total else 0.0


def likely(word: Mapping[str, float]) -> frozenset[str]:
    """The likeliest renderings of a word of the question."""
    best = max(word.values(), default=0.0)
    return frozenset(term for term, share in word.items() if share >= LEAST_SHARE * best)


@lru_cache(maxsize=8)
def fillers(language: str) -> frozenset[str]:
    """Stems of words that ask without naming a subject."""
    listed = cue_words().get(language, {}).get("fillers", "")
    return frozenset(stem(words(fold(listed)), language))
