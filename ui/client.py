"""A Python client of the HTTP API: questions in, typed replies out.

    with Client("https://answers.example.org") as sanad:
        reply = sanad.ask("How did Kenya structure its county action plans?")
        for sentence in reply.sentences:
            print(sentence.text, [reply.cited(n).url for n in sentence.citations])

Needs httpx and nothing else of Sanad's. Waits and tries again where the server says
when to come back (Retry-After); everything else that goes wrong is an ApiError.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from types import TracebackType
from typing import Any, Self, TypeVar

import httpx

Filters = Mapping[str, Sequence[str]]
T = TypeVar("T")
LONGEST_WAIT_S = 60  # a longer Retry-After is an error at once
TRIES = 3


class ApiError(Exception):
    """The server did not answer the question. `code` is for programs (0 status: no server)."""

    def __init__(
        self, status: int, code: str, detail: str, request_id: str = "", retry_after: int = 0
    ) -> None:
        told = f"{status} {code}: {detail}" if status else detail
        super().__init__(told + (f" (request {request_id})" if request_id else ""))
        self.status = status
        self.code = code
        self.detail = detail
        self.request_id = request_id
        self.retry_after = retry_after  # seconds; 0: not said


@dataclass(frozen=True, slots=True)
class Citation:
    """A quotation: `quote` is the stored page text from `start` to `end`."""

    n: int
    document_id: str
    work_id: str
    title: str
    language: str
    date: str
    page: int
    heading: str
    quote: str
    start: int
    end: int
    url: str
    machine_translated: bool
    answer: tuple[int, int] | None = None  # [start, end) of the page: the words that answer


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence, with the numbers of the citations that carry it."""

    text: str
    citations: tuple[int, ...]
    beside: bool = False  # what the documents also say, not part of the answer
    gloss: tuple[str, ...] = ()  # dates and names of a foreign quotation, as the reader says them


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer, or why there is none."""

    status: str  # "answered", "partial" or "declined"
    reason: str  # why it was declined; empty for an answer
    question: str
    searched: str
    language: str
    mode: str  # "extractive", or the model that wrote it
    text: str
    sentences: tuple[Sentence, ...]
    citations: tuple[Citation, ...]
    choices: tuple[str, ...]
    notes: tuple[str, ...]
    generation: str
    raw: Mapping[str, Any]  # the whole object, as it came

    def cited(self, n: int) -> Citation:
        """The citation of a number."""
        return next(each for each in self.citations if each.n == n)

    def turn(self) -> Turn:
        """This exchange, for the history of the next question."""
        return Turn(
            self.searched, tuple(dict.fromkeys(each.document_id for each in self.citations))
        )


@dataclass(frozen=True, slots=True)
class Turn:
    """One earlier exchange."""

    question: str
    documents: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Retrieved:
    """Event of a stream: passages were found."""

    passages: int
    searched: str
    author: str


@dataclass(frozen=True, slots=True)
class Said:
    """Event of a stream: one checked sentence. When `mode` changes, what came before is
    withdrawn."""

    text: str
    citations: tuple[int, ...]
    mode: str
    evidence: tuple[Citation, ...]
    beside: bool = False
    gloss: tuple[str, ...] = ()


Event = Retrieved | Said | Reply


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage."""

    rank: int
    document_id: str
    page: int
    start: int
    end: int
    text: str
    score: float
    language: str


@dataclass(frozen=True, slots=True)
class Document:
    """What is known of a document."""

    document_id: str
    work_id: str
    title: str
    language: str
    date: str
    kind: str
    event: str
    countries: tuple[str, ...]
    cities: tuple[str, ...]
    themes: tuple[str, ...]
    publisher: str
    url: str
    machine_translated: bool
    superseded_by: str | None


class Client:
    """Asks one server. Close it, or use it in a `with` block."""

    def __init__(
        self,
        address: str,
        *,
        timeout_s: float = 60.0,
        http: httpx.Client | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """`http`: a client of your own, for proxies, certificates or tests."""
        self._http = http or httpx.Client(timeout=timeout_s)
        self._base = address.rstrip("/")
        self._sleep = sleep

    def ask(
        self, question: str, *, filters: Filters | None = None, history: Sequence[Turn] = ()
    ) -> Reply:
        """The reply. Raises ApiError."""
        body = _question(question, filters, history)
        return _reply(self._json("POST", "/api/v1/ask", json=body))

    def stream(
        self, question: str, *, filters: Filters | None = None, history: Sequence[Turn] = ()
    ) -> Generator[Event, None, None]:
        """The events as they come; the last is the Reply. Closing it ends the work at the
        server. Raises ApiError, also for a stream that breaks off."""
        body = _question(question, filters, history)
        headers = {"Accept": "text/event-stream"}
        response = self._send("POST", "/api/v1/ask", json=body, headers=headers)
        try:
            for data in _events(response.iter_lines()):
                event = _event(data)
                yield event
                if isinstance(event, Reply):
                    return
        except httpx.TransportError as error:
            raise ApiError(0, "broken", f"the connection broke off: {error}") from error
        finally:
            response.close()
        raise ApiError(0, "broken", "the stream ended before the reply")

    def search(self, question: str, k: int = 10, *, filters: Filters | None = None) -> list[Hit]:
        """The k passages that come closest. Raises ApiError."""
        params = {"q": question, "k": k, **_plain(filters)}
        found = self._json("GET", "/api/v1/search", params=params)
        return [_typed(Hit, each) for each in found["hits"]]

    def documents(self, *, filters: Filters | None = None) -> Iterator[Document]:
        """Every document, fetched in portions. Raises ApiError."""
        offset, total = 0, 1
        while offset < total:
            params = {"offset": offset, "limit": 200, **_plain(filters)}
            found = self._json("GET", "/api/v1/documents", params=params)
            yield from (_typed(Document, each) for each in found["documents"])
            offset, total = offset + 200, found["total"]

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _json(self, method: str, path: str, **given: Any) -> dict[str, Any]:
        response = self._send(method, path, **given)
        try:
            told = json.loads(response.read())
        except (ValueError, httpx.TransportError) as error:
            raise ApiError(response.status_code, "unreadable", "the reply is not JSON") from error
        finally:
            response.close()
        if not isinstance(told, dict):
            raise ApiError(response.status_code, "unreadable", "the reply is not an object")
        return told

    def _send(self, method: str, path: str, **given: Any) -> httpx.Response:
        """A response with status 2xx, its body not read yet; tried again where the server
        says when."""
        for left in reversed(range(TRIES)):
            error = None
            try:
                request = self._http.build_request(method, f"{self._base}{path}", **given)
                response = self._http.send(request, stream=True)
                if response.is_success:
                    return response
                error = _error(response)
            except httpx.TransportError as failure:
                raise ApiError(
                    0, "unreachable", f"{self._base} does not answer: {failure}"
                ) from failure
            if not left or not 0 < error.retry_after <= LONGEST_WAIT_S:
                raise error
            self._sleep(error.retry_after)
        raise AssertionError("the last try returns or raises")


def _error(response: httpx.Response) -> ApiError:
    """What the server said is wrong."""
    try:
        told = json.loads(response.read())
    except ValueError:
        told = {}
    finally:
        response.close()
    told = told if isinstance(told, dict) else {}
    wrong = "; ".join(f"{each['at']}: {each['message']}" for each in told.get("errors", ()))
    detail = str(told.get("detail") or response.reason_phrase) + (f" ({wrong})" if wrong else "")
    wait = response.headers.get("retry-after", "")
    return ApiError(
        response.status_code, str(told.get("code") or "refused"), detail,
        str(told.get("request_id") or ""), int(wait) if wait.isdecimal() else 0,
    )  # fmt: skip


def _question(text: str, filters: Filters | None, history: Sequence[Turn]) -> dict[str, Any]:
    turns = [{"question": turn.question, "documents": list(turn.documents)} for turn in history]
    return {"question": text, "filters": _plain(filters), "history": turns}


def _plain(filters: Filters | None) -> dict[str, list[str]]:
    return {key: list(values) for key, values in (filters or {}).items()}


def _events(lines: Iterator[str]) -> Iterator[dict[str, Any]]:
    """The data of server-sent events; comments are skipped."""
    for line in lines:
        if line.startswith("data: "):
            yield json.loads(line.removeprefix("data: "))


def _event(data: dict[str, Any]) -> Event:
    match data["type"]:
        case "retrieved":
            return _typed(Retrieved, data)
        case "sentence":
            evidence = tuple(_typed(Citation, each) for each in data["evidence"])
            return _typed(Said, {**data, "evidence": evidence})
        case "finished":
            return _reply(data["reply"])
    raise ApiError(0, str(data.get("code", "error")), "the answer broke off before its end")


def _reply(told: dict[str, Any]) -> Reply:
    sentences = tuple(_typed(Sentence, each) for each in told["sentences"])
    citations = tuple(_typed(Citation, each) for each in told["citations"])
    given = {"sentences": sentences, "citations": citations, "reason": told["reason"] or ""}
    return _typed(Reply, {**told, **given, "raw": told})


def _typed(kind: type[T], told: Mapping[str, Any]) -> T:
    """A value of a type of ours; members a newer server adds are left out."""
    known = {field.name for field in fields(kind)}  # type: ignore[arg-type]
    given = {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in told.items()
        if name in known
    }
    return kind(**given)
