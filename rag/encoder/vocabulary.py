"""The vocabulary that encoder and reader share: a tokenizer, and a row of 384 numbers a piece.

Rows are kept in 4 bits as their source has them (Q4_0: blocks of 32 weights under one scale) and
stay on the disk until a piece is met. Knows no model.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from rag.errors import ConfigurationError

BLOCK = 32  # weights under one scale
BEGIN, PAD, END = 0, 1, 2  # special pieces

Floats = npt.NDArray[np.float32]
Ids = Sequence[int]


class Vocabulary:
    """Pieces of a folder with `tokenizer.json`, `words.codes.npy` and `words.scales.npy`. Safe to
    share between threads."""

    def __init__(self, folder: Path) -> None:
        """Raises ConfigurationError when a file is missing or damaged."""
        from tokenizers import Tokenizer

        try:
            self._codes = np.load(folder / "words.codes.npy", mmap_mode="r")
            self._scales = np.load(folder / "words.scales.npy", mmap_mode="r")
            self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        except Exception as error:  # tokenizers raises bare Exception
            raise ConfigurationError(
                f"the model in {folder} cannot be read ({error}); reinstall Sanad"
            ) from error
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()
        self.pieces = len(self._codes)
        self.hidden = 2 * int(self._codes.shape[1])

    def ids(self, texts: Sequence[str]) -> list[list[int]]:
        """Ids of each text, without special pieces."""
        found = self._tokenizer.encode_batch_fast(list(texts), add_special_tokens=False)
        return [encoding.ids for encoding in found]

    def encoded(self, texts: Sequence[str]) -> list[Any]:
        """Encodings of each text with `ids` and `offsets` (characters), without special pieces."""
        found: list[Any] = self._tokenizer.encode_batch(list(texts), add_special_tokens=False)
        return found

    def rows(self, ids: npt.NDArray[np.intp]) -> Floats:
        """(ids, hidden) float32."""
        codes = np.asarray(self._codes[ids])
        scales = np.asarray(self._scales[ids], np.float32)
        weights = np.empty((len(ids), self.hidden), np.float32)
        weights[:, 0::2] = codes & 15
        weights[:, 1::2] = codes >> 4
        blocks = weights.reshape(len(ids), -1, BLOCK)
        blocks -= 8
        blocks *= scales[:, :, None]
        return weights

    def batch(self, texts: Sequence[Ids]) -> tuple[Floats, npt.NDArray[np.int32]]:
        """(texts, tokens, hidden) rows, zeros where a text has ended, and (texts, tokens) mask."""
        longest = max(map(len, texts))
        values = np.zeros((len(texts), longest, self.hidden), np.float32)
        mask = np.zeros((len(texts), longest), np.int32)
        flat = np.concatenate([np.asarray(ids, np.intp) for ids in texts])
        distinct, places = np.unique(flat, return_inverse=True)
        rows = self.rows(distinct)
        at = 0
        for number, ids in enumerate(texts):
            values[number, : len(ids)] = rows[places[at : at + len(ids)]]
            mask[number, : len(ids)] = 1
            at += len(ids)
        return values, mask


@lru_cache(maxsize=2)
def vocabulary(folder: Path) -> Vocabulary:
    """The vocabulary of a folder, read once a process."""
    return Vocabulary(folder)
