"""Commands for a running server: switches, and the log of questions. Wired into `ui.cli`."""

from __future__ import annotations

import datetime
import re
from pathlib import Path
from typing import Annotated, Literal

import typer

from rag.errors import ConfigurationError

DataDir = Annotated[
    Path | None, typer.Option("--data-dir", help="Folder of catalog and index [.sanad].")
]
AGE = re.compile(r"(\d{1,4})d")

questions = typer.Typer(no_args_is_help=True, help="The log of questions, where it is on.")


def switch(
    name: Annotated[
        str, typer.Argument(help="model, chat, widget or api; none: say what is off.")
    ] = "",
    to: Annotated[Literal["on", "off", ""], typer.Argument(help="on or off.")] = "",
    data_dir: DataDir = None,
) -> None:
    """Turn the language model or a face on or off; a running server notices at once."""
    from ui.public.switches import Switches, throw

    folder = _folder(data_dir)
    if bool(name) != bool(to):
        raise ConfigurationError("say which and to what, such as: sanad switch model off")
    if name:
        throw(folder, name, to == "on")
    switches = Switches(folder)
    off = sorted(switches.off())
    if switches.problem:
        raise ConfigurationError(switches.problem)
    typer.echo(f"off: {', '.join(off)}" if off else "all is on")


@questions.command("delete")
def delete(
    older: Annotated[
        str, typer.Option("--older-than", help="Only days older than this, such as 7d.")
    ] = "",
    data_dir: DataDir = None,
) -> None:
    """Delete the questions that were kept, all of them or the older ones."""
    from ui.public.questions import QuestionLog

    before = None
    if older:
        age = AGE.fullmatch(older)
        if age is None:
            raise ConfigurationError(f"--older-than is {older!r}; it takes days, such as 7d")
        today = datetime.datetime.now(datetime.UTC).date()
        before = today - datetime.timedelta(days=int(age[1]))
    gone = QuestionLog(_folder(data_dir)).delete(before)
    typer.echo(f"{gone} days of questions deleted")


def _folder(data_dir: Path | None) -> Path:
    from rag.settings import load_settings

    return load_settings(data_dir=data_dir).data_dir
