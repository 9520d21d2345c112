"""The systems a suite can be put to, behind one protocol: this program's own library, a server
that speaks its HTTP API, and (in `evals.peer`) another system.

A system that fails on one question gives an "error" reply; the run goes on.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from pathlib import Path
from typing import Any, Protocol

from evals.observed import Citation, FoundPassage, Observed, Statement, from_reply, said
from rag.assistant import Assistant
from rag.errors import IndexDamagedError, SanadError
from rag.evidence.answerable import probability
from rag.evidence.candidates import candidates
from rag.index.generation import Generation
from rag.question.query import understand
from rag.types import Answer, Declined, Evidence, Finished, Hit, Retrieved, Turn

Filters = Mapping[str, Sequence[str]]
TIMEOUT_S = 120.0  # of one question over HTTP
TRIES, LONGEST_WAIT_S = 5, 90  # where a server says when to come back


@dataclass(frozen=True, slots=True)
class Asked:
    """What is put to a system: the question, and the turns typed before it."""

    question: str
    language: str
    history: tuple[str, ...] = ()
    filters: Filters | None = None


class System(Protocol):
    """Something that answers questions over a collection."""

    @property
    def name(self) -> str:
        """One word for a report."""
        ...

    def describe(self) -> dict[str, Any]:
        """What tells this system from another: the same values, the same answers. Plain
        values, no secrets, no times."""
        ...

    def ask(self, asked: Asked) -> Observed:
        """One reply. May raise SanadError; the run then notes an error for this question."""
        ...

    def holds(self, document: str) -> bool | None:
        """Whether the collection holds a document; None where nobody can tell."""
        ...


class LibrarySystem:
    """This program's own assistant, asked in this process."""

    name = "library"

    def __init__(self, assistant: Assistant) -> None:
        self._assistant = assistant

    def describe(self) -> dict[str, Any]:
        """Settings, glossary, model, generation and the digest of the collection."""
        assistant = self._assistant
        return {
            "system": self.name,
            "settings": _plain(assistant.settings),
            "glossary_sha256": _glossary_digest(assistant.glossary.path),
            "writer": assistant.author.name if assistant.author else "",
            "vector_search": getattr(assistant.generation.dense, "name", "none"),
            **collection(assistant.generation),
        }

    def holds(self, document: str) -> bool:
        """Whether the open generation has the document."""
        return self._assistant.generation.store.find_document(document) is not None

    def ask(self, asked: Asked) -> Observed:
        """The earlier turns are asked too, so that follow-ups know what was cited."""
        history: list[Turn] = []
        for question in asked.history:
            reply = self._assistant.answer(question, asked.filters, history).reply
            history.append(Turn(question, _documents(reply)))
        hits: tuple[Hit, ...] | None = None
        for event in self._assistant.ask(asked.question, asked.filters, history):
            if isinstance(event, Retrieved):
                hits = event.hits
            elif isinstance(event, Finished):
                return self._observed(asked, event, hits)
        raise AssertionError("ask always ends with Finished")

    def _observed(self, asked: Asked, finished: Finished, hits: tuple[Hit, ...] | None) -> Observed:
        reply, usage = finished.reply, finished.usage
        shared: dict[str, Any] = {
            "language": reply.language,
            "retrieved": tuple(dict.fromkeys(hit.passage.document_id for hit in hits or ())),
            "found": tuple(_found(hit) for hit in hits or ()),
            "tells_found": True,
            "timings_ms": finished.timings_ms,
            "searched": reply.searched,
            "notes": reply.notes,
            "confidence": self._confidence(reply.searched or asked.question, hits),
            "input_tokens": usage.input_tokens if usage else None,
            "output_tokens": usage.output_tokens if usage else None,
            "cost": usage.cost if usage else None,
        }
        match reply:
            case Declined():
                return Observed(status="declined", text="", reason=reply.reason, **shared)
            case Answer():
                statements = tuple(Statement(one.text, one.citations) for one in reply.answering)
                return Observed(
                    status=reply.status,
                    text=said(reply.layout.lead, statements),
                    citations=tuple(
                        _citation(item, self._assistant.generation)
                        for item in reply.answering_evidence
                    ),
                    layout=reply.layout.kind,
                    labels=tuple(row.label for row in reply.layout.rows),
                    statements=statements,
                    mode=reply.mode,
                    **shared,
                )

    def _confidence(self, question: str, hits: tuple[Hit, ...] | None) -> float:
        """Probability that the collection answers; 0 where nothing was searched, for the
        program is then sure not to answer. Worked out beside the walk, not timed with it."""
        if not hits:
            return 0.0
        assistant = self._assistant
        understood = understand(
            question, assistant.embedder, assistant.translator, assistant.glossary.current(),
            assistant.generation.spellings,
        )  # fmt: skip
        best = candidates(understood, hits, assistant.generation)
        return round(probability(understood, best, assistant.generation), 6)


class HttpSystem:
    """A server that speaks the HTTP API. `generation`, the same collection opened here, lets
    quotes be held against the stored text."""

    name = "http"

    def __init__(
        self,
        client: Any,
        url: str,
        generation: Generation | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._client, self._url, self._generation = client, url.rstrip("/"), generation
        self._sleep = sleep

    def describe(self) -> dict[str, Any]:
        """The address, and what was opened here to compare with."""
        known = collection(self._generation) if self._generation else {}
        return {"system": self.name, "url": self._url, **known}

    def holds(self, document: str) -> bool | None:
        """Whether the collection opened here has it."""
        if self._generation is None:
            return None
        return self._generation.store.find_document(document) is not None

    def ask(self, asked: Asked) -> Observed:
        """Earlier turns are asked too. Raises SanadError where the server gives no reply."""
        try:
            return self._observed(asked)
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            told = f"{type(error).__name__} {error}"
            raise SystemFailure(f"{self._url} gave a reply of another form: {told}") from error

    def _observed(self, asked: Asked) -> Observed:
        history: list[dict[str, Any]] = []
        for question in asked.history:
            reply = self._post(question, history, asked.filters)
            cited = dict.fromkeys(one["document_id"] for one in reply.get("citations", []))
            history.append({"question": question, "documents": list(cited)})
        started = time.perf_counter()
        reply = self._post(asked.question, history, asked.filters)
        elapsed = round(1000 * (time.perf_counter() - started), 3)
        reply["timings_ms"] = {**(reply.get("timings_ms") or {}), "round_trip": elapsed}
        return from_reply(reply, [self._sound(one) for one in reply.get("citations", [])])

    def _post(
        self, question: str, history: Sequence[Mapping[str, Any]], filters: Filters | None
    ) -> dict[str, Any]:
        import httpx

        body: dict[str, Any] = {"question": question}
        if history:
            body["history"] = list(history)
        if filters:
            body["filters"] = {key: list(values) for key, values in filters.items()}
        try:
            answer = self._patiently(body)
            reply = answer.json() if answer.status_code == 200 else None
        except (httpx.HTTPError, ValueError) as error:
            raise SystemFailure(f"{self._url} gave no reply: {error}") from error
        if reply is None:
            told = "too many questions; raise its limits" if answer.status_code == 429 else ""
            raise SystemFailure(f"{self._url} gave no reply: HTTP {answer.status_code} {told}")
        if not isinstance(reply, dict) or "status" not in reply or "language" not in reply:
            raise SystemFailure(f"{self._url} gave something that is no reply")
        return reply

    def _patiently(self, body: Mapping[str, Any]) -> Any:
        """One POST; a server that asks to come back soon is asked again, a few times."""
        for _ in range(TRIES):
            answer = self._client.post(f"{self._url}/api/v1/ask", json=body, timeout=TIMEOUT_S)
            after = answer.headers.get("retry-after", "")
            busy = answer.status_code in (429, 503) and after.isdecimal()
            if not busy or int(after) > LONGEST_WAIT_S:
                break
            self._sleep(float(after))
        return answer

    def _sound(self, citation: Mapping[str, Any]) -> bool | None:
        if self._generation is None:
            return None
        place = (citation["document_id"], citation["page"], citation["start"], citation["end"])
        return is_stored(self._generation, *place, citation["quote"])


class SystemFailure(SanadError):
    """A system gave no reply to one question."""


def is_stored(
    generation: Generation, document: str, page: int, start: int, end: int, quote: str
) -> bool:
    """Whether the stored page has this text there; asked of the store, not of what answered."""
    try:
        return generation.store.page_of(document, page).text[start:end] == quote
    except IndexDamagedError:  # no such document or page
        return False


def collection(generation: Generation) -> dict[str, Any]:
    """The collection of a generation: counts, model, and a digest of all its sources."""
    manifest = generation.manifest
    return {
        "collection": {
            "documents": manifest.documents,
            "passages": manifest.passages,
            "languages": dict(manifest.languages),
            "model": manifest.model,
            "digest": _digest(generation),
        }
    }


def _digest(generation: Generation) -> str:
    lines = (f"{one.id}\x1f{one.sha256}" for one in generation.store.documents())
    return hashlib.sha256("\n".join(sorted(lines)).encode()).hexdigest()


def _plain(settings: object) -> Any:
    """Settings as plain values; of a model among them, its name."""
    if is_dataclass(settings):
        return {one.name: _plain(getattr(settings, one.name)) for one in fields(settings)}
    if settings is None or isinstance(settings, str | int | float | bool):
        return settings
    return str(getattr(settings, "name", "") or type(settings).__name__)


def _glossary_digest(path: Path | None) -> str:
    """The digest of the glossary's file, which may change between two runs of one program; empty
    without one."""
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest() if path else ""
    except OSError:
        return ""


def _documents(reply: Answer | Declined) -> tuple[str, ...]:
    evidence = reply.evidence if isinstance(reply, Answer) else ()
    return tuple(dict.fromkeys(item.quote.document_id for item in evidence))


def _found(hit: Hit) -> FoundPassage:
    return FoundPassage(hit.passage.document_id, hit.passage.page, hit.passage.text)


def _citation(item: Evidence, generation: Generation) -> Citation:
    quote = item.quote
    found = generation.store.find_document(quote.document_id)
    assert found is not None, quote.document_id
    place = (quote.document_id, quote.page, quote.start, quote.end)
    document = found[1]
    return Citation(
        *place, quote.text, is_stored(generation, *place, quote.text), item.n,
        document.work_id, document.language, document.title, document.url,
    )  # fmt: skip
