"""Fetch one page or file of the web, with no way into the local network.

Addresses are resolved once, checked, and connected to as checked, so that a DNS
answer cannot change between the check and the connection; every redirect is a new
request that is checked again. Bytes are counted after decompression, and the whole
request has one deadline, so that a server cannot keep it alive drop by drop. The
door to httpx. Knows nothing of robots.txt or of sites.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urljoin, urlsplit

from ingest.addresses import Resolve, Unreachable, checked_addresses, system_addresses
from ingest.inflate import Inflater
from rag.errors import ReadError

__all__ = ["Fetched", "Reach", "Unreachable", "fetch"]

MAX_BYTES = 20 * 2**20
TOTAL_SECONDS = 60.0
MAX_REDIRECTS = 5
USER_AGENT = "Sanad/0.1 (document ingestion)"
_REDIRECTS = (301, 302, 303, 307, 308)
_ACCEPT = "text/html,application/xhtml+xml,application/pdf,application/xml;q=0.9,*/*;q=0.5"


@dataclass(frozen=True, slots=True)
class Reach:
    """Who asks, where requests may go, and what one may cost."""

    agent: str = USER_AGENT
    allow: frozenset[str] = frozenset()  # "host:port" that need not be public
    max_bytes: int = MAX_BYTES
    seconds: float = TOTAL_SECONDS  # of one request, redirects included
    resolve: Resolve = system_addresses


@dataclass(frozen=True, slots=True)
class Fetched:
    """What a server answered in the end. `body` is decompressed, and empty unless status is 200."""

    status: int
    url: str  # the address that answered, after redirects
    headers: Mapping[str, str] = field(default_factory=dict)  # names in lower case
    body: bytes = b""
    hops: tuple[str, ...] = ()  # addresses that redirected, in order


def fetch(
    url: str,
    reach: Reach,
    headers: Mapping[str, str] | None = None,
    permit: Callable[[str], None] = lambda url: None,
) -> Fetched:
    """Ask for `url` and follow its redirects; any status is an answer.

    `permit` is called with every address before it is asked for and may raise.
    Raises ReadError for what is refused, Unreachable where another day may help.
    """
    deadline = time.monotonic() + reach.seconds
    # A local server is reached only where the operator's own address leads to it: no page of
    # the public web can name it.
    allow = reach.allow if _place(url) in reach.allow else frozenset[str]()
    hops: list[str] = []
    while True:
        _check(url, allow)
        permit(url)
        # Validators are of the first address: another one's content may carry the same tag.
        answer = _ask(url, reach, {} if hops else headers or {}, allow, deadline)
        target = answer.headers.get("location", "")
        if answer.status not in _REDIRECTS or not target:
            return Fetched(answer.status, url, answer.headers, answer.body, tuple(hops))
        hops.append(url)
        url = _joined(url, target)
        if url in hops:
            raise ReadError("redirects in a circle")
        if len(hops) > MAX_REDIRECTS:
            raise ReadError(f"redirects more than {MAX_REDIRECTS} times")


def _joined(url: str, target: str) -> str:
    try:
        return urljoin(url, target).partition("#")[0]
    except ValueError:
        raise ReadError(f"redirects to {target[:200]!r}, which is no address") from None


def _place(url: str) -> str:
    """host:port of an address; empty for what is none."""
    try:
        parts = urlsplit(url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError:
        return ""
    return f"{parts.hostname}:{port}" if parts.hostname else ""


def _check(url: str, allow: frozenset[str]) -> None:
    """What can be said of an address before its name is resolved."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ReadError(f"{url[:200]!r} is no address of the web") from None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ReadError(f"{url[:200]!r} is no http or https address")
    if "@" in parts.netloc:
        raise ReadError("its address holds a user name; such addresses are not asked for")
    if port not in (None, 80, 443) and _place(url) not in allow:
        raise ReadError(f"port {port} of {parts.hostname!r} is not a web port")


def _ask(
    url: str, reach: Reach, headers: Mapping[str, str], allow: frozenset[str], deadline: float
) -> Fetched:
    """One request, no redirect followed."""
    import httpx

    sent = {
        "User-Agent": reach.agent,
        "Accept": _ACCEPT,
        "Accept-Encoding": "gzip, deflate",
        **headers,
    }
    try:
        with (
            httpx.Client(
                transport=_transport(reach.resolve, allow, deadline),
                follow_redirects=False,
                timeout=httpx.Timeout(30, connect=10),
                trust_env=False,
                headers=sent,
            ) as client,
            client.stream("GET", url) as response,
        ):
            answered = dict(response.headers)
            body = b""
            if response.status_code == 200:
                coding = answered.get("content-encoding", "")
                body = _bounded(response.iter_raw(), coding, reach, deadline)
            return Fetched(response.status_code, url, answered, body)
    except httpx.TimeoutException as error:
        raise Unreachable("the server did not answer in time") from error
    except httpx.InvalidURL as error:
        raise ReadError(f"cannot be fetched: {error}") from error
    except httpx.HTTPError as error:
        raise Unreachable(f"cannot be fetched: {error or type(error).__name__}") from error


def _bounded(chunks: Iterable[bytes], coding: str, reach: Reach, deadline: float) -> bytes:
    inflate = Inflater(coding, reach.max_bytes)
    taken = 0
    for chunk in chunks:
        taken += len(chunk)
        if taken > reach.max_bytes:
            raise ReadError(f"is larger than {reach.max_bytes / 2**20:g} MB")
        inflate.feed(chunk)
        if time.monotonic() > deadline:
            raise Unreachable(f"took longer than {reach.seconds:g} s to fetch")
    return inflate.finish()


def _transport(resolve: Resolve, allow: frozenset[str], deadline: float) -> Any:
    """An httpx transport whose connections go to checked addresses, and end at the deadline."""
    import httpcore
    import httpx

    class Stream(httpcore.NetworkStream):
        """A connection that waits no longer than the request has left."""

        def __init__(self, inner: Any) -> None:
            self._inner = inner

        def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
            return bytes(self._inner.read(max_bytes, _left(deadline, timeout)))

        def write(self, buffer: bytes, timeout: float | None = None) -> None:
            self._inner.write(buffer, _left(deadline, timeout))

        def close(self) -> None:
            self._inner.close()

        def start_tls(
            self, ssl_context: Any, server_hostname: str | None = None, timeout: float | None = None
        ) -> Stream:
            left = _left(deadline, timeout)
            return Stream(self._inner.start_tls(ssl_context, server_hostname, left))

        def get_extra_info(self, info: str) -> Any:
            return self._inner.get_extra_info(info)

    class GuardedBackend(httpcore.SyncBackend):
        def connect_tcp(
            self, host: str, port: int, timeout: float | None = None, *args: Any, **kwargs: Any
        ) -> Stream:
            refused: Exception = ReadError(f"the name {host!r} does not resolve")
            for address in checked_addresses(host, port, allow, resolve):
                try:
                    left = _left(deadline, timeout)
                    return Stream(super().connect_tcp(address, port, left, *args, **kwargs))
                except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                    refused = error
            raise refused

    def _left(deadline: float, timeout: float | None) -> float:
        left = deadline - time.monotonic()
        if left <= 0:
            raise httpcore.ReadTimeout("the request took too long")
        return min(left, timeout) if timeout is not None else left

    transport = httpx.HTTPTransport(trust_env=False, verify=_ssl_context())
    transport._pool = httpcore.ConnectionPool(
        ssl_context=_ssl_context(), network_backend=GuardedBackend()
    )
    return transport


_contexts: list[Any] = []  # reading the certificates takes longer than most requests


def _ssl_context() -> Any:
    import httpx

    if not _contexts:
        _contexts.append(httpx.create_ssl_context(trust_env=False))
    return _contexts[0]
