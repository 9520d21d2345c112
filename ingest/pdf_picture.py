"""Draws one page of a PDF for OCR; runs in the sandbox's child, never elsewhere.

Beside `ingest.pdf` and `ui.reader.picture_child` the only door to pypdfium2. A page of any size
becomes a picture of at most so many pixels. Knows no OCR.
"""

from __future__ import annotations

import base64
import io
import math
from typing import Any

from ingest.types import RawDocument
from rag.errors import ReadError

DPI = 300  # "Tesseract works best on images which have a DPI of at least 300" (its manual)
MOST_PIXELS = 25_000_000  # an A3 page at 300 dpi has 17 million
LARGEST = 14_400  # points; the largest page PDF 1.7 allows (ISO 32000-1, annex C)


def draw(data: bytes, name: str) -> RawDocument:
    """The page whose number (from 1) is `name`, as a grey PNG in base64 among the metadata.

    Raises ReadError with a predicate ("is damaged").
    """
    import pypdfium2

    try:
        document = pypdfium2.PdfDocument(data)
        try:
            return RawDocument(pages=(), metadata={"picture": _drawn(document, int(name))})
        finally:
            document.close()
    except pypdfium2.PdfiumError as error:
        raise ReadError(f"is damaged: {error}") from error


def _drawn(document: Any, number: int) -> str:
    page = document[number - 1]
    width, height = page.get_size()
    if not (1 <= width <= LARGEST and 1 <= height <= LARGEST):
        raise ReadError(f"has a page of {width:.0f} by {height:.0f} points")
    scale = min(DPI / 72, math.sqrt(MOST_PIXELS / (width * height)))
    image = page.render(scale=scale).to_pil().convert("L")
    packed = io.BytesIO()
    image.save(packed, "PNG", compress_level=1)
    return base64.b64encode(packed.getvalue()).decode("ascii")
