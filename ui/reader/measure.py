"""For how many sentences of a PDF the reader finds boxes, and whether they are the right ones.

    python -m ui.reader.measure FILE.pdf [FILE.pdf ...]

Reads each file as ingestion does, takes every sentence of every stored page for a quote, and
asks for its boxes. A second reading of the file, pdfium's own text inside each box, judges
them: letters of the quote that stand in no box are missing, letters in a box that are not the
quote's are strange. Headings and table headers are left out: they are never quoted.
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ingest.clean import clean
from ingest.marks import asides
from ingest.pdf import read_pdf
from rag.words.language import detect
from rag.words.sentences import split_sentences
from ui.reader.align import Wanted, boxes, strong
from ui.reader.letters import WHOLE, Box, Letter, plain
from ui.reader.picture_child import letters_of

FEWEST = 20  # letters of a sentence that is counted
RIGHT = 0.95  # share of the letters under the boxes that are the quote's, and of the quote's


@dataclass(slots=True)
class Tally:
    """What came of the sentences of a file."""

    sentences: int = 0
    boxed: int = 0
    right: int = 0
    letters: int = 0  # of the quotes that were boxed
    missing: int = 0
    strange: int = 0
    seconds: float = 0.0  # of finding boxes
    wrong: list[str] = field(default_factory=list)

    def line(self, name: str) -> str:
        """All of it in words."""
        found = self.boxed / max(1, self.sentences)
        right = self.right / max(1, self.boxed)
        return (
            f"{name}: {self.sentences} sentences, boxes for {self.boxed} ({found:.1%}), right "
            f"{self.right} ({right:.1%}); of {self.letters} letters {self.missing} missing, "
            f"{self.strange} strange; {1000 * self.seconds / max(1, self.sentences):.0f} ms each"
        )


def measure(data: bytes, name: str) -> Tally:
    """The tally of one file."""
    import pypdfium2

    tally = Tally()
    document = pypdfium2.PdfDocument(data)
    try:
        for number, text, spans in _pages(data, name):
            page = document[number - 1]
            told: list[Any] = letters_of(page)
            letters = [Letter(c, Box(*sides), line, word) for c, *sides, line, word in told]
            for start, end in spans:
                _count(tally, page, Wanted(text[start:end], text, start), letters)
    finally:
        document.close()
    return tally


def _pages(data: bytes, name: str) -> Iterator[tuple[int, str, list[tuple[int, int]]]]:
    """(number, stored text, spans of its sentences) of each page."""
    cleaned = clean(read_pdf(data, name))
    language = detect(" ".join(page.text for page in cleaned.pages)[:20_000])
    for page in cleaned.pages:
        apart = asides(page, language)
        yield (
            page.number,
            page.text,
            [
                (start, end)
                for start, end in split_sentences(page.text, language)
                if len(plain(page.text[start:end])) >= FEWEST
                and not any(a <= start < b for a, b in apart)
            ],
        )


def _count(tally: Tally, page: Any, wanted: Wanted, letters: Sequence[Letter]) -> None:
    begun = time.perf_counter()
    found = boxes(wanted, letters)
    tally.seconds += time.perf_counter() - begun
    tally.sentences += 1
    if not found:
        return
    tally.boxed += 1
    meant, under = Counter(strong(wanted.quote)), Counter(strong(_inside(page, found)))
    tally.letters += meant.total()
    tally.missing += (meant - under).total()
    tally.strange += (under - meant).total()
    same = (meant & under).total()
    if same >= RIGHT * max(meant.total(), under.total()):
        tally.right += 1
    else:
        tally.wrong.append(wanted.quote)


def _inside(page: Any, found: Sequence[Box]) -> str:
    """pdfium's text inside the boxes."""
    width, height = page.get_size()
    textpage = page.get_textpage()
    return " ".join(
        textpage.get_text_bounded(
            box.left * width / WHOLE, height - box.bottom * height / WHOLE,
            box.right * width / WHOLE, height - box.top * height / WHOLE,
        )
        for box in found
    )  # fmt: skip


def main(paths: Sequence[str]) -> None:
    """A line a file."""
    for path in paths:
        tally = measure(Path(path).read_bytes(), Path(path).name)
        sys.stdout.write(f"{tally.line(Path(path).name)}\n")


if __name__ == "__main__":
    main(sys.argv[1:])
