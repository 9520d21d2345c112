"""Counters and times for Prometheus. The only door to prometheus-client.

Labels come from short lists: nothing a visitor writes becomes a label, and the
number of series stays bounded. Knows no request but its journal entry.
"""

from __future__ import annotations

import hmac

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

from ui.public.journal import Entry

CONTENT_TYPE = CONTENT_TYPE_LATEST
BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)  # seconds


class Metrics:
    """One registry: a second server in the same process has its own."""

    def __init__(self) -> None:
        self.registry = registry = CollectorRegistry()
        self._requests = Counter(
            "sanad_requests", "Requests.", ["face", "route", "status"], registry=registry
        )
        self._replies = Counter(
            "sanad_replies", "Replies.", ["face", "reply", "language", "mode"], registry=registry
        )
        self._refused = Counter(
            "sanad_refused", "Refusals by code.", ["face", "code"], registry=registry
        )
        self._seconds = Histogram(
            "sanad_request_seconds", "Time of a request.", ["face", "route"],
            buckets=BUCKETS, registry=registry,
        )  # fmt: skip
        self._stages = Histogram(
            "sanad_stage_seconds", "Time of a stage of a reply.", ["stage"],
            buckets=BUCKETS, registry=registry,
        )  # fmt: skip
        self._tokens = Counter(
            "sanad_model_tokens", "Tokens of the model.", ["direction"], registry=registry
        )
        self.running = Gauge(
            "sanad_questions_running", "Questions being answered.", registry=registry
        )
        self.waiting = Gauge("sanad_questions_waiting", "Questions waiting.", registry=registry)

    def note(self, entry: Entry, status: int, seconds: float) -> None:
        """Count one request when it has ended."""
        self._requests.labels(entry.face, entry.route, f"{status // 100}xx").inc()
        self._seconds.labels(entry.face, entry.route).observe(seconds)
        if entry.refused:
            self._refused.labels(entry.face, entry.refused).inc()
        if entry.reply:
            self._replies.labels(entry.face, entry.reply, entry.language, entry.mode).inc()
        for stage, ms in entry.timings_ms.items():
            self._stages.labels(stage).observe(ms / 1000)
        self._tokens.labels("read").inc(entry.input_tokens or 0)
        self._tokens.labels("written").inc(entry.output_tokens or 0)

    def text(self) -> bytes:
        """All of it, in Prometheus' text format."""
        return generate_latest(self.registry)


def may_read(local: bool, authorization: str, token: str) -> bool:
    """Whether somebody may read the metrics: this machine itself, or whoever has the token."""
    scheme, _, given = authorization.partition(" ")
    told = scheme.lower() == "bearer" and hmac.compare_digest(given.encode(), token.encode())
    return local or (bool(token) and told)
