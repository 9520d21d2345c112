"""What is quoted for a question: sentences, and what disagrees with them.

    plan -> retrieve (once, or once a side) -> candidates -> choose -> what disagrees with it

Everything chosen is an exact span of a stored page with its score. Writes no words and
arranges nothing. Tables and lists are `rag.evidence.shaped`'s.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from rag.embed import DEFAULT_MODEL, MODELS, Embedder, shipped_encoder
from rag.evidence.candidates import CELLS, Candidate, by_document
from rag.evidence.compose import choose, is_new, partial, share_text
from rag.evidence.onward import read_on
from rag.evidence.outline import outline
from rag.evidence.pick import defining, holds_name, rivals
from rag.evidence.retrieve import Filters
from rag.evidence.search import Found, GatherSettings, Search
from rag.evidence.shaped import SHAPES
from rag.evidence.sufficiency import (
    is_about,
    is_elsewhere,
    is_of_another,
    places_asked,
    verdict,
)
from rag.evidence.whole import joined, whole
from rag.index.generation import Generation
from rag.question.answer_types import asks_figure
from rag.question.classify import classify
from rag.question.exclusion import excludes
from rag.question.query import Question
from rag.question.shapes import MAY_DIFFER, Plan
from rag.question.sides import Side

MARKED = ("person", "number", "time", "place")  # what is asked for that a few words answer
MOST_PLACES = 3  # of a question, whose documents are searched by themselves
# Cosine of two sentences in two languages: translations in NTREX-128 reach it in 70 (Arabic) to
# 90 % (French), neighbours in 1 to 2 %.
SAYS_THE_SAME = 0.87
OF_PLACE = 0.35  # of the likeliest sentence's probability, for one about the place to be enough


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
    search = Search(question, generation, embedder, filters or {}, settings or GatherSettings())
    limits = search.settings.compose
    shaped = SHAPES.get(plan.kind)
    found = shaped(search, plan) if shaped else None
    if plan.archetype == "overview":
        found = outline(plan, generation, search.filters)
        if found is not None:
            return found
    if found is not None and plan.metadata is not None:
        return found  # the catalogue is exact
    if found is not None:
        found = replace(found, weak=partial(found.chosen, limits))
    else:
        found = _quotes(search, replace(plan, kind="quotes"))
    elsewhere = bool(found.chosen) and is_elsewhere(question, found.chosen, generation)
    if not found.chosen or not (found.weak or elsewhere):
        return _marked(found, question)
    if found.weak and elsewhere:
        return Found(found.hits, (), found.plan)  # neither near an answer nor about what is asked
    every = found.plan.kind != "quotes" or found.plan.archetype in MAY_DIFFER
    few = found.chosen if every else found.chosen[: limits.partial_sentences]
    weak = replace(found, chosen=few, weak=True, beside=found.beside if every else 0)
    return _unmarked(weak)


def _marked(found: Found, question: Question) -> Found:
    """What was found, the words that answer marked where one thing is asked for that a few words
    are: in the first quotation, where they are right, and in those that disagree."""
    if classify(question.text).asks not in MARKED:
        return _unmarked(found)
    return found if found.differs else _unmarked(found, found.chosen[:1])


def _unmarked(found: Found, kept: Sequence[Candidate] = ()) -> Found:
    """What was found without marks but those of rows and of `kept`."""
    chosen = (
        c if c in kept or (CELLS in c.quote.text and not found.weak) else replace(c, answer=(0, 0))
        for c in found.chosen
    )
    return replace(found, chosen=tuple(chosen))


def _quotes(search: Search, plan: Plan) -> Found:
    if plan.archetype in ("check", "latest"):
        search = search.about(plan.topic)
        plan = replace(plan, question=search.question)
    settings = search.settings
    hits = search.hits(settings.passages, settings.per_document)
    every = search.candidates(hits)
    found = _of_places(search, every)
    worth = verdict(search.question, found, search.generation)
    if worth == "declined" and found is not every:
        # Nothing on that of this place, and something on it of others: what there is of the place.
        others = verdict(search.question, every, search.generation)
        worth = "declined" if others == "declined" else "close"
    if worth == "declined":
        return Found(tuple(hits), (), plan)
    chosen = choose(found, search.question.reader, settings.compose)
    if not chosen and found is not every:
        chosen = list(found[: settings.compose.partial_sentences])
    differs = False
    chosen = _said_once(chosen, search.question.reader)
    if chosen and plan.archetype == "latest":
        chosen = _newest(found, chosen, search)
    if chosen and plan.archetype == "who" and not any(map(holds_name, chosen)):
        named = [
            c for c in found if holds_name(c) and search.worth(c) > search.worth(chosen[-1]) / 2
        ]
        chosen = [*chosen, *[c for c in named if is_new(c, chosen, settings.compose)][:1]]
    if chosen and plan.archetype in MAY_DIFFER:
        wider = _wider(search, found)
        before = len(chosen)
        chosen = rivals(chosen, wider, search.question, search.generation)
        differs = len(chosen) > before
    chosen = whole(joined(_read_on(chosen, search), search.generation), search.generation)
    if differs or plan.archetype == "latest":
        beside = []
    else:
        chosen = sorted(chosen, key=search.worth, reverse=True)
        most = settings.compose.quotations
        chosen, beside = chosen[:most], chosen[most:]
    ordered = _led(by_document(chosen).values(), search)
    if plan.archetype == "latest":
        ordered = sorted(ordered, key=_newest_first, reverse=True)
    if plan.archetype == "definition":
        ordered = defining(ordered, search.question)
    below = [c for group in by_document(beside).values() for c in group]
    shown, weak = (*ordered, *below), worth == "close"
    return Found(tuple(hits), shown, plan, weak, differs, len(below))


def _said_once(chosen: Sequence[Candidate], reader: str) -> list[Candidate]:
    """The chosen without sentences of another language that one in the reader's says too."""
    own = [c for c in chosen if c.document.language == reader]
    foreign = [c for c in chosen if c.document.language != reader]
    if not own or not foreign:
        return list(chosen)
    encoder = shipped_encoder(MODELS / DEFAULT_MODEL)
    ours, theirs = (encoder.encode_passages([c.quote.text for c in s]) for s in (own, foreign))
    said = (theirs @ ours.T).max(axis=1) >= SAYS_THE_SAME
    repeated = {id(c) for c, again in zip(foreign, said, strict=True) if again}
    return [c for c in chosen if id(c) not in repeated]


def _of_places(search: Search, found: Sequence[Candidate]) -> Sequence[Candidate]:
    """The sentences without those that are plainly about other places than a question names; where
    what is left is unlikely, also what the documents about these places hold. As found where there
    is nothing."""
    question, generation = search.question, search.generation
    places = places_asked(question, generation)[:MOST_PLACES]
    if not places or not found or excludes(question):
        return found
    own = [c for c in found if not is_of_another(places, c, question, generation)]
    if len(own) == len(found):
        return found
    if not own or own[0].score < OF_PLACE * found[0].score:
        known = {_place_of(c) for c in own}
        own += [c for c in _within(search, places) if _place_of(c) not in known]
        own.sort(key=lambda c: -c.score)
    return own or found


def _within(search: Search, places: Sequence[Side]) -> list[Candidate]:
    """What the documents about places hold on the question, of these places; each once. A filter
    of the reader stands."""
    question, generation, settings = search.question, search.generation, search.settings
    best: dict[tuple[str, int, int], Candidate] = {}
    for side in places:
        key, value = ("city", side.city) if side.city else ("country", side.country)
        if key in search.filters:
            continue
        inside = search.within({key: [value]})
        for c in inside.candidates(inside.hits(settings.passages, settings.per_document)):
            if is_about(places, c, question, generation):
                best.setdefault(_place_of(c), c)
    return list(best.values())


def _place_of(candidate: Candidate) -> tuple[str, int, int]:
    quote = candidate.quote
    return quote.document_id, quote.page, quote.start


def _led(groups: Iterable[Sequence[Candidate]], search: Search) -> list[Candidate]:
    """Groups one after the other, the likeliest sentence of all before everything else, its
    document's next."""
    listed = [list(group) for group in groups]
    if not listed:
        return []
    best = max((c for group in listed for c in group), key=search.worth)
    first = [[c for c in group if c is not best] for group in listed if best in group]
    rest = [group for group in listed if best not in group]
    return [best, *(c for group in (*first, *rest) for c in group)]


def _read_on(chosen: Sequence[Candidate], search: Search) -> list[Candidate]:
    """The chosen, the best of them read on where nothing else chosen says what follows."""
    if not chosen:
        return []
    best = max(chosen, key=search.worth)
    longer = read_on(best, search.question, search.generation)
    if any(share_text(longer.quote, c.quote) for c in chosen if c is not best):
        return list(chosen)
    return [longer if c is best else c for c in chosen]


def _wider(search: Search, found: Sequence[Candidate]) -> Sequence[Candidate]:
    """Sentences that may disagree: for a figure, those of more documents than are quoted."""
    if not asks_figure(search.question.text):
        return found
    seen = {c.passage.id for c in found}
    hits = search.hits(search.settings.rival_passages, 2)
    unseen = [hit for hit in hits if hit.passage.id not in seen]
    more = search.rivals(unseen)
    return sorted([*found, *more], key=lambda c: -c.score)


def _newest(
    found: Sequence[Candidate], chosen: Sequence[Candidate], search: Search
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
