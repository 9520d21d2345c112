"""Who is asking, as far as limits need to know: a face, a hash, a session, a site.

The address of a visitor is taken from the connection, and from X-Forwarded-For only
as far as trusted proxies wrote it. It never leaves this module: what does is a hash
with a key that lives one day. Knows no limit.
"""

from __future__ import annotations

import datetime
import hashlib
import hmac
import ipaddress
import secrets
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from rag.settings import Settings
from ui.public.sites import Site

Face = Literal["chat", "widget", "api"]
FACES: tuple[Face, ...] = ("chat", "widget", "api")
Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
PREFIX_V6 = 64  # what a provider gives one customer (RFC 6177); one address is worth nothing
HASH_CHARACTERS = 24
# What a proxy says of the request it passes on, and what anybody can claim who is no proxy.
FORWARDED = frozenset(
    b"forwarded x-forwarded-for x-forwarded-host x-forwarded-port x-forwarded-prefix "
    b"x-forwarded-proto x-forwarded-scheme x-forwarded-server x-original-url x-real-ip "
    b"x-rewrite-url".split()
)


@dataclass(frozen=True, slots=True)
class Visit:
    """One request, without anything that names a person."""

    face: Face
    address: str  # keyed hash that changes each day; never the address itself
    session: str = ""  # from a signed token only; empty: none
    site: Site | None = None


class Refused(Exception):
    """A request that is not served now. `code` is a key of the messages table [limits]."""

    def __init__(self, status: int, code: str, retry_after: int | None = None) -> None:
        super().__init__(code)
        self.status = status
        self.code = code
        self.retry_after = retry_after  # seconds


class DayKey:
    """The key of address hashes, another one each UTC day.

    Without a `secret` it is random and lives in memory alone, so that yesterday's
    hashes can be computed by nobody. Processes that count together, in Redis, need
    the same key: it is then made from the secret of the data folder and the day.
    """

    def __init__(self, secret: bytes | None = None, clock: Callable[[], float] = time.time) -> None:
        self._secret = secret
        self._clock = clock
        self._lock = threading.Lock()
        self._day = ""
        self._key = b""

    def hashed(self, text: str) -> str:
        """The hash of a text, today."""
        key = self._today()
        return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()[:HASH_CHARACTERS]

    def _today(self) -> bytes:
        now = datetime.datetime.fromtimestamp(self._clock(), datetime.UTC)
        day = now.date().isoformat()
        with self._lock:
            if day != self._day:
                self._day = day
                self._key = (
                    secrets.token_bytes(32)
                    if self._secret is None
                    else hmac.new(self._secret, f"address {day}".encode(), hashlib.sha256).digest()
                )
            return self._key


class Visits:
    """Makes visits of requests."""

    def __init__(self, settings: Settings, key: DayKey | None = None) -> None:
        self._trusted = settings.proxies()
        self._key = key or DayKey()

    def of(
        self, face: Face, scope: Mapping[str, Any], session: str = "", site: Site | None = None
    ) -> Visit:
        """The visit of an ASGI scope (`request.scope`)."""
        address = self.address(scope)
        return Visit(face, self._key.hashed(network_of(address)), session, site)

    def address(self, scope: Mapping[str, Any]) -> Address | None:
        """The visitor's address; for counting only, never to be stored or shown."""
        client = scope.get("client")
        nearest = parse_address(client[0]) if client else None
        forwarded = [
            value.decode("latin-1")
            for name, value in scope.get("headers", ())
            if name.lower() == b"x-forwarded-for"
        ]
        return client_address(nearest, forwarded, self._trusted)

    def from_proxy(self, scope: Mapping[str, Any]) -> bool:
        """Whether the connection itself comes from a trusted proxy."""
        client = scope.get("client")
        nearest = parse_address(client[0]) if client else None
        return nearest is not None and trusts(self._trusted, nearest)


def client_address(
    nearest: Address | None, forwarded: Sequence[str], trusted: Sequence[Network]
) -> Address | None:
    """The nearest address that no trusted proxy speaks for.

    Each proxy appends the address it was called from, so the list is read from its
    end, and only while the one who wrote is trusted: what a visitor puts into the
    header stands to the left of what the first proxy wrote.
    """
    hops = [part for line in forwarded for part in line.split(",")]
    address = nearest
    while address is not None and hops and trusts(trusted, address):
        before = parse_address(hops.pop())
        if before is None:
            return address  # the proxy wrote what is no address; it is all we know
        address = before
    return address


def trusts(trusted: Sequence[Network], address: Address) -> bool:
    """Whether an address lies in one of the networks."""
    return any(address.version == net.version and address in net for net in trusted)


def parse_address(text: str) -> Address | None:
    """An address from a header or a socket; with a port, brackets or a zone too."""
    text = text.strip().strip('"')
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address


def network_of(address: Address | None) -> str:
    """What is counted: an IPv4 address, or the /64 of an IPv6 address."""
    if address is None:
        return "unknown"
    if address.version == 4:
        return str(address)
    return str(ipaddress.ip_network(f"{address}/{PREFIX_V6}", strict=False))
