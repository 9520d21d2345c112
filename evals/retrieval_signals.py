"""Each signal of retrieval alone, and all but one, over one indexed collection; and a peer.

    python -m evals.retrieval_signals SHARED-DATA-FOLDER [--json FILE]

measures Belebele, ARCD, FLORES and Canada's held-out acts in every direction that
`docs/retrieval.md` reports. `sanad eval retrieval` uses the same variants for any files.

The signals: words (BM25 on stems, translation tables across languages), names across scripts,
4-grams of Arabic renderings, and vectors. The peer is bm25s on folded words as its own
documentation builds it.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from evals.collection import CorpusPassage, TestQuestion
from evals.measures import measure
from evals.retrieval import DEPTH, indexed
from evals.retrieval_sets import TestSet, acts, public
from rag.assistant import AskSettings, Assistant
from rag.embed import MODELS, Embedder, load_embedder
from rag.evidence.gather import GatherSettings
from rag.evidence.retrieve import RetrievalSettings
from rag.index.generation import Generation
from rag.index.spellings import Spellings
from rag.question.query import TABLES, Identity, Translates
from rag.translation.translate import Translator
from rag.words.text import is_gram

LEXICAL = RetrievalSettings(lexical_weight=1.0)
VECTORS = RetrievalSettings(lexical_weight=0.0)
REPORTED = ("nDCG@10", "R@1", "R@10", "RR")
PEER = "bm25s"


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
    """Means of the reported measures by variant."""
    found = {}
    for variant in chosen:
        limits = AskSettings(gather=GatherSettings(retrieval=variant.settings))
        assistant = Assistant(generation, embedder, limits, variant.translator)
        rankings = [
            [hit.passage.document_id for hit in assistant.search(question.text, DEPTH)]
            for question in questions
        ]
        found[variant.name] = means(questions, rankings)
    return found


def means(questions: Sequence[TestQuestion], rankings: Sequence[Sequence[str]]) -> dict[str, float]:
    """{measure: mean over questions}, a ranking a question."""
    pairs = list(zip(questions, rankings, strict=True))
    return {
        name: round(sum(measure(name, ids, q.gold) for q, ids in pairs) / len(pairs), 4)
        for name in REPORTED
    }


def peer_scores(
    passages: Sequence[CorpusPassage], questions: Sequence[TestQuestion]
) -> dict[str, float] | None:
    """bm25s with its own tokenizer, defaults and no stop words; None where it is not installed."""
    try:
        import bm25s
    except ImportError:
        return None
    retriever = bm25s.BM25()
    texts = [f"{passage.title} {passage.text}".strip() for passage in passages]
    retriever.index(bm25s.tokenize(texts, stopwords=None, show_progress=False), show_progress=False)
    asked = bm25s.tokenize([q.text for q in questions], stopwords=None, show_progress=False)
    depth = min(DEPTH, len(passages))
    rows, scores = retriever.retrieve(asked, k=depth, show_progress=False)
    rankings = [
        [passages[int(row)].id for row, score in zip(found, weights, strict=True) if score > 0]
        for found, weights in zip(rows, scores, strict=True)
    ]
    return means(questions, rankings)


def reported_sets(data: Path) -> Iterator[tuple[Callable[[], TestSet], ...]]:
    """Groups of sets over the same passages, indexed once a group."""
    belebele = data / "eval/belebele/Data/Belebele_original"
    flores = data / "eval/flores200-devtest/datasets/facebook/flores/flores200_dataset/devtest"
    arcd = data / "eval/arcd/data/arcd-test.json"
    for over in ("ar", "en"):
        yield tuple(partial(public, "belebele", belebele, ask, over) for ask in ("en", "ar"))
    yield (partial(public, "squad", arcd, "ar"),)
    for over in ("fr", "en"):
        yield tuple(partial(acts, data, ask, over) for ask in ("en", "fr"))
    for ask, over in (("en", "es"), ("es", "en")):
        yield (partial(public, "flores", flores, ask, over),)


def measured(
    groups: Iterator[tuple[Callable[[], TestSet], ...]], embedder: Embedder
) -> dict[str, dict[str, Any]]:
    """{set: {variant or peer: measures}}; sets of a group share their passages."""
    found: dict[str, dict[str, Any]] = {}
    chosen = variants()
    for group in groups:
        sets = [load() for load in group]
        with indexed(sets[0].passages, embedder) as generation:
            for one in sets:
                scores = signal_scores(generation, embedder, one.questions, chosen)
                found[one.name] = {PEER: peer_scores(one.passages, one.questions), **scores}
                sys.stdout.write(f"{one.name}: {json.dumps(found[one.name])}\n")
                sys.stdout.flush()
    return found


def table(found: Mapping[str, Mapping[str, Any]], name: str = "nDCG@10") -> str:
    """Markdown: a row a variant, a column a set, times 100."""
    sets = list(found)
    rows = dict.fromkeys(variant for scores in found.values() for variant in scores)
    lines = ["| |" + "|".join(sets) + "|", "|---" + "|--:" * len(sets) + "|"]
    for row in rows:
        cells = (found[one].get(row) for one in sets)
        shown = (f"{100 * cell[name]:.1f}" if cell else "" for cell in cells)
        lines.append(f"| {row} |" + "|".join(shown) + "|")
    return "\n".join(lines)


def main() -> int:
    """Measure everything; print the table."""
    assert __doc__
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path, help="folder with eval/ and scale/")
    parser.add_argument("--json", type=Path, help="write all measures there")
    given = parser.parse_args()
    found = measured(reported_sets(given.data), load_embedder())
    if given.json:
        given.json.write_text(json.dumps(found, indent=1), "utf-8")
    sys.stdout.write(table(found) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
