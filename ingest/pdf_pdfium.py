"""pdfium's reading of a PDF: lines with their places, labels, properties and bookmarks.

Lines of left-to-right pages are pdfium's. On right-to-left pages pdfium keeps the file's order
of pieces and ligatures, so only its characters and their boxes are taken (`ingest.pdf_rows`).
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator
from ctypes import c_double, c_int, create_string_buffer
from functools import cache, partial
from itertools import islice, repeat
from math import hypot
from typing import Any

import numpy as np
import numpy.typing as npt
import pypdfium2
from pypdfium2 import raw

from ingest.pdf_lines import Line, title_key
from ingest.pdf_quality import apart, has_rtl, is_right_to_left
from ingest.pdf_reading import Reading, check_count, properties
from ingest.pdf_rows import rows_of, uneven
from rag.errors import ReadError

MOST_CHARACTERS = 100_000  # of a page that is put in order by places
FARTHEST = 20_000.0  # points: more than the largest page has
BATCH = 4096  # boxes fetched at a time

_LINE_END = re.compile("\r\n|\n|\r|\ufffe|\x02")  # pdfium writes U+FFFE for a hyphen it took away
_NAME = create_string_buffer(128)  # of a font; written anew by each call
_FLAGS = c_int()


def read_pdfium(data: bytes) -> Reading:
    """Every page it can open; raises ReadError with a predicate."""
    try:
        document = pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as exc:
        secret = "password" in str(exc).lower()
        raise ReadError("needs a password" if secret else f"is damaged: {exc}") from exc
    try:
        reading = Reading(count=len(document))
        check_count(reading.count)
        reading.metadata = properties(document.get_metadata_dict(skip_empty=True))
        reading.outline = _bookmarks(document)
        for index in range(reading.count):
            try:
                page = document[index]
            except pypdfium2.PdfiumError:
                continue  # one damaged page; pypdf may read it
            reading.labels[index] = document.get_page_label(index)
            textpage = page.get_textpage()
            text = textpage.get_text_range()
            ordered = _ordered_lines(textpage, text) if is_right_to_left(text) else None
            if ordered:
                reading.ordered.add(index)
            reading.pages[index] = ordered or list(_pdfium_lines(textpage, text))
            textpage.close()
            if not re.search(r"\w", reading.text(index)) and _has_picture(page):
                reading.pictures.append(index)
            page.close()
        return reading
    finally:
        document.close()


def _has_picture(page: Any) -> bool:
    from pypdfium2 import raw

    pictures = page.get_objects(filter=[raw.FPDF_PAGEOBJ_IMAGE], max_depth=4)
    return next(iter(pictures), None) is not None


def _ordered_lines(textpage: Any, text: str) -> list[Line] | None:
    """Rows of a right-to-left page, read by where its characters stand; None without any."""
    codes = _codes(textpage, text)
    if len(codes) > MOST_CHARACTERS:
        return None
    boxes = _boxes(textpage, len(codes))
    baselines = _baselines(textpage, len(codes)) if uneven(boxes) else None
    return [
        Line(
            apart(row.text),
            size if (size := _size(textpage, row.first)) > 2 else round(row.height, 1),
            _is_bold(textpage, row.first) and _is_bold(textpage, row.last),
            row.left,
            row.right,
            round(row.bottom, 1),
        )
        for row in rows_of(codes, boxes, partial(_printed_size, textpage), baselines) or ()
    ]


def _codes(textpage: Any, text: str) -> npt.NDArray[np.uint16]:
    """UTF-16 codes, one a character of the page; `text` leaves some out, seldom."""
    count = textpage.count_chars()
    if len(text) == count:
        return np.frombuffer(text.encode("utf-16-le", "surrogatepass"), "<u2")
    codes = [raw.FPDFText_GetUnicode(textpage.raw, index) for index in range(count)]
    return np.array([code if code < 0x10000 else 0xFFFD for code in codes], np.uint16)


def _boxes(textpage: Any, count: int) -> npt.NDArray[np.float64]:
    """(count, 4): left, top, right and bottom of each character, as high as its font.

    One call a character; driven by `map`, with no step of ours between, it takes 0.4 µs.
    """
    buffer, each = _buffer()
    found = np.zeros((count, 4))
    for start in range(0, count, BATCH):
        indices = range(start, min(start + BATCH, count))
        deque(map(raw.FPDFText_GetLooseCharBox, repeat(textpage.raw), indices, each), maxlen=0)
        found[start : start + BATCH] = np.frombuffer(buffer, np.float32).reshape(-1, 4)[
            : len(indices)
        ]
    return np.nan_to_num(found, nan=0.0).clip(-FARTHEST, FARTHEST)


def _printed_size(textpage: Any, index: int) -> float:
    """The size in which a character is printed, in points: its font's, as the page scales it."""
    matrix = raw.FS_MATRIX()
    raw.FPDFText_GetMatrix(textpage.raw, index, matrix)
    return float(raw.FPDFText_GetFontSize(textpage.raw, index)) * hypot(matrix.c, matrix.d)


def _baselines(textpage: Any, count: int) -> npt.NDArray[np.float64]:
    """(count,): how high the line stands on which each character is printed."""
    found = np.zeros(count)
    room: Any = found.data
    each = [c_double.from_buffer(room, found.itemsize * index) for index in range(count)]
    calls = (repeat(textpage.raw), range(count), repeat(c_double()), each)
    deque(map(raw.FPDFText_GetCharOrigin, *calls), maxlen=0)
    return np.nan_to_num(found, nan=0.0).clip(-FARTHEST, FARTHEST)


@cache
def _buffer() -> tuple[Any, list[Any]]:
    """Room for a batch of boxes, and a reference to each of them."""
    buffer = (raw.FS_RECTF * BATCH)()
    return buffer, [buffer[index] for index in range(BATCH)]


def _pdfium_lines(textpage: Any, text: str) -> Iterator[Line]:
    """Lines with the place of their first and last character, which costs next to nothing."""
    start = 0
    for match in [*_LINE_END.finditer(text), None]:
        end = match.start() if match else len(text)
        line = text[start:end]
        stripped = line.strip()
        if stripped:
            at = start + len(line) - len(line.lstrip())
            first, last = (
                raw.FPDFText_GetCharIndexFromTextIndex(textpage.raw, index)
                for index in (at, at + len(stripped) - 1)
            )
            bold = _is_bold(textpage, first) and _is_bold(textpage, last)
            size = _size(textpage, first)
            left, right, bottom, height = _place(textpage, first, last, has_rtl(stripped))
            cut = "-" if match and match[0] in ("\ufffe", "\x02") else ""
            yield Line(stripped + cut, size if size > 2 else height, bold, left, right, bottom)
        start = match.end() if match else end


def _size(textpage: Any, index: int) -> float:
    return round(float(raw.FPDFText_GetFontSize(textpage.raw, index)), 1)


def _is_bold(textpage: Any, index: int) -> bool:
    """By weight, or by the font's name where the file gives no weight."""
    if raw.FPDFText_GetFontWeight(textpage.raw, index) >= 600:
        return True
    raw.FPDFText_GetFontInfo(textpage.raw, index, _NAME, len(_NAME), _FLAGS)
    return b"bold" in _NAME.value.lower()


def _place(textpage: Any, first: int, last: int, rtl: bool) -> tuple[float, float, float, float]:
    """(left, right, bottom, height) of a line by its end characters.

    In right-to-left lines the extremes may stand anywhere: there all boxes are joined.
    """
    box, sides = raw.FS_RECTF(), []
    for index in (first, last):
        raw.FPDFText_GetLooseCharBox(textpage.raw, index, box)
        sides += [box.left, box.right]
    if rtl:
        left, top, right, bottom = c_double(), c_double(), c_double(), c_double()
        for index in range(min(20, raw.FPDFText_CountRects(textpage.raw, first, last - first + 1))):
            raw.FPDFText_GetRect(textpage.raw, index, left, top, right, bottom)
            sides += [left.value, right.value]
    return min(sides), max(sides), round(box.bottom, 1), round(box.top - box.bottom, 1)


def _bookmarks(document: Any) -> dict[tuple[int, str], int]:
    marks: dict[tuple[int, str], int] = {}
    for mark in islice(document.get_toc(max_depth=6), 5_000):
        target = mark.get_dest()
        index = target.get_index() if target is not None else None
        key = title_key(mark.get_title() or "")
        if index is not None and key:
            marks.setdefault((index, key), mark.level + 1)
    return marks
