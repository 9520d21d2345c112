"""The walk over one site: from its first address, its sitemaps, its feeds, what was known
before and what pages link to, within limits.

    start -> sitemap lines, or feeds and links -> pages -> documents they link to

Every address is asked for once a run. Pages lie in the folder of the start; documents
(PDF, DOCX), translations and originals that pages name may lie anywhere on the site.
"""

from __future__ import annotations

import secrets
import time
from collections import Counter, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

from ingest.web.agent import Agent, Forbidden
from ingest.web.options import WebOptions
from ingest.web.seen import Seen, addresses, content_of, remembered
from ingest.web.urls import (
    below,
    host,
    is_asset,
    is_document,
    is_trap,
    normal_or_empty,
    shape,
    site,
)
from ingest.web.visits import Visit
from rag.errors import ReadError

MAX_LISTS = 60  # sitemaps and feeds of a site that are read
MAX_LIST_DEPTH = 3
MAX_LINES = 200_000  # of all lists of a site; more than any run asks for
MAX_QUEUED = 500_000
MAX_OF_A_SHAPE = 200  # crawled addresses that differ in numbers and parameters alone
MAX_REFRESH = 5  # seconds; a page that waits longer is to be read
SOON_GONE = (404, 410)
PROBE = "not-a-page-of-this-site-"

Outline = Callable[[bytes, str], Mapping[str, Any]]  # (content, address) to ingest.web.outline's


@dataclass(slots=True)
class Survey:
    """What a run saw of one site."""

    start: str
    seen: dict[str, Seen] = field(default_factory=dict)
    probe: Visit | None = None  # what it shows for an address that does not exist
    lists: int = 0
    cut: str = ""  # the limit that ended the walk; empty when it was walked to its end
    troubles: list[tuple[str, str]] = field(default_factory=list)  # lists that could not be read


class Surveyor:
    """Walks one site. `known` are the visits remembered of it."""

    def __init__(
        self,
        start: str,
        known: Mapping[str, Visit],
        agent: Agent,
        outline: Outline,
        options: WebOptions,
        folder: Path,
        told: Callable[[int, int], None] = lambda done, of: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._survey = Survey(start)
        self._known, self._agent, self._outline = known, agent, outline
        self._options, self._folder, self._told, self._clock = options, folder, told, clock
        self._queue: deque[tuple[str, int]] = deque()  # (address, links from the first page)
        self._queued: set[str] = set()
        self._shapes: Counter[str] = Counter()
        self._crawls = True
        self._bytes = 0
        self._stays = True
        self._lines_left = MAX_LINES

    def whole(self) -> Survey:
        """The site: lists, known addresses, pages and the documents they link to."""
        start, since = self._survey.start, self._clock()
        first = self._visit(start, 0)
        listed = self._listed(first)
        self._crawls = not listed and (first.visit is None or first.visit.kind == "page")
        for url in (*listed, *self._known):
            self._add(url, 1)
        self._follow(first, 1)
        if self._crawls:
            for url in [u for feed in first.feeds for u in self._lines(feed, MAX_LIST_DEPTH)]:
                self._add(url, 1)
        while self._queue:
            self._survey.cut = self._over(since)
            if self._survey.cut:
                break
            url, depth = self._queue.popleft()
            self._told(len(self._survey.seen), len(self._survey.seen) + len(self._queue) + 1)
            self._follow(self._visit(url, depth), depth + 1)
        self._probe()
        return self._survey

    def one(self) -> Survey:
        """The one page, wherever it leads."""
        self._stays = False
        self._visit(self._survey.start, 0)
        return self._survey

    def _over(self, since: float) -> str:
        if len(self._survey.seen) >= self._options.pages:
            return f"more than {self._options.pages} addresses"
        if self._bytes > self._options.megabytes * 10**6:
            return f"more than {self._options.megabytes} MB"
        if self._clock() - since > self._options.seconds:
            return f"more than {self._options.seconds:g} s"
        return ""

    # Lists

    def _listed(self, first: Seen) -> list[str]:
        """Pages of the sitemaps: the start itself where it is one, else those the site names."""
        start = self._survey.start
        if first.visit is not None and first.visit.kind != "page":
            return self._lines(start, 0, first)
        named = list(self._agent.rules(start).sitemaps) or [urljoin(start, "/sitemap.xml")]
        lines = [line for address in named for line in self._lines(normal_or_empty(address), 0)]
        return [line for line in lines if below(line, start) or is_document(line)]

    def _lines(self, address: str, depth: int, read: Seen | None = None) -> list[str]:
        """The addresses of this site in a sitemap, a sitemap of sitemaps, or a feed."""
        start = self._survey.start
        if not address or site(address) != site(start) or depth > MAX_LIST_DEPTH:
            return []
        if read is None:
            if self._survey.lists >= MAX_LISTS or address in self._queued:
                return []
            self._queued.add(address)
            self._survey.lists += 1
            read = self._visit_list(address)
        if read.visit is None or read.visit.kind not in ("sitemap", "sitemapindex", "feed"):
            return []
        if read.visit.kind == "sitemapindex":
            return [line for link in read.links for line in self._lines(link, depth + 1)]
        lines = list(read.links[: self._lines_left])
        self._lines_left -= len(lines)
        return lines

    def _visit_list(self, address: str) -> Seen:
        seen = self._ask(address, {})
        if seen.state == "failed":
            self._survey.troubles.append((address, f"this list of pages {seen.reason}"))
        return seen

    # Pages

    def _add(self, url: str, depth: int) -> None:
        if url and url not in self._queued and not is_asset(url) and len(self._queued) < MAX_QUEUED:
            self._queued.add(url)
            self._queue.append((url, depth))

    def _follow(self, seen: Seen, depth: int) -> None:
        """Queue what a page leads to."""
        if seen.visit is None or seen.state != "new":
            return
        named = [
            seen.visit.canonical,
            *seen.visit.alternates.values(),
            seen.refresh,
            seen.visit.url,
        ]
        for url in [u for u in named if u] + [u for u in seen.links if is_document(u)]:
            self._add(url, depth)
        if not self._crawls or depth > self._options.depth:
            return
        for url in seen.links:
            known = url in self._queued or is_asset(url) or is_trap(url)
            if known or not below(url, self._survey.start):
                continue
            self._shapes[shape(url)] += 1
            if self._shapes[shape(url)] <= MAX_OF_A_SHAPE:
                self._add(url, depth)

    def _visit(self, url: str, depth: int) -> Seen:
        self._queued.add(url)
        known = self._known.get(url)
        validators = known.validators(time.time()) if known else {}
        seen = self._ask(url, validators)
        if seen.state == "same":
            seen = replace(seen, visit=known) if known else Seen(url, "failed", "was not asked")
        self._survey.seen[url] = replace(seen, links=(), feeds=())  # a site has too many to keep
        return seen

    def _ask(self, url: str, validators: Mapping[str, str]) -> Seen:
        """What one address answers, with its outline."""
        try:
            answer = self._agent.ask(url, validators, self._stay)
        except Forbidden as error:
            return Seen(url, "ignored", str(error))
        except ReadError as error:
            return Seen(url, "failed", str(error))
        if answer.status in SOON_GONE:
            return Seen(url, "missing", f"the server answered {answer.status}")
        if answer.status == 304 and validators and not answer.hops:
            return Seen(url, "same")
        if answer.status != 200:
            return Seen(url, "failed", f"the server answered {answer.status}")
        content = content_of(answer)
        self._bytes += len(content)
        media = answer.headers.get("content-type", "").lower()
        if media.startswith(("image/", "audio/", "video/", "font/")):
            return Seen(url, "ignored", f"is {media.split(';')[0][:60]}, which is not read")
        try:
            found = self._outline(content, url)
        except ReadError as error:
            found = {"kind": "file", "text": "", "why": str(error)}
        visit = remembered(answer, content, found, self._survey.start, time.time())
        return self._kept(url, content, visit, found)

    def _kept(self, url: str, content: bytes, visit: Visit, found: Mapping[str, Any]) -> Seen:
        path = self._folder / visit.sha256
        if not path.exists():
            path.write_bytes(content)
        base = normal_or_empty(found.get("base"), visit.url) or visit.url
        wait, target = found.get("refresh") or (MAX_REFRESH + 1, "")
        links = () if found.get("nofollow") else addresses(found.get("links"), base, self._is_ours)
        feeds = addresses(found.get("feeds"), base, self._is_ours)
        refresh = addresses([target], base, self._is_ours) if wait <= MAX_REFRESH else ()
        return Seen(url, "new", "", visit, path, links, feeds, "".join(refresh))

    def _is_ours(self, url: str) -> bool:
        return site(url) == site(self._survey.start)

    def _stay(self, url: str) -> None:
        """No redirect away from the site is followed."""
        normal = normal_or_empty(url)
        if not self._stays:
            return
        if not normal or site(normal) != site(self._survey.start):
            raise ReadError(f"redirects to another site, {urlsplit(url).netloc[:200] or url[:200]}")

    def _probe(self) -> None:
        """Ask for an address that cannot exist: what answers 200 to it tells nothing by it."""
        if not any(seen.there for seen in self._survey.seen.values()):
            return
        address = f"{host(self._survey.start)}/{PROBE}{secrets.token_hex(6)}"
        seen = self._ask(address, {})
        self._survey.probe = seen.visit if seen.state == "new" else None
