"""Documents that the catalogue says are asked for, each with the sentence that it opens with.

    metadata query -> works, in order -> their opening sentences -> how many, in our own words

Complete: every document is looked at, not only those near the question. Knows no retrieval.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import islice

from rag.catalogue import name_of, say
from rag.evidence.candidates import Candidate, sentence_quotes
from rag.evidence.search import Found
from rag.evidence.support import Features
from rag.index.generation import Generation
from rag.question.metadata import MetadataQuery
from rag.question.shapes import Plan
from rag.types import SourceDocument
from rag.wording import language_name, listed

FEW = 3  # documents shown where the newest or the oldest are asked for
THEMES = 5  # of a collection that are named
NO_FEATURES = Features(*[0.0] * 10)  # nothing was weighed: the catalogue is exact


def listing(
    plan: Plan, asked: MetadataQuery, generation: Generation,
    filters: Mapping[str, Sequence[str]], lines: int,
) -> Found:  # fmt: skip
    """Works that are asked for, those about these places alone and the newest first, each in the
    reader's language where it exists in it; `lines` of them at most."""
    store = generation.store
    inside = store.rows_matching(filters) if filters else None
    versions: dict[str, list[tuple[int, SourceDocument]]] = {}
    every: set[str] = set()
    for row, document in store.placed_documents():
        every.add(document.work_id)
        if (inside is None or row in inside) and asked.matches(document):
            versions.setdefault(document.work_id, []).append((row, document))
    reader = plan.question.reader
    works = [min(some, key=lambda one: one[1].language != reader) for some in versions.values()]
    if asked.order:
        works = [one for one in works if one[1].date]
    works.sort(key=lambda one: (one[1].date, one[1].title), reverse=asked.order != "oldest")
    if not asked.order:  # what is about nothing else first
        works.sort(key=lambda one: not asked.is_subject_of(one[1]))
    opened = (_opening(row, document, generation) for row, document in works)
    chosen = islice((one for one in opened if one is not None), FEW if asked.order else lines)
    told = replace(asked, whole=asked.whole and inside is None)  # a part is not the collection
    plan = replace(plan, metadata=told, works=len(every), matched=len(versions))
    return Found((), tuple(chosen), plan)


def _opening(row: int, document: SourceDocument, generation: Generation) -> Candidate | None:
    """The first sentence of a document's first passages; None where they hold none."""
    for passage in generation.store.passages_of(row, 3):
        page = generation.store.page_of(document.id, passage.page)
        quote = next(iter(sentence_quotes(passage, page, document.language)), None)
        if quote is not None:
            return Candidate(quote, passage, document, NO_FEATURES, 1.0)
    return None


def catalogued(plan: Plan, asked: MetadataQuery, shown: int, language: str) -> str:
    """How many works are asked for, and how many of them are `shown`."""
    told = []
    if not asked.order or plan.matched < plan.works:
        told.append(say(language, "shape.catalogued", n=plan.matched, m=plan.works))
    if asked.order:
        told.append(say(language, f"shape.{asked.order}"))
    elif shown < plan.matched:
        told.append(say(language, "shape.catalogued_first", n=shown))
    return " ".join(told)


def collection(plan: Plan, generation: Generation, shown: int, language: str) -> str:
    """What a collection holds: works, languages, years and the commonest themes."""
    store = generation.store
    years = sorted(year for year, _ in store.facet_counts("year"))
    spoken = [language_name(code, language) for code, _ in store.facet_counts("language")]
    themes = [name_of(language, "themes", key) for key, _ in store.facet_counts("theme")[:THEMES]]
    told = [say(language, "shape.collection", n=plan.works)]
    if spoken:
        told.append(say(language, "shape.collection_languages", languages=listed(spoken, language)))
    if years:
        told.append(say(language, "shape.collection_years", first=years[0], last=years[-1]))
    if themes:
        told.append(say(language, "shape.collection_themes", themes=listed(themes, language)))
    if shown < plan.works:
        told.append(say(language, "shape.catalogued_first", n=shown))
    return " ".join(told)
