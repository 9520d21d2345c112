"""Standing in public: all a server needs of it, built once from the settings and passed on."""

from __future__ import annotations

import logging
import secrets
import sys
from dataclasses import dataclass, field

from rag.errors import ConfigurationError
from rag.settings import Settings
from ui.public.counting import Counting, store_of
from ui.public.gate import Gate
from ui.public.journal import Journal
from ui.public.metrics import Metrics
from ui.public.proof import Proof
from ui.public.questions import QuestionLog
from ui.public.sites import SiteFile, sites_path
from ui.public.switches import Switches
from ui.public.tokens import SECRET_BYTES, Tokens, derived, secret_of
from ui.public.visit import DayKey, Visits

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Standing:
    """What the faces share."""

    visits: Visits
    gate: Gate
    sites: SiteFile
    switches: Switches
    metrics: Metrics
    journal: Journal
    tokens: Tokens
    proof: Proof
    questions: QuestionLog
    cors_origins: frozenset[str] = frozenset()  # besides those of the sites
    metrics_token: str = field(default="", repr=False)


def standing(settings: Settings) -> Standing:
    """Build it. Raises ConfigurationError for a store that cannot be used."""
    secret = _secret(settings)
    store = settings.limits_store.get_secret_value()
    switches = Switches(settings.data_dir)
    counting = Counting(store_of(store))
    gate = Gate(settings, switches, counting)
    metrics = Metrics()
    metrics.running.set_function(lambda: gate.turns.running)
    metrics.waiting.set_function(lambda: gate.turns.waiting)
    return Standing(
        visits=Visits(settings, DayKey(derived(secret, "address") if store else None)),
        gate=gate,
        sites=SiteFile(sites_path(settings)),
        switches=switches,
        metrics=metrics,
        journal=Journal(sys.stderr if settings.log == "stderr" else None),
        tokens=Tokens(secret, settings.token_minutes),
        proof=Proof(secret, settings.proof_of_work, counting),
        questions=QuestionLog(
            settings.data_dir, settings.log_questions_days, enabled=settings.log_questions
        ),
        cors_origins=settings.origins(),
        metrics_token=settings.metrics_token.get_secret_value(),
    )


def _secret(settings: Settings) -> bytes:
    """The secret of the data folder; one in memory where nothing can be written, with which
    tokens end with the server and processes cannot count together."""
    try:
        return secret_of(settings.data_dir)
    except ConfigurationError as error:
        if settings.limits_store.get_secret_value():
            raise
        log.warning("tokens will not outlive this process: %s", error)
        return secrets.token_bytes(SECRET_BYTES)
