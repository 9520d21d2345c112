"""What one document is about: its own summary, else the sentences that its sections open with.

    plan with one document -> the section that sums it up, or the first sentence of each section

Everything chosen is an exact span of the document. Knows no retrieval.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence

from rag.evidence.candidates import CELLS, Candidate, sentence_quotes
from rag.evidence.listing import NO_FEATURES
from rag.evidence.search import Found
from rag.evidence.whole import joined
from rag.index.generation import Generation
from rag.question.metadata import general_terms
from rag.question.shapes import Plan
from rag.types import SourceDocument
from rag.words.text import fold, terms

MOST_PASSAGES = 200
SECTIONS = 4  # whose first sentences are quoted, where a document sums nothing up
SENTENCES = 4  # of a summary
# Headings of the section that sums a document up, whole.
_SUMMARY = frozenset(
    fold(heading)
    for heading in (
        "summary", "executive summary", "in short", "in brief", "at a glance", "key points",
        "key findings", "key messages", "overview", "abstract", "introduction",
        "résumé", "synthèse", "en bref", "en résumé", "points clés", "messages clés", "l'essentiel",
        "resumen", "resumen ejecutivo", "en resumen", "en breve", "puntos clave", "síntesis",
        "ملخص", "الملخص", "خلاصة", "الخلاصة", "باختصار", "ملخص تنفيذي", "النقاط الرئيسية", "بإيجاز",
    )
)  # fmt: skip


def outline(
    plan: Plan, generation: Generation, filters: Mapping[str, Sequence[str]]
) -> Found | None:
    """What the one document that is pointed at, or whose title holds all that a question names, is
    about; None where there is no such document."""
    row = _row_meant(plan, generation, filters)
    if row is None:
        return None
    document = generation.store.document(row)
    openings: dict[str, Candidate] = {}
    summary: list[Candidate] = []
    for heading, candidate in _under_headings(row, document, generation):
        if summary and heading not in _SUMMARY:
            break
        if heading in _SUMMARY:
            summary.append(candidate)
        openings.setdefault(heading, candidate)
    chosen = joined(summary[:SENTENCES], generation) or list(openings.values())[:SECTIONS]
    return Found((), tuple(chosen), plan) if chosen else None


def _row_meant(
    plan: Plan, generation: Generation, filters: Mapping[str, Sequence[str]]
) -> int | None:
    """The row of the one document asked about; None where it may be several, or none."""
    language = plan.question.language
    topic = frozenset(terms(plan.question.text, language)) - general_terms(language)
    rows = generation.store.rows_matching(filters) if filters else None
    if not topic or "document" in filters:
        return next(iter(rows)) if rows is not None and len(rows) == 1 else None
    meant = [
        row
        for row, document in generation.store.placed_documents()
        if document.language == language
        and (rows is None or row in rows)
        and topic <= frozenset(terms(document.title, language))
    ]
    return meant[0] if len(meant) == 1 else None


def _under_headings(
    row: int, document: SourceDocument, generation: Generation
) -> Iterator[tuple[str, Candidate]]:
    """Quotable sentences with the folded heading that each stands under."""
    for passage in generation.store.passages_of(row, MOST_PASSAGES):
        page = generation.store.page_of(document.id, passage.page)
        ends = [end for _, end in page.asides]
        for quote in sentence_quotes(passage, page, document.language):
            at = bisect_right(ends, quote.start) - 1
            while at >= 0 and CELLS in page.text[slice(*page.asides[at])]:
                at -= 1  # the header of a table
            heading = fold(page.text[slice(*page.asides[at])].strip(" :.")) if at >= 0 else ""
            yield heading, Candidate(quote, passage, document, NO_FEATURES, 1.0)
