"""Train the heads that tell what a question is (`rag/question/classify.py`).

    python -m evals.training.heads [--examples evals/training/questions.csv]
        [--held-out FILE ...] [--out rag/models/sanad-heads.npz]

One file of examples, a row a question; a cell that is empty says nothing:

    question, language
    ruling      answer, or danger, harm, personal, profiling, case, out_of_scope
    shape       fact, list, steps, comparison, difference, definition, latest, overview, reading,
                check
    asks        person, number, time, place, reason, way, yesno, thing
    catalogue   yes, no
    before      the question before it
    follows     alone, swap, points, more

One row in six is kept out of what the reader learns (`evals.training.reader`); thresholds are
fitted on them, then the heads on all rows. `--held-out` are files with
`question,language,group,label` or `before,question,language,leans`, which are measured and never
fitted on.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from rag.embed import DEFAULT_MODEL, MODELS, shipped_encoder
from rag.question.classify import ANSWER, HEADS, LEANS
from rag.question.classify import seen_of as seen_by_heads

EXAMPLES = Path(__file__).with_name("questions.csv")
NAMES = ("ruling", "shape", "asks", "catalogue", LEANS)
PENALTY = 0.003  # C of the logistic regression: chosen on the rows kept out (LOG.md)
WRONGLY_REFUSED = 0.02  # share of questions to be answered that the threshold may refuse
WRONGLY_CATALOGUE = 0.01  # share of questions on the text that are taken for ones on the catalogue

Floats = npt.NDArray[np.float32]
Row = Mapping[str, str]


def read(path: Path) -> list[Row]:
    """The rows of a CSV file."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def kept_out(row: Row) -> bool:
    """Whether a question is kept from the reader's training, to fit thresholds on: one in six."""
    digest = hashlib.sha256(" ".join(row["question"].lower().split()).encode()).digest()
    return digest[0] % 6 == 0


def seen_of(rows: Sequence[Row], *, leaning: bool) -> Floats:
    """(rows, width): what the heads see of each question."""
    encoder = shipped_encoder(MODELS / DEFAULT_MODEL)
    questions = [row["question"] for row in rows]
    if not leaning:
        return seen_by_heads(questions)
    depths = encoder.depths(questions)
    first = encoder.raw_questions([row["before"] for row in rows])
    second = encoder.raw_questions(questions)
    cosines = np.einsum("ij,ij->i", first, second)[:, None].astype(np.float32)
    return np.hstack([depths, cosines])


def fitted(seen: Floats, labels: Sequence[str]) -> tuple[Any, Floats, Floats]:
    """Labels, weights (labels, width) and bias, with the scaling of the inputs folded in."""
    from sklearn.linear_model import LogisticRegression

    mean, scale = seen.mean(axis=0), seen.std(axis=0) + 1e-6
    model = LogisticRegression(C=PENALTY, max_iter=300).fit((seen - mean) / scale, labels)
    weights, bias = model.coef_, model.intercept_
    if len(model.classes_) == 2:  # one row is given for the second class
        weights, bias = np.vstack([-weights / 2, weights / 2]), np.hstack([-bias / 2, bias / 2])
    weights = weights / scale
    folded = bias - weights @ mean
    return model.classes_, weights.astype(np.float32), folded.astype(np.float32)


def tried(seen: Floats, labels: Sequence[str], kept: npt.NDArray[np.bool_]) -> Floats:
    """(kept rows, labels): probabilities of the rows kept out, by a model of the others."""
    given = np.asarray(labels)
    _, weights, bias = fitted(seen[~kept], given[~kept].tolist())
    return _softmax(seen[kept] @ weights.T + bias)


def _softmax(scores: Floats) -> Floats:
    shares = np.exp(scores - scores.max(axis=1, keepdims=True))
    return np.asarray(shares / shares.sum(axis=1, keepdims=True), np.float32)


def threshold(
    name: str, probabilities: Floats, labels: npt.NDArray[np.str_]
) -> tuple[str, float] | None:
    """The threshold that goes with a head, and its name."""
    names, given = list(np.unique(labels)), np.asarray(labels)
    if name == "ruling":
        wrong = 1 - probabilities[given == ANSWER, names.index(ANSWER)]
        return "refused", float(np.quantile(wrong, 1 - WRONGLY_REFUSED))
    if name == "catalogue":
        wrong = probabilities[given == "no", names.index("yes")]
        return "catalogue", float(np.quantile(wrong, 1 - WRONGLY_CATALOGUE))
    return ("leans", 0.5) if name == LEANS else None


def train(rows: Sequence[Row], out: Path) -> Iterator[str]:
    """Fit all heads, write them, and tell how they do on questions unlike those they saw."""
    stored: dict[str, Any] = {"names": np.array(NAMES)}
    thresholds: dict[str, float] = {}
    for name in NAMES:
        mine = [row for row in rows if row[name]]
        labels = [row[name] for row in mine]
        seen = seen_of(mine, leaning=name == LEANS)
        kept = np.array([kept_out(row) for row in mine])
        probabilities = tried(seen, labels, kept)
        names, told = np.unique(labels), np.asarray(labels)[kept]
        right = float(np.mean(names[probabilities.argmax(axis=1)] == told))
        yield f"{name}: {len(mine)} examples, {len(names)} labels; kept out {len(told)}, of them "
        yield f"  {100 * right:.1f} % right"
        chosen = threshold(name, probabilities, told)
        if chosen is not None:
            thresholds[chosen[0]] = chosen[1]
            yield f"  threshold {chosen[0]} {chosen[1]:.3f}"
        if name == "ruling":
            yield from _caught(probabilities, told, thresholds["refused"])
        classes, weights, bias = fitted(seen, labels)
        stored |= {f"{name}.labels": np.array(classes, str), f"{name}.weights": weights,
                   f"{name}.bias": bias}  # fmt: skip
    stored["thresholds.names"] = np.array(list(thresholds))
    stored["thresholds"] = np.array(list(thresholds.values()), np.float32)
    np.savez_compressed(out, **stored)


def _caught(probabilities: Floats, labels: npt.NDArray[np.str_], at: float) -> Iterator[str]:
    names, given = list(np.unique(labels)), np.asarray(labels)
    refused = 1 - probabilities[:, names.index(ANSWER)] >= at
    for label in names:
        share = float(refused[given == label].mean())
        yield f"  {label:14} {'refused' if label == ANSWER else 'caught'} {100 * share:.1f} %"


def measured(path: Path) -> Iterator[str]:
    """Shares right of a held-out file, by language, group and label; never the questions."""
    from rag.question.classify import classify, leans_on

    rows = read(path)
    found: dict[tuple[str, str, str], list[bool]] = {}
    for row in rows:
        if "leans" in row:
            right = leans_on(row["question"], row["before"]) == (row["leans"] == "1")
            keys = [("follow-up", "leans" if row["leans"] == "1" else "stands alone")]
        else:
            right = _is_right(row, classify(row["question"]))
            keys = [(row["group"], row["label"])]
        for group, label in keys:
            for language in (row["language"], "all"):
                found.setdefault((group, label, language), []).append(right)
    for (group, label, language), values in sorted(found.items()):
        yield f"{group:10} {label:14} {language:4} {100 * np.mean(values):6.1f} % of {len(values)}"


def _is_right(row: Row, nature: Any) -> bool:
    if row["group"] == "ruling":  # caught for whatever reason, or let pass
        return bool((nature.ruling == ANSWER) == (row["label"] == ANSWER))
    if row["group"] == "catalogue":
        return bool(nature.catalogue == (row["label"] == "yes"))
    return bool(getattr(nature, row["group"]) == row["label"])


def main() -> int:
    """Train and measure."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--examples", type=Path, default=EXAMPLES)
    parser.add_argument("--held-out", type=Path, nargs="*", default=[])
    parser.add_argument("--measure-only", action="store_true")
    parser.add_argument("--out", type=Path, default=HEADS)
    options = parser.parse_args()
    if not options.measure_only:
        for line in train(read(options.examples), options.out):
            sys.stdout.write(f"{line}\n")
    for path in options.held_out:
        sys.stdout.write(f"{path.name}\n")
        for line in measured(path):
            sys.stdout.write(f"  {line}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
