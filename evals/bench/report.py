"""Measured values against targets, as a Markdown table. Measures nothing itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

Values = Mapping[str, Sequence[float]]  # name -> one value a repeat


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table: ours, the peer's, and what was promised.

    `ratio_at_least` and `ratio_at_most` are on peer / ours where `lower` is better,
    ours / peer otherwise.
    """

    title: str
    unit: str
    ours: str
    peer: str = ""
    lower: bool = True
    at_most: float | None = None
    ratio_at_least: float | None = None
    digits: int = 2


ROWS = (
    Row("First answer, from process start", "s", "ask_s", "vanilla_ask_s", at_most=1.5,
        ratio_at_least=6),
    Row("`sanad --help`", "s", "help_s", at_most=0.3),
    Row("Peak memory to answer one question", "MB", "ask_mb", "vanilla_ask_mb", at_most=250,
        digits=0),
    Row("Ingestion of text, chunks", "a second", "ingest_chunks_s", "vanilla_ingest_chunks_s",
        lower=False, ratio_at_least=20, digits=0),
    Row("Ingestion of text, characters", "a second", "ingest_chars_s",
        "vanilla_ingest_chars_s", lower=False, digits=0),
    Row("PDF reading, times what the readers cost", "times", "pdf_times", at_most=1.5),
    Row("A question, median", "ms", "question_p50_ms", "vanilla_question_p50_ms", at_most=25,
        digits=1),
    Row("A question, 95th percentile", "ms", "question_p95_ms", "vanilla_question_p95_ms",
        digits=1),
)  # fmt: skip


def summary(values: Values) -> dict[str, dict[str, float]]:
    """Median and 95th percentile over the repeats, by name."""
    return {
        name: {
            "median": float(np.median(found)),
            "p95": float(np.percentile(found, 95)),
            "repeats": len(found),
        }
        for name, found in values.items()
        if found
    }


def judge(row: Row, figures: Mapping[str, Mapping[str, float]]) -> dict[str, Any] | None:
    """Median, ratio and whether each target is met; None where nothing was measured."""
    if row.ours not in figures:
        return None
    ours = figures[row.ours]["median"]
    peer = figures[row.peer]["median"] if row.peer in figures else None
    ratio = None
    if peer is not None:
        ratio = peer / ours if row.lower else ours / peer
    met = [ours <= row.at_most] if row.at_most is not None else []
    if row.ratio_at_least is not None and ratio is not None:
        met.append(ratio >= row.ratio_at_least)
    return {"ours": ours, "peer": peer, "ratio": ratio, "met": all(met) if met else None}


def markdown(figures: Mapping[str, Mapping[str, float]]) -> str:
    """The table. `x` is how many times better we are than the peer."""
    lines = [
        "| Measure | Sanad | p95 | Vanilla | x | Target | Met |",
        "|---|--:|--:|--:|--:|---|---|",
    ]
    for row in ROWS:
        verdict = judge(row, figures)
        if verdict is None:
            continue
        show: Callable[[float | None], str] = _shown(row)
        targets = [f"at most {row.at_most:g}"] if row.at_most is not None else []
        targets += [f"{row.ratio_at_least:g} x"] if row.ratio_at_least is not None else []
        ratio = f"{verdict['ratio']:.1f}" if verdict["ratio"] is not None else ""
        met = {None: "", True: "yes", False: "**no**"}[verdict["met"]]
        cells = [
            f"{row.title}, {row.unit}",
            show(verdict["ours"]),
            show(figures[row.ours]["p95"]),
            show(verdict["peer"]),
            ratio,
            ", ".join(targets),
            met,
        ]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _shown(row: Row) -> Callable[[float | None], str]:
    return lambda value: "" if value is None else f"{value:,.{row.digits}f}"
