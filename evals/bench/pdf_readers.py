"""The readers side by side: pages a second, and how much of the known text each finds.

    make bench-pdf PDF=FOLDER     FOLDER holds *-LANG.pdf and markdown/LANG/*.md

Each reader reads each file in this process, one after another, the order rotated every time;
figures are medians. `ours, text` is our extraction alone, `ours` the whole of
`ingest.read.read_bytes`. Text is judged by `evals.bench.pdf_truth`, against the Markdown as it
lies there ("all": with the targets of links, which are not printed) and as it is printed.
"""

from __future__ import annotations

import re
import statistics
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from evals.bench import machine
from evals.bench.pdf_truth import cut, found, markdown_of, words

Reader = Callable[[bytes], Sequence[str]]  # the text of each page
_LANGUAGE = re.compile(r"-([a-z]{2})\.pdf$")


def pypdf_pages(data: bytes) -> list[str]:
    """pypdf's plain text of each page."""
    import io

    import pypdf

    return [page.extract_text() for page in pypdf.PdfReader(io.BytesIO(data)).pages]


def pdfium_pages(data: bytes) -> list[str]:
    """pypdfium2's plain text of each page."""
    import pypdfium2

    document = pypdfium2.PdfDocument(data)
    try:
        return [page.get_textpage().get_text_range() for page in document]
    finally:
        document.close()


def lines_pages(data: bytes) -> list[str]:
    """Our lines of each page, before anything is decided about them."""
    from ingest.pdf_pdfium import read_pdfium

    reading = read_pdfium(data)
    return [reading.text(index) for index in range(reading.count)]


def blocks_pages(data: bytes) -> list[str]:
    """What ingestion reads, running heads included."""
    from ingest.read import read_bytes

    pages = read_bytes(data, "file.pdf").pages
    return ["\n".join(block.text for block in page.blocks) for page in pages]


def stored_pages(data: bytes) -> list[str]:
    """What ingestion stores, cleaned: the text that quotes are checked against."""
    from ingest.clean import clean
    from ingest.read import read_bytes

    cleaned = clean(read_bytes(data, "file.pdf"))
    texts = {page.number: page.text for page in cleaned.pages}
    return [texts.get(number, "") for number in range(1, max(texts, default=0) + 1)]


TIMED: Mapping[str, Reader] = {
    "pypdf": pypdf_pages,
    "pypdfium2": pdfium_pages,
    "ours, text": lines_pages,
    "ours": blocks_pages,
}
JUDGED: Mapping[str, Reader] = {
    "pypdf": pypdf_pages,
    "pypdfium2": pdfium_pages,
    "ours": blocks_pages,
    "ours, stored": stored_pages,
}


def speeds(files: Mapping[str, bytes], repeats: int) -> list[str]:
    """A Markdown table: pages a second of processor and of wall time."""
    rows = [
        "| file | reader | pages/s (CPU) | pages/s (wall) | x pypdf (CPU) |",
        "|---|---|--:|--:|--:|",
    ]
    names = list(TIMED)
    for file, data in files.items():
        count = len(pdfium_pages(data))
        taken: dict[str, list[tuple[float, float]]] = {name: [] for name in names}
        blocks_pages(data)  # imports, and the disk
        for repeat in range(repeats):
            shift = repeat % len(names)
            for name in names[shift:] + names[:shift]:
                sys.stderr.write(f"\r{file}: {repeat + 1} of {repeats}, {name:12}")
                taken[name].append(_seconds(TIMED[name], data))
        sys.stderr.write("\n")
        peer = statistics.median(cpu for cpu, _ in taken["pypdf"])
        for name in names:
            cpu, wall = (statistics.median(side) for side in zip(*taken[name], strict=True))
            rows.append(
                f"| {file} | {name} | {count / cpu:.0f} | {count / wall:.0f} | {peer / cpu:.1f} |"
            )
    return rows


def _seconds(reader: Reader, data: bytes) -> tuple[float, float]:
    cpu, wall = time.process_time(), time.perf_counter()
    reader(data)
    return time.process_time() - cpu, time.perf_counter() - wall


def texts(files: Mapping[str, bytes], markdown: Path) -> list[str]:
    """A Markdown table: precision / recall against each file's source."""
    rows = [
        "| file | reader | words, all | bigrams, all | words, printed | bigrams, printed "
        "| first half | second half |",
        "|---|---|--:|--:|--:|--:|--:|--:|",
    ]
    for file, data in files.items():
        language = _LANGUAGE.search(file)
        if language is None or not (markdown / language[1]).is_dir():
            continue
        whole = words(markdown_of(markdown / language[1], printed=False))
        printed = words(markdown_of(markdown / language[1], printed=True))
        place = cut(*_halves(pypdf_pages(data)), printed)
        for name, reader in JUDGED.items():
            rows.append(_judged(file, name, reader(data), whole, printed, place))
    return rows


def made(said: Sequence[str], files: Mapping[str, bytes]) -> list[str]:
    """A Markdown table for files all of which say the same, printed paragraphs."""
    source = words("\n".join(said))
    rows = ["| file | reader | words | bigrams |", "|---|---|--:|--:|"]
    for file, data in files.items():
        for name, reader in JUDGED.items():
            shares = found(words("\n".join(reader(data))), source)
            rows.append(f"| {file} | {name} | {_pair(shares.words)} | {_pair(shares.bigrams)} |")
    return rows


def _halves(pages: Sequence[str]) -> tuple[list[str], list[str]]:
    half = len(pages) // 2
    return words("\n".join(pages[:half])), words("\n".join(pages[half:]))


def _judged(
    file: str, name: str, pages: Sequence[str], whole: list[str], printed: list[str], place: int
) -> str:
    """One row; the halves are bigrams, printed."""
    read = words("\n".join(pages))
    shares = (found(read, whole), found(read, printed))
    halves = zip(_halves(pages), (printed[:place], printed[place:]), strict=True)
    cells = [_pair(side) for each in shares for side in (each.words, each.bigrams)]
    cells += [_pair(found(half, source).bigrams) for half, source in halves]
    return f"| {file} | {name} | {' | '.join(cells)} |"


def _pair(shares: tuple[float, float]) -> str:
    return f"{shares[0]:.3f} / {shares[1]:.3f}"


def report(folder: Path, repeats: int) -> str:
    """Both tables of a folder, those of the files we make, and where they were measured."""
    from evals.bench.pdf_made import paragraphs, typeset

    files = {path.name: path.read_bytes() for path in sorted(folder.glob("*.pdf"))}
    said = paragraphs()
    ours = {"one column": typeset(said, 1), "two columns": typeset(said, 2)}
    before = machine.load()
    tables = [speeds(files, repeats), texts(files, folder / "markdown"), made(said, ours)]
    about = machine.describe()
    place = (
        f"{about['processor']}, {about['cores']} cores, Python {about['python']}, commit "
        f"{about['commit']}, {repeats} repeats, load averages {before[0]} to {machine.load()[0]}"
    )
    return "\n\n".join(["\n".join(table) for table in tables] + [place]) + "\n"
