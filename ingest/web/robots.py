"""robots.txt as RFC 9309 reads it: what a site lets us ask for.

The door to protego, whose matching takes time in proportion to what it is given. A
site that cannot say (5xx, 429, silence) is taken to say no; one that has no such file
(other 4xx) says yes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin

from ingest.fetch import Fetched
from rag.errors import ReadError

MAX_BYTES = 500 * 1024  # RFC 9309, section 2.5: a parser must take 500 KiB
MAX_DELAY = 30.0  # seconds; who asks for more is asked every so often
MAX_SITEMAPS = 50


@dataclass(frozen=True, slots=True)
class Rules:
    """What one host's robots.txt says to one agent."""

    refusal: str = ""  # why nothing may be asked for; empty: see `allows`
    delay: float = 0.0
    sitemaps: tuple[str, ...] = ()
    parsed: Any = None  # of protego; None allows everything
    agent: str = ""

    def allows(self, url: str) -> bool:
        """Whether the file lets us ask for an address."""
        return self.parsed is None or bool(self.parsed.can_fetch(url, self.agent))


def rules_of(host: str, agent: str, ask: Callable[[str], Fetched]) -> Rules:
    """The rules of "https://host"; `ask` fetches and may raise ReadError."""
    address = urljoin(host, "/robots.txt")
    try:
        answer = ask(address)
    except ReadError as error:
        return Rules(refusal=f"robots.txt cannot be read ({error}), so nothing is asked for")
    if answer.status == 429 or answer.status >= 500:
        reason = f"robots.txt is answered with {answer.status}, so nothing is asked for"
        return Rules(refusal=reason)
    if answer.status != 200:
        return Rules()
    return parse_rules(answer.body, agent, answer.url)


def parse_rules(body: bytes, agent: str, address: str = "") -> Rules:
    """The rules in a file. Whatever it holds: lines that are no rules are passed over."""
    from protego import Protego

    text = body[:MAX_BYTES].removeprefix(b"\xef\xbb\xbf").decode("utf-8", "replace")
    parsed = Protego.parse(text)
    try:
        delay = float(parsed.crawl_delay(agent) or 0)
    except (TypeError, ValueError):
        delay = 0.0
    sitemaps = tuple(_joined(address, list(parsed.sitemaps)[:MAX_SITEMAPS]))
    delay = min(delay, MAX_DELAY) if delay > 0 else 0.0
    return Rules("", delay, sitemaps, parsed, agent)


def _joined(address: str, written: Sequence[str]) -> Iterator[str]:
    """Addresses as they stand in a file, those left out that are none."""
    for one in written:
        with suppress(ValueError):
            yield urljoin(address, one)
