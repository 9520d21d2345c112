"""What each shape of answer needs found: per side, per document, in order.

A shape that finds too little (one line, one cell, no list of steps) finds nothing, and plain
quotations take its place. Everything chosen is an exact span of a stored page with its score.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from rag.evidence.candidates import CELLS, Candidate, by_document
from rag.evidence.compose import choose, is_new, overlaps
from rag.evidence.listing import listing
from rag.evidence.pick import (
    defining,
    denies_concept,
    holds_list,
    in_order,
    is_item,
    names_concepts,
    unfolded,
)
from rag.evidence.search import Found, Search
from rag.evidence.whole import listed_around
from rag.index.generation import Generation
from rag.question.query import Question
from rag.question.shapes import Plan
from rag.question.sides import Side, aboutness, keys_of, names_side
from rag.question.subject import headings_of, held_share
from rag.types import Hit, SourceDocument
from rag.wording import name_of

LONGEST_TABLE = 1_600  # characters of a document's own table that is quoted whole

# A table: one row a side


def _table(search: Search, plan: Plan) -> Found | None:
    own = _own_table(search, plan)
    if own is not None:
        return own
    hits: list[Hit] = []
    chosen: list[Candidate] = []
    filled = 0
    for side in plan.sides:
        before = len(chosen)
        for aspect in plan.aspects or ("",):
            cell_hits, cell = _cell(search, side, aspect, plan)
            hits += cell_hits
            chosen += [c for c in cell if not any(overlaps(c, other) for other in chosen)]
        filled += len(chosen) > before
    if not filled:
        return None
    return Found(tuple(_distinct(hits)), tuple(chosen), plan)


def _own_table(search: Search, plan: Plan) -> Found | None:
    """The table of a document in which two of the things compared have a row each, where a row of
    it is likely to answer."""
    settings = search.settings
    hits = search.hits(settings.passages, settings.per_document)
    seen: set[tuple[str, int, tuple[int, int]]] = set()
    for candidate in search.candidates(hits):
        quote, document = candidate.quote, candidate.document
        if candidate.score < settings.cell_at:
            break
        page = search.generation.store.page_of(document.id, quote.page)
        span = listed_around(page, quote.start, quote.end) if CELLS in quote.text else None
        if span is None or span[1] - span[0] > LONGEST_TABLE:
            continue
        if (place := (document.id, quote.page, span)) in seen:
            continue
        seen.add(place)
        rows = [page.text[a:b] for a, b in page.items if span[0] <= a and b <= span[1]]
        named = [_named_in(row, document, search, plan) for row in rows]
        if len({side for sides in named for side in sides if len(sides) == 1}) > 1:
            whole = replace(quote, start=span[0], end=span[1], text=page.text[slice(*span)])
            found = replace(candidate, quote=whole, answer=(0, 0))
            return Found(tuple(hits), (found,), replace(plan, kind="quotes"))
    return None


def _named_in(row: str, document: SourceDocument, search: Search, plan: Plan) -> list[int]:
    """The sides that the words of a row name."""
    return [
        n
        for n, side in enumerate(plan.sides)
        if names_side(side, row, document.language, search.question)
    ]


def _cell(search: Search, side: Side, aspect: str, plan: Plan) -> tuple[list[Hit], list[Candidate]]:
    """What the documents say of one side, under one heading."""
    settings = search.settings
    asked = search.about(f"{side.asked} {aspect}".strip()).within(side.filters)
    hits = asked.hits(settings.passages, settings.per_document)
    weight = (0.0, 0.5, 0.75, 1.0)
    least = 1 if side.filters else 2
    scored = []
    for candidate in asked.candidates(hits):
        headings = headings_of(candidate.quote, candidate.passage, search.generation)
        level = aboutness(side, candidate.quote.text, headings, candidate.document, search.question)
        speaks = asked.speaks_of(aspect, candidate) if aspect else 1.0
        if level >= least and candidate.score >= settings.cell_at and speaks:
            scored.append((asked.worth(candidate) * weight[level] * speaks, candidate))
    scored.sort(key=lambda pair: -pair[0])
    ranked = [c for worth, c in scored if worth >= settings.cell_share * scored[0][0]]
    if plan.archetype == "near_names":
        ranked = defining(ranked, asked.question)
    chosen: list[Candidate] = []
    for candidate in ranked:
        if is_new(candidate, chosen, settings.compose):
            chosen.append(candidate)
    return hits, chosen[: 1 if aspect else settings.cells]


# Lists: every document is looked at, not the best passages


def _list(search: Search, plan: Plan) -> Found | None:
    asked, plan = _everywhere(search.about(plan.topic), plan)
    settings = search.settings
    hits = asked.likely_hits(plan)
    found = asked.looked_through(hits)
    concepts = search.question.glossary.named_in(search.question.text)
    least = max([settings.list_at, *(settings.list_share * c.score for c in found[:1])])
    speaking = [
        c for c in found
        if c.score >= least and _on_list(c, asked) and names_concepts(c, concepts)
    ]  # fmt: skip
    denying = [c for c in speaking if denies_concept(c, concepts)]
    denied = {key for c in denying for key in _keys(c, plan, search)}
    chosen: list[Candidate] = []
    listed: set[str] = set()
    for candidate in speaking:
        if len(chosen) == settings.lines:
            break
        if any(candidate is other for other in denying):
            continue
        keys = set(_keys(candidate, plan, search))
        if keys <= denied and not _keys(candidate, plan, search, alone=True):
            continue  # what is denied of a place is not said of it by a heading
        if keys - listed and not any(overlaps(candidate, other) for other in chosen):
            chosen.append(candidate)
            listed |= keys
    if len(listed) < (1 if denying else 2):
        return None
    return Found(tuple(hits), tuple(chosen), plan)


def _keys(candidate: Candidate, plan: Plan, search: Search, *, alone: bool = False) -> list[str]:
    """What a sentence is a line for; `alone`: by its own words, without headings and title."""
    document = candidate.document
    headings = headings_of(candidate.quote, candidate.passage, search.generation)
    if alone:
        document, headings = replace(document, title=""), ()
    return keys_of(plan.of, candidate.quote.text, headings, document, search.question)


def _on_list(candidate: Candidate, search: Search) -> bool:
    """Whether a sentence itself speaks of what is listed, not only its neighbours."""
    features, settings = candidate.features, search.settings
    foreign = candidate.document.language != search.question.reader
    least = settings.list_context if foreign else settings.list_coverage
    return features.coverage >= least and features.context >= settings.list_context


def _everywhere(search: Search, plan: Plan) -> tuple[Search, Plan]:
    """The search over one version of each work, in the reader's language where there is one;
    over everything, and the plan marked as bounded, where the works are too many."""
    store = search.generation.store
    rows = store.rows_matching(search.filters) if search.filters else range(store.document_count)
    if len(rows) > search.settings.most_documents:
        return search, replace(plan, works=len(rows), bounded=True)
    versions: dict[str, SourceDocument] = {}
    for document in map(store.document, sorted(rows)):
        kept = versions.get(document.work_id)
        if kept is None or document.language == search.question.reader:
            versions[document.work_id] = document
    documents = [document.id for document in versions.values()]
    if documents:
        search = replace(search, filters={**search.filters, "document": documents})
    return search, replace(plan, works=len(versions))


def _reading(search: Search, plan: Plan) -> Found | None:
    """Documents on a topic, best first, each with the sentence that shows it."""
    if plan.metadata is not None:
        filters, lines = search.filters, search.settings.lines
        return listing(plan, plan.metadata, search.generation, filters, lines)
    asked, plan = _everywhere(search.about(plan.topic), plan)
    settings = search.settings
    hits = asked.likely_hits(plan)
    best: dict[str, Candidate] = {}
    for candidate in asked.looked_through(hits):
        best.setdefault(candidate.document.work_id, candidate)
    ranked = sorted(
        ((_covers(c, asked.question, search.generation), c) for c in best.values()),
        key=lambda pair: -pair[0],
    )
    least = max(0.35, 0.5 * ranked[0][0]) if ranked else 0.0
    chosen = [c for worth, c in ranked if worth >= least and c.score >= settings.compose.partial_at]
    if not chosen:
        return None
    return Found(tuple(hits), tuple(chosen[: settings.lines // 2]), plan)


def _covers(candidate: Candidate, question: Question, generation: Generation) -> float:
    """How much a document is on a topic, 0..1: half by its title, themes and headings, half
    by its best sentence."""
    document = candidate.document
    language = document.language
    themes = [name_of(language, "themes", theme) for theme in document.themes]
    titled = held_share(question, [document.title], language, generation)
    heads = [document.title, *candidate.passage.headings, *themes]
    headed = held_share(question, heads, language, generation)
    return 0.35 * titled + 0.25 * headed + 0.4 * candidate.score


# Steps: in the source's order


def _steps(search: Search, plan: Plan) -> Found | None:
    settings = search.settings
    hits = search.hits(settings.passages, settings.per_document)
    found = search.candidates(hits)
    chosen = choose(found, search.question.reader, settings.compose)
    if not chosen or chosen[0].score < settings.compose.answer_at:
        return None
    least = settings.compose.keep_share * max(map(search.worth, chosen))
    lists = [c for c in found if search.worth(c) >= least * (settings.order_share if in_order(c)
             else 1.0) and holds_list(c, search.generation)]  # fmt: skip
    if not lists:
        return None
    lists.sort(key=lambda c: not in_order(c))
    kept = [lists[0]]
    beside = [c for c in chosen if not is_item(c, search.generation)]
    for candidate in [*lists[1:], *beside]:
        elsewhere = candidate.document.work_id not in {c.document.work_id for c in kept}
        if elsewhere and len(kept) < settings.compose.sentences:
            kept.append(candidate)
    groups = by_document(kept)
    ordered = sorted(groups.values(), key=lambda group: lists[0] not in group)
    unfold = (piece for group in ordered for c in group for piece in unfolded(c, search.generation))
    return Found(tuple(hits), tuple(unfold), plan)


def _distinct(hits: Iterable[Hit]) -> list[Hit]:
    """Hits without repetitions, best first."""
    best: dict[str, Hit] = {}
    for hit in hits:
        if hit.passage.id not in best or best[hit.passage.id].score < hit.score:
            best[hit.passage.id] = hit
    return sorted(best.values(), key=lambda hit: -hit.score)


SHAPES = {"table": _table, "list": _list, "reading": _reading, "steps": _steps}
