"""The address of the asker: the peer's own, or what a proxy of ours says of it (T03, T40; RFC 7239).

Whoever connects can write X-Forwarded-For and Forwarded, so they are believed only from a peer that the settings name,
and only as far as hops of ours reach back: the rightmost one that is not ours is the asker. Other headers of a proxy
are never believed: scheme and host are the issuer's.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv6Address, IPv6Network, ip_address, ip_network
from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator
    from ipaddress import IPv4Address, IPv4Network

UNKNOWN: Final = "unknown"
UNIX_SOCKET: Final = "unix"
"""Names, among the proxies, whoever connects by a Unix socket: it has no address of its own."""

# One owner has a /64 at least, and 18 trillion million addresses in it: they are counted as one.
_IPV6_PREFIX: Final = 64

_FOR: Final = re.compile(r"(?:\A|;)\s*for=([^;]*)", re.IGNORECASE)
_BRACKETED: Final = re.compile(r"\A\[([^\]]*)\](?::\d{1,5})?\Z")
_WITH_PORT: Final = re.compile(r"\A([^:]*):\d{1,5}\Z")


class Headers(Protocol):
    """What the asker is read from: a request's headers, by their names in any case."""

    def get(self, name: str, /) -> str | None: ...


@dataclass(frozen=True, slots=True)
class TrustedProxies:
    """The proxies whose word is taken for the address, and for nothing else. None by default."""

    networks: tuple[IPv4Network | IPv6Network, ...] = ()
    unix_socket: bool = False

    def asker(self, peer: str | None, headers: Headers) -> str:
        """Give the address that limits count and pages show: IPv4 as it is, IPv6 as its /64, or `unknown`."""
        at = _address(peer or "")
        if self._trusts(at):
            for claimed in _hops(headers):
                # What nobody could have connected from, such as an obfuscated name, ends what can be believed.
                if claimed is None:
                    break
                at = claimed
                if not self._trusts(at):
                    break
        return _counted_as(at)

    def _trusts(self, address: IPv4Address | IPv6Address | None) -> bool:
        if address is None:
            return self.unix_socket
        return any(address in network for network in self.networks)


NO_PROXIES: Final = TrustedProxies()


def read_trusted_proxies(text: str) -> TrustedProxies:
    """Read networks, addresses and `unix`, separated by commas. Raises ValueError."""
    words = [word.strip() for word in text.split(",") if word.strip()]
    networks = tuple(ip_network(word) for word in words if word != UNIX_SOCKET)
    return TrustedProxies(networks, unix_socket=UNIX_SOCKET in words)


def _hops(headers: Headers) -> Iterator[IPv4Address | IPv6Address | None]:
    """Give the hops that the headers name, the nearest first."""
    forwarded_for, forwarded = headers.get("X-Forwarded-For"), headers.get("Forwarded")
    if forwarded_for and forwarded:
        # A proxy writes one of them and passes the other on as the asker sent it; which is which cannot be told.
        return
    for hop in reversed((forwarded_for or forwarded or "").split(",")):
        if forwarded_for:
            yield _address(hop.strip())
        else:
            named = _FOR.search(hop)
            yield _address(named[1].strip().strip('"')) if named else None


@lru_cache(maxsize=1024)
def _address(text: str) -> IPv4Address | IPv6Address | None:
    found = _BRACKETED.match(text) or _WITH_PORT.match(text)
    try:
        address = ip_address(found[1] if found else text)
    except ValueError:
        return None
    # A socket for both families sees IPv4 in this dress.
    return address.ipv4_mapped or address if isinstance(address, IPv6Address) else address


def _counted_as(address: IPv4Address | IPv6Address | None) -> str:
    if address is None:
        return UNKNOWN
    if isinstance(address, IPv6Address):
        return str(IPv6Network((int(address), _IPV6_PREFIX), strict=False))
    return str(address)
