"""A run as one HTML page: figures, plots, and every answer with its evidence.

The page asks for nothing: styles and the filters' script stand in it, and its
Content-Security-Policy lets nothing else in. Without the script everything is shown.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

from evals import runs
from evals.aggregate import Judged, aggregate, direction
from evals.cases import load_suite
from evals.judge import MEASURES
from evals.report_cases import FIELDS, case_html, fields_of
from evals.report_plots import bars, curve, dots, histogram
from evals.suite import NAMES, judged
from evals.summary import percent

STATIC = Path(__file__).parent / "static"
TILES = ("passed", "status", "quote_fidelity", "gold_quote", "must_include", "auroc")


def write_report(folder: Path, tokens: str, to: Path | None = None) -> Path:
    """Write the page of a run (into its folder by default) and say where. `tokens` is a style
    sheet with the colours and type it is set in."""
    suite = load_suite(runs.suite_of(folder), NAMES)
    rows = judged(suite, runs.read_rows(folder))
    path = to or folder / "report.html"
    made = page(runs.read_config(folder), aggregate(suite, rows), rows, tokens)
    path.write_text(made, "utf-8")
    return path


def page(
    config: Mapping[str, Any], values: Mapping[str, Any], rows: Sequence[Judged], tokens: str
) -> str:
    """The whole page."""
    style = tokens + (STATIC / "report.css").read_text("utf-8")
    script = (STATIC / "report.js").read_text("utf-8")
    policy = (
        f"default-src 'none'; style-src {_hash(style)}; script-src {_hash(script)}; "
        "base-uri 'none'; form-action 'none'"
    )
    parts = (
        *_head(config, values), *_marks(values), *_plots(values, rows),
        *_matrix(rows), *_latency(values), *_replies(rows),
    )  # fmt: skip
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(str(values['suite']))}: evaluation</title>"
        f"<style>{style}</style></head><body><main>{''.join(parts)}</main>"
        f"<script>{script}</script></body></html>\n"
    )


def _hash(text: str) -> str:
    """The CSP source of an element with this text."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _head(config: Mapping[str, Any], values: Mapping[str, Any]) -> Iterator[str]:
    yield f"<header><h1>Suite {escape(str(values['suite']))}</h1>"
    state, word = ("good", "passed") if values["passed"] else ("bad", "below a pass mark")
    yield f'<p class="verdict {state}">{word}</p>'
    system = config.get("system", {})
    held = system.get("collection", {})
    told = [
        f"asked {config.get('started', '')}",
        f"system {system.get('system', '')} {system.get('writer') or ''}".strip(),
        f"{held.get('documents', '?')} documents, digest {str(held.get('digest', ''))[:12]}",
        f"model {held.get('model', '')}",
        f"commit {config.get('commit') or 'unknown'}",
        str(config.get("machine", {}).get("platform", "")),
    ]
    yield f'<p class="facts">{escape("; ".join(filter(None, told)))}</p>'
    counts = [("cases", values["cases"]), ("without a reply", values["errors"])]
    tiles = [(percent(values["measures"][n]), n) for n in TILES if n in values["measures"]]
    tiles += [(str(count), name) for name, count in counts if count]
    items = "".join(f"<li><b>{escape(b)}</b><span>{escape(n)}</span></li>" for b, n in tiles)
    yield f'<ul class="tiles">{items}</ul></header>'


def _marks(values: Mapping[str, Any]) -> Iterator[str]:
    yield "<h2>Measures</h2><p class='facts'>In per cent, over the cases each applies to.</p>"
    yield '<div class="wide" tabindex="0"><table><thead><tr><th>measure</th><th>value</th>'
    yield "<th>95 %</th><th>cases</th><th>mark</th><th></th><th></th></tr></thead><tbody>"
    sliced = [name for name in values["pass_marks"] if name not in MEASURES]
    for name in [*MEASURES, *sliced]:
        mark = values["pass_marks"].get(name)
        value = values["measures"].get(name, mark["value"] if mark else None)
        if value is None:
            continue
        state = "" if not mark else "reached" if mark["reached"] else "missed"
        colour = {"reached": "good", "missed": "bad"}.get(state, "")
        interval = " to ".join(map(percent, values["intervals"].get(name, ())))
        yield (
            f"<tr><td>{escape(name)}</td><td>{percent(value)}</td><td>{interval}</td>"
            f"<td>{values['counts'].get(name, '')}</td>"
            f"<td>{percent(mark['mark'] if mark else None)}</td>"
            f'<td class="{colour}">{state}</td>'
            f'<td class="words">{escape(MEASURES.get(name, ""))}</td></tr>'
        )
    yield "</tbody></table></div>"


def _plots(values: Mapping[str, Any], rows: Sequence[Judged]) -> Iterator[str]:
    yield '<h2>Plots</h2><div class="plots">'
    found = [
        (name, values["measures"][name], *values["intervals"][name],
         values["pass_marks"].get(name, {}).get("mark"))
        for name in MEASURES
        if name in values["intervals"]
    ]  # fmt: skip
    yield _figure(bars(found, "Measures with 95 % intervals"), "Measures",
                  "with 95 % intervals; dashed: the pass mark")  # fmt: skip
    told = values["abstention"]
    if "auroc" in told:
        points = [(c, s, n) for c, s, n in told["calibration"]]
        yield _figure(
            dots(points, "Calibration", "confidence, %", "answerable, %"), "Calibration",
            f"error {percent(told['calibration_error'])}; on the dashed line a confidence means "
            "what it says",
        )  # fmt: skip
        steps = [(c, r) for c, r in told["risk_coverage"]]
        yield _figure(
            curve(steps, "Risk and coverage", "questions answered, %", "unanswerable, %"),
            "Risk and coverage",
            f"AUROC {told['auroc']:.3f}, area {told['risk_coverage_area']:.3f}; lower is better",
        )  # fmt: skip
    times = [float(r.seen.timings_ms["total"]) for r in rows if "total" in r.seen.timings_ms]
    if times:
        total = values["latency_ms"]["total"]
        told_of = f"median {total['p50']:.0f} ms, 95 % within {total['p95']:.0f} ms"
        yield _figure(histogram(times, "Latency", "ms"), "Latency", told_of)
    yield "</div>"


def _figure(drawn: str, title: str, words: str) -> str:
    return (
        f"<figure>{drawn}<figcaption><b>{escape(title)}</b>: {escape(words)}</figcaption></figure>"
    )


def _matrix(rows: Sequence[Judged]) -> Iterator[str]:
    """Share of replies that hold by language pair and type of question."""
    yield "<h2>By language pair and type of question</h2>"
    yield "<p class='facts'>Replies that hold, of those asked; question language → language of "
    yield "the first evidence.</p>"
    types = sorted({row.case.kind for row in rows})
    pairs = sorted({direction(row) for row in rows})
    yield '<div class="wide" tabindex="0"><table><thead><tr><th>type</th>'
    yield "".join(f"<th>{escape(pair.replace('->', ' → '))}</th>" for pair in pairs)
    yield "<th>all</th></tr></thead><tbody>"
    for kind in [*types, ""]:
        inside = [row for row in rows if kind in ("", row.case.kind)]
        cells = [_share([r for r in inside if pair in ("", direction(r))]) for pair in (*pairs, "")]
        yield f"<tr><td>{escape(kind or 'all')}</td>{''.join(cells)}</tr>"
    yield "</tbody></table></div>"


def _share(rows: Sequence[Judged]) -> str:
    if not rows:
        return "<td></td>"
    held = sum(row.verdict.passed for row in rows)
    shade = min(3, int(4 * held / len(rows)))
    return f'<td class="cell{shade}">{held}/{len(rows)}</td>'


def _latency(values: Mapping[str, Any]) -> Iterator[str]:
    if not values["latency_ms"]:
        return
    yield '<h2>Time and use</h2><div class="wide" tabindex="0"><table><thead><tr><th>stage, ms</th>'
    yield "<th>median</th><th>95 %</th><th>longest</th></tr></thead><tbody>"
    for stage, one in values["latency_ms"].items():
        cells = "".join(f"<td>{one[key]:.1f}</td>" for key in ("p50", "p95", "max"))
        yield f"<tr><td>{escape(stage)}</td>{cells}</tr>"
    yield "</tbody></table></div>"
    used = [
        f"{name.replace('_', ' ')} {n:g}" for name, n in values["usage"].items() if n is not None
    ]
    yield f'<p class="facts">{escape("; ".join(used) or "no language model was asked")}</p>'


def _replies(rows: Sequence[Judged]) -> Iterator[str]:
    yield '<h2>Replies</h2><form hidden aria-label="Filter the replies">'
    for name in FIELDS:
        options = sorted({fields_of(row)[name] for row in rows})
        listed = "".join(f"<option>{escape(one)}</option>" for one in options)
        yield f'<label>{name}<select name="{name}"><option value="">all</option>{listed}'
        yield "</select></label>"
    yield '<label>words<input type="search" name="words"></label>'
    yield '<p id="shown" role="status"></p></form>'
    yield from (case_html(row) for row in sorted(rows, key=lambda row: row.verdict.passed))
