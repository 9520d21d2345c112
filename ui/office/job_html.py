"""A run of the ingestion as HTML: how far it is, how it ended, what it did. Pure functions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from rag.wording import knows, number, say
from ui.library.unread import kind_of
from ui.markup import text
from ui.office.frame_html import change, hidden, word
from ui.office.job import Job

COUNTS = ("created", "updated", "deleted", "skipped", "failed", "ignored")
MOST_LINES = 100  # of a list; the rest is counted


def job_view(job: Job, language: str, token: str) -> str:
    """The section that the script keeps up to date."""
    running = ' data-running="yes"' if job.running else ""
    if job.running:
        body = _progress(job, language)
    elif job.trouble:
        body = _trouble(job, language, token)
    elif job.report:
        body = _report(job.report, language)
    else:
        body = f"<p>{word(language, 'no_run')}</p>"
    return (
        f'<section id="sanad-job" class="sanad-job"{running} aria-labelledby="sanad-job-name">'
        f'<h2 id="sanad-job-name">{word(language, "run")}</h2>{body}</section>'
    )


def stage_plain(job: Job, language: str) -> str:
    """Where a run is, in words."""
    done, of = number(job.done, language), number(job.of, language)
    key = f"office.stage_{job.stage}"
    return say(language, key if knows(key) else "office.stage_start", done=done, of=of)


def _progress(job: Job, language: str) -> str:
    share = f' value="{job.done}" max="{max(1, job.of)}"' if job.stage != "index" and job.of else ""
    label = word(language, "run")
    return (
        f'<p data-said role="status">{text(stage_plain(job, language))}</p>'
        f'<progress aria-label="{label}"{share}></progress>'
        f'<p class="sanad-note">{word(language, "run_told")}</p>'
        f'<noscript><p><a href="">{word(language, "look_again")}</a></p></noscript>'
    )


def _trouble(job: Job, language: str, token: str) -> str:
    """In our words, then in the program's; what was too much can be meant."""
    said = f'<p class="sanad-told">{word(language, f"trouble_{job.trouble}")}</p>'
    if job.words:
        said += f'<p class="sanad-note" lang="en" dir="ltr">{text(job.words)}</p>'
    again = "".join(hidden("source", source) for source in job.sources)
    if job.trouble == "shrink":
        again += hidden("allow_shrink", "yes")
        return said + change(language, "office-run", token, word(language, "shrink_meant"), again)
    return said + change(language, "office-run", token, word(language, "run_again"), again)


def _report(report: Mapping[str, Any], language: str) -> str:
    rows = "".join(
        f"<div><dt>{word(language, f'count_{name}')}</dt>"
        f"<dd>{number(len(report.get(name, ())), language)}</dd></div>"
        for name in COUNTS
    )
    failed = [(_named(one), why(str(reason), language)) for one, reason in report.get("failed", ())]
    removed = _removed(report.get("removed", ()), language)
    notes = [(_named(one), text(str(note))) for one, note in report.get("notes", ())]
    ignored = [(f"<bdi>{text(str(name))}</bdi>", "") for name in report.get("ignored", ())]
    return (
        f'<dl class="sanad-counts">{rows}</dl>'
        + _lines("failed_told", failed, language, opened=True)
        + _lines("removed_told", removed, language)
        + _lines("notes_told", notes, language)
        + _lines("ignored_told", ignored, language)
    )


def _removed(removed: Iterable[Sequence[Any]], language: str) -> list[tuple[str, str]]:
    """Of each document how many lines went, and why."""
    by_document: dict[str, Counter[str]] = {}
    for document, reason, count in removed:
        by_document.setdefault(str(document), Counter())[str(reason)] += int(count)
    return [
        (_named(document), reasons_words(list(counted.items()), language))
        for document, counted in by_document.items()
    ]


def why(reason: str, language: str) -> str:
    """Why a file could not be read: its kind in the reader's language, and under it the reason
    as it was written down, which is English."""
    kind = text(say(language, f"library.why_{kind_of(reason)}"))
    return f'{kind}<br><span class="sanad-why" lang="en" dir="ltr">{text(reason)}</span>'


def reasons_words(counted: Sequence[tuple[str, int]], language: str) -> str:
    """Reasons with how often, as HTML. They are the names of our rules, in English."""
    return " · ".join(
        f'<span lang="en" dir="ltr">{text(reason)}</span> ({number(count, language)})'
        for reason, count in counted
    )


def _named(document: object) -> str:
    query = text(urlencode({"id": str(document)}))
    return f'<a href="./office-document?{query}"><bdi>{text(str(document))}</bdi></a>'


def _lines(
    key: str, lines: Sequence[tuple[str, str]], language: str, *, opened: bool = False
) -> str:
    """A list that opens; empty where there is nothing in it. The lines are HTML."""
    if not lines:
        return ""
    rows = "".join(f"<li>{name} {said}</li>" for name, said in lines[:MOST_LINES])
    more = len(lines) - MOST_LINES
    rest = f"<li>{word(language, 'more', number=number(more, language))}</li>" if more > 0 else ""
    state = " open" if opened else ""
    return (
        f"<details{state}><summary>{word(language, key)} ({number(len(lines), language)})</summary>"
        f'<ul class="sanad-lines">{rows}{rest}</ul></details>'
    )
