"""What each signal of retrieval brings: the table of docs/retrieval.md.

    python -m evals.retrieval_signals SHARED-DATA-FOLDER [--json FILE]

measures Belebele, ARCD, FLORES and Canada's held-out acts, in each direction with every variant of
`evals.retrieval_variants`: all signals, each alone, all but each one, and the peers.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from evals.retrieval import indexed
from evals.retrieval_sets import TestSet, acts, public
from evals.retrieval_variants import peer_scores, signal_scores, variants
from rag.embed import Embedder, load_embedder


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
    """{set: {variant or peer: measures, or why none}}; sets of a group share their passages."""
    found: dict[str, dict[str, Any]] = {}
    chosen = variants()
    for group in groups:
        sets = [load() for load in group]
        with indexed(sets[0].passages, embedder) as generation:
            for one in sets:
                scores = signal_scores(generation, embedder, one.questions, chosen)
                found[one.name] = {**peer_scores(one.passages, one.questions), **scores}
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
        shown = (f"{100 * cell[name]:.1f}" if isinstance(cell, dict) else "" for cell in cells)
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
