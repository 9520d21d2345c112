"""The command line. Commands are wired here; what they do lives in the library.

Exit codes: 0 done, 1 an evaluation below its pass marks, 2 usage or configuration,
65 some documents failed, 75 locked. Heavy imports happen inside the commands.
"""

from __future__ import annotations

import codecs
import errno
import io
import json
import os
import sys
import unicodedata
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from rag.errors import ConfigurationError, LockedError, SanadError, ShrinkError
from ui import backup_cli, publish_cli, site_cli, switch_cli, watch_cli
from ui.eval_cli import evaluation

if TYPE_CHECKING:
    from ingest.walk import IngestReport
    from rag.assistant import Assistant
    from rag.settings import Settings

UNHARMED = "make room and run the command again; the index that was active serves on"
OPENED = "mend its permissions, or run as its owner"
MENDED = "mend it and run the command again; the index that was active serves on"
FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
FAILING = frozenset({errno.EIO, errno.EROFS, errno.EACCES, errno.EPERM, errno.EMFILE, errno.ENFILE})
SOME_FAILED = 65
LOCKED = 75

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Answers from a collection of reports and briefs, every sentence traced to its source.",
)
app.add_typer(evaluation, name="eval")
app.add_typer(site_cli.sites, name="site")
app.add_typer(switch_cli.questions, name="questions")
app.command()(switch_cli.switch)
app.command()(watch_cli.watch)
app.command()(watch_cli.runs)
app.command()(backup_cli.backup)
app.command()(backup_cli.restore)
app.command()(publish_cli.publish)

DataDir = Annotated[
    Path | None, typer.Option("--data-dir", help="Folder of catalog and index [.sanad].")
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Filter = Annotated[
    list[str] | None,
    typer.Option("--filter", help="key=value; repeat a key for any of its values."),
]
Batch = Annotated[
    Path | None,
    typer.Option("--batch", help='JSONL file, one {"id", "question"} a line; JSONL out.'),
]


def _as_far_as_it_goes(error: UnicodeError) -> tuple[str, int]:
    """What a terminal of another encoding shows of characters it has not: nothing for those that
    only turn the text around them, a question mark for others."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    lost = error.object[error.start : error.end]
    return "".join("" if unicodedata.category(c) == "Cf" else "?" for c in lost), error.end


def main() -> NoReturn:
    """Entry point: every SanadError is one sentence and an exit code."""
    codecs.register_error("sanad", _as_far_as_it_goes)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="sanad")
    try:
        app()
    except LockedError as error:
        _fail(error, LOCKED)
    except SanadError as error:
        _fail(error, 2)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(0)
    except OSError as error:
        if error.errno in FULL:
            _fail(ConfigurationError(f"no space left on the disk ({error}); {UNHARMED}"), 2)
        if isinstance(error, PermissionError) and error.filename:
            _fail(
                ConfigurationError(f"{error.filename} is closed to us: {error.strerror}; {OPENED}"),
                2,
            )
        if error.errno not in FAILING:
            raise
        _fail(
            ConfigurationError(f"the disk does not do what is asked of it ({error}); {MENDED}"), 2
        )
    sys.exit(0)


def _fail(error: SanadError, code: int) -> NoReturn:
    typer.echo(f"sanad: {error}", err=True)
    sys.exit(code)


@app.command()
def ingest(
    sources: Annotated[
        list[str] | None,
        typer.Argument(
            help="Folders, files, pages, sites (https://host/), URL lists; none: all known."
        ),
    ] = None,
    data_dir: DataDir = None,
    dry_run: Annotated[bool, typer.Option(help="Say what would change, change nothing.")] = False,
    allow_shrink: Annotated[
        bool, typer.Option(help="Allow a run that withdraws more than 20 % of the collection.")
    ] = False,
    engine: Annotated[
        str | None, typer.Option(help="What reads and embeds: local or ray [local].")
    ] = None,
    as_json: Json = False,
) -> None:
    """Bring the collection up to date with files, folders and pages."""
    from ingest.engine import checked_engine

    chosen = checked_engine(engine) if engine is not None else None
    settings = _settings(data_dir, ingest_engine=chosen)
    report = _ingest(
        settings, sources or [], progress=not as_json, dry_run=dry_run, allow_shrink=allow_shrink
    )
    if as_json:
        _print_json(report.as_dict())
    else:
        _print_report(report)
    if report.failed:
        raise typer.Exit(SOME_FAILED)


@app.command()
def ask(
    question: Annotated[str, typer.Argument(help="The question, in any language.")] = "",
    data_dir: DataDir = None,
    filters: Filter = None,
    after: Annotated[
        list[str] | None,
        typer.Option("--after", help="A question asked before, for a follow-up; repeatable."),
    ] = None,
    batch: Batch = None,
    as_json: Json = False,
) -> None:
    """Answer a question with citations, or say that the documents do not."""
    from rag.types import Turn
    from rag.wording import reply_text, say
    from ui.render import reply_json

    settings = _settings(data_dir)
    chosen = parse_filters(filters or [])
    assistant = _assistant(settings)
    limit = settings.question_characters
    history = [Turn(earlier) for earlier in after or []]
    for identity, text in _questions(question, batch):
        finished = assistant.answer(text, chosen, history)
        body = reply_json(finished, assistant.generation, limit=limit)
        if batch:
            _print_json({"id": identity, **body}, indent=None)
        elif as_json:
            _print_json(body)
        else:
            reply = finished.reply
            if reply.searched:
                typer.echo(f"{say(reply.language, 'chat.searched')} {printable(reply.searched)}\n")
            typer.echo(reply_text(reply, limit=limit))
            _print_sources(body["citations"], finished.reply.language)


@app.command()
def search(
    question: Annotated[str, typer.Argument(help="The question, in any language.")] = "",
    k: Annotated[int, typer.Option("-k", min=1, max=1000, help="How many passages.")] = 10,
    data_dir: DataDir = None,
    filters: Filter = None,
    batch: Batch = None,
    as_json: Json = False,
) -> None:
    """List the passages that come closest to a question."""
    from ui.render import hits_json

    settings = _settings(data_dir)
    chosen = parse_filters(filters or [])
    assistant = _assistant(settings)
    for identity, text in _questions(question, batch):
        hits = hits_json(assistant.search(text, k, chosen), assistant.generation)
        if batch:
            _print_json({"id": identity, "hits": hits}, indent=None)
        elif as_json:
            _print_json({"hits": hits})
        else:
            for hit in hits:
                place = f"{printable(hit['document_id'])} p. {hit['page']}"
                typer.echo(f"{hit['rank']:>3}. {place} ({hit['language']})\n     {hit['text']}\n")


@app.command()
def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on [127.0.0.1].")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on [7860].")] = None,
    first: Annotated[
        str | None, typer.Option("--ingest", help="Ingest this first when there is no index yet.")
    ] = None,
    data_dir: DataDir = None,
) -> None:
    """Serve the chat, the widget and the API."""
    # Products of an answer are small: BLAS threads only wait for each other (docs/load.md).
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    from ui.server import serve as run

    settings = _settings(data_dir, host=host, port=port)
    if first is not None and not _has_index(settings):
        _print_report(_ingest(settings, [first], progress=True))
    run(settings)


@app.command()
def doctor(
    data_dir: DataDir = None,
    rebuild: Annotated[bool, typer.Option(help="Build the index anew from the catalog.")] = False,
    as_json: Json = False,
) -> None:
    """Say what is configured, installed, locked, indexed and healthy, and what to do."""
    from ui.doctor import examine

    settings = _settings(data_dir)
    if rebuild:
        from ingest.build import rebuild as run

        typer.echo(f"rebuilt generation {run(settings.data_dir, settings.server())}", err=as_json)
    findings = examine(settings)
    if as_json:
        _print_json({"findings": [finding.as_dict() for finding in findings]})
    else:
        for finding in findings:
            typer.echo(printable(finding.as_line()))
    if any(finding.state == "broken" for finding in findings):
        raise typer.Exit(2)


def _ingest(
    settings: Settings, sources: list[str], *, progress: bool, **flags: bool
) -> IngestReport:
    from ingest.ocr import tesseract
    from ingest.sandbox import Limits
    from ingest.tables import docling
    from ingest.walk import Options
    from ingest.walk import ingest as run
    from ingest.web.options import web_options
    from ui.progress import progress_bar

    limits = Limits(wall_s=settings.read_seconds, memory_mb=settings.read_memory_mb)
    options = Options(
        limits=limits, web=web_options(settings.fetching()), engine=settings.ingest_engine,
        ray_address=settings.ray_address, embedding=settings.embedding(),
        server=settings.server(),
        ocr=tesseract(settings.ocr_languages) if settings.ocr == "auto" else None,
        tables=docling(settings.tables_models) if settings.tables == "docling" else None,
        **flags,
    )  # fmt: skip
    with progress_bar(enabled=progress) as show:
        return run(sources, settings.data_dir, _embedder(settings), options, show)


def ingest_known(settings: Settings) -> str:
    """Ingest everything known once; what changed, in one line."""
    from ingest.history import record

    try:
        return report_line(_ingest(settings, [], progress=False))
    except ShrinkError as error:
        record(settings.data_dir, [], error=str(error))
        raise


def _has_index(settings: Settings) -> bool:
    from rag.index.generation import candidates

    return bool(candidates(settings.data_dir))


def parse_filters(pairs: list[str]) -> dict[str, list[str]]:
    """["country=KE", "year=2024"] to {"country": ["KE"], "year": ["2024"]}."""
    filters: dict[str, list[str]] = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not equals or not key.strip() or not value.strip():
            raise ConfigurationError(f"filter {pair!r} is not key=value, e.g. country=KE")
        filters.setdefault(key.strip(), []).append(value.strip())
    return filters


def _settings(data_dir: Path | None, **overrides: Any) -> Settings:
    from rag.settings import load_settings

    return load_settings(data_dir=data_dir, **overrides)


def _embedder(settings: Settings) -> Any:
    from rag.embed import load_embedder

    return load_embedder(*settings.embedding())


def _assistant(settings: Settings) -> Assistant:
    """The assistant of a one-shot command: exact scan unless Chroma is asked for."""
    from ui.open import open_assistant

    return open_assistant(settings, chroma=settings.vector_search == "chroma")


def _questions(question: str, batch: Path | None) -> list[tuple[str, str]]:
    """(id, question) pairs of the argument or of a batch file, all checked before the first
    is asked."""
    if batch is None:
        if not question.strip():
            raise ConfigurationError("no question given; write it in quotes, or use --batch FILE")
        return [("", question)]
    if question:
        raise ConfigurationError("a question and --batch were given; use one of them")
    try:
        lines = batch.read_text("utf-8").split("\n")
    except OSError as error:
        raise ConfigurationError(f"batch file {batch} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"batch file {batch} is not UTF-8: {error.reason}") from error
    return [
        _batch_line(line, f"{batch} line {number}")
        for number, line in enumerate(lines, start=1)
        if line.strip()
    ]


def _batch_line(line: str, place: str) -> tuple[str, str]:
    try:
        record = json.loads(line)
        identity, question = record["id"], record["question"]
    except (ValueError, KeyError, TypeError, RecursionError):
        identity, question = None, None
    if not isinstance(identity, str | int) or not isinstance(question, str):
        raise ConfigurationError(
            f'{place} is not {{"id": ..., "question": ...}}: {printable(line[:80])!r}'
        )
    return str(identity), question


def printable(text: str) -> str:
    """A name or text from outside, safe for a terminal: one line, no control characters."""
    kept = (" " if unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp") else c for c in text)
    return " ".join("".join(kept).split())


def _print_json(value: object, indent: int | None = 1) -> None:
    typer.echo(json.dumps(value, ensure_ascii=False, indent=indent))


def _print_sources(citations: list[dict[str, Any]], language: str) -> None:
    from rag.wording import say

    if citations:
        typer.echo(f"\n{say(language, 'answer.sources')}")
    for citation in citations:
        page = say(language, "answer.page", page=citation["page"])
        parts = (citation["document_id"], page, citation["heading"])
        place = ", ".join(printable(part) for part in parts if part)
        typer.echo(f"  [{citation['n']}] {citation['title']} ({place})")


def report_line(report: IngestReport) -> str:
    """What a run did, in one line."""
    verb = "would be " if report.dry_run else ""
    missing = f"{len(report.missing)} missing for the first time, " if report.missing else ""
    return (
        f"{len(report.created)} {verb}created, {len(report.updated)} {verb}updated, "
        f"{len(report.deleted)} {verb}deleted, {len(report.skipped)} unchanged, {missing}"
        f"{len(report.failed)} failed, {len(report.ignored)} ignored; "
        f"{report.embedded} passages embedded in {report.seconds:.1f} s"
    )


def _print_report(report: IngestReport) -> None:
    typer.echo(report_line(report))
    for name in report.ignored:
        typer.echo(f"  ignored {printable(name)}: not a kind of file that is read")
    for document_id, reason in report.missing:
        typer.echo(f"  missing {printable(document_id)}: {printable(reason)}")
    for document_id, reason in report.failed:
        typer.echo(f"  failed {printable(document_id)}: {printable(reason)}")


if __name__ == "__main__":
    main()
