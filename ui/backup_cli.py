"""`sanad backup` and `sanad restore`. Wired into `ui.cli`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Archive = Annotated[Path, typer.Argument(help="The archive, a .tar file.")]


def backup(
    archive: Archive,
    data_dir: Annotated[
        Path | None, typer.Option("--data-dir", help="Folder of catalog and index [.sanad].")
    ] = None,
) -> None:
    """Copy catalog and active index into one archive; works while others read and write."""
    from ingest.backup import backup as run
    from rag.settings import load_settings

    _say("backed up", run(load_settings(data_dir=data_dir).data_dir, archive))


def restore(
    archive: Archive,
    data_dir: Annotated[
        Path, typer.Option("--data-dir", help="Folder to make; it must not exist yet.")
    ],
) -> None:
    """Unpack an archive into a new data folder, when all of it is as it was backed up."""
    from ingest.backup import restore as run

    done = run(archive, data_dir)
    _say("restored", done)
    typer.echo(f"  serve it with: sanad serve --data-dir {data_dir}")


def _say(verb: str, done: object) -> None:
    from ingest.backup import Backup

    assert isinstance(done, Backup)
    typer.echo(
        f"{verb} generation {done.generation}: {done.documents} documents, {done.passages} "
        f"passages, {done.files} files, {done.bytes / 1e6:.1f} MB, in {done.path}"
    )
