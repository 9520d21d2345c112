"""Builds a lexical index a passage at a time, with memory for postings and distinct terms alone.

Postings gather in compact blocks, each sorted by term; at the end every block's postings go to
their place in the whole, which may be a file. A posting costs 6 bytes until then, a distinct term
about 100. Knows no language.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from rag.index.lexical import LexicalIndex, term_key

BLOCK = 4_000_000  # postings

Array = npt.NDArray[Any]
Make = Callable[[str, int, type[np.generic]], Array]  # name, length, type -> where it is written


@dataclass(frozen=True, slots=True)
class _Block:
    """Postings of consecutive passages, sorted by term. `terms` (t,) ids that occur, `sizes` (t,)
    how often; `positions` and `counts` (sum of sizes,)."""

    terms: npt.NDArray[np.int32]
    sizes: npt.NDArray[np.int64]
    positions: npt.NDArray[np.int32]
    counts: npt.NDArray[np.uint16]


class LexicalBuilder:
    """Takes passages in the order of their rows."""

    def __init__(self) -> None:
        self._ids: dict[str, int] = {}
        self._blocks: list[_Block] = []
        self._members, self._lengths = array("i"), array("f")
        self._empty()

    def _empty(self) -> None:
        self._terms, self._positions, self._counts = array("i"), array("i"), array("H")

    @property
    def terms(self) -> Collection[str]:
        """The distinct terms so far."""
        return self._ids.keys()

    def __len__(self) -> int:
        return len(self._members)

    def add(self, row: int, terms: Sequence[str]) -> None:
        """One more passage."""
        ids, frequencies = self._ids, Counter(terms)
        self._terms.extend([ids.setdefault(term, len(ids)) for term in frequencies])
        self._counts.extend([min(count, 65535) for count in frequencies.values()])
        self._positions.extend([len(self._members)] * len(frequencies))
        self._members.append(row)
        self._lengths.append(len(terms))
        if len(self._terms) >= BLOCK:
            self._flush()

    def _flush(self) -> None:
        terms = np.asarray(self._terms, np.int32)
        order = np.argsort(terms, kind="stable")
        found, sizes = np.unique(terms[order], return_counts=True)
        self._blocks.append(
            _Block(
                found,
                sizes,
                np.asarray(self._positions, np.int32)[order],
                np.asarray(self._counts, np.uint16)[order],
            )
        )
        self._empty()

    def built(self) -> LexicalIndex:
        """The index, in memory."""
        return LexicalIndex(**self._arrays(lambda name, size, kind: np.empty(size, kind)))

    def save(self, folder: Path) -> None:
        """Write the files of the index (see `LexicalIndex.open`)."""
        folder.mkdir(parents=True, exist_ok=True)

        def on_disk(name: str, size: int, kind: type[np.generic]) -> Array:
            path = folder / f"{name}.npy"
            if not size:  # nothing can be mapped of an empty file
                np.save(path, np.empty(0, kind))
                return np.empty(0, kind)
            return np.lib.format.open_memmap(path, mode="w+", dtype=kind, shape=(size,))

        for written in self._arrays(on_disk).values():
            if isinstance(written, np.memmap):
                written.flush()

    def _arrays(self, make: Make) -> dict[str, Array]:
        if self._terms:
            self._flush()
        keys = np.fromiter(map(term_key, self._ids), np.uint64, len(self._ids))
        order = np.argsort(keys)
        rank = np.empty(len(keys), np.int64)
        rank[order] = np.arange(len(keys))
        sizes = np.zeros(len(keys), np.int64)
        for block in self._blocks:
            sizes[rank[block.terms]] += block.sizes
        made = {
            "terms": make("terms", len(keys), np.uint64),
            "starts": make("starts", len(keys) + 1, np.int64),
            "rows": make("rows", int(sizes.sum()), np.int32),
            "counts": make("counts", int(sizes.sum()), np.uint16),
            "members": make("members", len(self._members), np.int32),
            "lengths": make("lengths", len(self._lengths), np.float32),
        }
        made["terms"][:] = keys[order]
        made["starts"][0] = 0
        np.cumsum(sizes, out=made["starts"][1:])
        made["members"][:] = np.asarray(self._members, np.int32)
        made["lengths"][:] = np.asarray(self._lengths, np.float32)
        for block, places in self._placed(rank, made["starts"]):
            made["rows"][places] = block.positions
            made["counts"][places] = block.counts
        return made

    def _placed(
        self, rank: npt.NDArray[np.int64], starts: npt.NDArray[np.int64]
    ) -> Iterator[tuple[_Block, npt.NDArray[np.int64]]]:
        """Each block with the place of its postings: behind those of earlier blocks, by term."""
        free = np.array(starts[:-1])
        for block in self._blocks:
            terms = rank[block.terms]
            ends = np.cumsum(block.sizes)
            within = np.arange(int(ends[-1])) - np.repeat(ends - block.sizes, block.sizes)
            yield block, np.repeat(free[terms], block.sizes) + within
            free[terms] += block.sizes
