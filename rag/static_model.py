"""A sentence-transformers `StaticEmbedding` folder, read with numpy and tokenizers alone.

A text is the mean of the vectors of its tokens, scaled to length 1. Knows no passage and no
other kind of model; `rag.embed` chooses between them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from rag.errors import ConfigurationError
from rag.token_ids import Ids, TokenIds

Vectors = npt.NDArray[np.float32]
BATCH = 1024  # texts whose distinct tokens are turned into float32 together


class StaticEmbedder:
    """The mean of token vectors, read from safetensors and tokenizer.json."""

    def __init__(self, folder: Path) -> None:
        entry = json.loads((folder / "modules.json").read_text())[0]
        files = folder / entry["path"]
        self._tokens = TokenIds(files / "tokenizer.json")
        self._weights = map_tensor(files / "model.safetensors", "embedding.weight")
        self.dim = int(self._weights.shape[1])
        self.id = f"{folder.name}@{_fingerprint(files / 'model.safetensors')}"

    def encode_passages(self, texts: Sequence[str]) -> Vectors:
        """(n, dim) float32 unit rows."""
        sums = np.empty((len(texts), self.dim), np.float32)
        for start in range(0, len(texts), BATCH):
            ids = self._tokens.of(texts[start : start + BATCH])
            self._add_up(ids, sums[start : start + BATCH])
        return unit(sums)

    def encode_questions(self, texts: Sequence[str]) -> Vectors:
        """The same as `encode_passages`: a static model has no prompts."""
        return self.encode_passages(texts)

    def _add_up(self, ids: Sequence[Ids], sums: Vectors) -> None:
        """Write the sum of the rows of each text; zeros for a text without tokens."""
        lengths = list(map(len, ids))
        tokens = np.fromiter(chain.from_iterable(ids), np.intp, sum(lengths))
        # 16 bits become 32 once a token, not once an occurrence: that was most of the work.
        distinct, places = _distinct(tokens, len(self._weights))
        rows = self._weights[distinct].astype(np.float32)
        start = 0
        for total, length in zip(sums, lengths, strict=True):
            np.add.reduce(rows[places[start : start + length]], axis=0, out=total)
            start += length


def _distinct(
    tokens: npt.NDArray[np.intp], known: int
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """The different tokens in order, and where in them each of `tokens` stands.

    `np.unique` sorts, which is quicker for the few tokens of a question; a batch of passages is
    quicker with one place for each of the `known` tokens.
    """
    if len(tokens) < known:
        distinct, places = np.unique(tokens, return_inverse=True)
        return distinct, places
    table = np.zeros(known, np.intp)
    table[tokens] = 1
    distinct = np.flatnonzero(table)
    table[distinct] = np.arange(len(distinct))
    return distinct, table[tokens]


def is_static(folder: Path) -> bool:
    """Whether `folder` holds a StaticEmbedding that we can read without torch."""
    modules = folder / "modules.json"
    if not modules.is_file():
        return False
    kinds = [entry["type"].rpartition(".")[2] for entry in json.loads(modules.read_text())]
    return kinds in (["StaticEmbedding"], ["StaticEmbedding", "Normalize"])


def unit(vectors: Vectors) -> Vectors:
    """Scale rows to length 1; rows of zeros stay."""
    norms = np.sqrt(np.einsum("ij,ij->i", vectors, vectors))[:, None]
    return (vectors / np.where(norms > 0, norms, 1)).astype(np.float32)


def map_tensor(path: Path, name: str) -> npt.NDArray[Any]:
    """Memory-map one float tensor of a safetensors file, (rows, columns).

    Format: 8-byte little-endian header length, JSON header, then the data
    (safetensors README, section Format).
    """
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        header = json.loads(file.read(length))
    if name not in header:
        raise ConfigurationError(f"{path} holds no tensor {name!r}; it has {sorted(header)}")
    entry = header[name]
    dtype = {"F16": np.float16, "F32": np.float32}.get(entry["dtype"])
    if dtype is None:
        raise ConfigurationError(f"{path} stores {entry['dtype']}; F16 or F32 can be read")
    offset = 8 + length + entry["data_offsets"][0]
    return np.memmap(path, dtype, "r", offset=offset, shape=tuple(entry["shape"]))


def _fingerprint(path: Path) -> str:
    """Short digest of the weights: a retrained model re-embeds."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "blake2b").hexdigest()[:12]
