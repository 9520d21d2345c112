"""Small collections made by hand, so that a test says what it stands on."""

from __future__ import annotations

from pathlib import Path

from ingest.build import build_generation, indexed_text
from ingest.catalog import Catalog, LedgerRow
from rag.embed import Embedder, HashEmbedder
from rag.index.generation import Generation, open_current
from rag.types import Page, Passage, SourceDocument


def document(document_id: str, *paragraphs: str, **fields: object) -> SourceDocument:
    """A one-page document of paragraphs, one a line."""
    values: dict[str, object] = {
        "work_id": document_id, "title": document_id, "language": "en", **fields
    }  # fmt: skip
    return SourceDocument(id=document_id, pages=(Page(1, "\n".join(paragraphs)),), **values)  # type: ignore[arg-type]


def passages(source: SourceDocument) -> list[Passage]:
    """One passage a paragraph."""
    found, start = [], 0
    for position, line in enumerate(source.pages[0].text.split("\n")):
        found.append(Passage(source.id, 1, start, start + len(line), line, (), position))
        start += len(line) + 1
    return found


def store_documents(
    catalog: Catalog, documents: list[SourceDocument], embedder: Embedder | None = None
) -> None:
    """Put documents with their vectors into a catalog."""
    embedder = embedder or HashEmbedder()
    for source in documents:
        entries = [(p, p.id) for p in passages(source)]
        row = LedgerRow(source.id, "test", "stored", "", "digest", len(entries))
        with catalog.transaction():
            catalog.put("test", "digest", source, entries, row)
            texts = [indexed_text(source, p) for p, _ in entries]
            catalog.put_vectors(
                embedder.id, [key for _, key in entries], embedder.encode_passages(texts)
            )


def build(
    data_dir: Path, documents: list[SourceDocument], embedder: Embedder | None = None
) -> Generation:
    """A generation of these documents, open."""
    embedder = embedder or HashEmbedder()
    catalog = Catalog(data_dir)
    try:
        store_documents(catalog, documents, embedder)
        build_generation(catalog, data_dir, embedder.id, embedder.dim)
    finally:
        catalog.close()
    return open_current(data_dir)
