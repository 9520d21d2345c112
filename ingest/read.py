"""Turns the bytes of one file into a `RawDocument`: what kind of file it is, and which reader.

Runs inside the sandbox's child process. Knows nothing of folders, networks or
limits; a file is recognised by its content first and by its name second, since
names lie more often than contents do.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import PurePosixPath

from ingest.docx import archive_entries, read_docx
from ingest.html import read_html
from ingest.markdown import read_markdown
from ingest.pdf import PICTURES, read_pdf
from ingest.plain import read_plain
from ingest.types import Block, RawDocument, RawPage
from rag.errors import ReadError

Reader = Callable[[bytes, str], RawDocument]

OCR = "OCR is needed, such as: ocrmypdf -l eng+ara IN.pdf OUT.pdf"
DOCX_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"

READERS: dict[str, Reader] = {
    ".pdf": read_pdf,
    ".docx": read_docx,
    ".html": read_html,
    ".htm": read_html,
    ".xhtml": read_html,
    ".md": read_markdown,
    ".markdown": read_markdown,
    ".txt": read_plain,
    ".text": read_plain,
    "application/pdf": read_pdf,
    DOCX_TYPE: read_docx,
    "text/html": read_html,
    "application/xhtml+xml": read_html,
    "text/markdown": read_markdown,
    "text/plain": read_plain,
}

_MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"\x89PNG\r\n", "is a picture (PNG); OCR is needed"),
    (b"\xff\xd8\xff", "is a picture (JPEG); OCR is needed"),
    (b"II*\x00", "is a picture (TIFF); OCR is needed"),
    (b"MM\x00*", "is a picture (TIFF); OCR is needed"),
    (b"{\\rtf", "is an RTF document; save it as DOCX or PDF"),
    (b"\x1f\x8b", "is compressed with gzip; unpack it first"),
)
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_HTML_START = re.compile(
    rb"\A(?:\xef\xbb\xbf)?\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)*"
    rb"<(?:!doctype\s+html|html|head|body)\b",
    re.I | re.S,
)
_SURROGATE = re.compile("[\ud800-\udfff]")
_HAS_TEXT = re.compile(r"\w")
_LINE_BREAKS = re.compile(r"[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]+")


def read_bytes(data: bytes, name: str) -> RawDocument:
    """The blocks, metadata and notes of one file.

    `name` is a path, URL path, extension or media type. Raises `ReadError`
    with a predicate about the file ("is empty", "needs a password"). A PDF's pages
    that are pictures have no blocks: `ingest.scan` sees to them.
    """
    if not data.strip(b"\x00 \t\r\n"):
        raise ReadError("is empty")
    reader = reader_for(data, name)
    raw = reader(data, name)
    pictures = raw.metadata.get(PICTURES)
    drawn = len(pictures) if isinstance(pictures, list) else 0
    empty = sum(not _has_text(page) for page in raw.pages) - drawn
    if empty == len(raw.pages):
        raise ReadError(_scanned(empty) if reader is read_pdf else "has no text")
    if empty and reader is read_pdf:
        note = f"{empty} of {len(raw.pages)} pages have no text: empty, or drawn without letters"
        raw = replace(raw, notes=(*raw.notes, note))
    return _well_formed(raw)


def _has_text(page: RawPage) -> bool:
    return any(_HAS_TEXT.search(block.text) for block in page.blocks)


def _scanned(pages: int) -> str:
    count = "its one page" if pages == 1 else f"any of its {pages} pages"
    return f"has no text on {count}: probably a scan; {OCR}"


def reader_for(data: bytes, name: str) -> Reader:
    """The reader for this content; `ReadError` names the known kinds where there is none."""
    start = data[:4096]
    if b"%PDF-" in data[:1024]:
        return read_pdf
    if start.startswith(b"PK\x03\x04"):
        return _zip_reader(data)
    for magic, reason in _MAGIC:
        if start.startswith(magic):
            raise ReadError(reason)
    if start.startswith(_OLE):
        encrypted = b"E\x00n\x00c\x00r\x00y\x00p\x00t\x00e\x00d" in data
        raise ReadError(
            "needs a password" if encrypted else "is an old Office document; save it as DOCX or PDF"
        )
    if _HTML_START.match(start):
        return read_html
    reader = READERS.get(extension(name)) or READERS.get(name.split(";")[0].strip().lower())
    if reader is None:
        known = ", ".join(sorted(key for key in READERS if key.startswith(".")))
        raise ReadError(f"is of an unknown kind {extension(name)!r}; known kinds: {known}")
    if reader is read_pdf:
        raise ReadError("is damaged: it is named PDF but does not begin like one")
    if reader is read_docx:
        raise ReadError("is damaged: it is named DOCX but is not a zip archive")
    return reader


def extension(name: str) -> str:
    """The lower-case extension of a path or URL, with its dot."""
    return PurePosixPath(name.split("?")[0].split("#")[0]).suffix.lower()


def _zip_reader(data: bytes) -> Reader:
    names = [entry.filename for entry in archive_entries(data)]
    if "word/document.xml" in names or (
        "[Content_Types].xml" in names and any(entry.startswith("word/") for entry in names)
    ):
        return read_docx
    raise ReadError("is a zip archive that holds no Word document; unpack it first")


def _well_formed(raw: RawDocument) -> RawDocument:
    """No line break inside a block, no lone surrogate, no empty block."""
    pages = []
    for page in raw.pages:
        blocks = (Block(block.kind, _one_line(block.text), block.level) for block in page.blocks)
        pages.append(replace(page, blocks=tuple(block for block in blocks if block.text)))
    return replace(raw, pages=tuple(pages))


def _one_line(text: str) -> str:
    text = _LINE_BREAKS.sub(" ", text).strip()
    if _SURROGATE.search(text):
        text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text
