"""What one document is about: its own summary, else the sentences that its sections open with.

    plan with one document -> the section that sums it up, or the first sentence of each section

Everything chosen is an exact span of the document. Knows no retrieval.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from rag.evidence.candidates import Candidate, sentence_quotes
from rag.evidence.listing import NO_FEATURES
from rag.evidence.search import Found
from rag.evidence.whole import CELLS, joined
from rag.index.generation import Generation
from rag.question.metadata import general_terms
from rag.question.shapes import Plan
from rag.types import SourceDocument
from rag.words.text import fold, terms

MOST_PASSAGES = 200
SECTIONS = 4  # whose first sentences are quoted, where a document sums nothing up
SENTENCES = 4  # of a summary
TITLED = 0.6  # of a question's words, in the title of the document that it means
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
    """What the one document that is filtered for, or whose title holds what a question names, is
    about; None where there is no such document."""
    row = _row_meant(plan, generation, filters)
    if row is None:
        return None
    document = generation.store.document(row)
    sections: dict[str, list[Candidate]] = {}
    for heading, candidate in _under_headings(row, document, generation):
        sections.setdefault(heading, []).append(candidate)
    summary = next((some for heading, some in sections.items() if heading in _SUMMARY), None)
    if summary is not None:
        chosen = joined(summary[:SENTENCES], generation)
    else:
        chosen = [some[0] for some in sections.values()][:SECTIONS]
    return Found((), tuple(chosen), plan) if chosen else None


def _row_meant(
    plan: Plan, generation: Generation, filters: Mapping[str, Sequence[str]]
) -> int | None:
    """The row of the one document asked about, of several that it may be none."""
    if filters:
        rows = sorted(generation.store.rows_matching(filters))
        return rows[0] if len(rows) == 1 else None
    language = plan.question.language
    topic = frozenset(terms(plan.question.text, language)) - general_terms(language)
    if not topic:
        return None
    held = [
        (len(topic & frozenset(terms(document.title, language))) / len(topic), row)
        for row, document in generation.store.placed_documents()
        if document.language == language
    ]
    best = max((share for share, _ in held), default=0.0)
    meant = [row for share, row in held if share == best]
    return meant[0] if best >= TITLED and len(meant) == 1 else None


def _under_headings(
    row: int, document: SourceDocument, generation: Generation
) -> Iterator[tuple[str, Candidate]]:
    """Quotable sentences with the folded heading that each stands under."""
    for passage in generation.store.passages_of(row, MOST_PASSAGES):
        page = generation.store.page_of(document.id, passage.page)
        headings = [span for span in page.asides if CELLS not in page.text[slice(*span)]]
        for quote in sentence_quotes(passage, page, document.language):
            above = [page.text[slice(*span)] for span in headings if span[1] <= quote.start][-1:]
            heading = fold(" ".join(above).strip(" :."))
            yield heading, Candidate(quote, passage, document, NO_FEATURES, 1.0)
