"""Words in one mapped blob, looked up without reading it whole."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Words sorted by their UTF-8 bytes; a look-up reads about 17 of 100,000.

    `blob` (bytes,) uint8; word i is `blob[starts[i]:starts[i+1]]`; `starts` (words + 1,) uint32.
    """

    blob: npt.NDArray[np.uint8]
    starts: npt.NDArray[np.uint32]

    @classmethod
    def build(cls, ordered: Sequence[str]) -> Vocabulary:
        """`ordered`: distinct words sorted by `str.encode`."""
        encoded = [word.encode() for word in ordered]
        starts = np.cumsum([0, *map(len, encoded)]).astype(np.uint32)
        return cls(np.frombuffer(b"".join(encoded), np.uint8), starts)

    def save(self, folder: Path, name: str) -> None:
        """Write `name.words.npy` and `name.starts.npy`."""
        np.save(folder / f"{name}.words.npy", self.blob)
        np.save(folder / f"{name}.starts.npy", self.starts)

    @classmethod
    def open(cls, folder: Path, name: str) -> Vocabulary:
        """Map the two files. Raises OSError, EOFError or ValueError."""
        return cls(*(mapped(folder / f"{name}.{part}.npy") for part in ("words", "starts")))

    def __len__(self) -> int:
        return len(self.starts) - 1

    def word(self, number: int) -> str:
        return self._bytes(number).decode()

    def number(self, word: str) -> int | None:
        """Position of `word`; None when it is not there."""
        key = word.encode("utf-8", "replace")
        at = bisect_left(range(len(self)), key, key=self._bytes)
        return at if at < len(self) and self._bytes(at) == key else None

    def _bytes(self, number: int) -> bytes:
        return self.blob[self.starts[number] : self.starts[number + 1]].tobytes()


def mapped(path: Path) -> npt.NDArray[Any]:
    """The array of a .npy file, read when used. A plain view of the map: slicing the memmap class
    itself costs ten times more. Raises OSError, EOFError (an empty file) or ValueError."""
    loaded: npt.NDArray[Any] = np.load(path, mmap_mode="r", allow_pickle=False)
    return loaded.view(np.ndarray)
