"""A paper as a Word file (Office Open XML, ECMA-376) with real footnotes.

Paragraphs and runs carry language and direction each, so that an Arabic quotation reads
right in an English note and the other way round. No library makes footnotes, and the
format is plain, so the parts are written here.

    word/document.xml, footnotes.xml   the text            (this module)
    styles, settings, footer, packing                      (ui.note.docx_parts)
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Sequence

from ui.markup import RIGHT_TO_LEFT, direction
from ui.note import docx_parts
from ui.note.paper import Block, Paper, Run
from ui.note.words_xml import element, text

STYLES = {
    "title": "Title", "date": "Dated", "introduction": "BodyText", "question": "Heading1",
    "label": "Label", "quote": "Quote", "from": "Attribution", "written": "BodyText",
    "own": "BodyText", "gone": "Label", "comment": "BodyText", "heading": "Heading2",
    "source": "Source", "about": "About",
}  # fmt: skip
FIRST_NOTE = 1  # -1 and 0 are the lines above the footnotes
DAWN = (1980, 1, 1, 0, 0, 0)  # the first moment a ZIP file knows


class _Links:
    """The addresses of one part; each is a relationship of it."""

    def __init__(self) -> None:
        self.targets: list[str] = []

    def add(self, address: str) -> str:
        """The id of an address."""
        if address not in self.targets:
            self.targets.append(address)
        return f"rLink{self.targets.index(address) + 1}"


def docx(paper: Paper) -> bytes:
    """The file."""
    body, notes = _Links(), _Links()
    document = "".join(_paragraph(block, paper.language, body) for block in paper.blocks)
    footnotes = "".join(
        _footnote(n, runs, paper.language, notes)
        for n, runs in enumerate(paper.footnotes, start=FIRST_NOTE)
    )
    parts = docx_parts.parts(paper, document, footnotes, body.targets, notes.targets)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            # No clock: the same note is the same file.
            archive.writestr(zipfile.ZipInfo(name, DAWN), content, zipfile.ZIP_DEFLATED)
    return packed.getvalue()


def _paragraph(block: Block, around: str, links: _Links) -> str:
    """`around`: the language of the note, whose direction a text of unknown language takes
    from its first letter."""
    base = _direction(block.language, "".join(run.text for run in block.runs), around)
    style = element("w:pStyle", w_val=STYLES[block.kind])
    properties = element("w:pPr", style, element("w:bidi") if base == "rtl" else "")
    runs = "".join(_run(run, block.language, base, links) for run in block.runs)
    references = _comma(base).join(_reference(n, base) for n in block.notes)
    return element("w:p", properties, runs, references)


def _direction(language: str, words: str, around: str) -> str:
    known = direction(language)
    if known != "auto":
        return known
    return first_strong(words) or direction(around)


def first_strong(words: str) -> str:
    """The direction of the first letter that has one; empty where none has."""
    import unicodedata

    for letter in words:
        kind = unicodedata.bidirectional(letter)
        if kind in ("R", "AL"):
            return "rtl"
        if kind == "L":
            return "ltr"
    return ""


def _run(run: Run, around: str, base: str, links: _Links) -> str:
    language = run.language or around
    way = _direction(language, run.text, "ar" if base == "rtl" else "en")
    style = {"title": "CitedTitle", "link": "Hyperlink"}.get(run.style, "")
    properties = element(
        "w:rPr",
        element("w:rStyle", w_val=style) if style else "",
        element("w:rtl") if way == "rtl" else "",
        _language(language, way),
    )
    lines = run.text.split("\n")
    inside = element("w:br").join(
        f'<w:t xml:space="preserve">{text(line)}</w:t>' if line else "" for line in lines
    )
    made = element("w:r", properties, inside)
    return element("w:hyperlink", made, r_id=links.add(run.href)) if run.href else made


def _language(language: str, way: str) -> str:
    """What the spelling checker and a screen reader go by."""
    if language in ("", "und"):
        return ""
    if way == "rtl" or language in RIGHT_TO_LEFT:
        return element("w:lang", w_bidi=docx_parts.LOCALES.get(language, language))
    return element("w:lang", w_val=docx_parts.LOCALES.get(language, language))


def _reference(n: int, base: str) -> str:
    return element("w:r", _raised(base), element("w:footnoteReference", w_id=str(n)))


def _comma(base: str) -> str:
    """What stands between two references."""
    properties = _raised(base)
    return element("w:r", properties, '<w:t xml:space="preserve">, </w:t>')


def _raised(base: str) -> str:
    style = element("w:rStyle", w_val="FootnoteReference")
    return element("w:rPr", style, element("w:rtl") if base == "rtl" else "")


def _footnote(n: int, runs: Sequence[Run], around: str, links: _Links) -> str:
    base = direction(around)
    properties = element(
        "w:pPr",
        element("w:pStyle", w_val="FootnoteText"),
        element("w:bidi") if base == "rtl" else "",
    )
    number = element("w:r", _raised(base), element("w:footnoteRef"))
    said = _spaced(runs)
    inside = "".join(_run(run, around, base, links) for run in said)
    return element("w:footnote", element("w:p", properties, number, inside), w_id=str(n))


def _spaced(runs: Sequence[Run]) -> Iterable[Run]:
    """A space between the number and the words."""
    return (Run(" "), *runs)
