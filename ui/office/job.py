"""Runs of the ingestion, one at a time, each in a child process: the server answers on.

Keeps how far the run is, how it ended, and the report of the last one. Knows no page.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import astuple, dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from rag.errors import NOT_READ
from rag.settings import Settings

ERRAND = (sys.executable, "-m", "ui.office.errand")
LAST = "office-report.json"
Trouble = Literal["", "locked", "shrink", "refused", "full", "crashed"]


@dataclass(frozen=True, slots=True)
class Job:
    """One run: under way, or over."""

    sources: tuple[str, ...] = ()  # none: everything ingested before
    running: bool = False
    stage: str = ""  # "read", "embed" or "index"; empty before the first word
    done: int = 0
    of: int = 0
    trouble: Trouble = ""
    words: str = ""  # of the program, in English
    report: dict[str, Any] = field(default_factory=dict)  # `IngestReport.as_dict()`
    ended: float = 0.0  # seconds since the epoch; 0 while it runs, and where there was none


class Jobs:
    """Starts runs and follows them. Safe between threads."""

    def __init__(
        self,
        settings: Settings,
        command: Sequence[str] = ERRAND,
        after: Callable[[], None] = lambda: None,
    ) -> None:
        """`after` is called when a run is done, before it counts as over."""
        self._settings = settings
        self._after = after
        self._command = command
        self._lock = threading.Lock()
        self._job = _last(settings.data_dir)
        self._thread: threading.Thread | None = None

    def now(self) -> Job:
        """The run that is under way, else the last one."""
        return self._job

    def start(self, sources: Sequence[str], *, allow_shrink: bool = False) -> bool:
        """Begin a run; False when one is under way already."""
        with self._lock:
            if self._job.running:
                return False
            self._job = Job(tuple(sources), running=True)
        errand = {
            "sources": list(sources),
            "data_dir": str(self._settings.data_dir.absolute()),
            "allow_shrink": allow_shrink,
            "embedding": list(self._settings.embedding()),
            "fetching": self._settings.fetching(),
            "server": self._server(),
            "ocr_languages": self._settings.ocr_languages if self._settings.ocr == "auto" else None,
            "tables": self._settings.tables,
            "tables_models": str(self._settings.tables_models or ""),
            "read_seconds": self._settings.read_seconds,
            "read_memory_mb": self._settings.read_memory_mb,
        }
        self._thread = threading.Thread(target=self._follow, args=(errand,), daemon=True)
        self._thread.start()
        return True

    def _server(self) -> list[Any] | None:
        """The Chroma server as plain values: the child knows no settings."""
        server = self._settings.server()
        return list(astuple(server)) if server else None

    def wait(self, seconds: float) -> bool:
        """Whether the run is over within so many seconds."""
        if self._thread is not None:
            self._thread.join(seconds)
        return not self._job.running

    def _follow(self, errand: dict[str, Any]) -> None:
        try:
            self._run(errand)
        finally:  # whatever happened: the next run may begin
            self._job = replace(self._job, running=False, ended=time.time())
            _remember(self._settings.data_dir, self._job)

    def _run(self, errand: dict[str, Any]) -> None:
        told = False
        code: int | None = None
        try:
            child = _child(self._command)
            assert child.stdin is not None and child.stdout is not None
            with child.stdin as given:
                given.write(json.dumps(errand))
            for line in child.stdout:
                told = self._hear(line) or told
            code = child.wait()
        except (OSError, *NOT_READ) as error:
            self._job = replace(self._job, words=str(error))
        if not told:
            words = self._job.words or _died(code)
            self._job = replace(self._job, trouble="crashed", words=words)
        self._after()

    def _hear(self, line: str) -> bool:
        """Take one line in; whether it was the last word."""
        try:
            said = json.loads(line)
        except ValueError:
            return False
        if "report" in said:
            self._job = replace(self._job, report=said["report"])
        elif "trouble" in said:
            self._job = replace(self._job, trouble=said["trouble"], words=said["words"])
        else:
            stage, done, of = said["stage"], int(said["done"]), int(said["of"])
            self._job = replace(self._job, stage=stage, done=done, of=of)
            return False
        return True


def _child(command: Sequence[str]) -> subprocess.Popen[str]:
    """The process. Its settings come with the errand; ours, with their secrets, stay here."""
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith("SANAD_")
    }
    environment["PYTHONPATH"] = os.pathsep.join(path or os.getcwd() for path in sys.path)
    return subprocess.Popen(
        list(command),
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8",
        env=environment, start_new_session=True,
    )  # fmt: skip


def _died(code: int | None) -> str:
    """How the child ended, for somebody who will look further."""
    if code is not None and code < 0:
        return f"signal {signal.Signals(-code).name}"
    return f"exit code {code}"


def _remember(data_dir: Path, job: Job) -> None:
    """Keep what a run told, for after a restart; a disk that is full keeps nothing."""
    scratch = data_dir / f".{LAST}"
    kept = {"trouble": job.trouble, "words": job.words, "report": job.report, "ended": job.ended}
    try:
        scratch.write_text(json.dumps({**kept, "sources": job.sources}), "utf-8")
        os.replace(scratch, data_dir / LAST)
    except OSError:
        scratch.unlink(missing_ok=True)


def _last(data_dir: Path) -> Job:
    try:
        said = json.loads((data_dir / LAST).read_text("utf-8"))
        return Job(**{**said, "sources": tuple(said["sources"])})
    except (OSError, ValueError, TypeError, KeyError):
        return Job()
