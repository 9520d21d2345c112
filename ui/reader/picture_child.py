"""Draws one page of a PDF and lists its letters; runs in the sandbox's child, never elsewhere.

Beside `ingest.pdf` the only door to pypdfium2. A page of any size becomes a picture of at
most so many pixels. Knows no quote.
"""

from __future__ import annotations

import base64
import io
import math
from collections.abc import Callable
from typing import Any

import pypdfium2
from PIL import WebPImagePlugin  # noqa: F401  # registers the format WEBP
from pypdfium2 import raw

from ingest.types import RawDocument
from rag.errors import ReadError

WIDE = 1200  # pixels: a column of 600 on a fine screen
HIGH = 6000  # pixels; WebP holds 16,383
MOST_PIXELS = 4_000_000
MOST_LETTERS = 20_000  # of a page; one with more gets no boxes
LARGEST = 14_400  # points; the largest page PDF 1.7 allows (ISO 32000-1, annex C)
QUALITY = 82  # of WebP: small print stays sharp
WHOLE = 10_000  # the page's width and height in the letters' places

Place = Callable[[float, float], tuple[float, float]]  # points of the page -> ten-thousandths


def draw(data: bytes, name: str) -> RawDocument:
    """The page whose number (from 1) is `name`: its picture and letters, as metadata.

    Raises ReadError with a predicate ("is damaged").
    """
    try:
        document = pypdfium2.PdfDocument(data)
        try:
            return RawDocument(pages=(), metadata=_drawn(document, int(name)))
        finally:
            document.close()
    except pypdfium2.PdfiumError as error:
        secret = "password" in str(error).lower()
        raise ReadError("needs a password" if secret else f"is damaged: {error}") from error


def _drawn(document: Any, number: int) -> dict[str, object]:
    if not 1 <= number <= len(document):
        raise ReadError(f"has no page {number}")
    page = document[number - 1]
    width, height = page.get_size()
    if not (1 <= width <= LARGEST and 1 <= height <= LARGEST):
        raise ReadError(f"has a page of {width:.0f} by {height:.0f} points")
    scale = min(WIDE / width, HIGH / height, math.sqrt(MOST_PIXELS / (width * height)))
    if min(width, height) * scale < 1:
        raise ReadError("has a page too narrow to draw")
    image = page.render(scale=scale).to_pil().convert("RGB")
    packed = io.BytesIO()
    image.save(packed, "WEBP", quality=QUALITY, method=3)
    return {
        "picture": base64.b64encode(packed.getvalue()).decode("ascii"),
        "width": image.width,
        "height": image.height,
        "letters": letters_of(page),
    }


def letters_of(page: Any) -> list[list[object]]:
    """[character, left, top, right, bottom, line, word] of each; empty where there are too many."""
    textpage = page.get_textpage()
    count = textpage.count_chars()
    if count > MOST_LETTERS:
        return []
    place, box = _placer(page), raw.FS_RECTF()
    found: list[list[object]] = []
    line = word = 0
    for index in range(count):
        code = raw.FPDFText_GetUnicode(textpage.raw, index)
        character = chr(code) if 0x20 <= code < 0xD800 or 0xE000 <= code < 0x110000 else "\n"
        if code in (0x02, 0xFFFE, 0xAD):  # a hyphen at a line's end
            continue
        if character.isspace():
            word += 1
            line += character == "\n"
            continue
        if not raw.FPDFText_GetLooseCharBox(textpage.raw, index, box):
            continue
        corners = (place(box.left, box.top), place(box.right, box.bottom))
        sides = [_inside(value) for pair in zip(*corners, strict=True) for value in sorted(pair)]
        left, right, top, bottom = sides
        found.append([character, left, top, right, bottom, line, word])
    return found


def _placer(page: Any) -> Place:
    """Points of the page as ten-thousandths of its picture: turned and cut as it is shown."""
    from ctypes import c_int

    def shown(x: float, y: float) -> tuple[int, int]:
        across, down = c_int(), c_int()
        raw.FPDF_PageToDevice(page.raw, 0, 0, WHOLE, WHOLE, 0, x, y, across, down)
        return across.value, down.value

    far = 1000.0
    (x0, y0), (x1, y1), (x2, y2) = shown(0, 0), shown(far, 0), shown(0, far)

    def place(x: float, y: float) -> tuple[float, float]:
        a, b = x / far, y / far
        return x0 + a * (x1 - x0) + b * (x2 - x0), y0 + a * (y1 - y0) + b * (y2 - y0)

    return place


def _inside(value: float) -> int:
    return round(min(max(value, 0), WHOLE)) if math.isfinite(value) else 0
