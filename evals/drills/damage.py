"""Damage to the files of a generation, and generations of any size to damage."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from ingest.build import build_generation, indexed_text
from ingest.catalog import Catalog, LedgerRow
from rag.embed import HashEmbedder
from rag.types import Page, Passage, SourceDocument

LANGUAGES = ("en", "ar")
EACH = 20  # passages a document


def truncate(path: Path) -> None:
    """The second half is gone."""
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])


def flip(path: Path) -> None:
    """One bit in the middle is another."""
    data = bytearray(path.read_bytes())
    if data:
        data[len(data) // 2] ^= 0x10
    path.write_bytes(bytes(data) or b"!")


def delete(path: Path) -> None:
    """The file is gone."""
    path.unlink()


WAYS: dict[str, Callable[[Path], None]] = {"truncate": truncate, "flip": flip, "delete": delete}


@contextmanager
def damaged(path: Path, way: str) -> Iterator[None]:
    """The file is damaged for as long as the block runs."""
    before = path.read_bytes()
    WAYS[way](path)
    try:
        yield
    finally:
        path.write_bytes(before)


def files_of(folder: Path) -> list[str]:
    """Relative paths of the files of a generation that hold something."""
    found = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return [path.relative_to(folder).as_posix() for path in found if path.stat().st_size]


def new_generation(data_dir: Path, passages: int) -> str:
    """A generation of made documents in two languages; each call adds to the ones before."""
    embedder = HashEmbedder()
    with Catalog(data_dir) as catalog:
        first = len(catalog.digests())
        for number in range(passages // EACH or 1):
            source = _document(first + number, min(EACH, passages))
            found = _passages(source)
            keys = [passage.id for passage in found]
            row = LedgerRow(source.id, "made", "stored", "", "digest", len(found))
            vectors = embedder.encode_passages([indexed_text(source, p) for p in found])
            with catalog.transaction():
                catalog.put("made", "digest", source, list(zip(found, keys, strict=True)), row)
                catalog.put_vectors(embedder.id, keys, vectors)
        return build_generation(catalog, data_dir, embedder.id, embedder.dim)


def _document(number: int, passages: int) -> SourceDocument:
    language = LANGUAGES[number % len(LANGUAGES)]
    text = "\n".join(
        f"City {number} wrote paragraph {i} about {word} and safety."
        if language == "en"
        else f"كتبت المدينة {number} الفقرة {i} عن {word} والسلامة."
        for i in range(passages)
        for word in [f"word{number * 31 + i}"]
    )
    name = f"city-{number}.{language}"
    return SourceDocument(
        id=f"{name}.md", work_id=name, title=name, language=language, pages=(Page(1, text),)
    )


def _passages(source: SourceDocument) -> list[Passage]:
    found, start = [], 0
    for position, line in enumerate(source.pages[0].text.split("\n")):
        found.append(Passage(source.id, 1, start, start + len(line), line, (), position))
        start += len(line) + 1
    return found
