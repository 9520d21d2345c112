"""What a Ray worker does: read one document, or embed one batch of texts.

Imports nothing of Ray. A worker is a process that serves many calls: its sandbox and
its model are opened once. What goes wrong with one document is a value, never an
exception: Ray would try it again, and then end the run.
"""

from __future__ import annotations

import hashlib
import pickle
import platform
from functools import cache
from importlib.metadata import version
from pathlib import Path

from ingest.ocr import Ocr
from ingest.prepare import Taken, described
from ingest.sandbox import DEFAULT_READER, Limits, Sandbox
from ingest.scan import DRAWER, Scans
from ingest.tables import Tables
from rag.embed import Embedder, load_embedder
from rag.errors import ConfigurationError, SanadError

# What decides what is read from a file, besides our own code.
_READERS = (
    "babel", "charset-normalizer", "lxml", "mammoth", "markdown-it-py", "numpy", "py3langid",
    "pypdf", "pypdfium2", "PyYAML", "sentencex", "tokenizers", "trafilatura",
)  # fmt: skip


def read_one(
    data: bytes,
    limits: Limits,
    expected: str,
    ocr: Ocr | None = None,
    tables: Tables | None = None,
) -> bytes:
    """A pickled `Prepared`, or the pickled SanadError that says why not, of a pickled `Taken`.
    Where `ocr` or `tables` are given, their programs must be on this node too.

    `expected` is the caller's `code()`: another program would give other results.
    """
    try:
        _same_code(expected)
        scans = Scans(ocr, _sandbox(limits, DRAWER), tables)
        return pickle.dumps(described(pickle.loads(data), _sandbox(limits).read, scans))
    except SanadError as error:
        return pickle.dumps(error)


def embed_one(texts: bytes, recipe: tuple[object, ...], model: str, expected: str) -> bytes:
    """A pickled (n, dim) matrix, or a pickled SanadError, of a pickled list of texts.

    `recipe` is for `load_embedder`, `model` the id that must come of it.
    """
    try:
        _same_code(expected)
        embedder = _embedder(recipe)
        if embedder.id != model:
            raise ConfigurationError(
                f"a Ray worker has the embedding model {embedder.id}, this machine {model}; "
                "put the same model on every node"
            )
        return pickle.dumps(embedder.encode_passages(pickle.loads(texts)))
    except SanadError as error:
        return pickle.dumps(error)


def taken(data: Taken) -> bytes:
    """How a document travels."""
    return pickle.dumps(data, pickle.HIGHEST_PROTOCOL)


@cache
def code() -> str:
    """Digest of our own code that reads and splits, and of the versions it stands on."""
    digest = hashlib.sha256(platform.python_version().encode())
    for name in _READERS:
        digest.update(f"{name} {version(name)}\n".encode())
    root = Path(__file__).resolve().parent.parent
    for package in ("ingest", "rag"):
        for path in sorted((root / package).rglob("*")):
            if path.suffix in (".py", ".toml"):
                digest.update(f"{path.relative_to(root)}\n".encode() + path.read_bytes())
    return digest.hexdigest()


def _same_code(expected: str) -> None:
    if code() != expected:
        raise ConfigurationError(
            f"a Ray worker on {platform.node()} runs another version of Sanad, or of what it "
            "reads files with, than this machine; install the same lock on every node"
        )


@cache
def _sandbox(limits: Limits, reader: str = DEFAULT_READER) -> Sandbox:
    return Sandbox(limits, reader)


@cache
def _embedder(recipe: tuple[object, ...]) -> Embedder:
    return load_embedder(*recipe)  # type: ignore[arg-type]
