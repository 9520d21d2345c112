"""Reads Word documents: mammoth turns them into HTML, and the HTML walk into blocks.

The only door to mammoth. Knows nothing of HTML boilerplate (a Word file has
none) and never touches a file outside the archive. An archive that would
unpack to too much is refused before it is opened.
"""

from __future__ import annotations

import zipfile
from io import BytesIO

from ingest.docx_hidden import shown_only
from ingest.html import parse_xml, read_blocks
from ingest.types import RawDocument, RawPage
from rag.errors import ReadError

MAX_ENTRIES = 2_000
MAX_UNPACKED = 300_000_000  # bytes
MAX_TEXT_PART = 60_000_000  # bytes of one XML part: lxml needs about ten times that
MAX_RATIO = 100  # of one part of more than a megabyte; real Word XML stays below 40

_PROPERTIES = {
    "title": "title",
    "creator": "author",
    "subject": "subject",
    "keywords": "keywords",
    "description": "description",
    "language": "language",
    "created": "created",
    "modified": "modified",
}


def read_docx(data: bytes, name: str) -> RawDocument:
    """Headings, paragraphs, list items and table rows, as one page."""
    check_archive(data)
    data, hidden = shown_only(data)
    import mammoth

    try:
        result = mammoth.convert_to_html(
            BytesIO(data),
            external_file_access=False,
            style_map="p[style-name='Title'] => h1:fresh",
            convert_image=mammoth.images.img_element(lambda image: {"src": ""}),
        )
    except (MemoryError, RecursionError):
        raise  # the sandbox has a sentence for them, and ends this process
    except Exception as exc:  # mammoth lets those of zipfile, zlib, codecs and expat through
        raise ReadError(f"is damaged: {type(exc).__name__}: {str(exc)[:200]}") from exc
    notes = sorted({message.message for message in result.messages if message.type == "error"})
    dropped = [f"hidden text dropped: {count} x {reason}" for reason, count in hidden.items()]
    return RawDocument(
        pages=(RawPage(1, read_blocks(result.value)),),
        metadata=_core_properties(data),
        reader="mammoth",
        notes=(*dropped, *notes[:5]),
    )


def archive_entries(data: bytes) -> list[zipfile.ZipInfo]:
    """What a zip archive lists. Raises ReadError for a damaged one."""
    try:
        return zipfile.ZipFile(BytesIO(data)).infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as exc:
        raise ReadError(f"is damaged: {exc}") from exc


def check_archive(data: bytes) -> None:
    """Refuse archives that lie about their size or unpack to too much."""
    entries = archive_entries(data)
    if len(entries) > MAX_ENTRIES:
        raise ReadError(
            f"is refused: its archive has {len(entries)} parts, more than {MAX_ENTRIES}"
        )
    if sum(entry.file_size for entry in entries) > MAX_UNPACKED:
        raise ReadError(f"is refused: it unpacks to more than {MAX_UNPACKED // 10**6} MB")
    for entry in entries:
        if entry.flag_bits & 0x1:
            raise ReadError("needs a password")
        large = entry.file_size > 1_000_000
        if large and entry.file_size > MAX_RATIO * max(1, entry.compress_size):
            raise ReadError(
                f"is refused: a part of it unpacks to more than {MAX_RATIO} times its size"
            )
        if entry.filename.endswith((".xml", ".rels")) and entry.file_size > MAX_TEXT_PART:
            raise ReadError(
                f"is refused: a text part of it is larger than {MAX_TEXT_PART // 10**6} MB"
            )


def _core_properties(data: bytes) -> dict[str, object]:
    """Title, author, language and dates, as Word keeps them in docProps/core.xml."""
    try:
        root = parse_xml(zipfile.ZipFile(BytesIO(data)).read("docProps/core.xml"))
    except (KeyError, ReadError, zipfile.BadZipFile):
        return {}
    found: dict[str, object] = {}
    for element in root:
        local = str(element.tag).rpartition("}")[2]
        text = (element.text or "").strip()
        if local in _PROPERTIES and text:
            found[_PROPERTIES[local]] = text[:500]
    return found
