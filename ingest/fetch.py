"""Fetch one web page or file, with no way into the local network.

Addresses are resolved once, checked, and connected to as checked, so that a DNS
answer cannot change between the check and the connection; every redirect opens a
new connection and is checked again. Bytes are counted after decompression.
"""

from __future__ import annotations

import ipaddress
import socket
import time
from collections.abc import Iterable
from typing import Any

from rag.errors import ReadError

MAX_BYTES = 20 * 2**20
TOTAL_SECONDS = 60.0
USER_AGENT = "Sanad/0.1 (document ingestion)"


def fetch_url(url: str, *, allow_private: bool = False) -> bytes:
    """Body of `url`, decompressed. Raises ReadError with a reason.

    `allow_private` lifts the address check, for test servers on loopback.
    """
    import httpx

    deadline = time.monotonic() + TOTAL_SECONDS
    try:
        with (
            httpx.Client(
                transport=_guarded_transport(allow_private),
                follow_redirects=True,
                max_redirects=5,
                timeout=httpx.Timeout(30, connect=10),
                trust_env=False,
                headers={"User-Agent": USER_AGENT},
            ) as client,
            client.stream("GET", url) as response,
        ):
            if response.status_code != 200:
                raise ReadError(f"the server answered {response.status_code}")
            return _bounded(response.iter_bytes(), deadline)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise ReadError(f"cannot be fetched: {error or type(error).__name__}") from error


def _bounded(chunks: Iterable[bytes], deadline: float) -> bytes:
    body = bytearray()
    for chunk in chunks:
        body += chunk
        if len(body) > MAX_BYTES:
            raise ReadError(f"is larger than {MAX_BYTES // 2**20} MB")
        if time.monotonic() > deadline:
            raise ReadError(f"took longer than {TOTAL_SECONDS:.0f} s to fetch")
    return bytes(body)


def checked_address(host: str, port: int, allow_private: bool) -> str:
    """The address to connect to; raises ReadError when any address of `host` is not public."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise ReadError(f"the name {host!r} does not resolve") from error
    addresses = [str(entry[4][0]) for entry in found]
    for address in addresses:
        if not allow_private and not is_public(address):
            raise ReadError(f"{host!r} leads to {address}, which is not a public address")
    return addresses[0]


def is_public(address: str) -> bool:
    """Whether an IP address is one of the public internet, looked through 4-in-6 forms."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)
        if inner is not None:
            return is_public(str(inner))
        if ip in ipaddress.ip_network("64:ff9b::/96"):  # NAT64
            return is_public(str(ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)))
    return ip.is_global and not ip.is_multicast


def _guarded_transport(allow_private: bool) -> Any:
    """An httpx transport whose connections go to checked addresses only."""
    import httpcore
    import httpx

    class GuardedBackend(httpcore.SyncBackend):
        def connect_tcp(self, host: str, port: int, *args: Any, **kwargs: Any) -> Any:
            if not allow_private and port not in (80, 443):
                raise ReadError(f"port {port} of {host!r} is not a web port")
            return super().connect_tcp(
                checked_address(host, port, allow_private), port, *args, **kwargs
            )

    transport = httpx.HTTPTransport(trust_env=False)
    transport._pool = httpcore.ConnectionPool(
        ssl_context=httpx.create_ssl_context(trust_env=False), network_backend=GuardedBackend()
    )
    return transport
