"""What each shape of answer needs found: per side, per document, in order, newest first.

    plan -> retrieve (once, or once a side) -> candidates -> choose -> what disagrees with it

Everything chosen is an exact span of a stored page with its score. Writes no words and
arranges nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from rag.embed import Embedder
from rag.evidence.candidates import READ_TOKENS, Candidate, by_document, candidates
from rag.evidence.compose import (
    ComposeSettings,
    choose,
    for_reader,
    is_new,
    overlaps,
    prefer_language,
    share_text,
)
from rag.evidence.onward import read_on
from rag.evidence.pick import (
    defining,
    denies_concept,
    holds_list,
    holds_name,
    in_order,
    is_item,
    names_concepts,
    rivals,
    unfolded,
)
from rag.evidence.retrieve import Filters, RetrievalSettings, retrieve
from rag.evidence.sufficiency import is_answered, is_weak
from rag.index.generation import Generation
from rag.question.answer_types import asks_figure
from rag.question.query import Question
from rag.question.shapes import MAY_DIFFER, Plan
from rag.question.sides import Side, aboutness, keys_of
from rag.question.subject import headings_of, held_share
from rag.types import Hit, SourceDocument
from rag.wording import name_of
from rag.words.text import terms


@dataclass(frozen=True, slots=True)
class GatherSettings:
    """Limits of what is looked at and kept, by shape. Probabilities are those of
    `rag.evidence.support`."""

    passages: int = 12  # retrieved for plain quotations
    per_document: int = 4
    rival_passages: int = 24  # read for figures that disagree
    most_passages: int = 300  # read for a list
    most_documents: int = 300  # of a collection that a list looks through whole
    hit_share: float = 0.35  # of the best passage's score, for one to be read for a list
    list_at: float = 0.15  # probability of a line of a list
    list_share: float = 0.5  # of the best line's probability
    list_coverage: float = 0.5  # of the question's words, in a line of a list
    list_context: float = 0.75  # the same with title and headings
    lines: int = 14
    cell_at: float = 0.1  # probability of a cell of a table
    cell_share: float = 0.4  # of the best of its side
    cells: int = 2  # sentences in a cell where there is one column
    read_tokens: int = READ_TOKENS  # by the reader, for quotations or one cell of a table
    rival_tokens: int = 360  # the same for figures that disagree
    list_tokens: int = 2000  # the same for a list or a reading list
    order_share: float = 0.3  # of what other lists must reach, for one announced as in order
    retrieval: RetrievalSettings = field(default_factory=RetrievalSettings)
    compose: ComposeSettings = field(default_factory=ComposeSettings)


@dataclass(frozen=True, slots=True)
class Found:
    """What an answer can be made of; `plan` is the one that could be carried out."""

    hits: tuple[Hit, ...]
    chosen: tuple[Candidate, ...]  # in the order they are to be numbered; empty: no answer
    plan: Plan
    weak: bool = False  # whether what was chosen only comes close to an answer


def find(
    question: Question,
    plan: Plan,
    generation: Generation,
    embedder: Embedder,
    filters: Filters | None = None,
    settings: GatherSettings | None = None,
) -> Found:
    """Find and choose the sentences for a plan.

    A shape that finds too little (one line, one cell, no list of steps) gives way to plain
    quotations. Raises ConfigurationError for an unknown filter key.
    """
    search = _Search(question, generation, embedder, filters or {}, settings or GatherSettings())
    shaped = _SHAPES.get(plan.kind)
    found = shaped(search, plan) if shaped else None
    found = found or _quotes(search, replace(plan, kind="quotes"))
    limits = search.settings.compose
    if not is_weak(question, found.chosen, generation, limits):
        return found
    whole = found.plan.kind != "quotes" or found.plan.archetype in MAY_DIFFER
    few = found.chosen if whole else found.chosen[: limits.partial_sentences]
    return replace(found, chosen=few, weak=True)


@dataclass(frozen=True, slots=True)
class _Search:
    """One question against one generation."""

    question: Question
    generation: Generation
    embedder: Embedder
    filters: Filters
    settings: GatherSettings

    def about(self, text: str) -> _Search:
        """The same search for other words of the same reader."""
        if text == self.question.text or not terms(text, self.question.language):
            return self
        vector = self.embedder.encode_questions([text])[0]
        return replace(self, question=replace(self.question, text=text, vector=vector))

    def within(self, filters: Filters) -> _Search:
        """The same search in fewer documents; a filter the reader set is kept."""
        return replace(self, filters={**filters, **self.filters})

    def hits(self, k: int, per_document: int) -> list[Hit]:
        return retrieve(
            self.question, self.generation, k, self.filters, self.settings.retrieval, per_document
        )

    def likely_hits(self, plan: Plan) -> list[Hit]:
        """The two best passages of each document, without those far behind the best of all:
        their documents were looked at and hold nothing near."""
        hits = self.hits(self.settings.most_passages if plan.bounded else 2 * plan.works, 2)
        least = self.settings.hit_share * max((hit.score for hit in hits), default=0.0)
        return [hit for hit in hits if hit.score >= least]

    def candidates(self, hits: Sequence[Hit], most: int = 0) -> list[Candidate]:
        """Sentences of the hits, in the reader's language where the work exists in it; `most`
        tokens of them are read."""
        hits = prefer_language(self.question, hits, self.generation, self.filters)
        most = most or self.settings.read_tokens
        return candidates(self.question, hits, self.generation, read_tokens=most)

    def looked_through(self, hits: Sequence[Hit]) -> list[Candidate]:
        """Sentences of the hits as they are, more of them read: for a list."""
        most = self.settings.list_tokens
        return candidates(self.question, hits, self.generation, read_tokens=most)

    def speaks_of(self, aspect: str, candidate: Candidate) -> float:
        """Share of an aspect's words in a sentence; 0 where it holds none."""
        question = replace(self.question, text=aspect)
        texts = (candidate.quote.text,)
        return held_share(question, texts, candidate.document.language, self.generation)

    def worth(self, candidate: Candidate) -> float:
        return for_reader(candidate, self.question.reader, self.settings.compose)


# Plain quotations: who, what, when, definitions, the newest, a claim


def _quotes(search: _Search, plan: Plan) -> Found:
    if plan.archetype in ("check", "latest"):
        search = search.about(plan.topic)
        plan = replace(plan, question=search.question)
    settings = search.settings
    hits = search.hits(settings.passages, settings.per_document)
    found = search.candidates(hits)
    if not is_answered(search.question, found, search.generation):
        return Found(tuple(hits), (), plan)
    chosen = choose(found, search.question.reader, settings.compose)
    if chosen and plan.archetype == "latest":
        chosen = _newest(found, chosen, search)
    if chosen and plan.archetype == "who" and not any(map(holds_name, chosen)):
        named = [
            c for c in found if holds_name(c) and search.worth(c) > search.worth(chosen[-1]) / 2
        ]
        chosen = [*chosen, *[c for c in named if is_new(c, chosen, settings.compose)][:1]]
    if chosen and plan.archetype in MAY_DIFFER:
        wider = _wider(search, found)
        chosen = rivals(chosen, wider, search.question, search.generation)
    chosen = _read_on(chosen, search)
    ordered = [c for group in by_document(chosen).values() for c in group]
    if plan.archetype == "latest":
        ordered = sorted(ordered, key=_newest_first, reverse=True)
    if plan.archetype == "definition":
        ordered = defining(ordered, search.question)
    return Found(tuple(hits), tuple(ordered), plan)


def _read_on(chosen: Sequence[Candidate], search: _Search) -> list[Candidate]:
    """The chosen, the best of them read on where nothing else chosen says what follows."""
    if not chosen:
        return []
    best = max(chosen, key=search.worth)
    longer = read_on(best, search.question, search.generation)
    if any(share_text(longer.quote, c.quote) for c in chosen if c is not best):
        return list(chosen)
    return [longer if c is best else c for c in chosen]


def _wider(search: _Search, found: Sequence[Candidate]) -> Sequence[Candidate]:
    """Sentences that may disagree: for a figure, those of more documents than are quoted."""
    if not asks_figure(search.question.text):
        return found
    seen = {c.passage.id for c in found}
    hits = search.hits(search.settings.rival_passages, 2)
    unseen = [hit for hit in hits if hit.passage.id not in seen]
    more = search.candidates(unseen, search.settings.rival_tokens)
    return sorted([*found, *more], key=lambda c: -c.score)


def _newest(
    found: Sequence[Candidate], chosen: Sequence[Candidate], search: _Search
) -> list[Candidate]:
    """The likely sentences of the newest documents."""
    settings = search.settings.compose
    least = settings.keep_share * max(map(search.worth, chosen))
    likely = [c for c in found if search.worth(c) >= least]
    kept: list[Candidate] = []
    for candidate in sorted(likely, key=_newest_first, reverse=True):
        if len(kept) < settings.sentences and is_new(candidate, kept, settings):
            kept.append(candidate)
    return kept


def _newest_first(candidate: Candidate) -> tuple[bool, str]:
    """Sorts superseded documents below all others, then by date."""
    return not candidate.document.superseded_by, candidate.document.date


# A table: one row a side


def _table(search: _Search, plan: Plan) -> Found | None:
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


def _cell(
    search: _Search, side: Side, aspect: str, plan: Plan
) -> tuple[list[Hit], list[Candidate]]:
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


def _list(search: _Search, plan: Plan) -> Found | None:
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


def _keys(candidate: Candidate, plan: Plan, search: _Search, *, alone: bool = False) -> list[str]:
    """What a sentence is a line for; `alone`: by its own words, without headings and title."""
    document = candidate.document
    headings = headings_of(candidate.quote, candidate.passage, search.generation)
    if alone:
        document, headings = replace(document, title=""), ()
    return keys_of(plan.of, candidate.quote.text, headings, document, search.question)


def _on_list(candidate: Candidate, search: _Search) -> bool:
    """Whether a sentence itself speaks of what is listed, not only its neighbours."""
    features, settings = candidate.features, search.settings
    foreign = candidate.document.language != search.question.reader
    least = settings.list_context if foreign else settings.list_coverage
    return features.coverage >= least and features.context >= settings.list_context


def _everywhere(search: _Search, plan: Plan) -> tuple[_Search, Plan]:
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


def _reading(search: _Search, plan: Plan) -> Found | None:
    """Documents on a topic, best first, each with the sentence that shows it."""
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


def _steps(search: _Search, plan: Plan) -> Found | None:
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


_SHAPES = {"table": _table, "list": _list, "reading": _reading, "steps": _steps}
