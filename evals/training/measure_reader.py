"""How well a reader does on what no reader learned from.

    python -m evals.training.measure_reader --data FOLDER [--reader rag/models/sanad-reader]
        [--questions N]

Over single windows of `questions_parallel.tsv`, in one language and across, and over whole
reports that were kept out (`evals.training.reports`): how often the likeliest sentence answers
(in reports: is the one to be shown first, or one of those that belong to a whole answer), and how
well the likeliest sentence tells answered questions from near misses (AUROC). No retrieval, no
features beside the reader.
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
from evals.training.reader_data import Asked, kept_out, written_over
from evals.training.reports import generation_of, placed, read_reports, windows_with_places
from rag.embed import MODELS
from rag.encoder.reader import SentenceReader, Window

SEED = 3


def over_windows(reader: SentenceReader, asked: Sequence[Asked]) -> Iterator[str]:
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
            f"windows, {_pair(same)}: first sentence right {np.mean(answered):.3f} "
            f"of {len(yes)}, near misses AUROC {auroc(yes, near):.3f} ({len(near)})"
        )


def over_reports(reader: SentenceReader, questions: int) -> Iterator[str]:
    """A line for one language and one for two, over all windows of each question's report."""
    reports = [report for report in read_reports() if report.kept_out]
    likeliest: dict[tuple[bool, bool], list[float]] = defaultdict(list)
    leads: dict[bool, list[bool]] = defaultdict(list)
    right: dict[bool, list[bool]] = defaultdict(list)
    with generation_of(reports) as generation:
        every = list(placed(reports, generation))
        random.Random(SEED).shuffle(every)
        for one in every[:questions]:
            cut = list(windows_with_places(generation, one.document))
            read = reader.read(one.asked.text, [window for window, _ in cut])
            odds, at = max(
                (sentence.odds, place)
                for sentences, (_, places) in zip(read, cut, strict=True)
                for sentence, place in zip(sentences, places, strict=False)
            )
            same = one.asked.language == one.report.language
            likeliest[same, one.lead is not None].append(odds)
            if one.lead is not None:
                wanted = (one.lead, *one.further)
                met = [start < at[1] and at[0] < end for start, end in wanted]
                leads[same].append(met[0])
                right[same].append(any(met))
    for same in leads:
        yes, near = (np.array(likeliest[same, kind]) for kind in (True, False))
        yield (
            f"reports, {_pair(same)}: leads {np.mean(leads[same]):.3f}, first sentence right "
            f"{np.mean(right[same]):.3f} of {len(yes)}, near misses AUROC {auroc(yes, near):.3f} "
            f"({len(near)})"
        )


def _pair(same: bool) -> str:
    return "one language" if same else "two languages"


def main() -> int:
    """Command line entry."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--reader", type=Path, default=MODELS / "sanad-reader")
    parser.add_argument("--questions", type=int, default=800, help="of each kind")
    options = parser.parse_args()
    reader = SentenceReader(options.reader)
    asked = [one for one in written_over(options.data) if kept_out(one.window.home)]
    random.Random(SEED).shuffle(asked)
    for line in over_windows(reader, asked[: options.questions]):
        sys.stdout.write(f"{line}\n")
    for line in over_reports(reader, options.questions):
        sys.stdout.write(f"{line}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
