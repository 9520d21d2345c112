"""Citation precision and recall of the extractive answer, against gold sentences.

    python -m evals.citations FOLDER [--json]
    python -m evals.citations --suite SUITE RUN [--json]

The second form reads a run of `sanad eval run` over one of our suites: a quote is right
when it overlaps a gold quote of its document. Gold quotes name sufficient sentences and
not all that answer, so precision there is a lower bound; `first` is of the reading order.

FOLDER is Belebele turned extractive (see `evals.spans.belebele`): 329 questions in
English and Arabic over 488 passages in English or Arabic, whose answer is a span of one
passage. Development data: the sixteen weights that choose sentences were fitted on these
questions. `evals.training.support` prints the share of right first sentences by models
that never saw the passage asked about, which shows how little that flatters (docs/answers.md).

After ALCE (Gao et al., EMNLP 2023, "Enabling large language models to generate text with
citations", section 3), whose two measures ask an entailment model. Here they are read in
two ways, which say different things:

statement support
    ALCE's own reading: is each statement carried by what it cites? An extractive
    statement is the quote it cites, so this is 1 by construction; `quote check` verifies
    it, by reading the stored text between the offsets.
gold sentence
    Is what is cited what answers? A quote is right when it shares text with a gold
    sentence: a sentence of the question's own passage that the answer span touches. Any
    other quote is wrong, also where it answers too (other passages of the same article).
    *Precision* is the share of quotes shown that are right (over all questions together);
    *first* is the share of answered questions whose likeliest quote is right; *recall* is
    the share of all questions, declined ones included, with a right quote among those
    shown; *recall@1* among the likeliest alone.

Peers on the same passages and sentences: the whole first passage (cited as one quote, so
right whenever retrieval is: compare the words a reader must read), the sentence with the
highest cosine, and the one with the highest BM25 among the sentences of the passages found.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from evals.cases import load_suite
from evals.judge import MEASURES
from evals.observed import overlap
from evals.retrieval import indexed
from evals.runs import read_rows
from evals.spans import SpanQuestion, SpanSet, belebele
from rag.embed import Embedder, load_embedder
from rag.encoder.encoder import SanadEncoder
from rag.errors import SanadError
from rag.evidence.candidates import candidates
from rag.evidence.gather import find
from rag.evidence.retrieve import retrieve
from rag.index.generation import Generation
from rag.index.lexical import LexicalIndex
from rag.question.query import Question, Translates, shipped_translator, understand
from rag.question.shapes import plan
from rag.types import Hit, Quote
from rag.words.sentences import split_sentences
from rag.words.text import index_terms

PASSAGES = 12  # retrieved for composing, as in `rag.assistant.AskSettings`
PEERS = ("first passage", "highest cosine", "highest BM25")
Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Cited:
    """What one system cited for one question, the likeliest first; nothing: declined."""

    right: tuple[bool, ...]
    intact: tuple[bool, ...] = ()  # whether each quote equals the stored text
    words: int = 0  # of all quotes together


@dataclass(frozen=True, slots=True)
class Citing:
    """What is needed to ask."""

    generation: Generation
    embedder: Embedder
    translator: Translates


def gold_sentences(question: SpanQuestion, text: str, language: str) -> list[Span]:
    """The sentences of the passage that the answer span touches."""
    return [
        (start, end)
        for start, end in split_sentences(text, language)
        if start < question.end and question.start < end
    ]


def is_right(quote: Quote, question: SpanQuestion, gold: Sequence[Span]) -> bool:
    """Whether a quote shares text with a gold sentence of the question's own passage."""
    return quote.document_id == question.passage and any(
        quote.start < end and start < quote.end for start, end in gold
    )


def measure(cited: Sequence[Cited]) -> dict[str, float]:
    """The measures of the module, 0..1; `quotes` and `words` are means over the questions
    answered."""
    shown = [right for one in cited for right in one.right]
    intact = [holds for one in cited for holds in one.intact]
    answered = [one for one in cited if one.right]
    return {
        "precision": _share(shown),
        "first": _share([one.right[0] for one in answered]),
        "recall": _share([any(one.right) for one in cited]),
        "recall@1": _share([one.right[:1] == (True,) for one in cited]),
        "answered": len(answered) / max(1, len(cited)),
        "quotes": len(shown) / max(1, len(answered)),
        "words": sum(one.words for one in answered) / max(1, len(answered)),
        "quote check": _share(intact),
    }


def _share(found: Sequence[bool]) -> float:
    return sum(found) / len(found) if found else 0.0


def cite(spans: SpanSet, embedder: Embedder, translator: Translates) -> dict[str, list[Cited]]:
    """What Sanad and its peers cite for every question."""
    found: dict[str, list[Cited]] = {name: [] for name in ("Sanad", *PEERS)}
    texts = {passage.id: passage.text for passage in spans.passages}
    language = spans.direction[1]
    with indexed(spans.passages, embedder) as generation:
        citing = Citing(generation, embedder, translator)
        for one in spans.questions:
            gold = gold_sentences(one, texts[one.passage], language)
            question = understand(one.text, embedder, translator, None, generation.spellings)
            hits = retrieve(question, generation, PASSAGES)
            for name, quotes in _quotes(question, hits, citing).items():
                right = tuple(is_right(quote, one, gold) for quote in quotes)
                intact = tuple(
                    texts[quote.document_id][quote.start : quote.end] == quote.text
                    for quote in quotes
                )
                length = sum(len(quote.text.split()) for quote in quotes)
                found[name].append(Cited(right, intact, length))
    return found


def _quotes(question: Question, hits: Sequence[Hit], citing: Citing) -> Mapping[str, list[Quote]]:
    """The quotes of each system, the likeliest first."""
    generation, embedder = citing.generation, citing.embedder
    found = find(question, plan(question, generation), generation, embedder)
    chosen = sorted(found.chosen, key=lambda candidate: -candidate.score)
    pool = candidates(question, hits, generation)
    peers: dict[str, list[Quote]] = {"Sanad": [c.quote for c in chosen]}
    peers |= {name: [] for name in PEERS}
    if hits:
        p = hits[0].passage
        peers["first passage"] = [Quote(p.document_id, p.page, p.start, p.end, p.text)]
    if pool:
        language = pool[0].document.language
        index = LexicalIndex.build(
            (row, index_terms(c.quote.text, language)) for row, c in enumerate(pool)
        )
        asked = question.vector
        if isinstance(embedder, SanadEncoder):
            asked = embedder.towards_sentences(embedder.raw_questions([question.text]))[0]
        cosines = embedder.encode_passages([c.quote.text for c in pool]) @ asked
        lexical = index.scores(question.index_terms(language))
        peers["highest cosine"] = [pool[int(np.argmax(cosines))].quote]
        peers["highest BM25"] = [pool[int(np.argmax(lexical))].quote]
    return peers


def of_run(suite: Path, run: Path) -> list[Cited]:
    """What the replies of a run folder cite, for the cases that expect an answer. Raises
    ConfigurationError for a suite with a mistake."""
    gold = {
        case.id: case.gold
        for case in load_suite(suite, frozenset(MEASURES)).cases
        if case.expect == "answered"
    }
    found = []
    for row in (row for row in read_rows(run) if row.id in gold and row.attempt == 1):
        seen = row.reply
        right = tuple(
            any(c.document == g.document and overlap(c.quote, g.quote) for g in gold[row.id])
            for c in seen.citations
        )
        length = sum(len(citation.quote.split()) for citation in seen.citations)
        found.append(Cited(right, tuple(bool(c.holds) for c in seen.citations), length))
    return found


def lines(results: Mapping[str, Mapping[str, Mapping[str, float]]]) -> Iterator[str]:
    """One line a direction and system, in per cent; `quotes` and `words` are means."""
    yield (
        f"{'direction':10}{'system':16}{'precision':>10}{'first':>7}{'recall':>8}{'recall@1':>10}"
        f"{'answered':>10}{'quotes':>8}{'words':>7}{'quote check':>13}"
    )
    for direction, systems in results.items():
        for name, m in systems.items():
            yield (
                f"{direction:10}{name:16}{100 * m['precision']:10.1f}{100 * m['first']:7.1f}"
                f"{100 * m['recall']:8.1f}{100 * m['recall@1']:10.1f}{100 * m['answered']:10.1f}"
                f"{m['quotes']:8.2f}{m['words']:7.0f}{100 * m['quote check']:13.1f}"
            )


def report(sets: Sequence[SpanSet], embedder: Embedder, translator: Translates) -> dict[str, Any]:
    """{direction: {system: measures}}, "all" last."""
    every: dict[str, list[Cited]] = {}
    results: dict[str, Any] = {}
    for spans in sets:
        found = cite(spans, embedder, translator)
        results["->".join(spans.direction)] = {n: measure(c) for n, c in found.items()}
        for name, cited in found.items():
            every.setdefault(name, []).extend(cited)
    results["all"] = {name: measure(cited) for name, cited in every.items()}
    return results


def main() -> int:
    """Print the measures; returns the exit code."""
    assert __doc__
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--suite", type=Path)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    try:
        if given.suite:
            results = {given.suite.stem: {"Sanad": measure(of_run(given.suite, given.folder))}}
        else:
            results = report(belebele(given.folder), load_embedder(), shipped_translator())
    except SanadError as error:
        sys.stderr.write(f"evals.citations: {error}\n")
        return 2
    text = json.dumps(results, indent=1) if given.json else "\n".join(lines(results))
    sys.stdout.write(text + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
