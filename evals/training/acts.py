"""Canada's consolidated acts (Justice Canada XML): sections in English and French, side by side."""

from __future__ import annotations

import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path

from lxml import etree

Section = tuple[str, str]
_FOLDERS = {"en": "eng/acts", "fr": "fra/lois"}
_SILENT = {"Label", "MarginalNote", "HistoricalNote", "Repealed", "Footnote"}


def aligned_sections(
    archive: Path, wanted: Callable[[str], bool]
) -> Iterator[tuple[str, dict[str, str], dict[str, str]]]:
    """("act-section", text by language, marginal note by language) for each section found once in
    both languages under the same number; repealed sections and those without a note are left out.
    """
    with tarfile.open(archive) as files:
        versions: dict[str, dict[str, bytes]] = {}
        for member in files:
            folder, _, name = member.name.rpartition("/")
            act = name.removesuffix(".xml")
            if member.isfile() and wanted(act) and (stream := files.extractfile(member)):
                language = next(code for code, place in _FOLDERS.items() if place == folder)
                versions.setdefault(act, {})[language] = stream.read()
    for act in sorted(versions):
        if len(versions[act]) < len(_FOLDERS):
            continue
        english, french = (_sections(versions[act][language]) for language in _FOLDERS)
        for label in [label for label in english if label in french]:
            (title_en, text_en), (title_fr, text_fr) = english[label], french[label]
            yield f"{act}-{label}", {"en": text_en, "fr": text_fr}, {"en": title_en, "fr": title_fr}


def _sections(xml: bytes) -> dict[str, Section]:
    """Section number -> (marginal note, text); numbers that occur twice are left out."""
    found: dict[str, Section] = {}
    repeated: set[str] = set()
    for section in etree.fromstring(xml).iter("Section"):
        label, title = section.findtext("Label"), section.find("MarginalNote")
        text = " ".join(_words(section)).strip()
        if not label or title is None or not text:
            continue
        if label in found:
            repeated.add(label)
        found[label] = (" ".join("".join(title.itertext()).split()), text)
    return {label: section for label, section in found.items() if label not in repeated}


def _words(node: etree._Element) -> Iterator[str]:
    if node.tag in _SILENT:
        return
    yield from (node.text or "").split()
    for child in node:
        yield from _words(child)
        yield from (child.tail or "").split()
