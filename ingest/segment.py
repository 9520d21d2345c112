"""The files of a base or of a delta, written from the catalog a document at a time.

    text.sqlite, vectors.npy, rows.npy, lexical/<language>/, spellings/<language>/

Memory holds postings in compact blocks, never the text of more than a document. Knows no
generation.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from rag.index.generation import file_digest
from rag.index.lexical_builder import LexicalBuilder
from rag.index.spellings import SpellingIndex, Spellings
from rag.index.store import write_store
from rag.types import Passage, SourceDocument
from rag.words.text import index_terms

Entry = tuple[SourceDocument, list[tuple[Passage, str]]]  # with the key of the embedded text
Vectors = Callable[[Sequence[str]], list[bytes]]  # keys of embedded texts -> little-endian float32


@dataclass(frozen=True, slots=True)
class Start:
    """Where the rows of a segment begin."""

    document: int = 0
    row: int = 0


@dataclass(frozen=True, slots=True)
class Segment:
    """What was written."""

    documents: int
    languages: dict[str, int]  # passages by language


def indexed_text(document: SourceDocument, passage: Passage) -> str:
    """What is embedded and indexed for a passage: its place in the document, then its text."""
    heading = " · ".join((document.title, *passage.headings))
    return f"{heading}\n{passage.text}"


def write_segment(
    folder: Path,
    entries: Iterable[Entry],
    vectors: Vectors,
    shape: tuple[int, int],
    start: Start,
    known: Mapping[str, Spellings] | None = None,
) -> Segment:
    """Write a segment into an empty folder. `shape` is (passages of all entries, dim); words that
    `known` has, by language, are left out of its spellings."""
    matrix = _matrix(folder / "vectors.npy", shape)
    builders: dict[str, LexicalBuilder] = {}
    rows = array("i")

    def noted() -> Iterator[tuple[SourceDocument, list[Passage]]]:
        for number, (document, keyed) in enumerate(entries, start=start.document):
            builder = builders.setdefault(document.language, LexicalBuilder())
            blob = b"".join(vectors([key for _, key in keyed]))
            first = len(rows)
            matrix[first : first + len(keyed)] = np.frombuffer(blob, "<f4").reshape(-1, shape[1])
            for passage, _ in keyed:
                terms = index_terms(indexed_text(document, passage), document.language)
                builder.add(start.row + len(rows), terms)
                rows.append(number)
            yield document, [passage for passage, _ in keyed]

    write_store(folder / "text.sqlite", noted(), start.document, start.row)
    if isinstance(matrix, np.memmap):
        matrix.flush()
    np.save(folder / "rows.npy", np.asarray(rows, np.int32))
    for language, builder in builders.items():
        builder.save(folder / "lexical" / language)
        spelt = (known or {}).get(language)
        words = builder.terms
        if spelt is not None:
            words = [word for word in words if spelt.words.number(word) is None]
        SpellingIndex.build(words).save(folder / "spellings" / language)
    documents = len(set(rows))
    return Segment(documents, {name: len(builders[name]) for name in sorted(builders)})


def digests(folder: Path) -> dict[str, tuple[int, str]]:
    """Size and SHA-256 of every file below a folder, by its path in it."""
    return {
        path.relative_to(folder).as_posix(): (path.stat().st_size, file_digest(path))
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def _matrix(path: Path, shape: tuple[int, int]) -> npt.NDArray[np.float32]:
    if not shape[0]:  # nothing can be mapped of an empty file
        empty = np.empty((0, shape[1]), np.float32)
        np.save(path, empty)
        return empty
    return np.lib.format.open_memmap(path, mode="w+", dtype=np.float32, shape=shape)
