"""A progress bar for the terminal; silent where there is none."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

STAGES = {
    "fetch": "Fetching",
    "read": "Reading",
    "embed": "Embedding",
    "index": "Indexing",
    "ask": "Asking",
}


@contextmanager
def progress_bar(*, enabled: bool) -> Iterator[Callable[[str, int, int], None]]:
    """Yield a callback (stage, done, of) that draws one bar a stage on standard error."""
    if not enabled:
        yield lambda stage, done, of: None
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("{task.description:<10}"), BarColumn(), MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"), TimeElapsedColumn(), TextColumn("left"),
        TimeRemainingColumn(),
    )  # fmt: skip
    with Progress(*columns, console=Console(stderr=True)) as bars:
        tasks = {}

        def show(stage: str, done: int, of: int) -> None:
            if stage not in tasks:
                tasks[stage] = bars.add_task(STAGES[stage], total=of, rate="")
            task = bars.tasks[tasks[stage]]
            rate = f"{task.speed:.0f}/s" if task.speed else ""
            bars.update(tasks[stage], completed=done, total=of, rate=rate)

        yield show
