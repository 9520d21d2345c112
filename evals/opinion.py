"""A judge of whole answers, and how far it agrees with people before it is believed.

    python -m evals.opinion DATA [--model PROVIDER:MODEL] [--limit N] [--json]

DATA is RAGChecker's meta evaluation (Ru et al., NeurIPS 2024 datasets track): 280 questions with a
reference answer and two systems' answers, each pair compared by two people for correctness,
completeness and overall, from -2 (the first is much better) to 2 (the second is). A judge scores
each answer alone; what is correlated with the people's mean is the difference of its two scores.
Printed beside each judge: Pearson's and Spearman's correlation with 95 % bootstrap intervals over
questions, and the share of the pairs that people do not call equal on which it takes their side.
The correlation of the two people with each other says what a judge can reach.

`overlap` needs no model: F1 of the words shared with the reference. A model that does not do
clearly better is not worth its price. No suite uses a model's opinion unless a person has read
these figures; pass marks never do.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from rag.check.judge import Ask, ModelJudge
from rag.errors import ConfigurationError, SanadError
from rag.words.text import fold, words

FILE = "human_labeled_data.json"
ASPECTS = ("correctness", "completeness", "overall")
RESAMPLES, SEED = 1000, 20241221
Floats = npt.NDArray[np.float64]


class AnswerJudge(Protocol):
    """Scores an answer against a reference."""

    def score(self, reference: str, answer: str) -> float | None:
        """0..1, higher is better; None where the judge has no opinion."""
        ...


class OverlapJudge:
    """F1 of the words that answer and reference share (SQuAD's, Rajpurkar et al. 2016)."""

    def score(self, reference: str, answer: str) -> float:
        """0..1."""
        wanted, said = (Counter(words(fold(text))) for text in (reference, answer))
        shared = sum((wanted & said).values())
        if not shared:
            return 0.0
        precision, recall = shared / sum(said.values()), shared / sum(wanted.values())
        return 2 * precision * recall / (precision + recall)


class SupportJudge:
    """A language model asked how sure it is that each text says what the other does: the mean is
    high for an answer that is both right and whole."""

    def __init__(self, ask: Ask) -> None:
        self._model = ModelJudge(ask)

    def score(self, reference: str, answer: str) -> float | None:
        """0..1; None where the model gave no number either way."""
        right = self._model.probability(answer, reference)
        whole = self._model.probability(reference, answer)
        return None if right is None or whole is None else (right + whole) / 2


@dataclass(frozen=True, slots=True)
class Pair:
    """Two answers to one question, and what two people think of the second against the first."""

    reference: str
    answers: tuple[str, str]
    labels: Mapping[str, tuple[float, ...]]  # aspect -> one label a person


def read_pairs(folder: Path) -> list[Pair]:
    """The pairs of the meta evaluation. Raises ConfigurationError when they do not read."""
    path = next((p for p in (folder / FILE, *folder.rglob(FILE)) if p.is_file()), None)
    if path is None:
        raise ConfigurationError(f"{folder} holds no {FILE}; name RAGChecker's meta evaluation")
    try:
        rows = json.loads(path.read_text("utf-8"))
        found: dict[tuple[str, str, str], list[Mapping[str, Any]]] = {}
        for row in rows:
            answers = row["model1"]["response"], row["model2"]["response"]
            found.setdefault((row["gt_answer"], *answers), []).append(row)
        return [
            Pair(
                reference, (first, second),
                {a: tuple(float(row[f"{a}_label"]) for row in group) for a in ASPECTS},
            )
            for (reference, first, second), group in found.items()
        ]  # fmt: skip
    except (ValueError, KeyError, TypeError) as error:
        raise ConfigurationError(f"{path} is not RAGChecker's form: {error!r}") from error


def agreement(pairs: Sequence[Pair], judge: AnswerJudge) -> dict[str, Any]:
    """By aspect: correlations with their intervals, and the share of sides taken rightly.
    Pairs on which the judge has no opinion are counted and left out."""
    moved, kept = [], []
    for pair in pairs:
        scores = [judge.score(pair.reference, answer) for answer in pair.answers]
        if scores[0] is not None and scores[1] is not None:
            moved.append(scores[1] - scores[0])
            kept.append(pair)
    values: dict[str, Any] = {"pairs": len(kept), "no_opinion": len(pairs) - len(kept)}
    for aspect in ASPECTS:
        human = np.array([float(np.mean(pair.labels[aspect])) for pair in kept])
        values[aspect] = correlated(np.array(moved), human)
    return values


def people(pairs: Sequence[Pair]) -> dict[str, Any]:
    """The first person against the second, in the same measures."""
    both = [pair for pair in pairs if all(len(pair.labels[a]) >= 2 for a in ASPECTS)]
    return {
        "pairs": len(both),
        "no_opinion": len(pairs) - len(both),
        **{
            aspect: correlated(
                np.array([p.labels[aspect][0] for p in both]),
                np.array([p.labels[aspect][1] for p in both]),
            )
            for aspect in ASPECTS
        },
    }


def correlated(a: Floats, b: Floats) -> dict[str, Any]:
    """Pearson, Spearman and sides of two series."""
    decided = b != 0
    sides = float(np.mean(np.sign(a[decided]) == np.sign(b[decided]))) if decided.any() else 0.0
    found: dict[str, Any] = {"sides": round(sides, 4)}
    for name, measure in (("pearson", pearson), ("spearman", spearman)):
        low, high = _interval(a, b, measure)
        found[name] = round(measure(a, b), 4)
        found[f"{name}_interval"] = [round(low, 4), round(high, 4)]
    return found


def pearson(a: Floats, b: Floats) -> float:
    """Pearson's correlation; 0 for a series that does not vary."""
    if len(a) < 2 or a.std() == 0 or b.std() == 0:
        return 0.0
    return float(np.mean((a - a.mean()) * (b - b.mean())) / (a.std() * b.std()))


def spearman(a: Floats, b: Floats) -> float:
    """Pearson's correlation of the ranks; equal values share their mean rank."""
    return pearson(_ranks(a), _ranks(b))


def _ranks(values: Floats) -> Floats:
    _, where, counts = np.unique(values, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    return (ends - (counts - 1) / 2)[where]


def _interval(
    a: Floats, b: Floats, measure: Callable[[Floats, Floats], float]
) -> tuple[float, float]:
    if not len(a):
        return 0.0, 0.0
    random = np.random.default_rng(SEED)
    drawn = [random.integers(0, len(a), len(a)) for _ in range(RESAMPLES)]
    low, high = np.percentile([measure(a[rows], b[rows]) for rows in drawn], (2.5, 97.5))
    return float(low), float(high)


def table(results: Mapping[str, Mapping[str, Any]]) -> str:
    """One line a judge and aspect."""
    lines = [
        f"{'judge':22}{'aspect':14}{'pairs':>6}{'Pearson':>9}{'95 %':>18}"
        f"{'Spearman':>10}{'sides':>7}"
    ]
    for name, found in results.items():
        for aspect in ASPECTS:
            one = found[aspect]
            low, high = one["pearson_interval"]
            lines.append(
                f"{name:22}{aspect:14}{found['pairs']:>6}{one['pearson']:>9.3f}"
                f"{f'{low:.3f} to {high:.3f}':>18}{one['spearman']:>10.3f}{one['sides']:>7.3f}"
            )
    return "\n".join(lines)


def model_judge(model: str) -> SupportJudge:
    """A judge over the language model of the settings, under another name."""
    from rag.generate import Prompt, load_writer
    from rag.settings import load_settings

    chosen = load_settings(llm=model).writer()
    assert chosen is not None
    writer = load_writer(chosen)
    return SupportJudge(
        lambda system, user: "".join(writer.write(Prompt(system, user), lambda: False))
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the agreement; 2 for a mistake in what was given."""
    parser = argparse.ArgumentParser(prog="python -m evals.opinion")
    parser.add_argument("data", type=Path, help="folder with RAGChecker's meta evaluation")
    parser.add_argument("--model", default="", help="language model, provider:model")
    parser.add_argument("--limit", type=int, default=0, help="the first N pairs only")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args(arguments)
    try:
        pairs = read_pairs(given.data)[: given.limit or None]
        results = {"two people": people(pairs), "overlap": agreement(pairs, OverlapJudge())}
        if given.model:
            results[given.model] = agreement(pairs, model_judge(given.model))
    except SanadError as error:
        sys.stderr.write(f"evals.opinion: {error}\n")
        return 2
    sys.stdout.write((json.dumps(results, indent=1) if given.json else table(results)) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
