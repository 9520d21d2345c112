"""How often retrieval finds what answers a question over kept-out reports, by weight of the words.

    python -m evals.training.measure_retrieval [--questions N] [--weights 0.4 0.5 ...]

Each question is asked of its own report and others in four languages (`evals.training.reports`):
the share whose gold passage is among the first 1, 5 and 16, in one language and across.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace

from evals.training.reports import Placed, beside, generation_of, kept_questions, read_reports
from rag.embed import load_embedder
from rag.evidence.retrieve import LEXICAL, RetrievalSettings, retrieve
from rag.evidence.search import GatherSettings
from rag.index.generation import Generation
from rag.question.query import Question, shipped_translator, understand

FIRST = (1, 5, 16)


def lines(
    asked: Sequence[tuple[Placed, Question]], generation: Generation, weight: float
) -> Iterator[str]:
    """A line for one language and one for two."""
    settings, limits = replace(RetrievalSettings(), lexical_weight=weight), GatherSettings()
    counts: Counter[tuple[bool, int]] = Counter()
    for one, question in asked:
        filters = beside(one, generation)
        hits = retrieve(question, generation, max(FIRST), filters, settings, limits.per_document)
        lead = one.lead or (0, 0)
        ranks = [
            rank
            for rank, hit in enumerate(hits)
            if hit.passage.document_id == one.document
            and hit.passage.start < lead[1]
            and lead[0] < hit.passage.end
        ]
        same = one.asked.language == one.report.language
        counts[same, 0] += 1
        for first in FIRST:
            counts[same, first] += bool(ranks) and ranks[0] < first
    for same, name in ((True, "one language"), (False, "two languages")):
        shares = ", ".join(
            f"{first}: {counts[same, first] / counts[same, 0]:.3f}" for first in FIRST
        )
        yield f"weight {weight}, {name} ({counts[same, 0]}): {shares}"


def main() -> int:
    """Command line entry."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--questions", type=int, default=600)
    parser.add_argument("--weights", type=float, nargs="+", default=[LEXICAL])
    options = parser.parse_args()
    embedder, translator, reports = load_embedder(), shipped_translator(), read_reports()
    with generation_of(reports, embedder) as generation:
        kept = kept_questions(reports, generation, options.questions)
        asked = [
            (one, understand(one.asked.text, embedder, translator, None, generation.spellings))
            for one in kept
            if one.lead is not None
        ]
        for weight in options.weights:
            for line in lines(asked, generation, weight):
                sys.stdout.write(f"{line}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
