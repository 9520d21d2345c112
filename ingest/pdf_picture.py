"""Draws one page of a PDF for OCR; runs in the sandbox's child, never elsewhere.

Beside `ingest.pdf` and `ui.reader.picture_child` the only door to pypdfium2. A page of any size
becomes a picture of at most so many pixels. Knows no OCR.
"""

from __future__ import annotations

import base64
import io
import math
from itertools import islice
from typing import Any

from ingest.types import RawDocument
from rag.errors import ReadError

DPI = 300  # where the page is no one picture with a resolution of its own
LEAST_DPI, MOST_DPI = 150, 400
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
    dpi = min(_own_dpi(page), 72 * math.sqrt(MOST_PIXELS / (width * height)))
    image = page.render(scale=dpi / 72).to_pil().convert("L")
    packed = io.BytesIO()
    image.save(packed, "PNG", compress_level=1, dpi=(dpi, dpi))
    return base64.b64encode(packed.getvalue()).decode("ascii")


def _own_dpi(page: Any) -> float:
    """The resolution of the largest picture: drawn at another one, letters blur. A page scanned
    at 200 dpi and drawn at 300 lost a line of Arabic (docs/ingestion.md)."""
    from pypdfium2 import PdfiumError, raw

    widest, dpi = 0.0, float(DPI)
    for picture in islice(page.get_objects(filter=[raw.FPDF_PAGEOBJ_IMAGE], max_depth=4), 50):
        try:
            left, _, right, _ = picture.get_bounds()
            pixels = picture.get_px_size()[0]
        except PdfiumError:
            continue
        if right - left > widest:
            widest, dpi = right - left, 72 * pixels / (right - left)
    return min(MOST_DPI, max(LEAST_DPI, dpi)) if widest > page.get_size()[0] / 2 else DPI
