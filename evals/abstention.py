"""How well Sanad tells questions the collection answers from those it does not.

    python -m evals.abstention DATA [--limit N]    scores, in one run with their peers
    python -m evals.abstention --policy            refused and passed, by language

DATA is the folder of evaluation data (`evals.posed` says which sets). For each set and each kind
of unanswerable question: AUROC, the area under the risk-coverage curve (lower is better), and the
share rejected where 95 % of the answerable are kept; then, at the thresholds that are shipped, the
NoMIRACL pair (Thakur et al. 2024): hallucination rate, unanswerable questions that were not
declined, and error rate, answerable ones that were.
"""

from __future__ import annotations

import argparse
import sys
import tomllib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np

from evals.confidence import auroc, rejected, risk_coverage_area
from evals.posed import Posed, Trial, arcd, belebele, pose, squad2_halves
from rag.embed import load_embedder
from rag.evidence.answerable import shipped_answerable
from rag.evidence.compose import ComposeSettings
from rag.question.policy import judge
from rag.question.query import shipped_translator

QUESTIONS = Path(__file__).parent / "policy_questions.toml"
KEEP = 0.95
KINDS = ("near", "removed", "out")

Score = Callable[[Posed], float]


def trials(data: Path, limit: int) -> Iterator[Trial]:
    """The sets that are measured: none of their passages was fitted on here."""
    yield squad2_halves(data, held_out=True, limit=limit)
    yield belebele(data, "en", "en", limit)
    yield belebele(data, "ar", "ar", limit)
    yield belebele(data, "ar", "en", limit)
    yield arcd(data, limit)


def scores() -> dict[str, Score]:
    """The model, the decision it replaces, and the peers of the benchmark notes."""
    model = shipped_answerable()
    return {
        "answerable": lambda one: model.probability(one.evidence),
        "best sentence": lambda one: one.support,
        "top BM25": lambda one: one.bm25,
        "top cosine": lambda one: one.cosine,
        "idf coverage": lambda one: one.coverage,
    }


def report(posed: Sequence[Posed], thresholds: dict[str, float]) -> Iterator[str]:
    """Lines of one set: each kind of unanswerable question by each score."""
    yield f"{posed[0].trial}: {sum(one.kind == 'yes' for one in posed)} answerable"
    yield f"  {'':9}{'':15}AUROC   AURC  rejected at 95 %   hallucinates  errs (as shipped)"
    for kind in KINDS:
        if not any(one.kind == kind for one in posed):
            continue
        for name, score in scores().items():
            yes, no = (
                np.array([score(one) for one in posed if one.kind == wanted])
                for wanted in ("yes", kind)
            )
            pair = ""
            if name in thresholds:
                at = thresholds[name]
                pair = f"{np.mean(no >= at):18.3f}{np.mean(yes < at):12.3f}"
            yield (
                f"  {kind:9}{name:15}{auroc(yes, no):5.3f}  {risk_coverage_area(yes, no):5.3f}"
                f"{rejected(yes, no, KEEP):12.3f}{pair}"
            )


def policy_report() -> Iterator[str]:
    """How many questions of each half and language get the ruling they should."""
    halves = tomllib.loads(QUESTIONS.read_text("utf-8"))
    for half in halves:
        for language in halves[half]["pass"]:
            passes = halves[half]["pass"][language]
            refused = halves[half]["refuse"][language]
            let = [q for q in passes if judge(q, language) is None]
            right = [q for q, why in refused if getattr(judge(q, language), "reason", "") == why]
            yield (
                f"{half:16}{language}  passed {len(let)} of {len(passes)}, ruled right "
                f"{len(right)} of {len(refused)}"
            )
            for question in sorted({*passes, *(q for q, _ in refused)} - {*let, *right}):
                yield f"{'':16}wrong: {question}"


def main() -> int:
    """Print what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("data", type=Path, nargs="?", help="the folder of evaluation data")
    parser.add_argument("--limit", type=int, default=350, help="questions of a kind and set")
    parser.add_argument("--policy", action="store_true", help="the policy's questions instead")
    given = parser.parse_args()
    if given.policy:
        sys.stdout.write("".join(f"{line}\n" for line in policy_report()))
        return 0
    if given.data is None:
        parser.error("name the folder of evaluation data, or --policy")
    embedder, translator = load_embedder(), shipped_translator()
    thresholds = {
        "answerable": shipped_answerable().partial_at,
        "best sentence": ComposeSettings().partial_at,
    }
    for trial in trials(given.data, given.limit):
        for line in report(pose(trial, embedder, translator), thresholds):
            sys.stdout.write(f"{line}\n")
        sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
