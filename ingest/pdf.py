"""Reads PDF files with two readers and keeps the better text of every doubtful page.

The only door to pypdf and pypdfium2. On clean left-to-right text the two agree
word for word (measured on OWASP ASVS in three languages) and pypdfium2 is some
fifteen times faster, so it goes first; pypdf is asked for pages that are
right-to-left, damaged or empty, and when pypdfium2 cannot open the file. Knows
nothing of cleaning: running heads stay, each as a block of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import islice
from time import process_time
from typing import Any

from ingest.pdf_lines import Line, pages_to_blocks, title_key, with_places
from ingest.pdf_quality import damage, has_rtl, is_right_to_left, repair, restore_shifted_letters
from ingest.types import Block, RawDocument, RawPage
from rag.errors import ReadError

MAX_PAGES = 5_000
PICTURES = "picture_pages"  # among the metadata: numbers of pages that are pictures without text
DOUBTFUL = 0.05  # share of damaged words above which the other reader is asked
CLEARLY = 100  # thousandths by which a page of the other reader must be better, to be taken
SECOND_OPINION_S = 12  # of processor time, below the sandbox's limit: about 200 Arabic pages
MAX_EMPTY_ASKED = 50  # pages without a letter that pypdf is asked for: scans have hundreds

_LINE_END = re.compile("\r\n|\n|\r|\ufffe|\x02")  # pdfium writes U+FFFE for a hyphen it took away
_PDF_DATE = re.compile(r"D?:?(\d{4})(\d\d)?(\d\d)?")
_INFO = {
    "Title": "title",
    "Author": "author",
    "Subject": "subject",
    "Keywords": "keywords",
    "Creator": "creator",
    "Producer": "producer",
}
_DATES = {"CreationDate": "created", "ModDate": "modified"}


@dataclass(slots=True)
class _Reading:
    """What one reader made of the file."""

    pages: dict[int, list[Line]] = field(default_factory=dict)  # by index, from 0
    count: int = 0
    labels: dict[int, str] = field(default_factory=dict)
    metadata: dict[str, object] = field(default_factory=dict)
    outline: dict[tuple[int, str], int] = field(default_factory=dict)
    pictures: list[int] = field(default_factory=list)  # indexes of pages that are pictures alone

    def text(self, index: int) -> str:
        return "\n".join(line.text for line in self.pages.get(index, ()))


def read_pdf(data: bytes, name: str) -> RawDocument:
    """Blocks by page, labels and document properties; `reader` names whose text was kept."""
    notes: list[str] = []
    try:
        first = _read_pdfium(data)
    except ReadError as exc:
        notes.append(f"pypdfium2 could not read it ({exc})")
        try:
            other = _read_pypdf(data, None)
        except ReadError as second:
            raise (exc if "password" in str(exc) else second) from second
        first = replace(other, pages={})
    else:
        other = _second_opinion(data, first, notes)
    pages, kept = _better_pages(first, other, notes)
    pages = _repaired(pages, notes)
    blocks = pages_to_blocks(pages, first.outline)
    pictures = [index + 1 for index in first.pictures if not _readable(blocks[index])]
    for number in pictures:  # what stands there without a letter is a speck
        blocks[number - 1] = ()
    return RawDocument(
        pages=tuple(
            RawPage(index + 1, page, first.labels.get(index, ""))
            for index, page in enumerate(blocks)
        ),
        metadata={**first.metadata, PICTURES: pictures} if pictures else first.metadata,
        reader=kept,
        notes=tuple(notes),
    )


def _readable(blocks: tuple[Block, ...]) -> bool:
    return any(re.search(r"\w", block.text) for block in blocks)


def _second_opinion(data: bytes, first: _Reading, notes: list[str]) -> _Reading:
    """pypdf's reading of the pages that need one."""
    texts = [first.text(index) for index in range(first.count)]
    doubtful = [
        index
        for index, text in enumerate(texts)
        if is_right_to_left(text) or damage(text) > DOUBTFUL
    ]
    empty = (index for index, text in enumerate(texts) if not re.search(r"\w", text))
    asked = sorted({*doubtful, *islice(empty, MAX_EMPTY_ASKED)})
    if not asked:
        return _Reading()
    try:
        reading = _read_pypdf(data, asked)
        if len(reading.pages) < len(asked):
            notes.append(
                f"pypdf was stopped after {SECOND_OPINION_S} s: it read "
                f"{len(reading.pages)} of {len(asked)} doubtful pages"
            )
        return reading
    except ReadError as exc:
        if doubtful:
            notes.append(f"pypdf could not read it ({exc})")
        return _Reading()


def _better_pages(
    first: _Reading, other: _Reading, notes: list[str]
) -> tuple[list[list[Line]], str]:
    """One reader's pages, save those that the other read clearly better; and the reader's name."""
    compared = [index for index, lines in other.pages.items() if lines and index < first.count]
    of_first = {index: _score(first.text(index)) for index in compared}
    of_other = {index: _score(other.text(index)) for index in compared}
    prefers_other = sum(of_other.values()) > sum(of_first.values())
    lead = -CLEARLY if prefers_other else CLEARLY
    taken = {
        index
        for index in compared
        if of_other[index] > of_first[index] + lead or of_other[index] > of_first[index] == 0
    }
    pages = [
        with_places(other.pages[index], first.pages.get(index, []))
        if index in taken
        else first.pages.get(index, [])
        for index in range(first.count)
    ]
    names = (
        ("pypdf", "pypdfium2")
        if len(taken) > first.count / 2 or (prefers_other and taken)
        else ("pypdfium2", "pypdf")
    )
    if compared and first.pages:
        scores = {"pypdf": _mean(of_other), "pypdfium2": _mean(of_first)}
        notes.append(
            f"kept {names[0]} over {names[1]}: {scores[names[0]]:.2f} against "
            f"{scores[names[1]]:.2f} on {len(compared)} doubtful pages; "
            f"{len(taken)} of {first.count} pages are pypdf's"
        )
    return pages, names[0]


def _mean(scores: dict[int, int]) -> float:
    return sum(scores.values()) / 1000 / max(1, len(scores))


def _score(text: str) -> int:
    """Thousandths: 1000 is a page of plausible words, 0 a page without any."""
    return round(1000 * (1 - damage(text))) if re.search(r"\w", text) else 0


def _repaired(pages: list[list[Line]], notes: list[str]) -> list[list[Line]]:
    texts = [
        [line.text if line.text.isascii() else repair(line.text) for line in page] for page in pages
    ]
    texts, restored = restore_shifted_letters(texts)
    if restored:
        notes.append(f"the font's letter table is off by one place: {restored} letters restored")
    return [
        [
            line if line.text == text else replace(line, text=text)
            for line, text in zip(page, words, strict=True)
        ]
        for page, words in zip(pages, texts, strict=True)
    ]


def _read_pdfium(data: bytes) -> _Reading:
    import pypdfium2

    try:
        document = pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as exc:
        secret = "password" in str(exc).lower()
        raise ReadError("needs a password" if secret else f"is damaged: {exc}") from exc
    try:
        reading = _Reading(count=len(document))
        _check_count(reading.count)
        reading.metadata = _properties(document.get_metadata_dict(skip_empty=True))
        reading.outline = _bookmarks(document)
        for index in range(reading.count):
            try:
                page = document[index]
            except pypdfium2.PdfiumError:
                continue  # one damaged page; pypdf may read it
            reading.labels[index] = document.get_page_label(index)
            textpage = page.get_textpage()
            reading.pages[index] = list(_pdfium_lines(textpage))
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


def _pdfium_lines(textpage: Any) -> Iterator[Line]:
    """Lines with the place of their first and last character, which costs next to nothing."""
    from pypdfium2 import raw

    text, start = textpage.get_text_range(), 0
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
            size = round(raw.FPDFText_GetFontSize(textpage.raw, first), 1)
            left, right, bottom, height = _place(textpage, first, last, has_rtl(stripped))
            cut = "-" if match and match[0] in ("\ufffe", "\x02") else ""
            yield Line(stripped + cut, size if size > 2 else height, bold, left, right, bottom)
        start = match.end() if match else end


def _is_bold(textpage: Any, index: int) -> bool:
    """By weight, or by the font's name where the file gives no weight."""
    from ctypes import c_int, create_string_buffer

    from pypdfium2 import raw

    if raw.FPDFText_GetFontWeight(textpage.raw, index) >= 600:
        return True
    name = create_string_buffer(128)
    raw.FPDFText_GetFontInfo(textpage.raw, index, name, len(name), c_int())
    return b"bold" in name.value.lower()


def _place(textpage: Any, first: int, last: int, rtl: bool) -> tuple[float, float, float, float]:
    """(left, right, bottom, height) of a line by its end characters.

    In right-to-left lines the extremes may stand anywhere: there all boxes are joined.
    """
    from ctypes import c_double

    from pypdfium2 import raw

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


def _read_pypdf(data: bytes, wanted: list[int] | None) -> _Reading:
    """pypdf's text of the wanted pages, all of them where `wanted` is None."""
    from io import BytesIO

    import pypdf

    reading = _Reading()
    try:
        with pypdf.apply_configuration(
            maximum_declared_stream_length=50_000_000,
            zlib_maximum_output_length=50_000_000,
            image_maximum_buffer_size=10_000_000,
            page_tree_maximum_entries=MAX_PAGES,
            xform_maximum_invocations_per_extraction=1_000,
            jbig2dec_binary=None,
        ):
            reader = pypdf.PdfReader(BytesIO(data), strict=False)
            if reader.is_encrypted and not reader.decrypt(""):
                raise ReadError("needs a password")
            reading.count = len(reader.pages)
            _check_count(reading.count)
            if wanted is None:
                reading.metadata = _properties(dict(reader.metadata or {}))
                reading.labels = dict(enumerate(reader.page_labels))
            stop = process_time() + SECOND_OPINION_S
            for index in range(reading.count) if wanted is None else wanted:
                if wanted is not None and process_time() > stop:
                    break
                text = reader.pages[index].extract_text() if index < reading.count else ""
                lines = (line.strip() for line in text.splitlines())
                reading.pages[index] = [Line(line) for line in lines if line]
    except (MemoryError, ReadError):
        raise
    except Exception as exc:  # a damaged file makes pypdf raise anything
        raise ReadError(f"is damaged: {type(exc).__name__}: {str(exc)[:160]}") from exc
    return reading


def _check_count(count: int) -> None:
    if count > MAX_PAGES:
        raise ReadError(f"has {count} pages, more than {MAX_PAGES}")
    if count == 0:
        raise ReadError("is damaged: it has no pages")


def _properties(info: dict[str, Any]) -> dict[str, object]:
    """The document information dictionary, its dates as ISO 8601."""
    found: dict[str, object] = {}
    for key, value in info.items():
        key, text = key.lstrip("/"), str(value).strip("\x00 \t\r\n")[:500]
        if key in _INFO and text:
            found[_INFO[key]] = text
        elif key in _DATES and (match := _PDF_DATE.match(text)):
            found[_DATES[key]] = "-".join(part for part in match.groups() if part)
    return found
