"""What a survey means for the collection: which pages are documents, which are copies of
others, which are missing, and which answers are not to be believed.

Pure: no network, no catalog. A stored document goes only when it was missing in the run
before too; whatever looks like a fault of the site keeps what is stored, with a reason.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace

from ingest.web.outline import likeness
from ingest.web.seen import Seen
from ingest.web.survey import Survey
from ingest.web.visits import Visit

COPY = 0.5  # likeness from which a page's word that it is a copy of another is believed
SAME = 0.9  # likeness of two pages that say the same
RUNS = 2  # in a row that a page is missing before it goes
MAX_CHAIN = 5
_LISTS = ("sitemap", "sitemapindex", "feed")


@dataclass(slots=True)
class Verdict:
    """By document id, which is the normal address."""

    taken: dict[str, Seen] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)  # kept; why it could not be read
    missing: dict[str, str] = field(default_factory=dict)  # kept this time
    gone: dict[str, str] = field(default_factory=dict)  # missing again
    ignored: dict[str, str] = field(default_factory=dict)
    visits: dict[str, Visit] = field(default_factory=dict)  # to remember
    originals: dict[str, str] = field(default_factory=dict)  # document -> original of its work


def judge(survey: Survey, known: Mapping[str, Visit], stored: Collection[str]) -> Verdict:
    """The verdict on a site. `stored` are the documents it has in the collection."""
    verdict = Verdict()
    pages = _pages(survey)
    absent = {seen.asked: seen.reason for seen in survey.seen.values() if seen.state == "missing"}
    absent |= _not_found(pages, survey)
    pages = {url: seen for url, seen in pages.items() if url not in absent}
    doubted = _not_believed(pages, known, stored)
    verdict.failed |= {url: reason for url, reason in doubted.items() if url in stored}
    verdict.ignored |= {url: reason for url, reason in doubted.items() if url not in stored}
    pages = {url: seen for url, seen in pages.items() if url not in doubted}
    copies = _copies(pages, known, stored)
    for url, original in copies.items():
        absent[url] = f"is a copy of {original}"
    for url, reason in _left_out(pages).items():
        absent.setdefault(url, reason)
    verdict.taken = {url: seen for url, seen in pages.items() if url not in absent}
    _moved(survey, verdict, absent)
    for url, seen in survey.seen.items():
        if seen.state == "failed" or (seen.state == "ignored" and url in stored):
            verdict.failed.setdefault(url, seen.reason)
        elif seen.state == "ignored":
            verdict.ignored[url] = seen.reason
    _count(verdict, absent, known, stored)
    _remember(survey, verdict, known)
    verdict.originals = _works(verdict.taken)
    return verdict


def _pages(survey: Survey) -> dict[str, Seen]:
    """Content by the address that answered; what was asked for directly comes first."""
    found: dict[str, Seen] = {}
    for seen in survey.seen.values():
        if seen.visit is None or not seen.there or seen.visit.kind in _LISTS:
            continue
        if seen.asked == seen.visit.url or seen.visit.url not in survey.seen:
            found.setdefault(seen.visit.url, seen)
    return found


def judge_one(survey: Survey, known: Mapping[str, Visit], stored: Collection[str]) -> Verdict:
    """The verdict on a page that was named by itself: it keeps the address it was named by,
    wherever that leads."""
    verdict = Verdict()
    seen = survey.seen[survey.start]
    if seen.there:
        verdict.taken[seen.asked] = seen
    elif seen.state == "missing":
        _count(verdict, {seen.asked: seen.reason}, known, stored)
        if verdict.ignored:
            verdict.failed, verdict.ignored = verdict.ignored, {}
    else:
        verdict.failed[seen.asked] = seen.reason
    _remember(survey, verdict, known)
    return verdict


def _visit(seen: Seen) -> Visit:
    assert seen.visit is not None
    return seen.visit


def _not_found(pages: Mapping[str, Seen], survey: Survey) -> dict[str, str]:
    """Pages that show what the site shows for addresses that do not exist. The first page
    may: then that answer tells nothing."""
    probe = survey.probe
    first = survey.seen.get(survey.start)
    if probe is None or not probe.text:
        return {}
    if first is not None and first.visit is not None and _alike(first.visit, probe):
        return {}
    reason = "shows what the site shows for pages that do not exist"
    return {url: reason for url, seen in pages.items() if _alike(_visit(seen), probe)}


def _alike(one: Visit, other: Visit) -> bool:
    if not one.text:
        return False
    alike = bool(one.loose) and one.loose == other.loose
    return alike or one.text == other.text or likeness(one.sketch, other.sketch) >= SAME


def _not_believed(
    pages: Mapping[str, Seen], known: Mapping[str, Visit], stored: Collection[str]
) -> dict[str, str]:
    """Stored pages that differed and now all show the same: a page to sign in, an error."""
    groups = defaultdict(list)
    for url, seen in pages.items():
        if _visit(seen).loose:
            groups[_visit(seen).loose].append(url)
    found: dict[str, str] = {}
    for loose, urls in groups.items():
        before = {known[url].loose for url in urls if url in known and url in stored}
        if len(before) > 1 and loose not in before:
            reason = (
                f"shows the same text as {len(urls) - 1} other pages that differed before: "
                "probably a page to sign in or an error"
            )
            found |= dict.fromkeys(urls, reason)
    return found


def _copies(
    pages: Mapping[str, Seen], known: Mapping[str, Visit], stored: Collection[str]
) -> dict[str, str]:
    """Page -> the page it is a copy of: by its own word, where the two are alike, or because
    every word is the same."""
    found: dict[str, str] = {}
    for url in pages:
        original = _canonical(url, pages)
        if original != url:
            found[url] = original
    groups = defaultdict(list)
    for url, seen in pages.items():
        if url not in found and _visit(seen).text:
            groups[_visit(seen).text].append(url)
    for text, urls in groups.items():
        unchanged = [u for u in urls if u in stored and u in known and known[u].text == text]
        first = min(unchanged or urls, key=lambda url: (len(url), url))
        found |= {url: first for url in urls if url != first}
    return {url: _end(url, found) for url in found}


def _canonical(url: str, pages: Mapping[str, Seen]) -> str:
    """Where a page's canonical links lead, as far as they are believed."""
    passed = [url]
    while len(passed) <= MAX_CHAIN:
        named = _visit(pages[passed[-1]]).canonical
        if not named or named in passed or named not in pages:
            break
        one, other = _visit(pages[url]), _visit(pages[named])
        if one.text != other.text and likeness(one.sketch, other.sketch) < COPY:
            break
        passed.append(named)
    if _visit(pages[passed[-1]]).canonical in passed[:-1]:
        return min(passed)  # a circle: one of them, always the same
    return passed[-1]


def _end(url: str, copies: Mapping[str, str]) -> str:
    passed = [url]
    while passed[-1] in copies and copies[passed[-1]] not in passed:
        passed.append(copies[passed[-1]])
    return passed[-1]


def _left_out(pages: Mapping[str, Seen]) -> dict[str, str]:
    """Pages that ask not to be listed, and those that only lead on."""
    found: dict[str, str] = {}
    for url, seen in pages.items():
        if _visit(seen).noindex:
            found[url] = "asks not to be listed (noindex)"
        elif seen.refresh and seen.refresh != url:
            found[url] = f"leads on to {seen.refresh}"
    return found


def _moved(survey: Survey, verdict: Verdict, absent: dict[str, str]) -> None:
    """Addresses that redirect to another of the same site."""
    for url, seen in survey.seen.items():
        if seen.there and _visit(seen).url != url and url not in verdict.taken:
            absent.setdefault(url, f"redirects to {_visit(seen).url}")


def _count(
    verdict: Verdict,
    absent: Mapping[str, str],
    known: Mapping[str, Visit],
    stored: Collection[str],
) -> None:
    """Stored documents that are absent: for the first time, or again."""
    for url, reason in absent.items():
        if url not in stored:
            verdict.ignored[url] = reason
            continue
        before = known[url].missed if url in known else 0
        target = verdict.gone if before + 1 >= RUNS else verdict.missing
        target[url] = reason


def _remember(survey: Survey, verdict: Verdict, known: Mapping[str, Visit]) -> None:
    """Visits to keep. What a page was stays remembered while it fails or is missing. A walk
    that was cut asks for everything again: links of an unchanged page are not read."""
    kept = dict(known)
    for url, seen in survey.seen.items():
        if url in verdict.missing or url in verdict.gone:
            before = known.get(url) or Visit(source=survey.start)
            kept[url] = replace(before, missed=before.missed + 1)
        elif seen.state == "missing":
            kept.pop(url, None)  # never stored, and not there
        elif url not in verdict.failed and seen.visit and seen.visit.kind not in _LISTS:
            whole = not survey.cut and seen.asked == seen.visit.url
            kept[url] = seen.visit if whole else replace(seen.visit, etag="", modified="")
    for url, seen in verdict.taken.items():
        kept[url] = replace(kept.get(url) or _visit(seen), missed=0)
    verdict.visits = kept


def _works(taken: Mapping[str, Seen]) -> dict[str, str]:
    """Document -> original of its work, for pages that name each other as translations: both
    do, or one does and the other names none."""
    named = {
        url: {u for u in _visit(seen).alternates.values() if u in taken and u != url}
        for url, seen in taken.items()
    }
    joined = {url: {url} for url in taken}
    for url, others in named.items():
        for other in others:
            if url in named[other] or not named[other]:
                group = joined[url] | joined[other]
                joined |= dict.fromkeys(group, group)
    return {url: _original(group, taken) for url, group in joined.items() if len(group) > 1}


def _original(group: Iterable[str], taken: Mapping[str, Seen]) -> str:
    """What the pages of a work say is the original: English, else the default, else the first."""
    for code in ("en", "x-default"):
        said = sorted(
            alternates[code]
            for url in group
            if (alternates := _visit(taken[url]).alternates) and code in alternates
        )
        inside = [url for url in said if url in group]
        if inside:
            return inside[0]
    return min(group)
