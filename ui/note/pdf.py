"""A paper as a PDF, set by Typst in a child process with a time limit.

    {"title", "lang", "dir", "year", "month", "day", ...,
     "blocks": [{"kind", "lang", "dir", "runs": [{"text", "lang", "dir", "style", "href"}],
                 "notes": [1]}],
     "footnotes": [[run, ...], ...]}

The words are data to the template, never its source.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterable
from typing import Any

from ui.markup import direction
from ui.note.docx import first_strong
from ui.note.paper import Block, Paper, Run
from ui.note.words_xml import words

WALL_S = 30.0
MOST_BYTES = 30 * 10**6
ISOLATES = {"rtl": "\u2067", "ltr": "\u2066", "auto": "\u2068"}
POP = "\u2069"


class TypesettingError(Exception):
    """No PDF was made. The message says why, for the log."""


def pdf(paper: Paper, wall_s: float = WALL_S) -> bytes:
    """The file, in `wall_s` seconds. Raises TypesettingError."""
    environment = {
        "PATH": os.defpath,
        "LANG": "C.UTF-8",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONPATH": os.pathsep.join(path or os.getcwd() for path in sys.path),
        "RAYON_NUM_THREADS": "1",
    }
    command = [sys.executable, "-P", "-m", "ui.note.typeset"]
    try:
        child = subprocess.run(
            command, input=json.dumps(data_of(paper)).encode(), capture_output=True,
            timeout=wall_s, env=environment, start_new_session=True, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired as error:
        raise TypesettingError(f"setting took longer than {wall_s:g} s") from error
    made = child.stdout
    if child.returncode or not made.startswith(b"%PDF") or len(made) > MOST_BYTES:
        last = child.stderr.decode("utf-8", "replace").strip().splitlines()[-1:]
        raise TypesettingError(f"setting ended with {child.returncode}: {' '.join(last)}")
    return made


def data_of(paper: Paper) -> dict[str, Any]:
    """What the template is given."""
    year, month, day = (int(part) for part in paper.date.split("-"))
    base = direction(paper.language)
    return {
        "title": words(paper.title),
        "title_isolated": f"{ISOLATES['auto']}{words(paper.title)}{POP}",
        "title_dir": first_strong(paper.title) or base,
        "lang": paper.language,
        "dir": base,
        "year": year, "month": month, "day": day,
        "blocks": [_block(block, base) for block in paper.blocks],
        "footnotes": [_runs(runs, base) for runs in paper.footnotes],
    }  # fmt: skip


def _block(block: Block, base: str) -> dict[str, Any]:
    way = direction(block.language)
    if way == "auto":
        way = first_strong("".join(run.text for run in block.runs)) or base
    return {
        "kind": block.kind,
        "lang": _code(block.language),
        "dir": way,
        "runs": _runs(block.runs, way, alone=len(block.runs) == 1),
        "notes": list(block.notes),
    }


def _runs(runs: Iterable[Run], base: str, *, alone: bool = False) -> list[dict[str, str]]:
    """Pieces of a line. One in another language is isolated, so that it turns nothing around
    it; one that stands alone has the direction of its block."""
    return [
        {
            "text": words(run.text) if alone or not run.language else _isolated(run),
            "lang": _code(run.language),
            "dir": first_strong(run.text) or base,
            "style": run.style,
            "href": run.href,
        }
        for run in runs
    ]


def _isolated(run: Run) -> str:
    return f"{ISOLATES[direction(run.language)]}{words(run.text)}{POP}"


def _code(language: str) -> str:
    """A code that Typst takes; empty where the language is unknown."""
    known = language.isascii() and language.isalpha() and 2 <= len(language) <= 3
    return language.lower() if known and language != "und" else ""
