"""One polite visitor: asks robots.txt first, keeps its distance, and knows when to stop.

Shared by all sites of a run, so that two sources on one host take turns. Knows nothing of
what pages hold.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from email.utils import parsedate_to_datetime

from ingest.fetch import Fetched, Unreachable, fetch
from ingest.web.options import WebOptions
from ingest.web.robots import MAX_BYTES, Rules, rules_of
from ingest.web.urls import host
from rag.errors import ReadError

MAX_WAIT = 60.0  # seconds that a Retry-After may ask for
MAX_TROUBLES = 5  # failures of a host, one after the other, after which it is left alone


class Forbidden(ReadError):
    """robots.txt does not let us ask for this address."""


class Agent:
    """Asks for addresses, one at a time. Safe between threads."""

    def __init__(
        self,
        options: WebOptions,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._options = options
        self._sleep, self._clock = sleep, clock
        self._rules: dict[str, Rules] = {}
        self._free: dict[str, float] = {}  # host -> when it may be asked again
        self._troubles: Counter[str] = Counter()
        self._lock = threading.RLock()

    def ask(
        self,
        url: str,
        headers: Mapping[str, str] | None = None,
        follow: Callable[[str], None] = lambda url: None,
    ) -> Fetched:
        """What the server answers, redirects followed, and once more after a Retry-After.

        `follow` may refuse a redirect's target by raising ReadError. Raises ReadError
        with a reason, Unreachable where another day may help.
        """
        with self._lock:
            place = host(url)
            if refusal := self.rules(url).refusal:
                raise Unreachable(refusal)
            if self._troubles[place] >= MAX_TROUBLES:
                raise Unreachable(
                    f"was not asked for: {place} failed {MAX_TROUBLES} times in a row"
                )
            answer = self._ask_once(url, headers, follow)
            wait = _retry_after(answer)
            if wait is not None:
                self._sleep(wait)
                answer = self._ask_once(url, headers, follow)
            if answer.status == 429 or answer.status >= 500:
                self._troubles[place] += 1
            else:
                self._troubles[place] = 0
            return answer

    def rules(self, url: str) -> Rules:
        """The robots.txt of an address's host, read once in a run."""
        place = host(url)
        if place not in self._rules:
            reach = replace(self._options.reach, max_bytes=2 * MAX_BYTES)
            self._rules[place] = rules_of(
                place,
                self._options.agent,
                lambda address: fetch(address, reach, {}, self._wait),
            )
        return self._rules[place]

    def _ask_once(
        self, url: str, headers: Mapping[str, str] | None, follow: Callable[[str], None]
    ) -> Fetched:
        def permit(address: str) -> None:
            if address != url:
                follow(address)
            self._permit(address)

        try:
            return fetch(url, self._options.reach, headers, permit)
        except Unreachable:
            self._troubles[host(url)] += 1
            raise

    def _permit(self, url: str) -> None:
        rules = self.rules(url)
        if rules.refusal:
            raise Unreachable(rules.refusal)
        if not rules.allows(url):
            raise Forbidden("robots.txt does not allow it")
        self._wait(url)

    def _wait(self, url: str) -> None:
        """Until it is this host's turn."""
        place = host(url)
        now = self._clock()
        due = self._free.get(place, now)
        if due > now:
            self._sleep(due - now)
        known = self._rules.get(place)
        pause = max(self._options.pause, known.delay if known else 0.0)
        self._free[place] = max(now, due) + pause


def _retry_after(answer: Fetched) -> float | None:
    """Seconds a busy server asks us to wait; None when it is not worth it."""
    value = answer.headers.get("retry-after", "").strip()
    if answer.status not in (429, 503) or not value:
        return None
    try:
        seconds = float(value) if value.isdigit() else _seconds_until(value)
    except (ValueError, TypeError, OverflowError):
        return None
    return max(0.0, seconds) if seconds <= MAX_WAIT else None


def _seconds_until(date: str) -> float:
    return parsedate_to_datetime(date).timestamp() - time.time()
