"""Files that break their readers: row 10 of the table.

Bombs made here, and with `--files FOLDER` whatever PDFs lie below a folder of the operator's,
such as a collection of broken files. Each is read by a child of its own, which is measured; then
all of them are ingested at once, and the ledger is asked for each.
"""

from __future__ import annotations

import json
import resource
import subprocess
import time
import zlib
from pathlib import Path

from evals.attack_files import pdf_of
from evals.bench.process import sanad
from evals.drills import faulty
from ingest.catalog import Catalog
from ingest.sandbox import Limits, Sandbox
from rag.errors import ReadError

LONGEST_S = 20.0  # for one file
MOST_MB = 1024  # resident, of the child that reads it
FOLDERS: list[Path] = []  # of more files, named on the command line
SPACES = 512 * 2**20  # bytes that a bomb unpacks to


def hostile_files(folder: Path, few: bool) -> str:
    """Row 10: each file within its limits, one ledger row with a reason, and the next is read."""
    docs, data = folder / "docs", folder / "data"
    docs.mkdir(parents=True)
    for name, data_ in bombs().items():
        (docs / name).write_bytes(data_)
    given = [path for each in FOLDERS for path in sorted(each.rglob("*.pdf"))]
    for number, path in enumerate(given[: 10 if few else None]):
        (docs / f"{number:04}-{path.name}").write_bytes(path.read_bytes())
    (docs / "sound.md").write_text("# Sound\n\nA plan of the city of Bern for its schools.\n")
    files = sorted(docs.iterdir())
    report = folder / "measured.json"
    outcome = faulty.run(lambda stage: _read_each(files, report), folder / "none")
    assert outcome.code == 0, outcome.error
    seconds, megabytes, read = json.loads(report.read_text())
    slowest, biggest = max(seconds, key=seconds.get), max(megabytes, key=megabytes.get)
    assert seconds[slowest] <= LONGEST_S, f"{slowest} took {seconds[slowest]:.1f} s"
    assert megabytes[biggest] <= MOST_MB, f"{biggest} took {megabytes[biggest]:.0f} MB"
    stored, failed = _ingested(docs, data)
    assert "sound.md" in stored, "the sound file after them was not read"
    unread = [path.name for path in files if path.name not in {**stored, **failed}]
    assert not unread, f"without a ledger row: {unread[:5]}"
    assert all(5 < len(reason) <= 600 for reason in failed.values()), "a reason is missing"
    return (
        f"{len(files)} files, {read} of them read; slowest {slowest} {seconds[slowest]:.1f} s, "
        f"biggest {biggest} {megabytes[biggest]:.0f} MB; ledger: {len(stored)} stored, "
        f"{len(failed)} with a reason"
    )


def _read_each(files: list[Path], report: Path) -> None:
    """Each file by a child of its own. Writes seconds and megabytes by file, and how many were
    read. A child's memory is known once it has ended, as a new peak of all of them."""
    seconds: dict[str, float] = {}
    megabytes: dict[str, float] = {}
    read, before = 0, 0.0
    for path in files:
        with Sandbox(Limits()) as sandbox:
            begun = time.monotonic()
            try:
                sandbox.read(path.read_bytes(), path.name)
                read += 1
            except ReadError:
                pass
            seconds[path.name] = time.monotonic() - begun
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
        if peak > before:
            megabytes[path.name] = before = peak
    report.write_text(json.dumps([seconds, megabytes, read]))


def _ingested(docs: Path, data: Path) -> tuple[dict[str, str], dict[str, str]]:
    """(stored, failed): the ledger after one `sanad ingest` of everything."""
    command = sanad("ingest", str(docs), "--data-dir", str(data))
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 65, f"it ended with {done.returncode}: {done.stderr[-200:]}"
    with Catalog(data, read_only=True) as catalog:
        rows = catalog.ledger()
    return (
        {row.document: "" for row in rows if row.status == "stored"},
        {row.document: row.reason for row in rows if row.status == "failed"},
    )


def bombs() -> dict[str, bytes]:
    """PDFs that are small and would be big, or that never end, by name."""
    packer = zlib.compressobj(9)  # by pieces: the peak of this process counts as its children's
    piece = b" " * 2**20
    thin = b"".join(packer.compress(piece) for _ in range(SPACES // len(piece))) + packer.flush()
    twice = zlib.compress(thin, 9)
    many = "<< /Type /Page /Parent 2 0 R >>"
    kids = " ".join(["3 0 R"] * 200_000)
    return {
        "bomb-flate.pdf": _with_content(thin, "/FlateDecode"),
        "bomb-flate-twice.pdf": _with_content(twice, "[/FlateDecode /FlateDecode]"),
        "bomb-lzw.pdf": _with_content(b"\x80" + b"\x0b\x60\x50" * 2**20, "/LZWDecode"),
        "bomb-pages.pdf": _tree(f"<< /Type /Pages /Kids [{kids}] /Count 1000000 >>", many),
        "loop-pages.pdf": _tree("<< /Type /Pages /Kids [2 0 R] /Count 1 >>", many),
        "loop-objects.pdf": _tree("3 0 R", "2 0 R"),
        "deep-arrays.pdf": _tree("<< /Kids " + "[" * 200_000 + "]" * 200_000 + " >>", many),
        "cut.pdf": _with_content(thin, "/FlateDecode")[:2000],
    }


def _tree(pages: str, page: str) -> bytes:
    return pdf_of(["<< /Type /Catalog /Pages 2 0 R >>", pages, page, "<< >>"], info=4)


def _with_content(stream: bytes, filters: str) -> bytes:
    """One page whose content is a packed stream."""
    held = f"<< /Length {len(stream)} /Filter {filters} >>\nstream\n{stream.decode('latin-1')}"
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R >>",
        f"{held}\nendstream",
        "<< >>",
    ]
    return _latin(objects)


def _latin(objects: list[str]) -> bytes:
    """As `pdf_of`, for objects with bytes of any value; readers rebuild the missing xref."""
    parts = [f"{n} 0 obj\n{text}\nendobj\n" for n, text in enumerate(objects, 1)]
    body = "%PDF-1.4\n" + "".join(parts) + "trailer\n<< /Root 1 0 R /Info 5 0 R >>\n%%EOF\n"
    return body.encode("latin-1")
