"""The retrieval walk: a question to ranked passages.

    question -> lexical scores in every language's index + nearest vectors
             -> one score a passage -> reranked? -> cap per document

Knows no answer and no screen.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rag.index.generation import Generation
from rag.index.highest import highest
from rag.question.query import Question
from rag.rerank import Reordering
from rag.types import Hit, SourceDocument

Filters = Mapping[str, Sequence[str]]
Mask = npt.NDArray[np.bool_]

LEXICAL = 0.5  # weight of the words beside the vectors of a model that reads sentences
STATIC_LEXICAL = 0.65  # beside a mean of word vectors; both measured in docs/retrieval.md


@dataclass(frozen=True, slots=True)
class RetrievalSettings:
    """What the fusion weighs; measured in docs/retrieval.md."""

    depth: int = 100  # candidates taken from each retriever
    lexical_weight: float = LEXICAL  # the rest is the vectors'
    reranker: Reordering | None = None
    rerank_depth: int = 20  # passages it reads


def retrieve(
    question: Question,
    generation: Generation,
    k: int,
    filters: Filters | None = None,
    settings: RetrievalSettings | None = None,
    per_document: int | None = None,
) -> list[Hit]:
    """The k best passages, best first, at most `per_document` of one document.

    A passage's score is a convex combination of two parts in 0..1 (Bruch, Gai &
    Ingber, TOIS 2023): its lexical part (see `lexical_parts`) and its cosine over what
    unrelated texts have. Raises ConfigurationError for an unknown filter key.
    """
    settings = settings or RetrievalSettings()
    allowed = generation.mask(filters or {})
    lexical = lexical_parts(question, generation, allowed)
    depth = max(settings.depth, k)
    best = _best(lexical, depth)
    found = best
    dense: dict[int, int] = {}
    scores = settings.lexical_weight * lexical
    if generation.dense is not None:
        nearest = generation.dense.top(question.vector, depth, allowed)
        dense = {row: rank for rank, (row, _) in enumerate(nearest, start=1)}
        rows = np.union1d(found, np.fromiter(dense, np.intp, len(dense)))
        cosines = generation.dense.similarities(question.vector, rows)
        similar = np.clip(generation.similarity(cosines, question.cosines), 0.0, 1.0)
        scores[rows] += (1 - settings.lexical_weight) * similar
        found = rows
    order = found[np.lexsort((found, -scores[found]))]
    reranked: dict[int, int] = {}
    if settings.reranker is not None:
        order, reranked = _reranked(question, generation, order, scores, settings)
    ranks = {int(row): rank for rank, row in enumerate(best, start=1)}
    chosen = _cap(order, generation.document_rows, k, per_document or k)
    passages = generation.store.passages(chosen)
    return [
        Hit(passage, float(scores[row]), _why(row, ranks, dense, reranked))
        for passage, row in zip(passages, chosen, strict=True)
    ]


def one_version(
    hits: Sequence[Hit], documents: Mapping[str, SourceDocument], reader: str
) -> list[Hit]:
    """Hits with one language version of each work: the one in the reader's language where it
    is among them, else that of the work's best hit. `documents` are those of the hits, by id."""
    shown: dict[str, SourceDocument] = {}
    for hit in hits:
        document = documents[hit.passage.document_id]
        kept = shown.setdefault(document.work_id, document)
        if document.language == reader != kept.language:
            shown[document.work_id] = document
    languages = {work: document.language for work, document in shown.items()}
    return [
        hit
        for hit in hits
        if (document := documents[hit.passage.document_id]).language == languages[document.work_id]
    ]


def lexical_parts(
    question: Question, generation: Generation, allowed: Mask | None
) -> npt.NDArray[np.float32]:
    """(passages,) lexical score in 0..1, 0 where a row is not allowed.

    A BM25 score is taken as a share of the highest the question could have in that
    language, then divided by the root of the language's best share. The best passage of
    each language so has the root of its share: languages in which the question is
    rendered less well are not drowned, and one that has nothing stays low. Measured in
    docs/retrieval.md.
    """
    parts = np.zeros(len(generation.document_rows), np.float32)
    for language, index in generation.lexical.items():
        shares = index.shares(question.index_terms(language))
        if allowed is not None:
            shares = shares * allowed[index.members]
        best = float(shares.max(initial=0.0))
        if best > 0:
            parts[index.members] = shares / np.float32(best**0.5)
    return parts


def _best(scores: npt.NDArray[np.float32], k: int) -> npt.NDArray[np.intp]:
    """Rows of the k highest scores above 0, best first."""
    rows = highest(scores, k)
    return rows[scores[rows] > 0]


def _cap(
    order: npt.NDArray[np.intp], documents: npt.NDArray[np.int32], k: int, per_document: int
) -> list[int]:
    """The first k rows with at most `per_document` of one document; where those are fewer
    than k, the rows passed over fill the rest."""
    counts: dict[int, int] = {}
    chosen: list[int] = []
    passed: list[int] = []
    for row in order.tolist():
        document = int(documents[row])
        counts[document] = counts.get(document, 0) + 1
        (chosen if counts[document] <= per_document else passed).append(row)
        if len(chosen) == k:
            return chosen
    return [*chosen, *passed][:k]


def _reranked(
    question: Question,
    generation: Generation,
    order: npt.NDArray[np.intp],
    scores: npt.NDArray[np.float32],
    settings: RetrievalSettings,
) -> tuple[npt.NDArray[np.intp], dict[int, int]]:
    """The order after the reranker has read its first passages, and the ranks it gave.

    `scores` of those rows are handed out anew, the highest to the best: the set stays, so that
    what a score means to `rag.evidence` stays too.
    """
    assert settings.reranker is not None
    head = order[: settings.rerank_depth]
    read = [
        " · ".join((*passage.headings, passage.text))
        for passage in generation.store.passages(head.tolist())
    ]
    found = settings.reranker.order(question.text, read)
    if found is None:
        if settings.reranker.trouble not in generation.notes:
            generation.notes.append(settings.reranker.trouble)
        return order, {}
    better = head[np.asarray(found, np.intp)]
    scores[better] = scores[head]
    ranks = {int(row): rank for rank, row in enumerate(better, start=1)}
    return np.concatenate([better, order[len(better) :]]), ranks


def _why(row: int, *ranks: Mapping[int, int]) -> tuple[str, ...]:
    """Its rank by each of words, vectors and reranker that found it."""
    named = zip(("lexical", "dense", "rerank"), ranks, strict=True)
    return tuple(f"{name}#{found[row]}" for name, found in named if row in found)
