"""The peer: what the usual tutorial builds, as a program of its own.

    python -m evals.bench.vanilla ingest MODEL TEXTS INDEX     JSON: chunks, seconds
    python -m evals.bench.vanilla ask MODEL INDEX QUESTION     prints the passages
    python -m evals.bench.vanilla questions MODEL INDEX FILE   JSON: milliseconds a question

LangChain with RecursiveCharacterTextSplitter (1000 characters, 200 shared, as its
tutorial has it), HuggingFaceEmbeddings on the CPU, Chroma, BM25Retriever and
EnsembleRetriever (half and half). It stops at the passages: no language model is
called, no quotation checked, which favours it. BM25Retriever has no file of its own,
so `ask` builds it from what Chroma stores, as one has to.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

TOP = 4
SHARES = [0.5, 0.5]


def embeddings(model: str) -> Any:
    """The embedding model of the peer."""
    from langchain_community.embeddings import HuggingFaceEmbeddings

    return HuggingFaceEmbeddings(model_name=model, model_kwargs={"device": "cpu"})


def ingest(model: str, texts: Path, index: Path) -> dict[str, float]:
    """Split, embed, store; timed after the imports and the loading of the model."""
    from langchain_chroma import Chroma
    from langchain_community.retrievers import BM25Retriever
    from langchain_core.documents import Document
    from langchain_text_splitters import RecursiveCharacterTextSplitter

    encoder = embeddings(model)
    encoder.embed_query("warm up")
    started = time.perf_counter()
    documents = [
        Document(page_content=path.read_text("utf-8"), metadata={"source": path.name})
        for path in sorted(texts.glob("*.txt"))
    ]
    splitter = RecursiveCharacterTextSplitter(chunk_size=1000, chunk_overlap=200)
    chunks = splitter.split_documents(documents)
    Chroma.from_documents(chunks, encoder, persist_directory=str(index))
    BM25Retriever.from_documents(chunks)
    seconds = time.perf_counter() - started
    characters = sum(len(document.page_content) for document in documents)
    return {"chunks": len(chunks), "characters": characters, "seconds": seconds}


def retriever(model: str, index: Path) -> Any:
    """Dense and BM25 retrievers over a stored collection, fused."""
    from langchain_chroma import Chroma
    from langchain_classic.retrievers import EnsembleRetriever
    from langchain_community.retrievers import BM25Retriever
    from langchain_core.documents import Document

    store = Chroma(persist_directory=str(index), embedding_function=embeddings(model))
    held = store.get(include=["documents", "metadatas"])
    pairs = zip(held["documents"], held["metadatas"], strict=True)
    documents = [Document(page_content=text, metadata=about or {}) for text, about in pairs]
    lexical = BM25Retriever.from_documents(documents, k=TOP)
    dense = store.as_retriever(search_kwargs={"k": TOP})
    return EnsembleRetriever(retrievers=[lexical, dense], weights=SHARES)


def questions(model: str, index: Path, file: Path) -> dict[str, list[float]]:
    """Milliseconds of each question of a file, one a line, after one round of warming."""
    found = retriever(model, index)
    asked = [line for line in file.read_text("utf-8").splitlines() if line]
    for question in asked:
        found.invoke(question)
    times = []
    for question in asked:
        started = time.perf_counter()
        found.invoke(question)
        times.append(1000 * (time.perf_counter() - started))
    return {"milliseconds": times}


def main() -> None:
    """See the module's own words."""
    command, model, *rest = sys.argv[1:]
    match command, rest:
        case "ingest", [texts, index]:
            sys.stdout.write(json.dumps(ingest(model, Path(texts), Path(index))) + "\n")
        case "ask", [index, question]:
            for document in retriever(model, Path(index)).invoke(question):
                sys.stdout.write(f"{document.metadata.get('source')}: {document.page_content}\n")
        case "questions", [index, file]:
            sys.stdout.write(json.dumps(questions(model, Path(index), Path(file))) + "\n")
        case _:
            raise SystemExit(__doc__)


if __name__ == "__main__":
    main()
