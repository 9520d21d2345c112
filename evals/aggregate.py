"""The figures of a run: means, intervals and slices over judged replies. Pure.

A measure is a mean over the cases it applies to. A case that was asked several times counts
once, with the mean of its attempts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from evals.cases import Case, Suite, slices_of
from evals.confidence import (
    auroc,
    calibration,
    calibration_error,
    risk_coverage,
    risk_coverage_area,
)
from evals.groups import consistency
from evals.judge import Verdict
from evals.measures import bootstrap
from evals.observed import Observed


@dataclass(frozen=True, slots=True)
class Judged:
    """One reply with its case and its verdict."""

    case: Case
    attempt: int
    seen: Observed
    verdict: Verdict


def aggregate(suite: Suite, rows: Sequence[Judged]) -> dict[str, Any]:
    """All figures of a run, as plain values."""
    measures = of_run(rows)
    marks = {name: _mark(name, mark, measures, rows) for name, mark in suite.pass_marks.items()}
    return {
        "suite": suite.name,
        "cases": len({row.case.id for row in rows}),
        "replies": len(rows),
        "errors": sum(row.seen.status == "error" for row in rows),
        "to_review": sum(bool(case.review) for case in suite.cases),
        "passed": all(one["reached"] for one in marks.values()),
        "measures": measures,
        "intervals": _intervals(rows),
        "counts": {name: len(values) for name, values in _values(rows).items()},
        "pass_marks": marks,
        "by_language": _sliced(rows, lambda row: [row.case.language]),
        "by_direction": _sliced(rows, lambda row: [direction(row)]),
        "by_type": _sliced(rows, lambda row: [row.case.kind]),
        "abstention": abstention(rows),
        "latency_ms": latency(rows),
        "usage": usage(rows),
        "answer_words": answer_words(rows),
    }


def of_run(rows: Sequence[Judged]) -> dict[str, float]:
    """Every measure of the run by name, rounded; the ones that apply to nothing are left out."""
    found = means(rows)
    first = [(row.case, row.seen) for row in rows if row.attempt == 1]
    found |= consistency(first)
    told = abstention(rows)
    if "auroc" in told:
        found["auroc"] = told["auroc"]
    verdicts: dict[str, set[tuple[tuple[str, float | None], ...]]] = {}
    for row in rows:
        verdicts.setdefault(row.case.id, set()).add(tuple(row.verdict.values.items()))
    if len(rows) > len(verdicts):
        found["stable"] = sum(len(one) == 1 for one in verdicts.values()) / len(verdicts)
    return {name: round(value, 4) for name, value in found.items()}


def means(rows: Iterable[Judged]) -> dict[str, float]:
    """Mean of each measure over the cases it applies to."""
    return {name: sum(found) / len(found) for name, found in _values(rows).items()}


def per_case(rows: Iterable[Judged]) -> dict[str, dict[str, float]]:
    """{measure: {case id: mean of its attempts}}; what a case does not ask is left out."""
    gathered: dict[str, dict[str, list[float]]] = {}
    for row in rows:
        for name, value in row.verdict.values.items():
            if value is not None:
                gathered.setdefault(name, {}).setdefault(row.case.id, []).append(value)
    return {
        name: {case: sum(found) / len(found) for case, found in cases.items()}
        for name, cases in gathered.items()
    }


def _values(rows: Iterable[Judged]) -> dict[str, list[float]]:
    return {name: list(cases.values()) for name, cases in per_case(rows).items()}


def _intervals(rows: Sequence[Judged]) -> dict[str, list[float]]:
    """95 % bootstrap intervals over cases."""
    found = {name: bootstrap(values) for name, values in _values(rows).items()}
    return {name: [round(one.low, 4), round(one.high, 4)] for name, one in found.items()}


def _mark(name: str, mark: float, measures: Mapping[str, float], rows: Sequence[Judged]) -> Any:
    """A mark with its value; a measure that applies to no case misses its mark."""
    value = measures.get(name)
    if value is None and "@" in name and name not in measures:
        measure, _, part = name.rpartition("@")  # "nDCG@10@ar"
        inside = [row for row in rows if part in slices_of(row.case)]
        value = round(of_run(inside).get(measure, 0.0), 4)
    value = 0.0 if value is None else value
    return {"mark": mark, "value": value, "reached": value >= mark}


def _sliced(
    rows: Sequence[Judged], parts: Callable[[Judged], Sequence[str]]
) -> dict[str, dict[str, Any]]:
    groups: dict[str, list[Judged]] = {}
    for row in rows:
        for part in parts(row):
            groups.setdefault(part, []).append(row)
    return {
        part: {
            "cases": len({row.case.id for row in group}),
            **{name: round(value, 4) for name, value in means(group).items()},
        }
        for part, group in sorted(groups.items())
    }


def direction(row: Judged) -> str:
    """Question language -> language of the first citation, as in "en->ar"; "en->none" for a
    reply without citations."""
    cited = next((one.language for one in row.seen.citations if one.language), "none")
    return f"{row.case.language}->{cited}"


def abstention(rows: Sequence[Judged]) -> dict[str, Any]:
    """How well the system knows what it cannot answer.

    AUROC, the area under the risk-coverage curve and the calibration need a confidence with
    each reply. The pair of NoMIRACL (Thakur et al. 2024) needs none: hallucination rate, the
    share of unanswerable questions that were answered, and error rate, the share of answerable
    ones that were not.
    """
    told = means(row for row in rows if row.seen.status != "error")
    values: dict[str, Any] = {
        "hallucination_rate": round(1 - told["declined"], 4) if "declined" in told else None,
        "error_rate": round(1 - told["answered"], 4) if "answered" in told else None,
    }
    scored = [row for row in rows if row.seen.confidence is not None and row.attempt == 1]
    yes, no = (
        np.array([r.seen.confidence for r in scored if (r.case.expect == "answered") is wanted])
        for wanted in (True, False)
    )
    if len(yes) and len(no):
        bins = calibration(
            [float(row.seen.confidence or 0.0) for row in scored],
            [row.case.expect == "answered" for row in scored],
        )
        values |= {
            "auroc": round(auroc(yes, no), 4),
            "risk_coverage_area": round(risk_coverage_area(yes, no), 4),
            "risk_coverage": [[round(c, 4), round(r, 4)] for c, r in risk_coverage(yes, no)],
            "calibration": [[round(b.confidence, 4), round(b.share, 4), b.count] for b in bins],
            "calibration_error": round(calibration_error(bins), 4),
            "scored": len(scored),
        }
    return values


def latency(rows: Sequence[Judged]) -> dict[str, dict[str, float]]:
    """Median, 95th percentile and longest of each stage that the system timed, in ms."""
    stages: dict[str, list[float]] = {}
    for row in rows:
        for stage, value in row.seen.timings_ms.items():
            stages.setdefault(stage, []).append(float(value))
    return {
        stage: {
            "p50": round(float(np.percentile(times, 50)), 2),
            "p95": round(float(np.percentile(times, 95)), 2),
            "max": round(max(times), 2),
        }
        for stage, times in sorted(stages.items())
    }


def answer_words(rows: Sequence[Judged]) -> float:
    """Words a reader must read, as a mean over the replies that answer: a system that shows
    whole passages holds every statement, and this is its price."""
    lengths = [len(row.seen.text.split()) for row in rows if row.seen.answers]
    return round(sum(lengths) / len(lengths), 1) if lengths else 0.0


def usage(rows: Sequence[Judged]) -> dict[str, float | None]:
    """Tokens and cost of all replies; None where no reply told."""

    def total(name: str) -> float | None:
        told = [getattr(r.seen, name) for r in rows if getattr(r.seen, name) is not None]
        return sum(told) if told else None

    return {name: total(name) for name in ("input_tokens", "output_tokens", "cost")}
