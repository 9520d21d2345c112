"""Runs a suite against an assistant and writes a run folder.

    <out>/<time>-<suite>/config.json       settings, versions, generation, model, suite digest
    <out>/<time>-<suite>/cases.jsonl       one row a case: the reply as seen, the verdict
    <out>/<time>-<suite>/aggregates.json   means, by language too, and the pass marks

Asking and judging are apart: `judge_folder` judges the replies of an old run anew.
"""

from __future__ import annotations

import hashlib
import json
import platform
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from evals.cases import Case, Suite, load_suite
from evals.judge import MEASURES, Citation, Observed, Verdict, judge
from rag.assistant import Assistant
from rag.errors import ConfigurationError
from rag.types import Answer, Declined, Finished, Retrieved

VERSIONS = ("sanad", "numpy", "PyStemmer", "tokenizers", "chromadb")

Row = tuple[Case, Observed, Verdict]
Progress = Callable[[int, int], None]  # (done, of)


@dataclass(frozen=True, slots=True)
class SuiteResult:
    """Whether every pass mark was reached, the figures as text, and where the run lies."""

    passed: bool
    table: str
    folder: Path


def run(
    suite: Path,
    assistant: Assistant,
    out: Path,
    progress: Progress = lambda done, of: None,
) -> SuiteResult:
    """Ask every case, judge, write the run folder. Raises ConfigurationError for a suite
    with a mistake."""
    loaded = load_suite(suite, frozenset(MEASURES))
    _check_documents(loaded, assistant, suite)
    folder = _run_folder(out, loaded.name)
    _write_json(folder / "config.json", _config(suite, assistant))
    seen: list[tuple[Case, Observed]] = []
    with (folder / "cases.jsonl").open("w", encoding="utf-8") as file:
        for done, case in enumerate(loaded.cases, start=1):
            observed = observe(case, assistant)
            verdict = judge(case, observed)
            file.write(_row_json(case, observed, verdict))
            seen.append((case, observed))
            progress(done, len(loaded.cases))
    return _conclude(loaded, seen, folder)


def judge_folder(suite: Path, folder: Path) -> SuiteResult:
    """Judge the replies of an old run by the suite as it is now; rewrites the folder's
    rows and aggregates. Cases the run did not ask are left out."""
    loaded = load_suite(suite, frozenset(MEASURES))
    lines = (folder / "cases.jsonl").read_text("utf-8").splitlines()
    replies = {row["id"]: Observed.from_dict(row["reply"]) for row in map(json.loads, lines)}
    seen = [(case, replies[case.id]) for case in loaded.cases if case.id in replies]
    rows = (_row_json(case, observed, judge(case, observed)) for case, observed in seen)
    (folder / "cases.jsonl").write_text("".join(rows), "utf-8")
    return _conclude(loaded, seen, folder)


def observe(case: Case, assistant: Assistant) -> Observed:
    """Ask one question and note what came back."""
    documents: dict[str, None] = {}
    for event in assistant.ask(case.question):
        if isinstance(event, Retrieved):
            documents = dict.fromkeys(hit.passage.document_id for hit in event.hits)
        elif isinstance(event, Finished):
            return _observed(event, tuple(documents), assistant)
    raise AssertionError("ask always ends with Finished")


def _observed(finished: Finished, documents: tuple[str, ...], assistant: Assistant) -> Observed:
    reply = finished.reply
    match reply:
        case Declined():
            return Observed(
                status="declined",
                language=reply.language,
                text="",
                reason=reply.reason,
                retrieved=documents,
                timings_ms=finished.timings_ms,
            )
        case Answer():
            return Observed(
                status=reply.status,
                language=reply.language,
                text="\n".join(sentence.text for sentence in reply.sentences),
                citations=tuple(_citations(reply, assistant)),
                retrieved=documents,
                timings_ms=finished.timings_ms,
                layout=reply.layout.kind,
                labels=tuple(row.label for row in reply.layout.rows),
            )


def _citations(reply: Answer, assistant: Assistant) -> Iterator[Citation]:
    for item in reply.evidence:
        quote = item.quote
        page = assistant.generation.store.page_of(quote.document_id, quote.page)
        holds = page.text[quote.start : quote.end] == quote.text  # not by the code under test
        yield Citation(quote.document_id, quote.page, quote.start, quote.end, quote.text, holds)


def _check_documents(suite: Suite, assistant: Assistant, path: Path) -> None:
    """A gold document that the collection does not hold is a mistake in the suite."""
    store = assistant.generation.store
    for case in suite.cases:
        for gold in case.gold:
            if store.find_document(gold.document) is None:
                raise ConfigurationError(
                    f"{path}: case {case.id!r}, field 'gold.document': {gold.document!r} is not in "
                    "the collection; name a document id, or ingest it first"
                )


def _conclude(suite: Suite, seen: Sequence[tuple[Case, Observed]], folder: Path) -> SuiteResult:
    rows: list[Row] = [(case, observed, judge(case, observed)) for case, observed in seen]
    means = aggregate(rows)
    marks = {
        name: {"mark": mark, "reached": means.get(name, 0.0) >= mark}
        for name, mark in suite.pass_marks.items()
    }
    languages = sorted({case.language for case, _, _ in rows})
    by_language = {
        language: aggregate([row for row in rows if row[0].language == language])
        for language in languages
    }
    latency = sorted(float(observed.timings_ms.get("total", 0.0)) for _, observed, _ in rows)
    values = {
        "suite": suite.name,
        "cases": len(rows),
        "passed": all(entry["reached"] for entry in marks.values()),
        "measures": means,
        "pass_marks": marks,
        "by_language": by_language,
        "median_ms": latency[len(latency) // 2] if latency else 0.0,
    }
    _write_json(folder / "aggregates.json", values)
    return SuiteResult(bool(values["passed"]), table(values, rows, folder), folder)


def aggregate(rows: Iterable[Row]) -> dict[str, float]:
    """Mean of each measure over the cases it applies to; one that applies to none is left
    out (and misses its pass mark)."""
    values: dict[str, list[float]] = {}
    for _, _, verdict in rows:
        for name, value in verdict.values.items():
            if value is not None:
                values.setdefault(name, []).append(value)
    return {name: round(sum(found) / len(found), 4) for name, found in values.items()}


def table(values: Mapping[str, Any], rows: Sequence[Row], folder: Path) -> str:
    """Figures, pass marks, and every case that failed with the reason."""
    languages = list(values["by_language"])
    lines = [
        f"{values['suite']}: {values['cases']} cases, median {values['median_ms']:.1f} ms",
        f"{'':18}{'all':>7}{'mark':>7}" + "".join(f"{code:>7}" for code in languages),
    ]
    for name in MEASURES:
        mark = values["pass_marks"].get(name)
        cells = [_percent(values["measures"].get(name)), _percent(mark["mark"] if mark else None)]
        cells += [_percent(values["by_language"][code].get(name)) for code in languages]
        below = "" if not mark or mark["reached"] else "  below its mark"
        lines.append(f"{name:18}" + "".join(f"{cell:>7}" for cell in cells) + below)
    failed = [(case, verdict) for case, _, verdict in rows if not verdict.passed]
    lines += [f"failed {case.id}: {'; '.join(verdict.reasons)}" for case, verdict in failed]
    verdict = "passed" if values["passed"] else "below a pass mark"
    return "\n".join([*lines, f"{verdict}; run folder {folder}"])


def _percent(value: float | None) -> str:
    return "" if value is None else f"{100 * value:.1f}"


def _config(suite: Path, assistant: Assistant) -> dict[str, Any]:
    manifest = assistant.generation.manifest
    return {
        "suite": str(suite),
        "suite_sha256": hashlib.sha256(suite.read_bytes()).hexdigest(),
        "started": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "settings": asdict(assistant.settings),
        "generation": {
            "name": manifest.name,
            "model": manifest.model,
            "documents": manifest.documents,
            "passages": manifest.passages,
            "languages": manifest.languages,
        },
        "vector_search": getattr(assistant.generation.dense, "name", "none"),
        "versions": {"python": platform.python_version(), **dict(_versions())},
    }


def _versions() -> Iterator[tuple[str, str]]:
    for name in VERSIONS:
        try:
            yield name, version(name)
        except PackageNotFoundError:
            yield name, "not installed"


def _run_folder(out: Path, name: str) -> Path:
    stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    for attempt in range(1, 1000):
        folder = out / (f"{stamp}-{name}" if attempt == 1 else f"{stamp}-{name}-{attempt}")
        try:
            folder.mkdir(parents=True)
        except FileExistsError:
            continue
        except OSError as error:
            raise ConfigurationError(
                f"run folder {folder} cannot be made: {error.strerror}"
            ) from error
        return folder
    raise ConfigurationError(f"{out} holds too many runs of this second; try again")


def _row_json(case: Case, observed: Observed, verdict: Verdict) -> str:
    row = {
        "id": case.id,
        "language": case.language,
        "tags": case.tags,
        "question": case.question,
        "expect": case.expect,
        "verdict": verdict.values,
        "reasons": verdict.reasons,
        "reply": observed.as_dict(),
    }
    return json.dumps(row, ensure_ascii=False) + "\n"


def _write_json(path: Path, values: Mapping[str, Any]) -> None:
    path.write_text(json.dumps(values, ensure_ascii=False, indent=1) + "\n", "utf-8")
