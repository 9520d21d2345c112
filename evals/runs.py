"""The folder of a run: what was asked of which system, and what came back.

    <out>/<time>-<suite>/config.json       system, versions, collection digest, suite digest
    <out>/<time>-<suite>/suite.yaml        the suite as it was (or suite.jsonl)
    <out>/<time>-<suite>/rows.jsonl        one row a reply, whole; appended as they come
    <out>/<time>-<suite>/verdicts.jsonl    one row a reply, judged; made anew by every judging
    <out>/<time>-<suite>/aggregates.json   the figures; there when the run is finished

Rows are never changed by judging, and one process at a time writes them. Knows no system and no
measure.
"""

from __future__ import annotations

import fcntl
import json
import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evals.observed import Observed
from rag.errors import ConfigurationError, LockedError

CONFIG, ROWS, VERDICTS, AGGREGATES = (
    "config.json", "rows.jsonl", "verdicts.jsonl", "aggregates.json",
)  # fmt: skip
WHO = ("system", "url")  # what of a system's description names it


@dataclass(frozen=True, slots=True)
class Row:
    """One reply of a run; `attempt` counts from 1 where each case is asked several times."""

    id: str
    attempt: int
    reply: Observed


def new_run(out: Path, name: str, suite: Path, config: Mapping[str, Any]) -> Path:
    """A fresh folder that holds the suite and the config."""
    folder = _free_folder(out, name)
    shutil.copyfile(suite, folder / f"suite{suite.suffix}")
    write_json(folder / CONFIG, config)
    return folder


def unfinished(out: Path, fingerprint: str) -> Path | None:
    """The newest run of the same suite and system that was interrupted; one that another process
    is at work on is not."""
    for folder in reversed(_folders(out)):
        interrupted = not (folder / AGGREGATES).is_file()
        if interrupted and _config(folder).get("fingerprint") == fingerprint:
            with _held(folder) as ours:
                if ours:
                    return folder
    return None


@contextmanager
def writing(folder: Path) -> Iterator[None]:
    """Hold a run folder while its rows are written. Raises LockedError where another process
    does; the kernel lets go of it when its owner dies."""
    with _held(folder) as ours:
        if not ours:
            raise LockedError(
                f"run folder {folder} is being written by another run; wait for it to finish, or "
                "start anew with --fresh"
            )
        yield


def last_finished(out: Path, suite: str, system: Mapping[str, Any]) -> Path | None:
    """The newest finished run of a suite, by its name, that asked this system: the one of this
    description, whatever its settings were; a peer's run or another server's is not."""
    for folder in reversed(_folders(out)):
        config = _config(folder)
        asked = config.get("system", {})
        same = config.get("suite") == suite and all(asked.get(k) == system.get(k) for k in WHO)
        if same and (folder / AGGREGATES).is_file():
            return folder
    return None


def find_run(given: str, out: Path) -> Path:
    """A run by its folder, by a file in it, or by its name in the folder of runs."""
    for folder in (Path(given), Path(given).parent, out / given):
        if (folder / ROWS).is_file():
            return folder
    raise ConfigurationError(
        f"{given!r} is no run: it has no {ROWS}; name a folder that sanad eval run made "
        f"(they are in {out})"
    )


def suite_of(folder: Path) -> Path:
    """The suite as it was when the run was made."""
    for path in (folder / "suite.yaml", folder / "suite.yml", folder / "suite.jsonl"):
        if path.is_file():
            return path
    raise ConfigurationError(f"run folder {folder} holds no suite; name one with --suite")


def read_config(folder: Path) -> dict[str, Any]:
    """The config of a run. Raises ConfigurationError where it does not read."""
    config = _config(folder)
    if not config:
        raise ConfigurationError(f"{folder / CONFIG} does not read; is this the folder of a run?")
    return config


def read_rows(folder: Path) -> list[Row]:
    """The replies of a run; a last line that was cut off is left out."""
    return list(_rows(folder / ROWS))


def append_row(folder: Path, row: Row) -> None:
    """Add one reply; on disk for the next start, whatever happens to this process."""
    line = json.dumps(
        {"id": row.id, "attempt": row.attempt, "reply": row.reply.as_dict()}, ensure_ascii=False
    )
    with (folder / ROWS).open("a", encoding="utf-8") as file:
        file.write(line + "\n")


def rewrite_rows(folder: Path, rows: list[Row]) -> None:
    """Only these rows: what a resumed run keeps."""
    scratch = folder / f"{ROWS}.new"
    scratch.write_text("", "utf-8")
    for row in rows:
        line = {"id": row.id, "attempt": row.attempt, "reply": row.reply.as_dict()}
        with scratch.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line, ensure_ascii=False) + "\n")
    scratch.replace(folder / ROWS)


def write_json(path: Path, values: Mapping[str, Any]) -> None:
    """Indented JSON, by one rename: a reader never sees half of it."""
    scratch = path.with_name(f"{path.name}.new")
    scratch.write_text(json.dumps(values, ensure_ascii=False, indent=1) + "\n", "utf-8")
    scratch.replace(path)


def read_json(path: Path) -> dict[str, Any]:
    """A JSON object we wrote. Raises ConfigurationError for anything else."""
    try:
        values = json.loads(path.read_text("utf-8"))
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise ConfigurationError(f"{path} is not JSON: {error}") from error
    if not isinstance(values, dict):
        raise ConfigurationError(f"{path} holds no JSON object")
    return values


@contextmanager
def _held(folder: Path) -> Iterator[bool]:
    with (folder / CONFIG).open("rb") as file:  # the one file that is never written again
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        yield True


def _rows(path: Path) -> Iterator[Row]:
    try:
        lines = path.read_bytes().split(b"\n")  # decoded one by one: the last may end in a letter
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be read: {error.strerror}") from error
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            values = json.loads(line.decode("utf-8"))
            row = Row(values["id"], values.get("attempt", 1), Observed.from_dict(values["reply"]))
        except (ValueError, KeyError, TypeError) as error:
            if number == len(lines):  # no line end: the process was stopped while writing
                return
            raise ConfigurationError(f"{path} line {number} is no row of a run: {error}") from error
        yield row


def _folders(out: Path) -> list[Path]:
    """Run folders, the oldest first: their names begin with the time."""
    if not out.is_dir():
        return []
    return sorted(entry for entry in out.iterdir() if (entry / CONFIG).is_file())


def _config(folder: Path) -> dict[str, Any]:
    try:
        return read_json(folder / CONFIG)
    except ConfigurationError:
        return {}


def _free_folder(out: Path, name: str) -> Path:
    stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    for attempt in range(1, 1000):
        folder = out / (f"{stamp}-{name}" if attempt == 1 else f"{stamp}-{name}-{attempt:03}")
        try:
            folder.mkdir(parents=True)
        except FileExistsError:
            continue
        except OSError as error:
            raise ConfigurationError(
                f"run folder {folder} cannot be made: {error.strerror}; name another with --out"
            ) from error
        return folder
    raise ConfigurationError(f"{out} holds too many runs of this second; try again")
