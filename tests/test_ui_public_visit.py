"""Visits: whose address counts, and what is left of it."""

from __future__ import annotations

import pytest

from rag.settings import Settings
from ui.public.visit import DayKey, Visits, network_of, parse_address

PROXIES = "127.0.0.1, 10.0.0.0/8 fd00::/8"
NOON = 1_750_000_000.0
DAY_S = 86400


def scope(client, *forwarded):
    headers = [(b"x-forwarded-for", line.encode()) for line in forwarded]
    return {"client": (client, 1234) if client else None, "headers": headers}


@pytest.mark.parametrize(
    "client, forwarded, counted",
    [
        ("203.0.113.5", [], "203.0.113.5"),
        # Nobody's word but a trusted proxy's is taken.
        ("203.0.113.5", ["198.51.100.1"], "203.0.113.5"),
        ("127.0.0.1", ["198.51.100.1"], "198.51.100.1"),
        # What the visitor wrote stands left of what the first proxy wrote.
        ("127.0.0.1", ["1.1.1.1, 198.51.100.1"], "198.51.100.1"),
        ("127.0.0.1", ["127.0.0.1, 10.0.0.1, 198.51.100.1"], "198.51.100.1"),
        # Two proxies: the inner one speaks for the outer one, in one line or in two.
        ("127.0.0.1", ["1.1.1.1, 198.51.100.1, 10.0.0.2"], "198.51.100.1"),
        ("127.0.0.1", ["1.1.1.1", "198.51.100.1", "10.0.0.2"], "198.51.100.1"),
        ("fd00::1", ["2001:db8:1:2:3::9"], "2001:db8:1:2:3::9"),
        # A list of nothing but proxies ends at the farthest of them.
        ("127.0.0.1", ["10.0.0.9"], "10.0.0.9"),
        ("127.0.0.1", ["unknown"], "127.0.0.1"),
        ("127.0.0.1", ["198.51.100.1, <script>"], "127.0.0.1"),
        ("127.0.0.1", [""], "127.0.0.1"),
        ("127.0.0.1", ["198.51.100.1:4711"], "198.51.100.1"),
        ("127.0.0.1", ["[2001:db8::1]:4711"], "2001:db8::1"),
        # An IPv4 address in IPv6 clothes is trusted, and counted, as what it is.
        ("::ffff:127.0.0.1", ["::ffff:198.51.100.1"], "198.51.100.1"),
    ],
)
def test_the_address_is_the_nearest_that_no_trusted_proxy_speaks_for(client, forwarded, counted):
    visits = Visits(Settings(trusted_proxies=PROXIES))
    assert visits.address(scope(client, *forwarded)) == parse_address(counted)


def test_without_trusted_proxies_the_header_says_nothing():
    visits = Visits(Settings())
    assert str(visits.address(scope("127.0.0.1", "198.51.100.1"))) == "127.0.0.1"
    assert visits.address(scope(None, "198.51.100.1")) is None


def test_an_ipv6_visitor_is_a_network_of_64_bits():
    visits = Visits(Settings())
    first, second, other = (
        visits.of("api", scope(address)).address
        for address in ("2001:db8:0:1::1", "2001:db8:0:1:ffff:ffff:ffff:ffff", "2001:db8:0:2::1")
    )
    assert first == second != other
    assert network_of(parse_address("192.0.2.1")) != network_of(parse_address("192.0.2.2"))


def test_a_visit_holds_no_address_and_another_hash_each_day():
    now = NOON
    visits = Visits(Settings(), DayKey(clock=lambda: now))
    today = visits.of("chat", scope("203.0.113.5"))
    assert "203.0.113.5" not in repr(today)
    assert visits.of("chat", scope("203.0.113.5")) == today
    now += DAY_S
    assert visits.of("chat", scope("203.0.113.5")).address != today.address


def test_two_processes_hash_alike_only_with_a_common_secret():
    one, two = DayKey(b"s" * 32, lambda: NOON), DayKey(b"s" * 32, lambda: NOON)
    assert one.hashed("203.0.113.5") == two.hashed("203.0.113.5")
    assert DayKey(b"t" * 32, lambda: NOON).hashed("203.0.113.5") != one.hashed("203.0.113.5")
    assert DayKey().hashed("203.0.113.5") != DayKey().hashed("203.0.113.5")
    tomorrow = DayKey(b"s" * 32, lambda: NOON + DAY_S)
    assert tomorrow.hashed("203.0.113.5") != one.hashed("203.0.113.5")
