"""How well a reader does on the passages that no reader learned from.

    python -m evals.training.measure_reader --data FOLDER [--reader rag/models/sanad-reader]
        [--questions N] [--claims N]

In one language and across, over single windows of `questions_parallel.tsv` and
`claims_parallel.tsv`: how often the likeliest sentence of an answering window answers; how well
the likeliest sentence tells answered questions from near misses (AUROC); and how well true claims
are told from each kind of false one (AUROC). No retrieval, no features beside the reader.
"""

from __future__ import annotations

import argparse
import random
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from evals.confidence import auroc
from evals.training.reader_data import (
    LANGUAGES,
    Asked,
    Claimed,
    claimed,
    kept_out,
    written_over,
)
from rag.embed import MODELS
from rag.encoder.reader import SentenceReader, Window

SEED = 3


def questions_told(reader: SentenceReader, asked: Sequence[Asked]) -> Iterator[str]:
    """A line for one language and one for two."""
    likeliest: dict[tuple[bool, bool], list[float]] = defaultdict(list)
    right: dict[bool, list[bool]] = defaultdict(list)
    for one in asked:
        (read,) = reader.read(one.question, [Window("", one.window.sentences)])
        odds = [sentence.odds for sentence in read]
        same = one.language == one.over
        likeliest[same, bool(one.answers)].append(max(odds))
        if one.answers:
            right[same].append(int(np.argmax(odds)) in one.answers)
    for same, answered in right.items():
        yes, near = (np.array(likeliest[same, kind]) for kind in (True, False))
        yield (
            f"questions, {_pair(same)}: first sentence right {np.mean(answered):.3f} "
            f"of {len(yes)}, "
            f"near misses AUROC {auroc(yes, near):.3f} ({len(near)})"
        )


def claims_told(reader: SentenceReader, claims: Sequence[Claimed]) -> Iterator[str]:
    """Lines by kind of false claim, in one language and across."""
    chance = random.Random(SEED)
    for same in (True, False):
        said: dict[str, list[float]] = defaultdict(list)
        for claim in claims:
            language, over = chance.sample(LANGUAGES, 2)
            window = Window("", tuple(s[language if same else over] for s in claim.sentences))
            kind = "" if claim.true else claim.kind
            said[kind] += reader.says(claim.claim[language], [window])
        true = np.array(said.pop(""))
        kinds = ", ".join(f"{k} {auroc(true, np.array(v)):.3f}" for k, v in sorted(said.items()))
        every = auroc(true, np.concatenate([np.array(v) for v in said.values()]))
        yield f"claims, {_pair(same)}: AUROC {every:.3f} ({len(claims)}); {kinds}"


def _pair(same: bool) -> str:
    return "one language" if same else "two languages"


def main() -> int:
    """Command line entry."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--reader", type=Path, default=MODELS / "sanad-reader")
    parser.add_argument("--questions", type=int, default=800)
    parser.add_argument("--claims", type=int, default=300)
    options = parser.parse_args()
    reader = SentenceReader(options.reader)
    chance = random.Random(SEED)
    asked = [one for one in written_over(options.data) if kept_out(one.window.home)]
    claims = [one for one in claimed(options.data) if kept_out(one.home)]
    chance.shuffle(asked)
    chance.shuffle(claims)
    for line in questions_told(reader, asked[: options.questions]):
        sys.stdout.write(f"{line}\n")
    for line in claims_told(reader, claims[: options.claims]):
        sys.stdout.write(f"{line}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
