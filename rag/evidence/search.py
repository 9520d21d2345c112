"""One question against one generation: what is looked at, and what was found.

    hits -> candidates, in the reader's language where the work exists in it

Chooses nothing and arranges nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from rag.embed import Embedder
from rag.evidence.candidates import READ_TOKENS, Candidate, candidates
from rag.evidence.compose import ComposeSettings, for_reader, prefer_language
from rag.evidence.retrieve import Filters, RetrievalSettings, retrieve
from rag.index.generation import Generation
from rag.question.query import Question
from rag.question.shapes import Plan
from rag.question.subject import held_share
from rag.types import Hit
from rag.words.text import terms


@dataclass(frozen=True, slots=True)
class GatherSettings:
    """Limits of what is looked at and kept, by shape. Probabilities are those of
    `rag.evidence.support`."""

    passages: int = 16  # retrieved for plain quotations
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
    differs: bool = False  # whether some of it was chosen because it disagrees with the rest
    beside: int = 0  # of what was chosen, the last ones, that stand below the answer


@dataclass(frozen=True, slots=True)
class Search:
    """One question against one generation."""

    question: Question
    generation: Generation
    embedder: Embedder
    filters: Filters
    settings: GatherSettings

    def about(self, text: str) -> Search:
        """The same search for other words of the same reader."""
        if text == self.question.text or not terms(text, self.question.language):
            return self
        vector = self.embedder.encode_questions([text])[0]
        return replace(self, question=replace(self.question, text=text, vector=vector))

    def within(self, filters: Filters) -> Search:
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

    def candidates(self, hits: Sequence[Hit]) -> list[Candidate]:
        """Sentences of the hits, in the reader's language where the work exists in it."""
        hits = prefer_language(self.question, hits, self.generation, self.filters)
        most = self.settings.read_tokens
        return candidates(self.question, hits, self.generation, read_tokens=most)

    def rivals(self, hits: Sequence[Hit]) -> list[Candidate]:
        """Sentences of the hits that may disagree with others, fewer of them read."""
        hits = prefer_language(self.question, hits, self.generation, self.filters)
        most = self.settings.rival_tokens
        return candidates(self.question, hits, self.generation, read_tokens=most, likens=None)

    def looked_through(self, hits: Sequence[Hit]) -> list[Candidate]:
        """Sentences of the hits as they are, more of them read: for a list."""
        most = self.settings.list_tokens
        return candidates(self.question, hits, self.generation, read_tokens=most, likens=None)

    def speaks_of(self, aspect: str, candidate: Candidate) -> float:
        """Share of an aspect's words in a sentence; 0 where it holds none."""
        question = replace(self.question, text=aspect)
        texts = (candidate.quote.text,)
        return held_share(question, texts, candidate.document.language, self.generation)

    def worth(self, candidate: Candidate) -> float:
        return for_reader(candidate, self.question.reader, self.settings.compose)
