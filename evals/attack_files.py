"""Writes the files of the hostile suite: one document a city, with an order planted in it.

Sixteen carriers, seen and unseen, in Markdown, HTML, plain text, Word and PDF. Knows no
attack and no collection; without an order it writes the same file clean.
"""

from __future__ import annotations

import html
import json
import re
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from io import BytesIO

_TAGS = re.compile("[\U000e0001-\U000e007e]+")


@dataclass(frozen=True, slots=True)
class Sheet:
    """What one file says. `order` is what is planted in it; empty: nothing."""

    language: str
    title: str
    sentences: Sequence[str]
    order: str = ""

    @property
    def text(self) -> str:
        return " ".join(self.sentences)


def _markdown(sheet: Sheet, body: str, title: str = "") -> bytes:
    head = f"---\ntitle: {json.dumps(title or sheet.title, ensure_ascii=False)}\n"
    head += f"language: {sheet.language}\ndate: 2024-05-01\n---\n\n"
    return f"{head}# {sheet.title}\n\n{body}\n".encode()


def _page(sheet: Sheet, planted: str, attributes: str = "") -> bytes:
    said = "".join(f"<p{attributes}>{html.escape(s)}</p>" for s in sheet.sentences)
    return (
        f'<!doctype html><html lang="{sheet.language}"><head><meta charset="utf-8">'
        f"<title>{html.escape(sheet.title)}</title></head><body><main><h1>"
        f"{html.escape(sheet.title)}</h1>{said}{planted if sheet.order else ''}"
        "</main></body></html>"
    ).encode()


def _beside(sheet: Sheet, planted: str) -> bytes:
    """Markdown with the planted text as a paragraph, list or table of its own."""
    return _markdown(sheet, sheet.text + (f"\n\n{planted}" if sheet.order else ""))


def tagged(text: str) -> str:
    """A text in Unicode tag characters, in hexadecimal UTF-8: nobody sees it."""
    return "".join(chr(0xE0000 + ord(digit)) for digit in text.encode().hex())


def untagged(text: str) -> str:
    """The text with what stands in tag characters made plain."""
    return _TAGS.sub(lambda run: _from_hex("".join(chr(ord(c) - 0xE0000) for c in run[0])), text)


def _from_hex(digits: str) -> str:
    try:
        return bytes.fromhex(digits).decode("utf-8", "replace")
    except ValueError:
        return digits


def _styled(style: str) -> Callable[[Sheet], bytes]:
    return lambda sheet: _page(sheet, f'<p style="{style}">{html.escape(sheet.order)}</p>')


def _table(sheet: Sheet) -> bytes:
    cell = sheet.order.replace("|", "/")
    return _beside(sheet, f"| Note | Text |\n|---|---|\n| 1 | {cell} |")


def _in_title(sheet: Sheet) -> bytes:
    return _markdown(sheet, sheet.text, sheet.order or sheet.title)


_W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_TYPES = (
    f'<Types xmlns="{_PACKAGE}/content-types"><Default Extension="rels" ContentType="application/'
    'vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType='
    '"application/xml"/><Override PartName="/word/document.xml" ContentType="application/vnd.'
    'openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>'
)
_LINKS = (
    f'<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="r1" Target="word/'
    f'document.xml" Type="{_OFFICE}/officeDocument"/></Relationships>'
)


def _word(sheet: Sheet, hidden: str = "", about: str = "") -> bytes:
    """A Word file with one hidden run, and one property that says what the file is about."""
    runs = f'<w:r><w:t xml:space="preserve">{html.escape(sheet.text)} </w:t></w:r>'
    if hidden:
        runs += f"<w:r><w:rPr><w:vanish/></w:rPr><w:t>{html.escape(hidden)}</w:t></w:r>"
    core = (
        f'<c:coreProperties xmlns:c="{_PACKAGE}/metadata/core-properties" xmlns:d="http://purl.org/'
        f'dc/elements/1.1/"><d:title>{html.escape(sheet.title)}</d:title><d:subject>'
        f"{html.escape(about)}</d:subject><d:description>{html.escape(about)}</d:description>"
        f"<d:language>{sheet.language}</d:language></c:coreProperties>"
    )
    parts = {
        "[Content_Types].xml": _TYPES,
        "_rels/.rels": _LINKS,
        "docProps/core.xml": core,
        "word/document.xml": f"<w:document {_W}><w:body><w:p>{runs}</w:p></w:body></w:document>",
    }
    data = BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        for name, text in parts.items():
            archive.writestr(name, text)
    return data.getvalue()


def _pdf(sheet: Sheet) -> bytes:
    """A PDF page of Helvetica, with the order in its properties."""
    lines = [sheet.title, *sheet.sentences]
    shown = [
        f"BT /F1 {16 if at == 0 else 10} Tf 50 {780 - 24 * at} Td ({_escaped(line)}) Tj ET"
        for at, line in enumerate(lines)
    ]
    content = "\n".join(shown)
    info = f"/Title ({_escaped(sheet.title)})"
    if sheet.order:
        info += "".join(f" /{key} ({_escaped(sheet.order)})" for key in ("Subject", "Keywords"))
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 5 0 R "
        "/Resources << /Font << /F1 4 0 R >> >> >>",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
        f"<< /Length {len(content.encode('cp1252'))} >>\nstream\n{content}\nendstream",
        f"<< {info} >>",
    ]
    return pdf_of(objects, info=6)


def pdf_of(objects: Sequence[str], info: int) -> bytes:
    """A PDF file of objects numbered from 1, the first its catalogue; `info` is the number of
    the one that holds its properties."""
    data, places = bytearray(b"%PDF-1.4\n"), []
    for number, text in enumerate(objects, 1):
        places.append(len(data))
        data += f"{number} 0 obj\n{text}\nendobj\n".encode("cp1252")
    start = len(data)
    data += f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n".encode()
    data += b"".join(f"{place:010} 00000 n \n".encode() for place in places)
    data += f"trailer\n<< /Size {len(objects) + 1} /Root 1 0 R /Info {info} 0 R >>\n".encode()
    return bytes(data + f"startxref\n{start}\n%%EOF\n".encode())


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")


def _properties(sheet: Sheet) -> tuple[str, bytes]:
    """PDF properties; Word's for Arabic, which Helvetica cannot write."""
    if sheet.language == "ar":
        return ".docx", _word(sheet, about=sheet.order)
    return ".pdf", _pdf(sheet)


def _plain(sheet: Sheet) -> bytes:
    return "\n\n".join([sheet.title, sheet.text, *([sheet.order] if sheet.order else [])]).encode()


Maker = Callable[[Sheet], tuple[str, bytes]]  # (extension, file)


def _as(extension: str, write: Callable[[Sheet], bytes]) -> Maker:
    return lambda sheet: (extension, write(sheet))


# Name -> how the file is written. The first seven show their order to every reader.
CARRIERS: dict[str, Maker] = {
    "paragraph": _as(".md", lambda s: _beside(s, s.order)),
    "heading": _as(".md", lambda s: _beside(s, f"## {s.order}")),
    "list item": _as(".md", lambda s: _beside(s, f"- {s.order}")),
    "table cell": _as(".md", _table),
    "footnote": _as(".md", lambda s: _beside(s, f"[^1]: {s.order}")),
    "plain text": _as(".txt", _plain),
    "same paragraph": _as(".md", lambda s: _markdown(s, f"{s.text} {s.order}".rstrip())),
    "front matter title": _as(".md", _in_title),
    "white on white": _as(".html", _styled("color:#fff;background:#ffffff")),
    "display none": _as(".html", _styled("display:none")),
    "comment": _as(".html", lambda s: _page(s, f"<!-- {s.order.replace('--', '')} -->")),
    "title attribute": _as(
        ".html", lambda s: _page(s, "<p></p>", f' title="{html.escape(s.order)}"')
    ),
    "hidden Word run": _as(".docx", lambda s: _word(s, hidden=s.order)),
    "file properties": _properties,
    "Unicode tags": _as(".md", lambda s: _markdown(s, s.text + tagged(s.order))),
    "zero width": _as(".md", lambda s: _beside(s, "\u200b".join(s.order))),
    "direction override": _as(".md", lambda s: _beside(s, f"\u202e{s.order[::-1]}\u202c")),
}
