"""Writes small PDF files for tests: lines of Helvetica at places we choose."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from evals.attack_files import pdf_of


@dataclass(frozen=True)
class Print:
    """One line of text, from (x, y) in points from the bottom left."""

    text: str
    y: float
    x: float = 72
    size: float = 11
    bold: bool = False


def make_pdf(pages: list[list[Print]], info: str = "") -> bytes:
    """A PDF with one content stream a page. `info` is the inside of the /Info dictionary."""
    kids = " ".join(f"{6 + 2 * index} 0 R" for index in range(len(pages)))
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica-Bold /Encoding /WinAnsiEncoding >>",
        f"<< {info} >>",
    ]
    for index, page in enumerate(pages):
        content = "\n".join(_show(line) for line in page)
        objects.append(
            "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] "
            "/Resources << /Font << /F1 3 0 R /F2 4 0 R >> >> "
            f"/Contents {7 + 2 * index} 0 R >>"
        )
        objects.append(
            f"<< /Length {len(content.encode('cp1252'))} >>\nstream\n{content}\nendstream"
        )
    return pdf_of(objects, info=5)


def _show(line: Print) -> str:
    text = line.text.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")
    font = "F2" if line.bold else "F1"
    return f"BT /{font} {line.size} Tf {line.x} {line.y} Td ({text}) Tj ET"


@dataclass(frozen=True)
class Row:
    """A right-to-left row as the eye sees it: its glyphs from the right edge leftwards.

    A glyph is one string, of several characters where it is a ligature. `pieces` is how the file
    writes it: "visual" (one string from the left), "logical" (glyph by glyph from the right).
    """

    glyphs: Sequence[str]
    y: float
    right: float = 523
    size: float = 12
    pieces: str = "visual"


def make_rtl_pdf(pages: list[list[Row]], spaces: bool = True) -> bytes:
    """A PDF whose font names each glyph's characters, as Word does. Without `spaces` there is
    only room between the words."""
    texts = sorted({glyph for page in pages for row in page for glyph in row.glyphs})
    codes = {text: code for code, text in enumerate(texts, 33)}
    widths = " ".join(str(_width(text)) for text in texts)
    mapping = "\n".join(f"<{code:02x}> <{_utf16(text)}>" for text, code in codes.items())
    cmap = (
        "/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapName /X def "
        "1 begincodespacerange <00> <ff> endcodespacerange\n"
        f"{len(codes)} beginbfchar\n{mapping}\nendbfchar endcmap end end"
    )
    kids = " ".join(f"{5 + 2 * index} 0 R" for index in range(len(pages)))
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>",
        "<< /Type /Font /Subtype /TrueType /BaseFont /Helvetica /ToUnicode 4 0 R "
        f"/Encoding << /Differences [33 {'/period ' * len(codes)}] >> "
        f"/FirstChar 33 /LastChar {32 + len(codes)} /Widths [{widths}] >>",
        f"<< /Length {len(cmap)} >>\nstream\n{cmap}\nendstream",
    ]
    for index, page in enumerate(pages):
        content = "\n".join(_written(row, codes, spaces) for row in page)
        objects.append(
            "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] "
            f"/Resources << /Font << /F1 3 0 R >> >> /Contents {6 + 2 * index} 0 R >>"
        )
        objects.append(f"<< /Length {len(content)} >>\nstream\n{content}\nendstream")
    objects.append("<< >>")
    return pdf_of(objects, info=len(objects))


def _width(glyph: str) -> int:
    """Thousandths of the size."""
    return 0 if unicodedata.combining(glyph[0]) else 280 if glyph == " " else 500


def _utf16(text: str) -> str:
    return text.encode("utf-16-be").hex()


def _written(row: Row, codes: dict[str, int], spaces: bool) -> str:
    placed, x = [], row.right
    for glyph in row.glyphs:
        x -= _width(glyph) * row.size / 1000
        if spaces or glyph != " ":
            placed.append((x, f"{codes[glyph]:02x}"))
    if row.pieces == "visual" and spaces:
        placed = [(x, "".join(code for _, code in reversed(placed)))]
    elif row.pieces == "visual":
        placed.reverse()
    return "\n".join(
        f"BT /F1 {row.size} Tf {left:.3f} {row.y} Td <{code}> Tj ET" for left, code in placed
    )
