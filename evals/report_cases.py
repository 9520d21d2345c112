"""The replies of a run as HTML: each with what was asked of it, what it said, and its evidence.

Everything from outside goes through `html.escape`; an address becomes a link only where it is
of the web. Texts carry their language, and find their direction themselves.
"""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from urllib.parse import urlsplit

from evals.aggregate import Judged, direction
from evals.attribution import cites
from evals.cases import Case
from evals.judge import unsupported
from evals.observed import Citation
from evals.summary import percent

FIELDS = ("outcome", "language", "direction", "type", "expect", "status")  # that are filtered by


def fields_of(row: Judged) -> dict[str, str]:
    """The values of FIELDS of one reply."""
    return {
        "outcome": "holds" if row.verdict.passed else "fails",
        "language": row.case.language,
        "direction": direction(row),
        "type": row.case.kind,
        "expect": row.case.expect,
        "status": row.seen.status,
    }


def case_html(row: Judged) -> str:
    """One reply, closed until it is opened."""
    fields = fields_of(row)
    data = " ".join(f'data-{name}="{escape(value)}"' for name, value in fields.items())
    failed = "" if row.verdict.passed else " failed"
    word = '<b class="good">holds</b>' if row.verdict.passed else '<b class="bad">fails</b>'
    attempt = f", attempt {row.attempt}" if row.attempt > 1 else ""
    return (
        f'<details class="case{failed}" {data}><summary>{word} '
        f"{_words(row.case.question, row.case.language)} "
        f'<span class="id">{escape(row.case.id)}{attempt}</span></summary>'
        f"<div>{''.join(_inside(row))}</div></details>"
    )


def _inside(row: Judged) -> Iterator[str]:
    case, seen = row.case, row.seen
    for turn in case.history:
        yield f'<p class="facts">before: {_words(turn, case.language)}</p>'
    if row.verdict.reasons:
        items = "".join(f'<li dir="auto">{escape(reason)}</li>' for reason in row.verdict.reasons)
        yield f'<ul class="reasons">{items}</ul>'
    if seen.searched and seen.searched != case.question:
        yield f'<p class="facts">searched: {_words(seen.searched, seen.language)}</p>'
    told = f"{seen.status}, expected {case.expect}; {seen.mode}"
    yield f'<p class="facts">{escape(told)}</p>'
    yield from _said(row)
    if seen.citations:
        yield "<h3>Evidence</h3>"
        yield from (_citation(one, case) for one in seen.citations)
    lost = [gold for gold in case.gold if not any(cites(one, gold) for one in seen.citations)]
    if lost:
        entries = "".join(
            f'<div class="evidence">{_words(gold.quote or "(any words)")}'
            f'<span class="place">{escape(gold.document)}</span></div>'
            for gold in lost
        )
        told = f"Gold that is not cited: {len(lost)} of {len(case.gold)}"
        yield f"<details><summary>{told}</summary>{entries}</details>"
    yield _figures(row)


def _said(row: Judged) -> Iterator[str]:
    seen = row.seen
    if not seen.answers:
        yield f'<p class="said">No answer: {escape(seen.reason)}</p>'
        return
    yield '<div class="said">'
    for one in seen.statements:
        marks = "".join(f"[{n}]" for n in one.citations)
        yield f'<p dir="auto">{escape(one.text)} <span class="id">{marks}</span></p>'
    if not seen.statements:
        yield f'<p dir="auto">{escape(seen.text)}</p>'
    yield "</div>"
    unheld = unsupported(seen)
    if unheld:
        yield f'<p class="bad">not in what is cited: {escape("; ".join(unheld))}</p>'


def _citation(one: Citation, case: Case) -> str:
    gold = any(cites(one, gold) for gold in case.gold if gold.quote)
    broken = one.holds is False
    kind = " broken" if broken else " gold" if gold else ""
    marks = [word for word, is_so in (("gold", gold), ("NOT the stored text", broken)) if is_so]
    title = escape(one.title or one.document)
    if _of_the_web(one.url):
        title = f'<a href="{escape(one.url)}" rel="noopener noreferrer">{title}</a>'
    place = ", ".join([f"p. {one.page}", *filter(None, [escape(one.language)]), *marks])
    return (
        f'<div class="evidence{kind}"><q{_of(one.language)} dir="auto">'
        f'{escape(one.quote)}</q><span class="place">[{one.n}] <bdi>{title}</bdi> '
        f"({escape(one.document)}), {place}</span></div>"
    )


def _of_the_web(address: str) -> bool:
    try:
        return urlsplit(address).scheme in ("http", "https")
    except ValueError:  # no address at all, such as "http://["
        return False


def _figures(row: Judged) -> str:
    told = [
        (name, f"{percent(value)}")
        for name, value in row.verdict.values.items()
        if value is not None and name != "passed"
    ]
    if row.seen.confidence is not None:
        told.append(("confidence", f"{row.seen.confidence:.3f}"))
    told += [(f"{stage}, ms", f"{float(ms):g}") for stage, ms in row.seen.timings_ms.items()]
    if row.case.tags:
        told.append(("tags", " ".join(row.case.tags)))
    items = "".join(f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in told)
    return f"<details><summary>Figures</summary><dl>{items}</dl></details>"


def _words(text: str, language: str = "") -> str:
    return f'<bdi{_of(language)} dir="auto">{escape(text)}</bdi>'


def _of(language: str) -> str:
    return f' lang="{escape(language)}"' if language and language != "und" else ""
