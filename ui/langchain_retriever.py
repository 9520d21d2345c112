"""Sanad as a LangChain retriever, over an open assistant or over the HTTP client.

    retriever = retriever_over(Client("https://answers.example.org"), k=5)
    documents = retriever.invoke("local prevention councils")

langchain-core is imported when a retriever is made, not before. The metadata of each
document holds what a citation needs: `page.text[start:end]` is its text.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rag.assistant import Assistant
from ui.client import Client

if TYPE_CHECKING:
    from langchain_core.retrievers import BaseRetriever

Search = Callable[[str], list[dict[str, Any]]]  # a question -> hits as `sanad search --json`


def retriever_over(
    source: Assistant | Client, k: int = 10, filters: Mapping[str, Sequence[str]] | None = None
) -> BaseRetriever:
    """A retriever of the k passages that come closest to a question, best first.

    It raises what its source raises: ConfigurationError of an assistant, ApiError of a client.
    """
    from langchain_core.callbacks import CallbackManagerForRetrieverRun
    from langchain_core.documents import Document
    from langchain_core.retrievers import BaseRetriever

    search = _search(source, k, filters or {})

    class SanadRetriever(BaseRetriever):  # type: ignore[misc, unused-ignore]
        """Passages of Sanad's collection."""

        def _get_relevant_documents(
            self, query: str, *, run_manager: CallbackManagerForRetrieverRun
        ) -> list[Document]:
            return [
                Document(
                    page_content=hit["text"],
                    metadata={name: value for name, value in hit.items() if name != "text"},
                )
                for hit in search(query)
            ]

    return SanadRetriever()


def _search(source: Assistant | Client, k: int, filters: Mapping[str, Sequence[str]]) -> Search:
    if isinstance(source, Client):
        from dataclasses import asdict

        return lambda question: [asdict(hit) for hit in source.search(question, k, filters=filters)]

    from ui.render import hits_json

    return lambda question: hits_json(source.search(question, k, filters), source.generation)
