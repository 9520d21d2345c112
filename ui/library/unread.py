"""Documents that could not be read, from the ledger of ingestion, and why.

The reason as it was written down is for the officer: it is English, made for a log, and
may name a folder or a program. A visitor gets one of a few kinds of reason. Knows no markup.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from ingest.catalog import Catalog, LedgerRow
from rag.errors import ConfigurationError

# In this order; a reason that fits none is "other". The keys are messages "library.why_*".
_KINDS = (
    ("password", "needs a password"),
    ("scan", "OCR is needed"),
    ("empty", "is empty|has no text"),
    ("large", r"up to [\d,]+ MB are read|more than [\d,]+ (?:bytes|pages|characters)|too large"),
    ("time", "took longer|took more than|want of memory"),
    ("damaged", "damaged|is not a zip"),
    ("format", "unknown kind|old Office|RTF|compressed with gzip|zip archive"),
    ("correction", "its sidecar"),
    ("away", "cannot be opened|cannot be reached|address|HTTP|redirect|robots"),
)
_COMPILED = tuple((kind, re.compile(pattern, re.I)) for kind, pattern in _KINDS)
KEPT = "the version stored before is kept"


@dataclass(frozen=True, slots=True)
class Unread:
    """One document that could not be read when it was last tried."""

    document: str  # its id
    kind: str  # of the reason
    reason: str  # in full; for the officer alone
    kept: bool  # whether an earlier version is still served


def unread(data_dir: Path) -> list[Unread]:
    """What could not be read, by id; empty where there is no ledger that can be looked at."""
    return [
        Unread(row.document, kind_of(row.reason), row.reason, KEPT in row.reason)
        for row in ledger(data_dir, "failed").values()
    ]


def ledger(data_dir: Path, status: str = "") -> dict[str, LedgerRow]:
    """The ledger by document, of a status or all; empty where it cannot be looked at, as
    beside a generation that was copied without its catalog."""
    try:
        with Catalog(data_dir, read_only=True) as catalog:
            return {row.document: row for row in catalog.ledger(status)}
    except ConfigurationError:
        return {}


def kind_of(reason: str) -> str:
    """Which of the few kinds of reason this is."""
    return next((kind for kind, pattern in _COMPILED if pattern.search(reason)), "other")
