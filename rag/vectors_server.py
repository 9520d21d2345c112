"""Dense search through a Chroma server; the only door to its HTTP API (v2).

A third `VectorIndex` beside those of `rag.vectors`, for several machines that answer from
copies of one generation. The server holds vectors and row numbers, no text. A collection
is named by the digest of the vectors it holds, so that it belongs to them for ever: it is
written once, and whoever has the vectors knows its name. What a server answers decides
only which rows are looked at: their cosines are computed here, and where it does not
answer in time the exact scan of this machine's own copy does.

The Rust server of `chroma run` has no authentication: it belongs on loopback, on a network
of its own, or behind a proxy that asks for a token. The Python server (FastAPI) runs code
that a request names (CVE-2026-45829): never run that one.
"""

from __future__ import annotations

import base64
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from rag.errors import IndexDamagedError, ServerError
from rag.vectors import HNSW, ExactIndex, Mask, beside_deltas

if TYPE_CHECKING:
    import httpx

NAME = "chroma-server"
PREFIX = "sanad-"
OWNER = "sanad"  # metadata of a collection: which installation wrote it
RETRY_S = 5.0  # after a failure the server is left alone so long; the scan answers meanwhile
WRITE_SECONDS = 120.0  # a batch may wait for the graph to be saved
BATCH = 4000  # vectors a request, at most what the server says it takes
PAGE = 500  # collections listed a request
_PLACE = "/api/v2/tenants/default_tenant/databases/default_database/collections"


@dataclass(frozen=True, slots=True)
class ChromaServer:
    """Where it is and how it is asked."""

    url: str  # http(s)://host[:port], without credentials
    token: str = field(default="", repr=False)
    header: str = "Authorization"  # that carries the token; in this one as "Bearer ..."
    seconds: float = 2.0  # longest wait of a question, for the connection and for each answer


def collection_of(digest: str) -> str:
    """The name of the collection of vectors whose file has this SHA-256."""
    return f"{PREFIX}{digest[:40]}"


class ServerIndex:
    """The collection of one matrix of vectors; safe between threads.

    `trouble` says why the exact scan stands in, and is empty while the server answers.
    """

    def __init__(
        self,
        server: ChromaServer,
        collection: str,
        exact: ExactIndex,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Asks for the collection at once, so that trouble is known before a question is."""
        self.name, self.trouble = NAME, ""  # what answers now; "exact" while there is trouble
        self._exact = exact
        self._collection = collection
        self._clock = clock
        self._http = _Http(server, server.seconds)
        self._lock = threading.Lock()  # guards the three below
        self._id = ""  # of the collection on the server, once it was found whole
        self._not_before = 0.0
        try:
            self._found()
        except ServerError as error:
            self._fail(error)

    def top(
        self, vector: npt.NDArray[np.float32], k: int, allowed: Mask | None = None
    ) -> list[tuple[int, float]]:
        """See `VectorIndex.top`. A filtered question is scanned exactly, as in `ChromaIndex`."""
        if allowed is not None or not vector.any() or not self._may_ask():
            return self._exact.top(vector, k, allowed)
        base = len(self._exact.matrix)
        try:
            found = beside_deltas(
                lambda n: self._nearest(vector, n),
                base,
                self._exact,
                vector,
                min(k, self._exact.size),
            )
        except ServerError as error:
            self._fail(error)
            return self._exact.top(vector, k)
        with self._lock:
            self.name, self.trouble, self._not_before = NAME, "", 0.0
        return found

    def _nearest(self, vector: npt.NDArray[np.float32], k: int) -> list[tuple[int, float]]:
        rows = self._asked(vector, k)
        cosines = self._exact.similarities(vector, rows)
        order = np.lexsort((rows, -cosines))
        return [(int(rows[place]), float(cosines[place])) for place in order]

    def similarities(
        self, vector: npt.NDArray[np.float32], rows: npt.NDArray[np.intp]
    ) -> npt.NDArray[np.float32]:
        """See `VectorIndex.similarities`."""
        return self._exact.similarities(vector, rows)

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def _may_ask(self) -> bool:
        """Whether this question goes to the server: after a failure one at a time tries."""
        if not self.trouble:
            return True
        with self._lock:
            if self._clock() < self._not_before:
                return False
            self._not_before = self._clock() + RETRY_S
            return True

    def _asked(self, vector: npt.NDArray[np.float32], k: int) -> npt.NDArray[np.intp]:
        """Rows of the k nearest. Raises ServerError, also for an answer that cannot be right."""
        if not k:
            return np.zeros(0, np.intp)
        body = {"query_embeddings": [vector.tolist()], "n_results": k, "include": []}
        found = self._http.ask("POST", f"{_PLACE}/{self._found()}/query", body)
        try:
            rows = np.array([int(row) for row in found["ids"][0]], np.intp)
        except (TypeError, ValueError, KeyError, IndexError) as error:
            raise ServerError(f"{self._http.place} returned no rows: {error}") from error
        if len(np.unique(rows)) != k or rows.min() < 0 or rows.max() >= len(self._exact.matrix):
            raise ServerError(f"{self._http.place} returned {len(rows)} rows for {k}, or others")
        return rows

    def _found(self) -> str:
        """The collection's id on the server, once it holds every vector."""
        if not self._id:
            held = found(self._http, self._collection)
            if held != len(self._exact.matrix):
                said = "does not hold" if held is None else f"counts {held} vectors in"
                raise ServerError(
                    f"{self._http.place} {said} the collection {self._collection} of "
                    f"{len(self._exact.matrix)} vectors; run: sanad ingest"
                )
            self._id = str(self._http.ask("GET", f"{_PLACE}/{self._collection}")["id"])
        return self._id

    def _fail(self, error: ServerError) -> None:
        with self._lock:
            self.name = self._exact.name
            self.trouble = f"the exact scan stands in for the Chroma server: {error}"
            self._not_before = self._clock() + RETRY_S
            self._id = ""


def send(server: ChromaServer, owner: str, collection: str, exact: ExactIndex) -> bool:
    """See that the server holds a collection whole; whether it had to be written.

    A collection that is there with another number of vectors is what a killed run left. Raises
    ServerError when the server does not answer, IndexDamagedError when it does not give back
    what it was given.
    """
    http = _Http(server, WRITE_SECONDS)
    try:
        held = found(http, collection)
        written = held != len(exact.matrix)
        if written:
            if held is not None:
                http.ask("DELETE", f"{_PLACE}/{collection}")
            _write(http, owner, collection, exact.matrix)
        _verify(http, collection, exact)
        return written
    finally:
        http.close()


def forget(server: ChromaServer, owner: str, kept: Iterable[str]) -> list[str]:
    """Delete the collections that `owner` wrote, but for `kept`; their names."""
    names, http = set(kept), _Http(server, WRITE_SECONDS)
    gone = []
    try:
        listed: list[Any] = []
        while len(page := http.ask("GET", _PLACE, offset=len(listed), limit=PAGE)) > 0:
            listed += page
        for each in listed:
            mine = (each.get("metadata") or {}).get(OWNER) == owner
            if mine and each["name"].startswith(PREFIX) and each["name"] not in names:
                http.ask("DELETE", f"{_PLACE}/{each['name']}")
                gone.append(str(each["name"]))
    finally:
        http.close()
    return gone


def found(http: _Http, collection: str) -> int | None:
    """How many vectors a collection holds; None where there is none."""
    entry = http.ask("GET", f"{_PLACE}/{collection}", missing=None)
    return None if entry is None else int(http.ask("GET", f"{_PLACE}/{entry['id']}/count"))


def _write(http: _Http, owner: str, collection: str, matrix: npt.NDArray[np.float32]) -> None:
    most = int(http.ask("GET", "/api/v2/pre-flight-checks")["max_batch_size"])
    hnsw = {**HNSW, "sync_threshold": max(1000, len(matrix))}  # the graph is saved once, whole
    body = {"name": collection, "metadata": {OWNER: owner}, "configuration": {"hnsw": hnsw}}
    place = f"{_PLACE}/{http.ask('POST', _PLACE, body)['id']}/add"
    step = min(BATCH, most)
    for start in range(0, len(matrix), step):
        block = matrix[start : start + step].astype("<f4")
        ids = [str(row) for row in range(start, start + len(block))]
        vectors = [base64.b64encode(vector.tobytes()).decode() for vector in block]
        http.ask("POST", place, {"ids": ids, "embeddings": vectors})


def _verify(http: _Http, collection: str, exact: ExactIndex, sample: int = 200) -> None:
    """Every vector is counted, and sampled ones are themselves and find themselves."""
    passages = len(exact.matrix)
    if (held := found(http, collection)) != passages:
        raise IndexDamagedError(f"{http.place} counts {held} of {passages} vectors")
    if not passages:
        return
    place = f"{_PLACE}/{http.ask('GET', f'{_PLACE}/{collection}')['id']}"
    rows = sorted({int(row) for row in np.linspace(0, passages - 1, sample)})
    rows = [row for row in rows if exact.matrix[row].any()]
    body = {"ids": [str(row) for row in rows], "include": ["embeddings"]}
    answer = http.ask("POST", f"{place}/get", body)
    back = dict(zip(map(int, answer["ids"]), answer["embeddings"], strict=True))
    changed = [r for r in rows if r not in back or not np.allclose(back[r], exact.matrix[r])]
    vectors = [exact.matrix[row].tolist() for row in rows]
    asked = {"query_embeddings": vectors, "n_results": 1, "include": []}
    lost = sum(
        not _equal(exact.matrix, row, ids)
        for row, ids in zip(rows, http.ask("POST", f"{place}/query", asked)["ids"], strict=True)
    )
    if changed or lost > 0.01 * len(rows):
        raise IndexDamagedError(
            f"{http.place} holds other vectors for {len(changed)} of {len(rows)} sampled rows, and "
            f"{lost} do not find themselves"
        )


def _equal(matrix: npt.NDArray[np.float32], row: int, found_ids: Sequence[str]) -> bool:
    """Whether the best hit is the vector itself or one equal to it (repeated text)."""
    return bool(found_ids) and float(matrix[int(found_ids[0])] @ matrix[row]) > 1 - 1e-3


class _Http:
    """Requests to the server; every trouble is a ServerError that names it."""

    def __init__(self, server: ChromaServer, seconds: float) -> None:
        import httpx

        self.place = f"the Chroma server {server.url}"
        bearer = "Bearer " if server.header.lower() == "authorization" else ""
        headers = {server.header: f"{bearer}{server.token}"} if server.token else {}
        self._client: httpx.Client = httpx.Client(
            base_url=server.url, headers=headers, timeout=seconds, trust_env=False
        )

    def ask(
        self, method: str, path: str, body: object = None, *, missing: object = ..., **query: int
    ) -> Any:
        """The JSON of an answer; `missing`, where given, for one that says 404."""
        import httpx

        try:
            answer = self._client.request(method, path, json=body, params=query or None)
            if answer.status_code == 404 and missing is not ...:
                return missing
            if not answer.is_success:
                said = " ".join(answer.text.split())[:200]
                raise ServerError(f"{self.place} answered {answer.status_code}: {said}")
            return answer.json()
        except (httpx.HTTPError, ValueError) as error:
            said = str(error) or type(error).__name__
            raise ServerError(f"{self.place} does not answer: {said}") from error

    def close(self) -> None:
        """Close the connections."""
        self._client.close()
