"""What reading a PDF costs us, and what the readers themselves cost.

    python -m evals.bench.pdf FILE...                   JSON: by file, pages and seconds
    python -m evals.bench.pdf FOLDER [--repeats N]      tables of speed and of text found

For files, `ours` is `ingest.read.read_bytes` in this process: scoring, lines, headings; `readers`
is the plain text of every page from pypdfium2, which is the reader we ask first. A folder holds
files whose text is known: see `evals.bench.pdf_readers`. These two are the places beside
`ingest.pdf_*` that import PDF readers: they measure them alone.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from evals.bench.pdf_readers import pdfium_pages, report


def cost(path: Path) -> dict[str, Any]:
    """Pages and seconds of one file; each way once before it is timed."""
    from ingest.read import read_bytes
    from rag.words.language import detect, direction

    data = path.read_bytes()
    pages = pdfium_pages(data)
    read_bytes(data, path.name)
    return {
        "file": path.name,
        "pages": len(pages),
        "right_to_left": direction(detect("\n".join(pages))) == "rtl",
        "readers_s": _seconds(lambda: pdfium_pages(data)),
        "ours_s": _seconds(lambda: read_bytes(data, path.name)),
    }


def _seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def main(arguments: list[str]) -> None:
    """Figures of the files, or of the folder, on standard output."""
    parser = argparse.ArgumentParser(prog="python -m evals.bench.pdf")
    parser.add_argument("paths", nargs="+", type=Path)
    parser.add_argument("--repeats", type=int, default=5)
    given = parser.parse_args(arguments)
    if given.paths[0].is_dir():
        sys.stdout.write(report(given.paths[0], given.repeats))
    else:
        sys.stdout.write(json.dumps([cost(path) for path in given.paths]) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
