"""Puts a suite to a system, judges what came back, and writes the run folder (`evals.runs`).

Asking and judging are apart: `ask_all` fills the rows, `conclude` judges them, and
`judge_folder` judges the replies of an old run anew.
"""

from __future__ import annotations

import hashlib
import json
import platform
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from evals import runs
from evals.aggregate import Judged, aggregate
from evals.cases import Case, Suite, load_suite
from evals.exports import write_exports
from evals.judge import MEASURES, judge
from evals.observed import Observed
from evals.runs import Row
from evals.summary import table
from evals.systems import Asked, LibrarySystem, System
from rag.assistant import Assistant
from rag.errors import ConfigurationError, SanadError

VERSIONS = ("sanad", "numpy", "PyStemmer", "tokenizers", "chromadb", "langchain-core")
NAMES = frozenset(MEASURES)
# The code that makes a reply: rows that other code made do not belong into one run.
ANSWERING = (
    "rag", "ingest", "evals/systems.py", "evals/observed.py", "evals/peer.py",
    "evals/bench/vanilla.py",
)  # fmt: skip
JUDGING = ("rag", "evals/*.py")  # the code that makes figures of replies

Progress = Callable[[int, int], None]  # (done, of)


@dataclass(frozen=True, slots=True)
class RunOptions:
    """How a suite is asked."""

    repeat: int = 1
    resume: bool = True  # continue an interrupted run of the same suite and system


@dataclass(frozen=True, slots=True)
class SuiteResult:
    """Whether every pass mark was reached, the figures as text, and where the run lies."""

    passed: bool
    table: str
    folder: Path
    errors: int = 0  # questions that got no reply


def run(
    suite: Path,
    system: System | Assistant,
    out: Path,
    progress: Progress = lambda done, of: None,
    options: RunOptions | None = None,
) -> SuiteResult:
    """Ask every case, judge, write the run folder. Raises ConfigurationError for a suite
    with a mistake."""
    options = options or RunOptions()
    asked = LibrarySystem(system) if isinstance(system, Assistant) else system
    loaded = load_suite(suite, NAMES)
    check_documents(loaded, asked, suite)
    config = _config(suite, loaded, asked, options)
    folder = runs.unfinished(out, config["fingerprint"]) if options.resume else None
    folder = folder or runs.new_run(out, loaded.name, suite, config)
    with runs.writing(folder):
        ask_all(loaded, asked, folder, options.repeat, progress)
        return conclude(loaded, folder)


def ask_all(suite: Suite, system: System, folder: Path, repeat: int, progress: Progress) -> None:
    """Ask what the folder does not hold yet; a question that failed before is asked again."""
    kept = [row for row in _rows_so_far(folder) if row.reply.status != "error"]
    runs.rewrite_rows(folder, kept)
    done = {(row.id, row.attempt) for row in kept}
    todo = [
        (case, attempt)
        for attempt in range(1, repeat + 1)
        for case in asked_cases(suite)
        if (case.id, attempt) not in done
    ]
    total = len(done) + len(todo)
    for number, (case, attempt) in enumerate(todo, start=1):
        runs.append_row(folder, Row(case.id, attempt, observe(case, system)))
        progress(len(done) + number, total)


def asked_cases(suite: Suite) -> tuple[Case, ...]:
    """The cases that are run: drafts wait for a person. Raises ConfigurationError when all do."""
    cases = tuple(case for case in suite.cases if not case.review)
    if not cases:
        raise ConfigurationError(
            f"all {len(suite.cases)} cases of suite {suite.name} are marked 'to review'; read them "
            "and take the mark away from the good ones"
        )
    return cases


def observe(case: Case, system: System) -> Observed:
    """Ask one question and note what came back, a failure too."""
    try:
        return system.ask(Asked(case.question, case.language, case.history, case.filters or None))
    except ConfigurationError:
        raise
    except SanadError as error:
        return Observed.failed(str(error))


def judge_folder(suite: Path | None, folder: Path) -> SuiteResult:
    """Judge the replies of an old run by a suite as it is now (None: as it was); rewrites the
    verdicts and the figures, never the replies. Cases the run did not ask are left out."""
    return conclude(load_suite(suite or runs.suite_of(folder), NAMES), folder)


def judged(suite: Suite, rows: Sequence[Row]) -> list[Judged]:
    """The rows of cases that the suite has, with their verdicts, in the suite's order."""
    order = {case.id: number for number, case in enumerate(suite.cases)}
    known = [row for row in rows if row.id in order]
    known.sort(key=lambda row: (order[row.id], row.attempt))
    return [
        Judged(case, row.attempt, row.reply, judge(case, row.reply))
        for row in known
        for case in (suite.cases[order[row.id]],)
    ]


def conclude(suite: Suite, folder: Path) -> SuiteResult:
    """Judge the rows of a folder and write verdicts, figures and exports."""
    rows = judged(suite, runs.read_rows(folder))
    if not rows:
        raise ConfigurationError(f"run folder {folder} holds no reply to a case of {suite.name}")
    values = {**aggregate(suite, rows), "judged_by_sha256": code_digest(*JUDGING)}
    (folder / runs.VERDICTS).write_text("".join(map(_verdict_line, rows)), "utf-8")
    runs.write_json(folder / runs.AGGREGATES, values)
    write_exports(folder, suite, values, rows)
    return SuiteResult(
        bool(values["passed"]), table(values, rows, folder), folder, int(values["errors"])
    )


def _verdict_line(row: Judged) -> str:
    values = {
        "id": row.case.id,
        "attempt": row.attempt,
        "language": row.case.language,
        "type": row.case.kind,
        "tags": row.case.tags,
        "question": row.case.question,
        "expect": row.case.expect,
        "verdict": row.verdict.values,
        "reasons": row.verdict.reasons,
    }
    return json.dumps(values, ensure_ascii=False) + "\n"


def _rows_so_far(folder: Path) -> list[Row]:
    return runs.read_rows(folder) if (folder / runs.ROWS).is_file() else []


def check_documents(suite: Suite, system: System, path: Path) -> None:
    """A gold document that the collection does not hold is a mistake in the suite at `path`:
    raises ConfigurationError."""
    for case in suite.cases:
        for gold in case.gold:
            if not case.review and system.holds(gold.document) is False:
                raise ConfigurationError(
                    f"{path}: case {case.id!r}, field 'gold.document': {gold.document!r} is not in "
                    "the collection; name a document id, or ingest it first"
                )


def _config(suite: Path, loaded: Suite, system: System, options: RunOptions) -> dict[str, Any]:
    same = {
        "suite": loaded.name,
        "suite_sha256": hashlib.sha256(suite.read_bytes()).hexdigest(),
        "repeat": options.repeat,
        "system": system.describe(),
        "versions": {"python": platform.python_version(), **dict(_versions())},
        "code_sha256": code_digest(*ANSWERING),
    }
    return {
        **same,
        "commit": commit(),
        "fingerprint": _fingerprint(same),
        "started": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "machine": {"platform": platform.platform(), "processor": platform.machine()},
    }


def _fingerprint(values: Mapping[str, Any]) -> str:
    """The same for runs whose rows may stand together."""
    return hashlib.sha256(json.dumps(values, sort_keys=True, default=str).encode()).hexdigest()


@lru_cache
def code_digest(*places: str) -> str:
    """The digest of folders and files of this source tree, models included."""
    digest = hashlib.sha256()
    source = Path(__file__).parents[1]
    found = {path for place in places for path in source.glob(place)}
    found |= {path for folder in found for path in folder.rglob("*")}
    for path in sorted(found):
        if path.is_file() and "__pycache__" not in path.parts:
            digest.update(path.relative_to(source).as_posix().encode() + b"\0")
            digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def commit() -> str:
    """The commit of the source tree, "+" behind it when files differ; empty outside one."""
    source = Path(__file__).parent
    answers = []
    for arguments in (("rev-parse", "--short=12", "HEAD"), ("status", "--porcelain", "-uno")):
        try:
            done = subprocess.run(
                ("git", *arguments), cwd=source, capture_output=True, text=True, timeout=20
            )
        except (OSError, subprocess.TimeoutExpired):
            return ""
        if done.returncode:
            return ""
        answers.append(done.stdout.strip())
    return answers[0] + ("+" if answers[1] else "")


def _versions() -> Iterator[tuple[str, str]]:
    for name in VERSIONS:
        try:
            yield name, version(name)
        except PackageNotFoundError:
            yield name, "not installed"
