"""Reads PDF files with pypdfium2, and a doubtful page with pypdf too: the better text is kept.

On clean left-to-right text the two agree word for word (measured on OWASP ASVS in three
languages) and pypdfium2 is many times faster, so it goes first. Right-to-left pages are put in
order from the places of its characters (`ingest.pdf_rows`). pypdf is asked for pages that are
damaged or empty, and when pypdfium2 cannot open the file. Knows nothing of cleaning: running
heads stay, each as a block of its own.
"""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import islice

from ingest.pdf_lines import Line, pages_to_blocks, with_places
from ingest.pdf_quality import damage, is_right_to_left, repair, restore_shifted_letters
from ingest.pdf_reading import Reading
from ingest.types import Block, RawDocument, RawPage
from rag.errors import ReadError

PICTURES = "picture_pages"  # among the metadata: numbers of pages that are pictures without text
DOUBTFUL = 0.05  # share of damaged words above which the other reader is asked
CLEARLY = 100  # thousandths by which a page of the other reader must be better, to be taken
MAX_EMPTY_ASKED = 50  # pages without a letter that pypdf is asked for: scans have hundreds


def read_pdf(data: bytes, name: str) -> RawDocument:
    """Blocks by page, labels and document properties; `reader` names whose text was kept."""
    from ingest.pdf_pdfium import read_pdfium
    from ingest.pdf_pypdf import read_pypdf

    notes: list[str] = []
    try:
        first = read_pdfium(data)
    except ReadError as exc:
        notes.append(f"pypdfium2 could not read it ({exc})")
        try:
            other = read_pypdf(data, None)
        except ReadError as second:
            raise (exc if "password" in str(exc) else second) from second
        first = replace(other, pages={})
    else:
        _restore(first, notes)
        other = _second_opinion(data, first, notes)
    taken = clearly_better(first, other)
    pages = _kept(first, other, taken)
    kept = _named(first, other, taken, notes)
    pages = _repaired(pages, first.ordered - taken, notes)
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


def _second_opinion(data: bytes, first: Reading, notes: list[str]) -> Reading:
    """pypdf's reading of the pages that need one."""
    from ingest.pdf_pypdf import SECOND_OPINION_S, read_pypdf

    texts = [first.text(index) for index in range(first.count)]
    doubtful = [
        index
        for index, text in enumerate(texts)
        if damage(text) > DOUBTFUL or (index not in first.ordered and is_right_to_left(text))
    ]
    empty = (index for index, text in enumerate(texts) if not re.search(r"\w", text))
    asked = sorted({*doubtful, *islice(empty, MAX_EMPTY_ASKED)})
    if not asked:
        return Reading()
    try:
        reading = read_pypdf(data, asked)
        if len(reading.pages) < len(asked):
            notes.append(
                f"pypdf was stopped after {SECOND_OPINION_S} s: it read "
                f"{len(reading.pages)} of {len(asked)} doubtful pages"
            )
        return reading
    except ReadError as exc:
        if doubtful:
            notes.append(f"pypdf could not read it ({exc})")
        return Reading()


def _compared(first: Reading, other: Reading) -> list[int]:
    return [index for index, lines in other.pages.items() if lines and index < first.count]


def clearly_better(first: Reading, other: Reading) -> set[int]:
    """Pages to take from the other reader.

    Where it reads the file's doubtful pages better on the whole, it keeps the close calls,
    except on pages that we put in order: the score knows words, not their order.
    """
    compared = _compared(first, other)
    of_first = {index: _score(first.text(index)) for index in compared}
    of_other = {index: _score(other.text(index)) for index in compared}
    prefers_other = sum(of_other.values()) > sum(of_first.values())
    taken = set()
    for index in compared:
        close_is_enough = prefers_other and index not in first.ordered
        lead = of_other[index] - of_first[index]
        if lead > (-CLEARLY if close_is_enough else CLEARLY) or lead > of_first[index] == 0:
            taken.add(index)
    return taken


def _kept(first: Reading, other: Reading, taken: set[int]) -> list[list[Line]]:
    return [
        with_places(other.pages[index], first.pages.get(index, []))
        if index in taken
        else first.pages.get(index, [])
        for index in range(first.count)
    ]


def _named(first: Reading, other: Reading, taken: set[int], notes: list[str]) -> str:
    """The reader whose text was kept, or most of it where they were compared."""
    compared = _compared(first, other)
    kept, left = "pypdfium2", "pypdf"
    if taken and 2 * len(taken) >= min(len(compared), first.count):
        kept, left = left, kept
    if compared and first.pages:
        scores = {
            "pypdf": sum(_score(other.text(index)) for index in compared),
            "pypdfium2": sum(_score(first.text(index)) for index in compared),
        }
        means = {name: total / 1000 / len(compared) for name, total in scores.items()}
        notes.append(
            f"kept {kept} over {left}: {means[kept]:.2f} against {means[left]:.2f} on "
            f"{len(compared)} doubtful pages; {len(taken)} of {first.count} pages are pypdf's"
        )
    return kept


def _score(text: str) -> int:
    """Thousandths: 1000 is a page of plausible words, 0 a page without any."""
    return round(1000 * (1 - damage(text))) if re.search(r"\w", text) else 0


def _repaired(pages: list[list[Line]], as_printed: set[int], notes: list[str]) -> list[list[Line]]:
    """The kept pages; those not read `as_printed` with their words in order and apart."""
    texts = [
        [
            line.text if index in as_printed or line.text.isascii() else repair(line.text)
            for line in page
        ]
        for index, page in enumerate(pages)
    ]
    return _restored(pages, texts, notes)


def _restored(
    pages: list[list[Line]], texts: list[list[str]], notes: list[str]
) -> list[list[Line]]:
    """The lines with these texts, after letters were restored that a font names wrongly."""
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


def _restore(first: Reading, notes: list[str]) -> None:
    """Letters of the pages in order, before they are judged."""
    indices = sorted(first.ordered)
    pages = [first.pages[index] for index in indices]
    texts = [[line.text for line in page] for page in pages]
    first.pages.update(zip(indices, _restored(pages, texts, notes), strict=True))
