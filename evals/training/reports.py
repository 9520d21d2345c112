"""Invented reports with practitioners' questions, to learn from and to fit on.

    python -m evals.training.reports    counts by language, kind and part

`reports/*.txt` were written for this: towns, people, laws and figures are made up, the genres are
those of the collection. A file has three parts with `---` between them: metadata (`key: value`);
the text, each sentence, list item (`- 4 ...`) and table row (`8 | ... |`) with its number, headings
with `#`, table headers without number; questions, `language ; lead ; further ; question`: the line
to be shown first, the others that a whole answer needs, 0 for what the report does not answer (a
near miss). Every report is asked in four languages.

Reports are ingested as any document is, so that windows, headings and table rows are those a
question meets. One in four is kept out of what the reader learns from, to fit what judges its
readings and to measure on.
"""

from __future__ import annotations

import hashlib
import random
import re
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from rag.embed import MODELS, Embedder, load_embedder
from rag.encoder.reader import Window, windows_of
from rag.encoder.vocabulary import vocabulary
from rag.errors import ConfigurationError
from rag.index.generation import Generation, open_current
from rag.types import Page
from rag.words.sentences import split_sentences

FOLDER = Path(__file__).with_name("reports")
LANGUAGES = ("en", "ar", "fr", "es")
ENCODER = "sanad-encoder"
SENTENCE_TOKENS, WINDOW_TOKENS = 80, 176  # of the reader
MOST_PASSAGES = 1000  # of one report
OTHERS = 24  # reports beside its own that a question is asked of
Span = tuple[int, int]
_NUMBERED = re.compile(r"(-\s+)?(\d+)\s+(.*)")


@dataclass(frozen=True, slots=True)
class ReportQuestion:
    """One question of a report; `lead` is 0 and `further` empty where the report has no answer."""

    language: str
    text: str
    lead: int
    further: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """One file: the text as Markdown, its numbered lines without their marks, and questions."""

    name: str
    language: str
    markdown: str
    lines: Mapping[int, str]
    asked: tuple[ReportQuestion, ...]

    @property
    def kept_out(self) -> bool:
        """Whether it is not learned from but kept to fit on: one in four, by a hash."""
        return hashlib.sha256(self.name.encode()).digest()[0] % 4 == 0


@dataclass(frozen=True, slots=True)
class Placed:
    """A question with the places of its lines in the page they stand on."""

    asked: ReportQuestion
    report: Report
    document: str  # id
    lead: Span | None
    further: tuple[Span, ...]


def read_reports(folder: Path = FOLDER) -> list[Report]:
    """All reports of a folder. Raises ConfigurationError that names file and line."""
    return [_read(path) for path in sorted(folder.glob("*.txt"))]


def _read(path: Path) -> Report:
    parts = re.split(r"^---\s*$", path.read_text("utf-8"), flags=re.MULTILINE)
    if len(parts) != 3:
        raise ConfigurationError(f"{path}: {len(parts)} parts parted by ---, 3 expected")
    facts = dict(line.split(":", 1) for line in parts[0].strip().splitlines())
    blocks: list[str] = [f"# {facts['title'].strip()}"]
    lines: dict[int, str] = {}
    before = ""
    for raw in parts[1].strip().splitlines():
        kind, number, text = _line(raw.strip(), path)
        if text and raw.strip("# ") == facts["title"].strip():
            continue
        if number:
            if number != len(lines) + 1:
                raise ConfigurationError(f"{path}: line {number} follows line {len(lines)}")
            lines[number] = text.strip("| ")
        blocks += _laid(kind, before, text)
        before = kind
    asked = tuple(_question(line, path, len(lines)) for line in parts[2].strip().splitlines())
    markdown = "\n".join(blocks) + "\n"
    return Report(path.stem, facts["lang"].strip(), markdown, lines, asked)


def _line(text: str, path: Path) -> tuple[str, int, str]:
    """Kind, number (0: none) and text of a line of a report."""
    if not text:
        return "", 0, ""
    if text.startswith("#"):
        return "heading", 0, text
    if text.startswith("|"):
        return "header", 0, text
    found = _NUMBERED.fullmatch(text)
    if found is None:
        raise ConfigurationError(f"{path}: {text[:60]!r} is no numbered line; write '4 Text.'")
    kind = "item" if found[1] else "row" if found[3].startswith("|") else "sentence"
    return kind, int(found[2]), found[3]


def _laid(kind: str, before: str, text: str) -> Iterator[str]:
    """The lines of Markdown that a line becomes."""
    if kind != before and {kind, before} != {"header", "row"}:
        yield ""
    if kind == "header":
        yield from ("", text, "|---" * (text.strip("| ").count("|") + 1) + "|")
    elif kind == "item":
        yield f"- {text}"
    elif kind:
        yield text


def _question(line: str, path: Path, most: int) -> ReportQuestion:
    cells = [cell.strip() for cell in line.split(";", 3)]
    try:
        language, lead, further, text = cells
        found = ReportQuestion(
            language, text, int(lead), tuple(int(n) for n in further.split(",") if n.strip())
        )
    except ValueError as error:
        raise ConfigurationError(f"{path}: {line[:60]!r} is no 'en ; 4 ; 5,6 ; text'") from error
    known = 0 <= found.lead <= most and all(1 <= n <= most for n in found.further)
    if language not in LANGUAGES or not known:
        raise ConfigurationError(f"{path}: {line[:60]!r} names a language or line there is not")
    return found


@contextmanager
def generation_of(
    reports: Sequence[Report], embedder: Embedder | None = None
) -> Iterator[Generation]:
    """The reports, ingested."""
    from ingest.walk import ingest

    embedder = embedder or load_embedder()
    with TemporaryDirectory() as folder:
        sources = Path(folder) / "reports"
        sources.mkdir()
        for report in reports:
            (sources / f"{report.name}.md").write_text(report.markdown, "utf-8")
        ingest([str(sources)], Path(folder) / "data", embedder)
        generation = open_current(Path(folder) / "data")
        try:
            yield generation
        finally:
            generation.close()


def placed(reports: Sequence[Report], generation: Generation) -> Iterator[Placed]:
    """The questions with the places of their lines; those whose lead ingestion lost are left
    out."""
    named = {report.name: report for report in reports}
    for document in generation.store.documents():
        report = named[Path(document.id).stem]
        (number,) = generation.store.page_numbers(document.id)
        page = generation.store.page_of(document.id, number)
        at = _places(report, page)
        for asked in report.asked:
            lead = at.get(asked.lead)
            if lead is None and asked.lead:
                continue
            further = tuple(span for n in asked.further if (span := at[n]) is not None)
            yield Placed(asked, report, document.id, lead, further)


def kept_questions(reports: Sequence[Report], generation: Generation, limit: int) -> list[Placed]:
    """At most so many questions of the reports that were kept out, the same on every run."""
    every = [one for one in placed(reports, generation) if one.report.kept_out]
    return random.Random(1).sample(every, min(limit, len(every)))


def beside(one: Placed, generation: Generation) -> dict[str, list[str]]:
    """A filter to the question's report and OTHERS more, the same on every run: a collection of the
    size people have. Of all of them, "local politicians threatened giving up" fits too many."""
    every = sorted(document.id for document in generation.store.documents())
    chance = random.Random(f"{one.document} {one.asked.text}")
    return {"document": [one.document, *chance.sample(every, min(OTHERS, len(every)))]}


def _places(report: Report, page: Page) -> dict[int, Span | None]:
    """Where each line stands, after the one before, whatever stands between its letters."""
    found: dict[int, Span | None] = {}
    after = 0
    for number, text in report.lines.items():
        letters = [re.escape(piece) for piece in re.findall(r"\w+", text)]
        match = re.compile(r"\W+".join(letters)).search(page.text, after) if letters else None
        found[number] = match.span() if match else None
        after = match.end() if match else after
    return found


def windows_with_places(
    generation: Generation, document: str
) -> Iterator[tuple[Window, tuple[Span, ...]]]:
    """The windows of a document as `rag.evidence.candidates` reads them, with the places of their
    sentences in the page."""
    found = generation.store.find_document(document)
    assert found is not None, document
    row, source = found
    table = vocabulary(MODELS / ENCODER)
    for passage in generation.store.passages_of(row, MOST_PASSAGES):
        title = " · ".join((source.title, *passage.headings))
        spans = [
            (passage.start + start, passage.start + end)
            for start, end in split_sentences(passage.text, source.language)
        ]
        page = generation.store.page_of(document, passage.page)
        texts = [page.text[start:end] for start, end in spans]
        lengths = [min(len(ids), SENTENCE_TOKENS) for ids in table.ids(texts)]
        for window in windows_of(spans, lengths, WINDOW_TOKENS):
            sentences = tuple(page.text[start:end] for start, end in window)
            yield Window(title, sentences), tuple(window)


def main() -> None:
    """Print counts."""
    reports = read_reports()
    counts = Counter(
        (report.kept_out, report.language, asked.language, bool(asked.lead))
        for report in reports
        for asked in report.asked
    )
    sys.stdout.write(f"{len(reports)} reports\n")
    for key, count in sorted(counts.items()):
        sys.stdout.write(f"{key} {count}\n")


if __name__ == "__main__":
    main()
