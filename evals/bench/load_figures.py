"""What many visitors got, as figures: times, fairness, growth. Measures nothing itself."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

# What lies between these parts of a run counts as growth: before it caches fill, after it
# visitors leave.
SETTLED, LEAVING = 0.25, 0.9


@dataclass(frozen=True, slots=True)
class Asked:
    """One request of one visitor. `code` is "" for an answer, else why there was none: a
    status such as "429", or what went wrong."""

    visitor: int
    form: str  # json, sse, gradio
    at_s: float  # when it was sent, from the start of the run
    ms: float
    code: str = ""


@dataclass(frozen=True, slots=True)
class Sample:
    """The server at one moment, its workers included."""

    at_s: float
    rss_mb: float  # 10^6 bytes
    handles: int
    cpu_s: float  # used since it was started
    others: float  # cores that other processes of the machine kept busy since the sample before


@dataclass(frozen=True, slots=True)
class Figures:
    """One run. Times are of answers alone, in milliseconds, from sending to the last byte."""

    answers: int
    limited: int  # 429
    errors: Mapping[str, int]  # everything else, by what it was
    per_second: float
    p50_ms: float
    p95_ms: float
    fairness: float
    least: int  # answers of the visitor who got fewest
    most: int
    rss_mb_minute: float
    handles_minute: float
    rss_mb: float  # at the end
    cpu_ms: float  # of the server, an answer
    cores: float  # that the server kept busy
    others: float  # that everything else kept busy, the visitors included


def figures(asked: Sequence[Asked], samples: Sequence[Sample], visitors: int) -> Figures:
    """The figures of a run with `visitors` of equal habits; one who got nothing counts too."""
    answered = [each for each in asked if not each.code]
    got = Counter(each.visitor for each in answered)
    shares = [got[visitor] for visitor in range(visitors)]
    seconds = samples[-1].at_s - samples[0].at_s
    first = min((each.at_s for each in asked), default=0.0)
    last = max((each.at_s + each.ms / 1000 for each in asked), default=1.0)
    spent = samples[-1].cpu_s - samples[0].cpu_s
    times = [each.ms for each in answered] or [float("nan")]
    begin, end = (samples[0].at_s + part * seconds for part in (SETTLED, LEAVING))
    late = [each for each in samples if begin <= each.at_s <= end]
    return Figures(
        answers=len(answered),
        limited=sum(each.code == "429" for each in asked),
        errors=Counter(each.code for each in asked if each.code not in ("", "429")),
        per_second=len(answered) / (last - first),
        p50_ms=float(np.percentile(times, 50)),
        p95_ms=float(np.percentile(times, 95)),
        fairness=jain(shares),
        least=min(shares),
        most=max(shares),
        rss_mb_minute=slope([(each.at_s / 60, each.rss_mb) for each in late]),
        handles_minute=slope([(each.at_s / 60, float(each.handles)) for each in late]),
        rss_mb=samples[-1].rss_mb,
        cpu_ms=1000 * spent / len(answered) if answered else float("nan"),
        cores=spent / seconds,
        others=float(np.mean([each.others for each in samples[1:]])),
    )


def jain(shares: Sequence[float]) -> float:
    """Jain's index of fairness (Jain, Chiu and Hawe, 1984): 1 where all got the same, 1/n
    where one got everything; 0 where nobody got anything."""
    squares = sum(share * share for share in shares)
    return sum(shares) ** 2 / (len(shares) * squares) if squares else 0.0


def slope(points: Sequence[tuple[float, float]]) -> float:
    """The least-squares slope of (x, y); 0 for fewer than two points."""
    if len(points) < 2:
        return 0.0
    x, y = np.asarray(points).T
    return float(np.polyfit(x, y, 1)[0])


HEAD = (
    "| Run | Answers | a second | p50 ms | p95 ms | 429 | Other errors | Fairness | Least to most "
    "a visitor | CPU ms an answer | Memory MB, and a minute | Handles a minute "
    "| Cores: server, others |"
)


def markdown(rows: Sequence[tuple[str, Figures]]) -> str:
    """The table of several runs."""
    lines = [HEAD, "|---|" + "--:|" * (HEAD.count("|") - 2)]
    for name, found in rows:
        wrong = ", ".join(f"{count} x {code}" for code, count in found.errors.items()) or "0"
        cells = [
            name, f"{found.answers:,}", f"{found.per_second:.1f}", f"{found.p50_ms:,.0f}",
            f"{found.p95_ms:,.0f}", str(found.limited), wrong, f"{found.fairness:.2f}",
            f"{found.least} to {found.most}", f"{found.cpu_ms:.0f}",
            f"{found.rss_mb:.0f}, {found.rss_mb_minute:+.1f}", f"{found.handles_minute:+.1f}",
            f"{found.cores:.2f}, {found.others:.2f}",
        ]  # fmt: skip
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)
