"""A peer behind the same protocol: the usual tutorial, over the same stored text.

`vanilla` is LangChain with Chroma and BM25 (`evals.bench.vanilla`). It stops at the passages: its
answer is the four it finds, each a citation of itself, so every quotation is right when the
passage is, and it never declines. It needs the packages of the `bench` extra.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evals.observed import Citation, FoundPassage, Observed, Statement
from evals.systems import Asked, collection
from rag.embed import MODELS
from rag.errors import ConfigurationError
from rag.index.generation import Generation
from rag.types import SourceDocument

NUMBER_OF_TEXT = "{:05}.txt"  # the file of a document row

Retriever = Callable[[str], list[tuple[str, str]]]  # question -> (file name, text), best first


@dataclass(frozen=True, slots=True)
class RetrieverSystem:
    """A retriever as a system: it answers with the passages it finds."""

    name: str
    retriever: Retriever
    generation: Generation
    files: dict[str, SourceDocument]  # file name -> document
    model: str

    def describe(self) -> dict[str, Any]:
        """Its name, its model and the collection."""
        return {"system": self.name, "peer_model": self.model, **collection(self.generation)}

    def holds(self, document: str) -> bool:
        """Whether the collection has the document."""
        return self.generation.store.find_document(document) is not None

    def ask(self, asked: Asked) -> Observed:
        """The last question as it stands: the tutorial keeps no conversation and no filters."""
        started = time.perf_counter()
        found = self.retriever(asked.question)
        elapsed = round(1000 * (time.perf_counter() - started), 3)
        passages = [(self.files[name], text) for name, text in found if name in self.files]
        citations = tuple(
            self._citation(number, document, text)
            for number, (document, text) in enumerate(passages, start=1)
        )
        return Observed(
            status="answered" if passages else "declined",
            language=asked.language,  # the passages stand as they are: no language is chosen
            text="\n".join(text for _, text in passages),
            reason="" if passages else "nothing_found",
            citations=citations,
            retrieved=tuple(dict.fromkeys(document.id for document, _ in passages)),
            tells_found=True,
            timings_ms={"total": elapsed},
            statements=tuple(
                Statement(text, (n,)) for n, (_, text) in enumerate(passages, start=1)
            ),
            found=tuple(FoundPassage(document.id, 1, text) for document, text in passages),
        )

    def _citation(self, number: int, document: SourceDocument, text: str) -> Citation:
        """The page on which the passage stands, where it stands on one."""
        page, start = self._place(document, text)
        return Citation(
            document.id, page, start, start + len(text), text, start >= 0, number,
            document.work_id, document.language, document.title, document.url,
        )  # fmt: skip

    def _place(self, document: SourceDocument, text: str) -> tuple[int, int]:
        for number, stored in _pages(self.generation, document.id):
            if text in stored:
                return number, stored.index(text)
        return 1, -1


@contextmanager
def open_peer(name: str, generation: Generation, model: str) -> Iterator[RetrieverSystem]:
    """A peer over the stored text of a generation, indexed into a folder that is removed.
    Raises ConfigurationError for an unknown peer, or one whose packages are missing."""
    if name != "vanilla":
        raise ConfigurationError(f"unknown peer {name!r}; known: vanilla")
    shipped = MODELS / model
    where = str(shipped) if shipped.is_dir() else model
    with tempfile.TemporaryDirectory(prefix="sanad-peer-") as scratch:
        folder = Path(scratch)
        files = write_texts(generation, folder / "texts")
        yield RetrieverSystem(
            name, _vanilla(where, folder / "texts", folder / "index"), generation, files, model
        )


def write_texts(generation: Generation, folder: Path) -> dict[str, SourceDocument]:
    """The stored pages of each document as one text file: the peer gets the same cleaned
    words. File name -> document."""
    folder.mkdir(parents=True)
    files = {}
    for row, document in enumerate(generation.store.documents()):
        name = NUMBER_OF_TEXT.format(row)
        text = "\n\n".join(stored for _, stored in _pages(generation, document.id))
        (folder / name).write_text(text, "utf-8")
        files[name] = document
    return files


def _pages(generation: Generation, document: str) -> list[tuple[int, str]]:
    """(number, text) of the pages of a document that hold passages."""
    found = generation.store.find_document(document)
    assert found is not None, document
    rows = [at for at, row in enumerate(generation.document_rows.tolist()) if row == found[0]]
    numbers = sorted({passage.page for passage in generation.store.passages(rows)})
    return [(number, generation.store.page(found[0], number).text) for number in numbers]


def _vanilla(model: str, texts: Path, index: Path) -> Retriever:
    try:
        from evals.bench import vanilla

        vanilla.ingest(model, texts, index)
        found = vanilla.retriever(model, index)
    except ImportError as error:
        raise ConfigurationError(
            f"the peer needs a package that is not installed ({error.name}); install the bench "
            'extra: pip install -c requirements.lock -e ".[bench]"'
        ) from error

    def ask(question: str) -> list[tuple[str, str]]:
        hits = found.invoke(question)[: vanilla.TOP]
        return [(str(hit.metadata.get("source")), str(hit.page_content)) for hit in hits]

    return ask
