"""What each run changed, kept in the data folder for people to look back at.

    <data>/history/20261123T010203Z.json     {"at", "named", "report"} or {"at", "named", "error"}

The newest KEEP are kept. A run that changed the collection is not undone because its
account cannot be written.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

FOLDER = "history"
KEEP = 200


@dataclass(frozen=True, slots=True)
class Run:
    """One run of the ingestion."""

    name: str  # of its file, without .json
    at: float  # seconds since the epoch when it ended
    named: tuple[str, ...] = ()  # arguments; empty: everything known
    report: Mapping[str, Any] = field(default_factory=dict)  # `IngestReport.as_dict()`
    error: str = ""  # why it stopped; empty when it did not


def record(
    data_dir: Path, named: Sequence[str], report: Mapping[str, Any] | None = None, error: str = ""
) -> None:
    """Keep the account of a run, and drop the oldest."""
    at = time.time()
    value = {"at": at, "named": list(named)}
    value |= {"error": error} if report is None else {"report": dict(report)}
    folder = data_dir / FOLDER
    stamp = time.strftime("%Y%m%dT%H%M%S", time.gmtime(at)) + f".{int(at * 1000) % 1000:03d}Z"
    scratch = folder / f".{stamp}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        scratch.write_text(json.dumps(value, ensure_ascii=False), "utf-8", errors="replace")
        scratch.replace(folder / f"{stamp}.json")
        for path in sorted(folder.glob("*.json"))[:-KEEP]:
            path.unlink(missing_ok=True)
    except OSError:
        return


def runs(data_dir: Path) -> Iterator[Run]:
    """The runs that are kept, the newest first; a file that does not read is passed over."""
    for path in sorted((data_dir / FOLDER).glob("*.json"), reverse=True):
        try:
            value = json.loads(path.read_text("utf-8"))
            yield Run(
                path.stem,
                float(value["at"]),
                tuple(str(name) for name in value["named"]),
                dict(value.get("report") or {}),
                str(value.get("error", "")),
            )
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            continue
