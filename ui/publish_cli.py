"""`sanad publish`. Wired into `ui.cli`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from rag.errors import SanadError


def publish(
    targets: Annotated[
        list[Path], typer.Argument(help="Folders that servers on other machines read.")
    ],
    data_dir: Annotated[
        Path | None, typer.Option("--data-dir", help="Folder of catalog and index [.sanad].")
    ] = None,
) -> None:
    """Copy the active index to folders that servers only read, and switch each of them."""
    from ingest.publish import publish as run
    from rag.settings import load_settings

    folder = load_settings(data_dir=data_dir).data_dir
    failed: SanadError | None = None
    for target in targets:
        try:
            done = run(folder, target)
        except SanadError as error:  # the others get theirs
            typer.echo(f"not published to {target}: {error}", err=True)
            failed = failed or error
            continue
        how = "published" if done.copied else "was there already:"
        typer.echo(f"{how} generation {done.generation}: {done.passages} passages, in {target}")
    if failed is not None:
        raise failed
