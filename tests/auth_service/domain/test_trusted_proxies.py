"""The address of the asker, as far as it can be believed (T03, T40)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auth_service.domain.trusted_proxies import NO_PROXIES, read_trusted_proxies

if TYPE_CHECKING:
    from collections.abc import Mapping

OURS = read_trusted_proxies("10.0.0.0/8, 192.0.2.7, 2001:db8:5::/48")


def forwarded_for(hops: str) -> Mapping[str, str]:
    return {"X-Forwarded-For": hops}


@pytest.mark.parametrize("name", ["X-Forwarded-For", "Forwarded"])
def test_by_default_no_header_is_believed(name: str) -> None:
    """T03: whoever asks can write it."""
    assert NO_PROXIES.asker("127.0.0.1", {name: "for=198.51.100.1"}) == "127.0.0.1"


def test_a_peer_that_is_no_proxy_of_ours_is_itself() -> None:
    """T03."""
    assert OURS.asker("203.0.113.9", forwarded_for("198.51.100.1")) == "203.0.113.9"


@pytest.mark.parametrize(
    ("hops", "asker"),
    [
        ("198.51.100.1", "198.51.100.1"),
        ("1.1.1.1, 198.51.100.1", "198.51.100.1"),
        ("1.1.1.1, 198.51.100.1, 10.1.2.3", "198.51.100.1"),
        ("1.1.1.1,198.51.100.1,192.0.2.7,10.1.2.3", "198.51.100.1"),
        ("198.51.100.1:50123, 10.1.2.3", "198.51.100.1"),
        ("[2001:db8:1:2:3::4]:443", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:3::4", "2001:db8:1:2::/64"),
        ("10.9.9.9, 10.8.8.8", "10.9.9.9"),
    ],
)
def test_the_rightmost_hop_that_is_not_ours_is_the_asker(hops: str, asker: str) -> None:
    """T03: what stands left of it the asker may have written."""
    assert OURS.asker("10.0.0.1", forwarded_for(hops)) == asker


@pytest.mark.parametrize("hops", ["", "unknown", "1.1.1.1, _hidden", "1.1.1.1, ", "1.1.1.1, 999.1.1.1", "x" * 5000])
def test_a_hop_that_is_no_address_ends_what_is_believed(hops: str) -> None:
    assert OURS.asker("10.0.0.1", forwarded_for(hops)) == "10.0.0.1"


@pytest.mark.parametrize(
    ("forwarded", "asker"),
    [
        ("for=198.51.100.1", "198.51.100.1"),
        ('for=1.1.1.1, For="198.51.100.1:80";proto=http;by=10.0.0.1', "198.51.100.1"),
        ('proto=https; for="[2001:db8:1:2:3::4]:80"', "2001:db8:1:2::/64"),
        ("for=198.51.100.1, for=10.2.2.2", "198.51.100.1"),
        ("proto=https", "10.0.0.1"),
        ("xfor=198.51.100.1", "10.0.0.1"),
        ("for=198.51.100.1, for=unknown", "10.0.0.1"),
    ],
)
def test_forwarded_is_read_as_rfc_7239_writes_it(forwarded: str, asker: str) -> None:
    assert OURS.asker("10.0.0.1", {"Forwarded": forwarded}) == asker


def test_of_two_headers_neither_is_believed() -> None:
    """T03: a proxy that writes one passes the asker's own other one on."""
    both = {"X-Forwarded-For": "198.51.100.1", "Forwarded": "for=198.51.100.2"}

    assert OURS.asker("10.0.0.1", both) == "10.0.0.1"


def test_ipv6_is_counted_by_its_64() -> None:
    """T03: who has one address of it has all."""
    assert NO_PROXIES.asker("2001:db8::1", {}) == NO_PROXIES.asker("2001:db8::ffff:0:1", {}) == "2001:db8::/64"
    assert NO_PROXIES.asker("2001:db8:0:1::1", {}) == "2001:db8:0:1::/64"


def test_ipv4_in_ipv6_is_ipv4() -> None:
    assert NO_PROXIES.asker("::ffff:198.51.100.1", {}) == "198.51.100.1"
    assert OURS.asker("::ffff:10.0.0.1", forwarded_for("198.51.100.1")) == "198.51.100.1"


@pytest.mark.parametrize("peer", [None, "", "@"])
def test_a_unix_socket_has_no_address_and_is_believed_only_when_it_is_named(peer: str | None) -> None:
    headers = forwarded_for("198.51.100.1")

    assert OURS.asker(peer, headers) == "unknown"
    assert read_trusted_proxies("unix").asker(peer, headers) == "198.51.100.1"


@given(st.text(), st.text())
def test_any_header_gives_an_address(name: str, value: str) -> None:
    found = OURS.asker("10.0.0.1", {"Forwarded": f"{name}={value}"})

    assert 0 < len(found) <= 64


@given(st.text("0123456789abcdef.:[]/,% ", max_size=60))
def test_a_network_is_read_or_refused(text: str) -> None:
    try:
        read = read_trusted_proxies(text)
    except ValueError:
        return
    assert not read.unix_socket
