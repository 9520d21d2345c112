"""Writes small PDF files for tests: lines of Helvetica at places we choose."""

from __future__ import annotations

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
