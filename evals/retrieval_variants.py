"""Retrieval with some of its signals, and peers, over one indexed collection.

The signals: words (BM25 on stems, translation tables across languages), names across scripts,
4-grams of Arabic renderings, and vectors. The peers are those of `evals.retrieval_peers`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from evals.collection import CorpusPassage, TestQuestion
from evals.measures import measure
from evals.retrieval_peers import DEPTH, peer_rankings
from rag.assistant import AskSettings, Assistant
from rag.embed import MODELS, Embedder
from rag.evidence.retrieve import RetrievalSettings
from rag.evidence.search import GatherSettings
from rag.index.generation import Generation
from rag.index.spellings import Spellings
from rag.question.query import TABLES, Identity, Knows, Translates
from rag.translation.translate import Translator
from rag.words.text import is_gram

LEXICAL = RetrievalSettings(lexical_weight=1.0)
VECTORS = RetrievalSettings(lexical_weight=0.0)
MEASURES = ("nDCG@10", "R@1", "R@5", "R@10", "R@100", "RR")


@dataclass(frozen=True, slots=True)
class Variant:
    """The pipeline with some of its signals."""

    name: str
    translator: Translates
    settings: RetrievalSettings = RetrievalSettings()  # noqa: RUF009  # frozen


@dataclass(frozen=True, slots=True)
class WithoutGrams:
    """Renderings without their 4-grams."""

    inner: Translates

    def distributions(
        self, question: str, source: str, target: str, spellings: Spellings | None = None
    ) -> list[dict[str, float]]:
        """Those of `inner` over whole words."""
        found = self.inner.distributions(question, source, target, spellings)
        return [word for word in found if not is_gram(next(iter(word)))]

    def knows(self, term: str, language: str) -> bool:
        """What `inner` knows: without it typing mistakes would be mended in another way too."""
        return isinstance(self.inner, Knows) and self.inner.knows(term, language)


def variants(folder: Path = MODELS / TABLES) -> list[Variant]:
    """All signals; each alone; all but each one."""
    whole = Translator.open(folder)
    nameless, tableless = whole.without_names(), whole.without_tables()
    return [
        Variant("all", whole),
        Variant("own words alone", Identity(), LEXICAL),
        Variant("tables alone", WithoutGrams(nameless), LEXICAL),
        Variant("names alone", WithoutGrams(tableless), LEXICAL),
        Variant("vectors alone", Identity(), VECTORS),
        Variant("all but tables", tableless),
        Variant("all but names", nameless),
        Variant("all but 4-grams", WithoutGrams(whole)),
        Variant("all but vectors", whole, LEXICAL),
    ]


def signal_scores(
    generation: Generation,
    embedder: Embedder,
    questions: Sequence[TestQuestion],
    chosen: Sequence[Variant],
) -> dict[str, dict[str, float]]:
    """Means of MEASURES by variant."""
    found = {}
    for variant in chosen:
        limits = AskSettings(gather=GatherSettings(retrieval=variant.settings))
        assistant = Assistant(generation, embedder, limits, variant.translator)
        rankings = [
            [hit.passage.document_id for hit in assistant.search(q.text, DEPTH) if hit.score > 0]
            for q in questions  # what only a signal without weight found scores 0
        ]
        found[variant.name] = means(questions, rankings)
    return found


def means(questions: Sequence[TestQuestion], rankings: Sequence[Sequence[str]]) -> dict[str, float]:
    """{measure: mean over questions}, a ranking a question."""
    pairs = list(zip(questions, rankings, strict=True))
    return {
        name: round(sum(measure(name, ids, q.gold) for q, ids in pairs) / len(pairs), 4)
        for name in MEASURES
    }


def peer_scores(
    passages: Sequence[CorpusPassage], questions: Sequence[TestQuestion]
) -> dict[str, dict[str, float] | str]:
    """{peer: means of MEASURES, or why there are none}."""
    found = peer_rankings(passages, [question.text for question in questions])
    return {
        name: rankings if isinstance(rankings, str) else means(questions, rankings)
        for name, rankings in found.items()
    }
