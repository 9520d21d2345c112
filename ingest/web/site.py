"""Sources on the web, visited: from addresses to items with their bytes at hand.

The door between the walk and this package. Remembers visits in the catalog, and holds
back what would take too much of a site away.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from ingest.catalog import Catalog
from ingest.corrections import written
from ingest.prepare import one_document
from ingest.read import READERS, extension
from ingest.sandbox import Limits, Sandbox
from ingest.sources import Item, Source
from ingest.web.agent import Agent
from ingest.web.options import WebOptions
from ingest.web.seen import Seen, content_of
from ingest.web.survey import Surveyor
from ingest.web.urls import normal_or_empty, site
from ingest.web.verdict import Verdict, judge, judge_one
from ingest.web.visits import Visit, from_json, to_json
from rag.errors import ReadError

OUTLINE = "ingest.web.outline:outline"
LIST_LIMITS = Limits(memory_mb=1024, cpu_s=20, wall_s=30.0)
KEPT = "; the version stored before is kept"
AGAIN = f"{KEPT}, and withdrawn if the next run finds the same"

Told = Callable[[str, int, int], None]


def visit_all(
    sources: Sequence[Source],
    catalog: Catalog,
    options: WebOptions,
    folder: Path,
    told: Told,
    agent: Agent | None = None,
) -> list[Source]:
    """The sources with those on the web visited; `folder` takes what they send."""
    if not any(source.address for source in sources):
        return list(sources)
    agent = agent or Agent(options)
    claimed = {item.id for source in sources if not source.address for item in source.items}
    found: list[Source] = []
    with Sandbox(LIST_LIMITS, OUTLINE) as sandbox:

        def outline(data: bytes, name: str) -> Mapping[str, Any]:
            return sandbox.read(data, name).metadata

        for source in sources:
            if source.address:
                means = (agent, outline, folder, told)
                try:
                    with one_document(source.name):  # a fault of ours costs this site alone
                        source = _visited(source, catalog, options, means, claimed)
                except ReadError as error:
                    source = _unvisited(source, str(error), catalog)
                claimed |= {item.id for item in source.items}
            found.append(source)
    return found


def _visited(
    source: Source,
    catalog: Catalog,
    options: WebOptions,
    means: tuple[Agent, Callable[[bytes, str], Mapping[str, Any]], Path, Told],
    claimed: Collection[str],
) -> Source:
    agent, outline, folder, told = means
    known = remembered(catalog, source.name)
    stored = catalog.digests(source.name)
    start = normal_or_empty(source.address) if source.whole else source.address
    if not start:
        raise ReadError("is no address of the web")
    known_urls = {**{url: Visit(source.name) for url in stored}, **known}
    surveyor = Surveyor(
        start, known_urls, agent, outline, options, folder,
        lambda done, of: told("fetch", done, of),
    )  # fmt: skip
    if source.whole:
        survey = surveyor.whole()
        verdict = judge(survey, known, stored)
    else:
        survey = surveyor.one()
        verdict = judge_one(survey, known, stored)
    notes = [(start, f"the site was not walked to its end: {survey.cut}")] if survey.cut else []
    notes += survey.troubles
    items = tuple(
        _item(url, seen, source.name, agent, verdict)
        for url, seen in sorted(verdict.taken.items())
        if url not in claimed and catalog.owner(url) in ("", source.name)
    )
    return replace(
        source,
        items=items,
        gone=tuple(verdict.gone.items()),
        missing=tuple((url, reason + AGAIN) for url, reason in verdict.missing.items()),
        troubles=tuple(verdict.failed.items()),
        left_out=tuple(verdict.ignored.items()),
        noticed=tuple(notes),
        unmodified=sum(seen.state == "same" for seen in survey.seen.values()),
        memory={url: to_json(visit) for url, visit in verdict.visits.items()},
    )


def _unvisited(source: Source, reason: str, catalog: Catalog) -> Source:
    """A source that could not be visited at all: everything of it is kept."""
    known = remembered(catalog, source.name)
    return replace(
        source,
        items=(),
        troubles=((source.name, reason),),
        memory={url: to_json(visit) for url, visit in known.items()},
    )


def _item(url: str, seen: Seen, source: str, agent: Agent, verdict: Verdict) -> Item:
    assert seen.visit is not None
    visit, path = seen.visit, seen.path
    original = verdict.originals.get(url, "")
    known = extension(url) in READERS or visit.media_type not in READERS

    def fetch() -> bytes:
        if path is not None:
            return path.read_bytes()
        answer = agent.ask(url)  # it answered 304, and what is stored of it does not do
        if answer.status != 200:
            raise ReadError(f"the server answered {answer.status}")
        return content_of(answer)

    return Item(
        id=url,
        source=source,
        name=url if known else visit.media_type,
        fetch=fetch,
        sidecar=(lambda: written({"translation_of": original})) if original else bytes,
        url=url,
        sha256=visit.sha256,
    )


def hold_back(sources: Sequence[Source], stored: Mapping[str, str], share: float) -> list[Source]:
    """The sources, with those of a site that would lose more than `share` of its stored pages
    keeping them all; one page may always go. `stored` are the documents of the collection."""
    losing = Counter(site(url) for source in sources for url, _ in source.gone)
    having = Counter(site(url) for url in stored if normal_or_empty(url))
    held = {name for name, count in losing.items() if count > max(1, share * having[name])}
    if sum(losing.values()) > max(1, share * len(stored)):
        held = set(losing)
    return [_held(source, held, losing, having) for source in sources]


def _held(
    source: Source, held: Collection[str], losing: Mapping[str, int], having: Mapping[str, int]
) -> Source:
    kept = [(url, reason) for url, reason in source.gone if site(url) in held]
    if not kept:
        return source
    return replace(
        source,
        gone=tuple(row for row in source.gone if row not in kept),
        troubles=(
            *source.troubles,
            *((url, _too_many(url, why, losing, having)) for url, why in kept),
        ),
    )


def _too_many(url: str, reason: str, losing: Mapping[str, int], having: Mapping[str, int]) -> str:
    name = site(url)
    return (
        f"{reason}, as are {losing[name]} of {having[name]} stored pages of {name} in all; if "
        "that is meant, run it again with --allow-shrink"
    )


def remembered(catalog: Catalog, source: str) -> dict[str, Visit]:
    """The visits of a source's last run, by address."""
    text = catalog.memory(f"visits:{source}")
    return {url: from_json(line) for url, line in json.loads(text or "{}").items()}


def remember(catalog: Catalog, source: Source) -> None:
    """Keep a source's visits for the next run, without what was withdrawn."""
    withdrawn = {url for url, _ in source.gone}
    kept = {url: line for url, line in source.memory.items() if url not in withdrawn}
    catalog.set_memory(f"visits:{source.name}", json.dumps(kept, ensure_ascii=False))
