"""Damage to Chroma's own files, looked at in children: row 4 of the table.

What lies in Chroma's database has no digest of ours, for Chroma rewrites it on opening. So a
damaged one must either be named by the probe, or find what an exact scan finds.
"""

from __future__ import annotations

import random
import shutil
from collections import Counter
from pathlib import Path

import numpy as np

from evals.drills import disk, faulty
from evals.drills.damage import delete, files_of, new_generation, truncate
from rag.index.generation import CHROMA, GENERATIONS, current_name
from rag.index.probe import ChromaProbe
from rag.vectors import ChromaIndex, ExactIndex

SEEDS = 30
DISK = 512 * 2**20  # bytes
GROWTH = 64 * 2**20  # bytes that a damaged collection may grow by when it is opened


def damaged_anywhere(folder: Path, few: bool) -> str:
    """Row 4: Chroma's database with flipped bytes, cut and gone, small and big collections; on a
    small disk where there can be one."""
    outcomes: Counter[str] = Counter()
    with disk.small_disk(folder, DISK):
        for passages in (60,) if few else (60, 1200):
            data = folder / str(passages)
            made = faulty.run(lambda stage, d=data, n=passages: _make(d, n), data)  # type: ignore[misc]
            assert made.code == 0, made.error
            generation = data / GENERATIONS / current_name(data)
            for number in range(4 if few else SEEDS):
                outcomes[_one(generation, folder / "broken", number)] += 1
    return ", ".join(f"{count} {how}" for how, count in sorted(outcomes.items()))


def _make(data: Path, passages: int) -> None:
    new_generation(data, passages)


def _one(generation: Path, broken: Path, number: int) -> str:
    shutil.rmtree(broken, ignore_errors=True)
    shutil.copytree(generation, broken)
    places = [name for name in files_of(broken) if name.startswith(f"{CHROMA}/")]
    database = broken / CHROMA / "chroma.sqlite3"
    if number == 0:
        delete(database)
    elif number == 1:
        truncate(database)
    else:
        _flip(database if number % 2 else broken / places[number % len(places)], number)
    before = sum(path.stat().st_size for path in broken.rglob("*") if path.is_file())
    said = ChromaProbe(60)(broken)
    after = sum(path.stat().st_size for path in broken.rglob("*") if path.is_file())
    assert after < before + GROWTH, f"it grew from {before} to {after} bytes"
    if said:
        return "named"
    looked = faulty.run(lambda stage: _finds_the_same(broken), broken)
    assert looked.code == 0, f"damage {number} was not named: {looked.error}"
    return "without effect"


def _flip(path: Path, seed: int) -> None:
    rng = random.Random(seed)
    data = bytearray(path.read_bytes())
    for _ in range(20):
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    path.write_bytes(bytes(data))


def _finds_the_same(folder: Path) -> None:
    exact = ExactIndex(folder / "vectors.npy")
    index = ChromaIndex(folder / CHROMA, exact)
    for row in np.linspace(0, len(exact.matrix) - 1, 25):
        vector = np.asarray(exact.matrix[int(row)])
        best = exact.top(vector, 1)[0][1]
        found = index.top(vector, 1)
        assert found and abs(found[0][1] - best) < 1e-3, f"row {int(row)} is lost"
    index.close()
