"""A collection of files through `sanad ingest`: all of them, one more, one less."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from evals.bench.scale_material import write
from rag.index.generation import CURRENT, GENERATIONS, read_manifest

ADDED = "A note for the council.\n\nThe market hall of Zabrze opens again on the second of May.\n"


def measured_files(data: Path, work: Path, passages: int) -> dict[str, Any]:
    """Seconds, CPU and disk of ingesting about so many passages of files, then of adding a document
    and of deleting it, each until a reader would find it and until all is done."""
    folder, data_dir = work / f"files-{passages}", work / f"data-{passages}"
    if not folder.exists():
        write(data, folder, passages)
    shutil.rmtree(data_dir, ignore_errors=True)
    (work / "added").mkdir(exist_ok=True)
    note = work / "added" / "note.md"
    note.write_text(ADDED, "utf-8")
    found = {"all": ingested(data_dir, folder)}
    manifest = read_manifest(data_dir / GENERATIONS / _current(data_dir))
    found["all"]["passages"] = manifest.passages
    found["all"]["passages_a_second"] = round(manifest.passages / found["all"]["searchable_s"])
    found["all"]["disk_mb"] = {
        part.name: sum(f.stat().st_size for f in part.rglob("*") if f.is_file()) // 2**20
        for part in (data_dir / GENERATIONS / manifest.name).iterdir()
    } | {"catalog": (data_dir / "catalog.sqlite").stat().st_size // 2**20}
    found["one more"] = ingested(data_dir, note)
    note.unlink()
    found["one less"] = ingested(data_dir, note.parent)
    found["nothing new"] = ingested(data_dir, folder)
    return found


def ingested(data_dir: Path, source: Path) -> dict[str, Any]:
    """One run of the command: clock until the switch and until the end, CPU with its children."""
    before = _current(data_dir)
    command = [sys.executable, "-m", "ui.cli", "ingest", str(source), "--data-dir", str(data_dir)]
    started, switched = time.monotonic(), 0.0
    with (data_dir.parent / "ingest.log").open("w") as said:
        child = subprocess.Popen(command, stdout=said, stderr=said)
        while child.poll() is None:
            if not switched and _current(data_dir) != before:
                switched = time.monotonic() - started
            time.sleep(0.02)
    times = os.times()
    return {
        "searchable_s": round(switched, 2),
        "whole_s": round(time.monotonic() - started, 2),
        "exit": child.returncode,
        "cpu_of_children_so_far_s": round(times.children_user + times.children_system, 1),
        "summary": _last_line(data_dir.parent / "ingest.log"),
    }


def _current(data_dir: Path) -> str:
    path = data_dir / CURRENT
    return path.read_text().strip() if path.exists() else ""


def _last_line(path: Path) -> str:
    lines = [
        line for line in path.read_text("utf-8", "replace").splitlines() if " created, " in line
    ]
    return lines[-1].strip() if lines else json.dumps(path.read_text()[-200:])
