"""Small charts as SVG: calibration, risk and coverage, latency, measures. Pure.

Drawn about as large as they are shown on a phone, so that their words can be read there.
Colours and strokes come from the page's style sheet by class.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from html import escape

WIDTH, HEIGHT = 320, 200
LEFT, RIGHT, TOP, BOTTOM = 34, 10, 10, 30
Point = tuple[float, float]


def curve(points: Sequence[Point], label: str, across: str, upward: str) -> str:
    """A line over [0, 1] x [0, 1]."""
    path = " ".join(f"{_x(x):.1f},{_y(y):.1f}" for x, y in points)
    return _svg(label, [*_frame(across, upward), f'<polyline class="line" points="{path}"/>'])


def dots(points: Sequence[tuple[float, float, int]], label: str, across: str, upward: str) -> str:
    """(x, y, count) as discs whose area is the count, with the diagonal they should lie on."""
    most = max((count for _, _, count in points), default=1)
    drawn = [
        f'<circle class="bar" cx="{_x(x):.1f}" cy="{_y(y):.1f}" '
        f'r="{2 + 9 * math.sqrt(n / most):.1f}">'
        f"<title>{100 * x:.0f} % sure, {100 * y:.0f} % so, {n} questions</title></circle>"
        for x, y, n in points
    ]
    line = f'<line class="dash" x1="{_x(0)}" y1="{_y(0)}" x2="{_x(1)}" y2="{_y(1)}"/>'
    return _svg(label, [*_frame(across, upward), line, *drawn])


def histogram(values: Sequence[float], label: str, unit: str, bins: int = 24) -> str:
    """How many values lie in each of `bins` parts of the range from 0 to the largest."""
    largest = max(values, default=0.0) or 1.0
    counts = [0] * bins
    for value in values:
        counts[min(bins - 1, int(value / largest * bins))] += 1
    most, wide = max(counts), (WIDTH - LEFT - RIGHT) / bins
    bars = [
        f'<rect class="bar" x="{LEFT + n * wide:.1f}" y="{_y(count / most):.1f}" '
        f'width="{max(1.0, wide - 1):.1f}" height="{_y(0) - _y(count / most):.1f}">'
        f"<title>{n * largest / bins:.0f} to {(n + 1) * largest / bins:.0f} {escape(unit)}: "
        f"{count}</title></rect>"
        for n, count in enumerate(counts)
        if count
    ]
    ends = [
        _text(LEFT, HEIGHT - 16, "0", "start"),
        _text(WIDTH - RIGHT, HEIGHT - 16, f"{largest:.0f} {unit}", "end"),
        _text(LEFT - 4, TOP + 8, str(most), "end"),
    ]
    return _svg(label, [*_axes(), *bars, *ends])


def bars(rows: Sequence[tuple[str, float, float, float, float | None]], label: str) -> str:
    """(name, value, low, high, mark): a bar each, its interval as a line, its mark as a stroke."""
    left, row = 118, 19
    height = row * len(rows) + 16
    scale = WIDTH - left - 40

    def at(value: float) -> float:
        return left + scale * value

    parts = []
    for number, (name, value, low, high, mark) in enumerate(rows):
        y = 4 + number * row
        parts += [
            _text(left - 6, y + 11, name, "end"),
            f'<rect class="bar" x="{left}" y="{y + 3}" width="{max(0.5, scale * value):.1f}" '
            f'height="9" opacity="0.55"/>',
            f'<line class="line" x1="{at(low):.1f}" x2="{at(high):.1f}" y1="{y + 7.5}" '
            f'y2="{y + 7.5}"/>',
            _text(at(1) + 36, y + 11, f"{100 * value:.1f}", "end"),
        ]
        if mark is not None:
            parts.append(
                f'<line class="dash" x1="{at(mark):.1f}" x2="{at(mark):.1f}" y1="{y}" '
                f'y2="{y + 15}"><title>pass mark {100 * mark:.1f}</title></line>'
            )
    return _svg(label, parts, height)


def _x(value: float) -> float:
    return LEFT + (WIDTH - LEFT - RIGHT) * value


def _y(value: float) -> float:
    return TOP + (HEIGHT - TOP - BOTTOM) * (1 - value)


def _axes() -> Iterator[str]:
    yield f'<line class="axis" x1="{_x(0)}" y1="{_y(0)}" x2="{_x(1)}" y2="{_y(0)}"/>'
    yield f'<line class="axis" x1="{_x(0)}" y1="{_y(0)}" x2="{_x(0)}" y2="{_y(1)}"/>'


def _frame(across: str, upward: str) -> Iterator[str]:
    yield from _axes()
    for value in (0.0, 0.5, 1.0):
        yield _text(_x(value), HEIGHT - 18, f"{100 * value:.0f}", "middle")
        yield _text(LEFT - 4, _y(value) + 3, f"{100 * value:.0f}", "end")
    yield _text((_x(0) + _x(1)) / 2, HEIGHT - 5, across, "middle")
    middle = (_y(0) + _y(1)) / 2
    yield (
        f'<text x="9" y="{middle:.1f}" text-anchor="middle" '
        f'transform="rotate(-90 9 {middle:.1f})">{escape(upward)}</text>'
    )


def _text(x: float, y: float, words: str, anchor: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(words)}</text>'


def _svg(label: str, parts: Sequence[str], height: int = HEIGHT) -> str:
    return (
        f'<svg viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{escape(label)}">'
        f"{''.join(parts)}</svg>"
    )
