"""`sanad watch`, which keeps the collection fresh, and `sanad runs`, which looks back."""

from __future__ import annotations

import json
import re
import signal
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rag.errors import ConfigurationError, LockedError, SanadError

if TYPE_CHECKING:
    from ingest.history import Run

FIRST_WAIT = 60.0  # seconds after a run that could not be; doubled each time, up to the interval
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
_LISTED = ("created", "updated", "deleted", "missing", "failed")

DataDir = Annotated[
    Path | None, typer.Option("--data-dir", help="Folder of catalog and index [.sanad].")
]


class Ended(BaseException):
    """The process was asked to end. No `except Exception` may take it for a fault."""


def watch(
    every: Annotated[str, typer.Option(help="How often, such as 30m, 6h or 1d.")] = "6h",
    data_dir: DataDir = None,
) -> None:
    """Bring everything ingested before up to date, again and again, until told to end."""
    from rag.settings import load_settings
    from ui.cli import ingest_known

    interval = seconds_of(every)
    settings = load_settings(data_dir=data_dir)

    def end(number: int, frame: object) -> None:
        raise Ended

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end)
    try:
        keep_fresh(lambda: ingest_known(settings), interval, _say)
    except Ended:
        _say("ended")


def keep_fresh(
    run: Callable[[], str],
    interval: float,
    said: Callable[[str], None],
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Call `run` every `interval` seconds, for ever; sooner after a run that could not be."""
    wait = FIRST_WAIT
    while True:
        try:
            said(run())
        except LockedError as error:
            said(f"not now: {error}")
        except ConfigurationError:
            raise  # it would be the same every time, and somebody has to mend it
        except SanadError as error:  # such as too much gone at once: kept, and tried in time
            said(f"stopped: {error}")
            wait = interval
        except OSError as error:  # a full disk, a share that is away
            said(f"stopped: {error}")
        else:
            wait = FIRST_WAIT
            sleep(interval)
            continue
        sleep(min(wait, interval))
        wait = min(2 * wait, interval)


def seconds_of(text: str) -> float:
    """Seconds in "90s", "30m", "6h", "1d". Raises ConfigurationError."""
    match = re.fullmatch(r"(\d{1,6})([smhd])", text.strip().lower())
    found = int(match[1]) * _UNITS[match[2]] if match else 0
    if found < 1:
        raise ConfigurationError(f"--every {text!r} is not a time, such as 30m, 6h or 1d")
    return float(found)


def runs(
    name: Annotated[str, typer.Argument(help="A run of the list, to see all it did.")] = "",
    data_dir: DataDir = None,
    last: Annotated[int, typer.Option(min=1, max=1000, help="How many.")] = 20,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """List what the last runs of the ingestion changed, the newest first."""
    from ingest.history import runs as kept
    from rag.settings import load_settings

    folder = load_settings(data_dir=data_dir).data_dir
    found = [run for run in kept(folder) if not name or run.name == name]
    if name and not found:
        raise ConfigurationError(f"there is no run {name!r}; see: sanad runs")
    for run in found[:last]:
        if as_json:
            typer.echo(json.dumps(_values(run), ensure_ascii=False))
        else:
            typer.echo(line_of(run))
            if name:
                _echo_details(run)


def line_of(run: Run) -> str:
    """One line: when, of what, what changed."""
    from ui.cli import printable

    when = datetime.fromtimestamp(run.at, UTC).strftime("%Y-%m-%d %H:%M")
    what = printable(" ".join(run.named)) or "everything known"
    if run.error:
        return f"{run.name}  {when}  {what}: {printable(run.error)}"
    counts = ", ".join(f"{len(run.report.get(key, ()))} {key}" for key in _LISTED)
    unchanged = len(run.report.get("skipped", ()))
    return f"{run.name}  {when}  {what}: {counts}, {unchanged} unchanged"


def _echo_details(run: Run) -> None:
    from ui.cli import printable

    for key in (*_LISTED, "left_out", "notes"):
        for row in run.report.get(key, ()):
            parts = [row] if isinstance(row, str) else list(row)
            typer.echo(f"  {key} " + ": ".join(printable(str(part)) for part in parts))


def _values(run: Run) -> dict[str, Any]:
    return {
        "name": run.name, "at": run.at, "named": run.named, "error": run.error,
        "report": run.report,
    }  # fmt: skip


def _say(text: str) -> None:
    typer.echo(f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ} {text}")
