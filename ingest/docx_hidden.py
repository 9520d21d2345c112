"""Takes out of a Word file the text that Word does not show: where instructions to
machines are planted.

Hidden by its run or its style ("vanish"), of one point or less, or white where nothing
says another background. Works on the XML parts before they are converted; knows no
HTML and no blocks. A white text over a dark picture is taken for hidden.
"""

from __future__ import annotations

import zipfile
from collections import Counter
from collections.abc import Iterator
from io import BytesIO
from typing import Any

from ingest.html import parse_xml

Element = Any  # lxml ships no types

_PARTS = ("word/document.xml", "word/footnotes.xml", "word/endnotes.xml")
_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_OFF = ("0", "false", "off", "none")
_WHITE = ("ffffff", "fefefe")
_SMALL = 2  # half points


def shown_only(data: bytes) -> tuple[bytes, Counter[str]]:
    """(the file without its hidden text, how many runs were hidden by reason).

    The file is the same bytes where nothing was. Raises ReadError for XML that does not
    parse; call it on an archive that was checked.
    """
    archive = zipfile.ZipFile(BytesIO(data))
    names = archive.namelist()
    parts = {name: parse_xml(archive.read(name)) for name in _PARTS if name in names}
    styles = _hidden_styles(archive, names)
    hidden: Counter[str] = Counter()
    for root in parts.values():
        for run, reason in list(_hidden_runs(root, styles)):
            hidden[reason] += bool("".join(run.itertext()).strip())
            run.getparent().remove(run)
    hidden = +hidden
    return (_rewritten(archive, parts), hidden) if hidden else (data, hidden)


def _hidden_styles(archive: zipfile.ZipFile, names: list[str]) -> frozenset[str]:
    """Ids of the styles that hide, those based on them included."""
    if "word/styles.xml" not in names:
        return frozenset()
    styles = list(parse_xml(archive.read("word/styles.xml")).iter(f"{_W}style"))
    found: set[str] = set()
    for _ in range(12):  # Word allows eleven levels of basing
        before = len(found)
        for style in styles:
            if _is_on(style.find(f"{_W}rPr/{_W}vanish")) or (
                _value(style.find(f"{_W}basedOn")) in found
            ):
                found.add(style.get(f"{_W}styleId", ""))
        if len(found) == before:
            break
    return frozenset(found)


def _hidden_runs(root: Element, styles: frozenset[str]) -> Iterator[tuple[Element, str]]:
    background = _value(root.find(f"{_W}background"), "color")
    for run in root.iter(f"{_W}r"):
        properties = run.find(f"{_W}rPr")
        in_style = (
            _value(run.find(f"{_W}rPr/{_W}rStyle")),
            _value(run.getparent().find(f"{_W}pPr/{_W}pStyle")),
        )
        if styles.intersection(in_style):
            yield run, "hidden by style"
        elif properties is None:
            continue
        elif _is_on(properties.find(f"{_W}vanish")):
            yield run, "hidden"
        elif _value(properties.find(f"{_W}sz")) in tuple(map(str, range(_SMALL + 1))):
            yield run, "one point or less"
        elif (
            _value(properties.find(f"{_W}color")) in _WHITE
            and background in ("", "auto", *_WHITE)
            and not _is_shaded(run)
        ):
            yield run, "white on white"


def _is_shaded(run: Element) -> bool:
    """Whether the run, its paragraph, its cell or its table says a background."""
    if run.find(f"{_W}rPr/{_W}highlight") is not None:
        return True
    node = run
    while node is not None:
        for properties in ("rPr", "pPr", "tcPr", "tblPr"):
            fill = _value(node.find(f"{_W}{properties}/{_W}shd"), "fill")
            if fill and fill not in ("auto", *_WHITE):
                return True
        node = node.getparent()
    return False


def _is_on(switch: Element | None) -> bool:
    return switch is not None and _value(switch) not in _OFF


def _value(element: Element | None, name: str = "val") -> str:
    return "" if element is None else str(element.get(f"{_W}{name}", ""))[:80].lower()


def _rewritten(archive: zipfile.ZipFile, parts: dict[str, Element]) -> bytes:
    written = BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as copy:
        for name in dict.fromkeys(archive.namelist()):
            if name in parts:
                part = BytesIO()
                parts[name].getroottree().write(part, encoding="utf-8", xml_declaration=True)
                copy.writestr(name, part.getvalue())
            else:
                copy.writestr(name, archive.read(name))
    return written.getvalue()
