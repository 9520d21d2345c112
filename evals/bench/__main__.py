"""`make bench`, or `python -m evals.bench [--repeats N] [--pdf FILE ...] [--out FILE]`

Every measurement runs in processes of its own, REPEATS times, ours and the peer's in
an order that rotates, after one unmeasured round that fills the disk cache. The
result is median and 95th percentile, never the best.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from evals.bench import machine, report
from evals.bench.process import ProgramFailed, measure, module, sanad

ROOT = Path(__file__).parents[2]
QUESTION = "How did Kenya structure county action plans?"
VANILLA = "evals.bench.vanilla"
NOTES = (
    "The peer's embedding model has the shape of all-MiniLM-L6-v2 and random weights: its cost, "
    "not its quality. The peer stops at the passages; ours is a whole verified answer.",
    "The peer's ingestion is timed after its imports and the loading of its model, and from text "
    "already extracted; ours is the whole command, process start and verification included.",
    "Memory is the peak resident set of the process, memory-mapped files included.",
)


@dataclass(slots=True)
class Bench:
    """A scratch folder with everything measured on, and the values so far."""

    folder: Path
    corpus: Path
    pdfs: Sequence[Path]
    documents: int
    vanilla_documents: int
    values: dict[str, list[float]] = field(default_factory=dict)

    @property
    def data(self) -> Path:
        """Our data folder of the sample collection."""
        return self.folder / "data"

    @property
    def model(self) -> str:
        """The peer's embedding model."""
        return str(self.folder / "minilm/model")

    def prepare(self, peer: bool) -> None:
        """Ingest the collection, write texts, questions and, for the peer, model and index."""
        measure(sanad("ingest", str(self.corpus), "--data-dir", str(self.data)), ROOT)
        texts = self.folder / "texts"
        self._make("collection-texts", str(self.data), str(texts))
        self._make("many-texts", str(texts), str(self.folder / "many"), str(self.documents))
        self._make("questions", str(self.folder / "questions.txt"))
        if peer:
            count = str(self.vanilla_documents)
            self._make("many-texts", str(texts), str(self.folder / "few"), count)
            self._make("tiny-model", str(texts), str(self.folder / "minilm"))
            self._vanilla("ingest", str(texts), str(self.folder / "chroma"))

    def _make(self, what: str, *arguments: str) -> None:
        measure(module("evals.bench.material", what, *arguments), ROOT)

    def _vanilla(self, command: str, *arguments: str) -> Any:
        return measure(module(VANILLA, command, self.model, *arguments), ROOT)

    def add(self, name: str, value: float) -> None:
        """Note one value."""
        self.values.setdefault(name, []).append(value)

    # One measurement each; a round does all of them.

    def help(self) -> None:
        """`sanad --help`."""
        self.add("help_s", measure(sanad("--help"), ROOT).wall_s)

    def ask(self) -> None:
        """A whole answer by a fresh process."""
        used = measure(sanad("ask", QUESTION, "--data-dir", str(self.data), "--json"), ROOT)
        if json.loads(used.output)["status"] == "declined":
            raise ProgramFailed("sanad ask declined the question that is timed")
        self.add("ask_s", used.wall_s)
        self.add("ask_cpu_s", used.cpu_s)
        self.add("ask_mb", used.peak_mb)

    def vanilla_ask(self) -> None:
        """The peer's passages by a fresh process."""
        used = self._vanilla("ask", str(self.folder / "chroma"), QUESTION)
        self.add("vanilla_ask_s", used.wall_s)
        self.add("vanilla_ask_cpu_s", used.cpu_s)
        self.add("vanilla_ask_mb", used.peak_mb)

    def ingest(self) -> None:
        """Many text files into an empty data folder."""
        target = self.folder / "ingested"
        shutil.rmtree(target, ignore_errors=True)
        source = self.folder / "many"
        used = measure(sanad("ingest", str(source), "--data-dir", str(target), "--json"), ROOT)
        done = json.loads(used.output)
        characters = sum(len(p.read_text("utf-8")) for p in source.glob("*.txt"))
        self.add("ingest_chunks_s", done["passages"] / used.wall_s)
        self.add("ingest_chars_s", characters / used.wall_s)
        self.add("ingest_mb", used.peak_mb)

    def vanilla_ingest(self) -> None:
        """Fewer text files into an empty Chroma folder."""
        target = self.folder / "vanilla-ingested"
        shutil.rmtree(target, ignore_errors=True)
        used = self._vanilla("ingest", str(self.folder / "few"), str(target))
        done = json.loads(used.output.splitlines()[-1])
        self.add("vanilla_ingest_chunks_s", done["chunks"] / done["seconds"])
        self.add("vanilla_ingest_chars_s", done["characters"] / done["seconds"])
        self.add("vanilla_ingest_mb", used.peak_mb)

    def pdf(self) -> None:
        """Reading PDF files, ours against the readers alone, the worst file."""
        used = measure(module("evals.bench.pdf", *map(str, self.pdfs)), ROOT)
        files = json.loads(used.output)
        self.add("pdf_times", max(one["ours_s"] / one["readers_s"] for one in files))
        for one in files:
            self.add(f"pdf_times {one['file']}", one["ours_s"] / one["readers_s"])
            self.add(f"pdf_pages_s {one['file']}", one["pages"] / one["ours_s"])

    def questions(self) -> None:
        """Whole answers inside one process; the first round of them only warms it."""
        asked = (self.folder / "questions.jsonl").read_text("utf-8")
        batch = self.folder / "batch.jsonl"
        batch.write_text(asked + asked, "utf-8")
        used = measure(sanad("ask", "--batch", str(batch), "--data-dir", str(self.data)), ROOT)
        rows = [json.loads(line) for line in used.output.splitlines() if line]
        times = [row["timings_ms"]["total"] for row in rows[len(rows) // 2 :]]
        self.add("question_p50_ms", float(np.percentile(times, 50)))
        self.add("question_p95_ms", float(np.percentile(times, 95)))

    def vanilla_questions(self) -> None:
        """The peer's passages inside one process."""
        file = str(self.folder / "questions.txt")
        used = self._vanilla("questions", str(self.folder / "chroma"), file)
        times = json.loads(used.output.splitlines()[-1])["milliseconds"]
        self.add("vanilla_question_p50_ms", float(np.percentile(times, 50)))
        self.add("vanilla_question_p95_ms", float(np.percentile(times, 95)))


def run(bench: Bench, repeats: int, peer: bool) -> dict[str, Any]:
    """All measurements; returns the content of the results file."""
    steps: list[Callable[[], None]] = [bench.help, bench.ask, bench.questions]
    steps += [bench.ingest, *([bench.pdf] if bench.pdfs else [])]
    if peer:
        steps += [bench.vanilla_ask, bench.vanilla_questions, bench.vanilla_ingest]
    loads = [machine.load()]
    for step in (bench.help, bench.ask, *([bench.vanilla_ask] if peer else [])):
        step()  # fills the disk cache
    bench.values.clear()
    for number in range(repeats):
        shift = number * len(steps) // repeats
        for step in steps[shift:] + steps[:shift]:
            sys.stderr.write(f"\r{number + 1} of {repeats}: {step.__name__:20}")
            step()
        loads.append(machine.load())
    sys.stderr.write("\n")
    figures = report.summary(bench.values)
    return {
        "machine": machine.describe(),
        "load_averages": loads,
        "repeats": repeats,
        "documents": {"ours": bench.documents, "peer": bench.vanilla_documents},
        "figures": figures,
        "targets": {row.title: report.judge(row, figures) for row in report.ROWS},
        "values": bench.values,
        "notes": NOTES,
    }


def main() -> int:
    """Measure, print the table, write the results; returns the exit code."""
    parser = argparse.ArgumentParser(description="Speed and memory beside a vanilla pipeline.")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--corpus", type=Path, default=ROOT / "docs_corpus")
    parser.add_argument("--documents", type=int, default=1000, help="text files we ingest")
    parser.add_argument("--vanilla-documents", type=int, default=60, help="and the peer")
    parser.add_argument("--pdf", type=Path, action="append", default=[], help="PDF to read")
    parser.add_argument("--no-peer", action="store_true", help="measure ours only")
    parser.add_argument("--out", type=Path, default=Path(__file__).with_name("results.json"))
    given = parser.parse_args()
    pdfs = [path.resolve() for path in given.pdf] or sorted(given.corpus.glob("*.pdf"))
    peer = not given.no_peer
    with tempfile.TemporaryDirectory(prefix="sanad-bench-") as folder:
        bench = Bench(
            Path(folder), given.corpus.resolve(), pdfs, given.documents, given.vanilla_documents
        )
        try:
            bench.prepare(peer)
            results = run(bench, given.repeats, peer)
        except ProgramFailed as error:
            sys.stderr.write(f"\nevals.bench: {error}\n")
            return 2
    given.out.write_text(json.dumps(results, ensure_ascii=False, indent=1) + "\n", "utf-8")
    sys.stdout.write(report.markdown(results["figures"]) + "\n\n")
    about = results["machine"]
    sys.stdout.write(
        f"{about['processor']}, {about['cores']} cores, Python {about['python']}, commit "
        f"{about['commit'] or 'unknown'}, {given.repeats} repeats, load averages "
        f"{results['load_averages'][0][0]} to {results['load_averages'][-1][0]}\n"
    )
    sys.stdout.write("".join(f"- {note}\n" for note in NOTES))
    return 0


if __name__ == "__main__":
    sys.exit(main())
