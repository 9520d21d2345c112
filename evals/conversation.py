"""Measures follow-up questions: does what is searched say what the reader meant?

    python -m evals.conversation [--data-dir DIR] [--suite FILE] [--json]

For each conversation of a suite (`evals.cases`): whether the standalone question holds what it
must and nothing it must not (*standalone*), whether a question that was complete stayed as typed
(*unchanged*), and whether a gold document is among the first five found (*found*) and its
reciprocal rank (*rr*), beside two peers in the same run: the follow-up alone (*typed*) and the
last question with the follow-up put after it (*both*); *c_* are the same of the complete
questions. Figures of the held-out part are given as sums only; of the others each failure is
listed.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from evals.cases import Case, Suite, load_suite
from evals.judge import standalone_problem
from evals.suite import NAMES, check_documents
from evals.systems import LibrarySystem
from rag.assistant import Assistant
from rag.errors import ConfigurationError, SanadError
from rag.question.conversation import Standalone, standalone
from rag.settings import load_settings
from rag.types import Turn

SUITE = Path(__file__).parent / "suites" / "conversations.yaml"
SPLITS = ("dev", "held-out", "hard")
FIRST = 5  # documents that are looked at
DEEP = 60  # passages searched to find that many


@dataclass(frozen=True, slots=True)
class Outcome:
    """One conversation: what was searched and what that found."""

    id: str
    split: str
    language: str
    complete: bool  # the last turn stands by itself
    question: str
    rule: str
    right: bool
    why_not: str
    rank: int  # of the first gold document, from 1; 0: not among those found
    rank_typed: int
    rank_both: int
    milliseconds: float


def load(path: Path) -> Suite:
    """A suite of conversations. Raises ConfigurationError, also for a case that lacks what is
    measured here: earlier turns, gold, a standalone form and one of `SPLITS` among its tags."""
    suite = load_suite(path, NAMES)
    for case in suite.cases:
        lacking = [name for name in ("history", "gold", "standalone") if not getattr(case, name)]
        if lacking or len(_splits(case)) != 1:
            named = ", ".join(lacking or [f"one tag of {', '.join(SPLITS)}"])
            raise ConfigurationError(f"{path}: conversation {case.id!r} lacks {named}")
    return suite


def _splits(case: Case) -> list[str]:
    return [tag for tag in case.tags if tag in SPLITS]


def judge(case: Case, made: Standalone) -> str:
    """Why a standalone question is not right; empty when it is."""
    assert case.standalone is not None
    problem = standalone_problem(case.standalone, case.question, made.question)
    allowed = case.allowed_languages or (case.language,)
    if problem or case.standalone.unchanged or made.language in allowed:
        return problem
    language = made.language or "the language of the question"
    return f"replies in {language}, not {' or '.join(allowed)}"


def run(cases: Sequence[Case], assistant: Assistant) -> list[Outcome]:
    """Every conversation, with the three searches."""
    outcomes = []
    for case in cases:
        before, last = case.history, case.question
        history = [Turn(question) for question in before]
        started = time.perf_counter()
        made = standalone(last, history, assistant.generation, assistant.glossary.current())
        elapsed = 1000 * (time.perf_counter() - started)
        why_not = judge(case, made)
        rank = _ranker(case, assistant)
        outcomes.append(
            Outcome(
                case.id, _splits(case)[0], case.language, _complete(case), made.question, made.rule,
                not why_not, why_not, rank(made.question), rank(last),
                rank(f"{before[-1]} {last}"), round(elapsed, 3),
            )
        )  # fmt: skip
    return outcomes


def _complete(case: Case) -> bool:
    return case.standalone is not None and case.standalone.unchanged


def _ranker(case: Case, assistant: Assistant) -> Callable[[str], int]:
    gold = {one.document for one in case.gold}

    def rank(question: str) -> int:
        hits = assistant.search(question, DEEP)
        documents = list(dict.fromkeys(hit.passage.document_id for hit in hits))
        return next((n for n, one in enumerate(documents, 1) if one in gold), 0)

    return rank


def summary(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """Shares by split, and by language within it."""
    values: dict[str, Any] = {}
    for split in SPLITS:
        rows = [row for row in outcomes if row.split == split]
        parts = {"all": rows}
        for language in sorted({row.language for row in rows}):
            parts[language] = [row for row in rows if row.language == language]
        values[split] = {name: _shares(part) for name, part in parts.items()}
    times = sorted(row.milliseconds for row in outcomes)
    if times:
        values["milliseconds"] = {"median": times[len(times) // 2], "longest": times[-1]}
    return values


def _shares(rows: Sequence[Outcome]) -> dict[str, float]:
    def share(values: Sequence[bool]) -> float:
        return round(sum(values) / len(values), 4) if values else 0.0

    def found(ranks: Sequence[int]) -> float:
        return share([0 < rank <= FIRST for rank in ranks])

    def reciprocal(ranks: Sequence[int]) -> float:
        return round(sum(1 / rank for rank in ranks if rank) / len(ranks), 4) if ranks else 0.0

    open_, complete = [r for r in rows if not r.complete], [r for r in rows if r.complete]
    values: dict[str, float] = {
        "follow_ups": len(open_),
        "complete": len(complete),
        "standalone": share([r.right for r in open_]),
        "unchanged": share([r.right for r in complete]),
    }
    for name, part in (("found", open_), ("c_found", complete)):
        for peer, ranks in (
            ("", [r.rank for r in part]),
            ("_typed", [r.rank_typed for r in part]),
            ("_both", [r.rank_both for r in part]),
        ):
            values[f"{name}{peer}"] = found(ranks)
            values[f"{name.replace('found', 'rr')}{peer}"] = reciprocal(ranks)
    return values


def table(values: dict[str, Any], outcomes: Sequence[Outcome]) -> str:
    """The figures, and each failed conversation that is not held out."""
    names = ("standalone", "unchanged", "found", "found_typed", "found_both", "rr", "rr_typed",
             "rr_both", "c_found", "c_found_both", "c_rr", "c_rr_both")  # fmt: skip
    lines = [f"{'':14}{'n':>6}" + "".join(f"{name:>13}" for name in names)]
    for split in SPLITS:
        for part, shares in values[split].items():
            n = f"{shares['follow_ups']:.0f}+{shares['complete']:.0f}"
            cells = "".join(f"{100 * shares[name]:>13.1f}" for name in names)
            lines.append(f"{split + ' ' + part:14}{n:>6}{cells}")
    times = values.get("milliseconds", {})
    lines.append(
        f"median {times.get('median', 0):.2f} ms, longest {times.get('longest', 0):.2f} ms"
    )
    failed = [row for row in outcomes if row.split != "held-out" and not row.right]
    lines += [f"failed {row.id}: {row.why_not}" for row in failed]
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the suite; 1 for a mistake in the settings or the suite."""
    parser = argparse.ArgumentParser(prog="python -m evals.conversation")
    parser.add_argument("--data-dir", type=Path, help="data folder with docs_corpus ingested")
    parser.add_argument("--suite", type=Path, default=SUITE)
    parser.add_argument("--json", action="store_true", help="figures and every row as JSON")
    given = parser.parse_args(arguments)
    try:
        suite, assistant = load(given.suite), _assistant(given.data_dir)
        check_documents(suite, LibrarySystem(assistant), given.suite)
        outcomes = run(suite.cases, assistant)
    except SanadError as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 1
    values = summary(outcomes)
    rows = [asdict(row) for row in outcomes]
    report = (
        json.dumps({**values, "rows": rows}, ensure_ascii=False, indent=1)
        if given.json
        else table(values, outcomes)
    )
    print(report)  # noqa: T201
    return 0


def _assistant(data_dir: Path | None) -> Assistant:
    from rag.embed import load_embedder
    from rag.index.generation import open_current
    from rag.question.glossary import GlossaryFile
    from rag.question.query import shipped_translator

    settings = load_settings(data_dir=data_dir)
    generation = open_current(settings.data_dir)
    beside = Path(generation.manifest.glossary) if generation.manifest.glossary else None
    embedder = load_embedder(settings.embedding_model)
    glossary = GlossaryFile(settings.glossary or beside)
    return Assistant(generation, embedder, None, shipped_translator(), glossary)


if __name__ == "__main__":
    raise SystemExit(main())
