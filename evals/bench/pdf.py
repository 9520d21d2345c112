"""What reading a PDF costs us, and what the readers themselves cost.

    python -m evals.bench.pdf FILE...    JSON: by file, pages and seconds

`ours` is `ingest.read.read_bytes` in this process: both readers where we ask both,
scoring, lines, headings. `readers` is the plain text of every page from pypdfium2,
plus that from pypdf where the text is right-to-left, since there both are needed.
The one place beside `ingest.pdf` that imports them: it measures them alone.
"""

from __future__ import annotations

import io
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any


def cost(path: Path) -> dict[str, Any]:
    """Pages and seconds of one file; each way once before it is timed."""
    from ingest.read import read_bytes
    from rag.words.language import detect, direction

    data = path.read_bytes()
    text, pages = _pdfium(data)
    right_to_left = direction(detect(text)) == "rtl"
    _pypdf(data, first_page_only=True)
    read_bytes(data, path.name)
    readers = _seconds(lambda: _pdfium(data))
    if right_to_left:
        readers += _seconds(lambda: _pypdf(data))
    return {
        "file": path.name,
        "pages": pages,
        "right_to_left": right_to_left,
        "readers_s": readers,
        "ours_s": _seconds(lambda: read_bytes(data, path.name)),
    }


def _pdfium(data: bytes) -> tuple[str, int]:
    import pypdfium2

    document = pypdfium2.PdfDocument(data)
    try:
        texts = [page.get_textpage().get_text_range() for page in document]
        return "\n".join(texts), len(document)
    finally:
        document.close()


def _pypdf(data: bytes, first_page_only: bool = False) -> str:
    import pypdf

    pages = pypdf.PdfReader(io.BytesIO(data)).pages
    return "\n".join(page.extract_text() for page in (pages[:1] if first_page_only else pages))


def _seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


if __name__ == "__main__":
    sys.stdout.write(json.dumps([cost(Path(name)) for name in sys.argv[1:]]) + "\n")
