"""Replies and hits as the JSON of the command line contract. Knows no screen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from rag.index.generation import Generation
from rag.types import Answer, Declined, Evidence, Finished, Hit, Layout, SourceDocument
from rag.wording import reply_text


def reply_json(finished: Finished, generation: Generation, limit: int = 0) -> dict[str, Any]:
    """The object `sanad ask --json` prints."""
    reply = finished.reply
    answer = reply if isinstance(reply, Answer) else None
    declined = reply if isinstance(reply, Declined) else None
    return {
        "status": answer.status if answer else "declined",
        "reason": declined.reason if declined else None,
        "question": reply.question,
        "searched": reply.searched or reply.question,
        "language": reply.language,
        "mode": answer.mode if answer else "extractive",
        "text": reply_text(reply, limit),
        "sentences": [
            {
                "text": sentence.text,
                "citations": list(sentence.citations),
                "beside": sentence.beside,
                "gloss": list(sentence.gloss),
            }
            for sentence in (answer.sentences if answer else ())
        ],
        "layout": layout_json(answer.layout) if answer else None,
        "citations": [
            citation_json(item, generation) for item in (answer.evidence if answer else ())
        ],
        "nearest": [
            {"document_id": document.id, "title": document.title}
            for document in (declined.nearest if declined else ())
        ],
        "choices": list(declined.choices if declined else ()),
        "notes": list(reply.notes),
        "generation": finished.generation,
        "timings_ms": finished.timings_ms,
        "usage": asdict(finished.usage) if finished.usage else None,
    }


def layout_json(layout: Layout) -> dict[str, Any]:
    """How the sentences stand: cells hold indices into "sentences"; an empty one says that
    nothing was found."""
    return {
        "kind": layout.kind,
        "lead": layout.lead,
        "columns": list(layout.columns),
        "rows": [
            {
                "label": row.label,
                "cells": [list(cell) for cell in row.cells],
                "document_id": row.document_id or None,
            }
            for row in layout.rows
        ],
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
        "answer": list(evidence.answer) if evidence.answer[1] else None,
        "url": document.url,
        "machine_translated": document.machine_translated,
        "mistranslations": [asdict(wrong) for wrong in evidence.mistranslations],
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


def document_json(document: SourceDocument) -> dict[str, Any]:
    """What is known of a document, without its text; empty where it is not known."""
    return {
        "document_id": document.id,
        "work_id": document.work_id,
        "title": document.title,
        "language": document.language,
        "date": document.date,
        "kind": document.kind,
        "event": document.event,
        "countries": list(document.countries),
        "cities": list(document.cities),
        "themes": list(document.themes),
        "publisher": document.publisher,
        "url": document.url,
        "machine_translated": document.machine_translated,
        "superseded_by": document.superseded_by or None,
    }


def document_of(document_id: str, generation: Generation) -> SourceDocument:
    """A stored document by id, without pages."""
    found = generation.store.find_document(document_id)
    if found is None:
        raise KeyError(document_id)
    return found[1]
