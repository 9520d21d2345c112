"""Replies and hits as the JSON of the command line contract. Knows no screen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rag.generation import Generation
from rag.types import Answer, Evidence, Finished, Hit, SourceDocument
from rag.wording import reply_text


def reply_json(finished: Finished, generation: Generation, **limits: object) -> dict[str, Any]:
    """The object `sanad ask --json` prints."""
    reply = finished.reply
    answered = isinstance(reply, Answer)
    return {
        "status": reply.status if isinstance(reply, Answer) else "declined",
        "reason": None if isinstance(reply, Answer) else reply.reason,
        "question": reply.question,
        "language": reply.language,
        "mode": reply.mode if isinstance(reply, Answer) else "extractive",
        "text": reply_text(reply, **limits),
        "sentences": [
            {"text": s.text, "citations": list(s.citations)}
            for s in (reply.sentences if isinstance(reply, Answer) else ())
        ],
        "citations": [
            citation_json(item, generation)
            for item in (reply.evidence if isinstance(reply, Answer) else ())
        ],
        "nearest": []
        if answered
        else [{"document_id": d.id, "title": d.title} for d in reply.nearest],  # type: ignore[union-attr]
        "generation": finished.generation,
        "timings_ms": finished.timings_ms,
    }


def citation_json(evidence: Evidence, generation: Generation) -> dict[str, Any]:
    """One citation; `quote` is the stored page text from `start` to `end`."""
    document = document_of(evidence.quote.document_id, generation)
    return {
        "n": evidence.n,
        "document_id": document.id,
        "work_id": document.work_id,
        "title": document.title,
        "language": document.language,
        "date": document.date,
        "page": evidence.quote.page,
        "heading": " > ".join(evidence.passage.headings),
        "quote": evidence.quote.text,
        "start": evidence.quote.start,
        "end": evidence.quote.end,
        "url": document.url,
        "machine_translated": document.machine_translated,
    }


def hits_json(hits: Sequence[Hit], generation: Generation) -> list[dict[str, Any]]:
    """The list under "hits" that `sanad search --json` prints."""
    return [
        {
            "rank": rank,
            "document_id": hit.passage.document_id,
            "page": hit.passage.page,
            "start": hit.passage.start,
            "end": hit.passage.end,
            "text": hit.passage.text,
            "score": round(hit.score, 6),
            "language": document_of(hit.passage.document_id, generation).language,
        }
        for rank, hit in enumerate(hits, start=1)
    ]


def document_of(document_id: str, generation: Generation) -> SourceDocument:
    """A stored document by id, without pages."""
    found = generation.store.find_document(document_id)
    if found is None:
        raise KeyError(document_id)
    return found[1]
