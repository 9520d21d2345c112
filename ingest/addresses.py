"""Which network addresses a request may go to: those of the public internet.

Says no for whatever it does not know: IPv6 outside the range that is given out,
and every form that carries an IPv4 address is looked through.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable

from rag.errors import ReadError

Resolve = Callable[[str, int], list[str]]  # (host, port) to addresses; raises OSError
IPv4 = ipaddress.IPv4Address


class Unreachable(ReadError):
    """The server could not be reached, or stopped in the middle: it may work another day."""


# Public to look at, and never a web server of somebody else (RFC 6890, RFC 7526; the last one is
# Azure's machine services, which answer its own machines at a public address).
_NEVER = tuple(
    ipaddress.ip_network(network)
    for network in ("192.0.0.0/24", "192.88.99.0/24", "168.63.129.16/32")
)
_GIVEN_OUT = ipaddress.ip_network("2000::/3")  # IANA's global unicast
_NOT_GIVEN_OUT = tuple(ipaddress.ip_network(network) for network in ("3fff::/20", "2001::/23"))
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


def system_addresses(host: str, port: int) -> list[str]:
    """What the system's resolver answers. Raises OSError, UnicodeError."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def checked_addresses(
    host: str, port: int, allow: frozenset[str], resolve: Resolve = system_addresses
) -> list[str]:
    """The addresses to connect to, resolved once.

    `allow` holds "host:port" that need not be public. Raises ReadError when any
    address of another host is not, or when the port is none of the web's.
    """
    allowed = f"{host.lower()}:{port}" in allow
    if not allowed and port not in (80, 443):
        raise ReadError(f"port {port} of {host!r} is not a web port")
    try:
        addresses = resolve(host, port)
    except (OSError, UnicodeError) as error:
        raise Unreachable(f"the name {host!r} does not resolve") from error
    for address in addresses:
        if not allowed and not is_public(address):
            raise ReadError(f"{host!r} leads to {address}, which is not a public address")
    return addresses


def is_public(address: str) -> bool:
    """Whether an IP address is one of the public internet."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, IPv4):
        return ip.is_global and not ip.is_multicast and not any(ip in net for net in _NEVER)
    if ip in _NAT64:
        return is_public(str(IPv4(int(ip) & 0xFFFFFFFF)))
    inner = ip.ipv4_mapped or ip.sixtofour
    if inner is not None:
        return is_public(str(inner))
    return ip in _GIVEN_OUT and ip.is_global and not any(ip in net for net in _NOT_GIVEN_OUT)
