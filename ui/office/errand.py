"""The child process of a run: reads what to do, ingests, and says how far it is.

    python -m ui.office.errand < {"sources": [...], "data_dir": ..., ...}

One JSON value a line on standard output: {"stage", "done", "of"}..., and last {"report"} or
{"trouble", "words"}. A server that has gone is no reason to stop.
"""

from __future__ import annotations

import errno
import json
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from rag.errors import LockedError, SanadError, ShrinkError

NICE = 5  # answers go first


def run(errand: dict[str, Any], tell: Callable[[dict[str, Any]], None]) -> None:
    """Do it, and tell the end of it; never raises what one can be told."""
    from ingest.ocr import tesseract
    from ingest.sandbox import Limits
    from ingest.tables import docling
    from ingest.walk import Options, ingest
    from ingest.web.options import web_options
    from rag.embed import load_embedder
    from rag.vectors_server import ChromaServer

    limits = Limits(wall_s=errand["read_seconds"], memory_mb=errand["read_memory_mb"])
    web = web_options(errand["fetching"])
    server = ChromaServer(*errand["server"]) if errand["server"] else None

    def progress(stage: str, done: int, of: int) -> None:
        tell({"stage": stage, "done": done, "of": of})

    try:
        wanted = errand.get("ocr_languages")
        ocr = None if wanted is None else tesseract(wanted)
        models = Path(errand["tables_models"]) if errand.get("tables_models") else None
        tables = docling(models) if errand.get("tables") == "docling" else None
        options = Options(
            allow_shrink=bool(errand["allow_shrink"]),
            limits=limits,
            web=web,
            ocr=ocr,
            tables=tables,
            server=server,
        )  # fmt: skip
        embedder = load_embedder(*errand["embedding"])
        report = ingest(errand["sources"], Path(errand["data_dir"]), embedder, options, progress)
    except LockedError as error:
        tell({"trouble": "locked", "words": str(error)})
    except ShrinkError as error:
        tell({"trouble": "shrink", "words": str(error)})
    except SanadError as error:
        tell({"trouble": "refused", "words": str(error)})
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        tell({"trouble": "full", "words": str(error)})
    else:
        tell({"report": report.as_dict()})


def main() -> None:
    """Entry point of the child."""
    lines = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what a library prints is no line of ours

    def tell(line: dict[str, Any]) -> None:
        with suppress(BrokenPipeError, ValueError):
            lines.write(json.dumps(line) + "\n")
            lines.flush()

    with suppress(OSError):
        os.nice(NICE)
    run(json.load(sys.stdin), tell)


if __name__ == "__main__":
    main()
