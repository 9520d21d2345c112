"""The extractive answer: which sentences to quote, in what order, and when to decline.

Quotes exactly, attributes each document once, numbers the citations. Writes no
sentence of its own about the subject.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rag.evidence.candidates import Candidate
from rag.evidence.retrieve import Filters, retrieve
from rag.evidence.verify import sentence_holds
from rag.index.generation import Generation
from rag.question.query import Question
from rag.types import AnswerSentence, Declined, Evidence, Hit, Quote, SourceDocument
from rag.wording import attribution
from rag.words.text import terms


@dataclass(frozen=True, slots=True)
class ComposeSettings:
    """Limits of an extractive answer; thresholds are calibrated in docs/retrieval.md."""

    sentences: int = 6
    quotations: int = 3  # of an answer, sentences in a row being one; the others stand below
    per_document: int = 4
    answer_at: float = 0.16  # probability of the best sentence that answers
    partial_at: float = 0.06  # that is shown as coming close; below, the reply is a decline
    partial_sentences: int = 2
    keep_share: float = 0.4  # a further sentence has at least this share of the best's
    foreign_share: float = 0.35  # what a sentence in another language counts for the reader
    superseded_share: float = 0.7  # what a sentence of a superseded document counts
    nearest: int = 3  # documents named when declining


def choose(found: Sequence[Candidate], language: str, settings: ComposeSettings) -> list[Candidate]:
    """The candidates to quote, best first; empty when none is likely enough."""
    if max((c.score for c in found), default=0.0) < settings.partial_at:
        return []
    ranked = sorted(found, key=lambda c: -for_reader(c, language, settings))
    limit = settings.partial_sentences if partial(found, settings) else settings.sentences
    best = for_reader(ranked[0], language, settings)
    chosen: list[Candidate] = []
    for candidate in ranked:
        if for_reader(candidate, language, settings) < settings.keep_share * best:
            break
        if is_new(candidate, chosen, settings):
            chosen.append(candidate)
        if len(chosen) == limit:
            break
    return chosen


def partial(found: Sequence[Candidate], settings: ComposeSettings) -> bool:
    """Whether candidates only come close: none is likely enough to answer."""
    return max((c.score for c in found), default=0.0) < settings.answer_at


def for_reader(candidate: Candidate, language: str, settings: ComposeSettings) -> float:
    """Probability that a sentence answers, less what another language costs the reader and
    what a newer version of the document takes from it."""
    document = candidate.document
    share = settings.foreign_share if document.language != language else 1.0
    return candidate.score * share * (settings.superseded_share if document.superseded_by else 1.0)


def is_new(candidate: Candidate, chosen: Sequence[Candidate], settings: ComposeSettings) -> bool:
    """Whether a candidate adds something, and its document may say more."""
    same_document = [c for c in chosen if c.document.id == candidate.document.id]
    if len(same_document) >= settings.per_document:
        return False
    for other in chosen:
        if other.document.work_id == candidate.document.work_id and (
            other.document.id != candidate.document.id
        ):
            return False  # another language version of a work already quoted
        if overlaps(candidate, other):
            return False
    return True


def overlaps(a: Candidate, b: Candidate) -> bool:
    """Whether two quotes share text of one page, or most of their terms."""
    if share_text(a.quote, b.quote):
        return True
    if a.document.language != b.document.language:
        return False
    first = set(terms(a.quote.text, a.document.language))
    second = set(terms(b.quote.text, b.document.language))
    return len(first & second) > 0.7 * max(1, min(len(first), len(second)))


def share_text(a: Quote, b: Quote) -> bool:
    """Whether two quotes have characters of one page in common."""
    same_page = (a.document_id, a.page) == (b.document_id, b.page)
    return same_page and a.start < b.end and b.start < a.end


def within(a: Quote, b: Quote) -> bool:
    """Whether a quote lies in another."""
    same_page = (a.document_id, a.page) == (b.document_id, b.page)
    return same_page and b.start <= a.start and a.end <= b.end


def prefer_language(
    question: Question, hits: Sequence[Hit], generation: Generation, filters: Filters
) -> list[Hit]:
    """Replace hits by those of the same work in the reader's language, where it exists."""
    replaced: list[Hit] = []
    asked: set[str] = set()
    for hit in hits:
        found = generation.store.find_document(hit.passage.document_id)
        document = found[1] if found else None
        if document is None or document.language == question.reader:
            replaced.append(hit)
            continue
        twins = _twins(document, question.reader, generation, filters)
        if not twins:
            replaced.append(hit)
        elif document.work_id not in asked:
            asked.add(document.work_id)
            wanted = {**filters, "document": twins}
            for twin in retrieve(question, generation, 3, wanted):
                replaced.append(Hit(twin.passage, hit.score, (*hit.why, "same work")))
    seen: set[str] = set()
    return [h for h in replaced if not (h.passage.id in seen or seen.add(h.passage.id))]  # type: ignore[func-returns-value]


def _twins(
    document: SourceDocument, language: str, generation: Generation, filters: Filters
) -> list[str]:
    """Ids of the versions of a work in `language` that the filters allow."""
    if language in filters.get("language", (language,)):
        rows = generation.store.rows_matching(
            {**filters, "work": [document.work_id], "language": [language]}
        )
        return [generation.store.document(row).id for row in sorted(rows)]
    return []


def spoken(
    chosen: Sequence[Candidate], language: str, generation: Generation, beside: int = 0
) -> Iterator[tuple[AnswerSentence, Evidence]]:
    """Chosen candidates as attributed sentences with numbered evidence, verified one by
    one; one that does not verify is left out. The last `beside` stand below the answer."""
    number = 0
    for at, candidate in enumerate(chosen):
        evidence = Evidence(number + 1, candidate.passage, candidate.quote, answer=candidate.answer)
        sentence = AnswerSentence(
            candidate.quote.text, (number + 1,), attribution(candidate.document, language),
            beside=at >= len(chosen) - beside,
        )  # fmt: skip
        if sentence_holds(sentence, (evidence,), generation):
            number += 1
            yield sentence, evidence


def decline(
    question: str, language: str, reason: str, hits: Sequence[Hit], generation: Generation,
    nearest: int = 3,
) -> Declined:  # fmt: skip
    """Say that the collection does not answer, with the nearest documents of distinct
    works and the themes it does cover."""
    documents: dict[str, SourceDocument] = {}
    for hit in hits:
        found = generation.store.find_document(hit.passage.document_id)
        if found is not None:
            work = found[1].work_id
            if work not in documents or found[1].language == language:
                documents[work] = found[1]
    return Declined(
        question=question,
        language=language,
        reason=reason,
        nearest=tuple(documents.values())[:nearest],
        covers=covered(generation),
    )


def covered(generation: Generation) -> tuple[str, ...]:
    """The themes the collection holds most of, most frequent first."""
    return tuple(theme for theme, _ in generation.store.facet_counts("theme")[:6])
