"""`sanad eval ...`: suites, runs, comparisons, reports, drafts, retrieval.

Exit codes: 0 passed, 1 below a pass mark, 2 broken: a mistake in a suite or a setting, or
questions that got no reply. Heavy imports happen inside the commands.
"""

from __future__ import annotations

import json
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rag.errors import ConfigurationError

if TYPE_CHECKING:
    from evals.suite import SuiteResult
    from evals.systems import System
    from rag.settings import Settings

BELOW, BROKEN = 1, 2

evaluation = typer.Typer(no_args_is_help=True, help="Measure retrieval and answers.")

DataDir = Annotated[
    Path | None, typer.Option("--data-dir", help="Folder of catalog and index [.sanad].")
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Out = Annotated[Path, typer.Option("--out", help="Folder of the runs.")]
RUNS = Path("runs")


@evaluation.command()
def retrieval(
    questions: Annotated[Path, typer.Argument(help="JSONL of questions with gold ids.")],
    corpus: Annotated[Path, typer.Option(help="JSONL of passages with ids.")],
    signals: Annotated[
        bool, typer.Option(help="Also each signal alone, all but each one, and peers.")
    ] = True,
    as_json: Json = False,
) -> None:
    """Measure retrieval on questions with gold passages (nDCG@10, R@k, MRR)."""
    from evals.retrieval import evaluate_files
    from rag.embed import load_embedder
    from rag.question.query import shipped_translator
    from ui.open import retrieval_settings

    settings = _settings(None)
    embedder = load_embedder(*settings.embedding())
    report = evaluate_files(
        questions,
        corpus,
        embedder,
        translator=shipped_translator(),
        settings=retrieval_settings(settings, embedder),
        signals=signals,
    )
    _print_json(report) if as_json else typer.echo(report["table"])


@evaluation.command("run")
def run_suite(
    suite: Annotated[Path, typer.Argument(help="YAML or JSONL suite.")],
    data_dir: DataDir = None,
    out: Out = RUNS,
    baseline: Annotated[str, typer.Option(help="Compare with a run: last, or its folder.")] = "",
    repeat: Annotated[int, typer.Option(min=1, max=100, help="Ask each case n times.")] = 1,
    model: Annotated[str, typer.Option(help="Language model, provider:model.")] = "",
    url: Annotated[str, typer.Option(help="Ask the HTTP API of this server instead.")] = "",
    peer: Annotated[str, typer.Option(help="Ask a peer system instead: vanilla.")] = "",
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Do not continue a run cut short.")
    ] = False,
) -> None:
    """Run an evaluation suite; exit 1 below a pass mark, 2 when questions got no reply."""
    from evals import runs
    from evals.cases import load_suite
    from evals.suite import NAMES, RunOptions, run
    from ui.progress import progress_bar

    name = load_suite(suite, NAMES).name
    before = runs.find_run(baseline, out) if baseline not in ("", "last") else None
    with ExitStack() as open_things:
        system = _system(_settings(data_dir, llm=model or None), url, peer, open_things)
        if baseline == "last":
            before = _last_run(name, system, out)
        show = open_things.enter_context(progress_bar(enabled=sys.stderr.isatty()))
        options = RunOptions(repeat, resume=not fresh)
        result = run(suite, system, out, lambda done, of: show("ask", done, of), options)
    typer.echo(result.table)
    if before is not None:
        from evals.compare import compare, text

        typer.echo(text(compare(before, runs.find_run(str(result.folder), out))))
    _leave(result)


@evaluation.command("judge")
def judge_run(
    run: Annotated[str, typer.Argument(help="Folder of a run.")],
    suite: Annotated[
        Path | None, typer.Option(help="Judge by this suite [the suite as it was].")
    ] = None,
    out: Out = RUNS,
) -> None:
    """Judge the replies of an old run anew, without asking anything."""
    from evals.runs import find_run
    from evals.suite import judge_folder

    result = judge_folder(suite, find_run(run, out))
    typer.echo(result.table)
    _leave(result)


@evaluation.command("compare")
def compare_runs(
    before: Annotated[str, typer.Argument(help="Folder of the run before.")],
    after: Annotated[str, typer.Argument(help="Folder of the run after.")],
    out: Out = RUNS,
    as_json: Json = False,
    as_markdown: Annotated[bool, typer.Option("--markdown", help="For a pull request.")] = False,
) -> None:
    """Compare two runs case by case: what no longer holds comes first."""
    from evals.compare import compare, markdown, text
    from evals.runs import find_run

    found = compare(find_run(before, out), find_run(after, out))
    if as_json:
        _print_json(found.as_dict())
    else:
        typer.echo(markdown(found) if as_markdown else text(found))


@evaluation.command("report")
def report_run(
    run: Annotated[str, typer.Argument(help="Folder of a run.")],
    out: Out = RUNS,
    to: Annotated[Path | None, typer.Option(help="HTML file [report.html in the run].")] = None,
) -> None:
    """Write a run as one HTML page that needs no network."""
    from evals.report import write_report
    from evals.runs import find_run
    from ui.room.files import ROOT

    tokens = (ROOT / "tokens.css").read_text("utf-8")
    typer.echo(str(write_report(find_run(run, out), tokens, to)))


@evaluation.command("new")
def new_cases(
    to: Annotated[Path, typer.Argument(help="Suite to write; JSONL or YAML. Must not exist.")],
    document: Annotated[
        str, typer.Option(help="Draft from a document of the collection, by its id.")
    ] = "",
    feedback: Annotated[
        Path | None, typer.Option(help="Draft from feedback: JSONL of what readers said.")
    ] = None,
    conversation: Annotated[
        Path | None, typer.Option(help="Draft from a conversation: a question a line.")
    ] = None,
    most: Annotated[int, typer.Option(min=1, max=500, help="At most so many cases.")] = 20,
    data_dir: DataDir = None,
) -> None:
    """Draft cases, marked "to review", from a document, feedback or a conversation."""
    from evals.drafts import Draft, from_conversation, from_document, from_feedback, write_drafts

    given = [name for name in (document, feedback, conversation) if name]
    if len(given) != 1:
        raise ConfigurationError(
            f"{len(given)} sources were given; name one of --document, --feedback, --conversation"
        )
    drafts: list[Draft]
    if feedback:
        drafts = from_feedback(feedback)[:most]
    else:
        from ui.open import open_assistant

        assistant = open_assistant(_settings(data_dir), chroma=False)
        if conversation:
            drafts = from_conversation(conversation, assistant)[:most]
        else:
            drafts = from_document(document, assistant.generation, most)
    write_drafts(to, drafts)
    typer.echo(f"{len(drafts)} drafts in {to}, marked 'to review'; see docs/evaluation.md")


def _last_run(suite: str, system: System, out: Path) -> Path | None:
    """The run to compare with, looked up before the new one is made."""
    from evals.runs import last_finished

    found = last_finished(out, suite, system.describe())
    if found is None:
        asked = f"no finished run of {suite} by {system.name} in {out}"
        typer.echo(f"{asked} to compare with", err=True)
    return found


def _system(settings: Settings, url: str, peer: str, open_things: ExitStack) -> System:
    """What is asked: a server, a peer over the same collection, or the library."""
    if url and peer:
        raise ConfigurationError("--url and --peer were given; one system is asked at a time")
    if url:
        return _server(settings, url, open_things)
    if peer:
        from evals.peer import open_peer
        from rag.index.generation import open_current

        generation = open_current(settings.data_dir)
        open_things.callback(generation.close)
        return open_things.enter_context(open_peer(peer, generation, settings.embedding_model))
    from evals.systems import LibrarySystem
    from ui.open import open_assistant

    chroma = settings.vector_search == "chroma"
    return LibrarySystem(open_assistant(settings, chroma=chroma))


def _server(settings: Settings, url: str, open_things: ExitStack) -> System:
    import httpx

    from evals.systems import HttpSystem
    from rag.index.generation import candidates, open_current

    if not url.startswith(("http://", "https://")):
        raise ConfigurationError(f"--url is {url!r}; it takes an http:// or https:// address")
    client = open_things.enter_context(httpx.Client())
    generation = open_current(settings.data_dir) if candidates(settings.data_dir) else None
    if generation:
        open_things.callback(generation.close)
    return HttpSystem(client, url, generation)


def _leave(result: SuiteResult) -> None:
    if result.errors:
        raise typer.Exit(BROKEN)
    if not result.passed:
        raise typer.Exit(BELOW)


def _settings(data_dir: Path | None, **overrides: Any) -> Settings:
    from rag.settings import load_settings

    return load_settings(data_dir=data_dir, **overrides)


def _print_json(value: object) -> None:
    typer.echo(json.dumps(value, ensure_ascii=False, indent=1))
