"""Which addresses a webhook may be sent to: public ones, over https (no SSRF, T31).

A caller names the URL, so it must open nothing that only we can reach: no private, loopback, link-local, multicast or
reserved network, nor an IPv4 address of those dressed as IPv6, nor what clouds tell their own machines. A name is
judged by the addresses that it resolves to, each time it is used.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address, ip_network
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from license_service.domain.errors import WebhookUrlError

if TYPE_CHECKING:
    from ipaddress import IPv4Address
    from urllib.parse import SplitResult

LONGEST_URL: Final = 2048
_VISIBLE_ASCII: Final = re.compile(r"[!-~]+")
_HOST: Final = re.compile(r"[A-Za-z0-9._:-]+")

_NOT_PUBLIC: Final = tuple(
    map(
        ip_network,
        (
            "168.63.129.16/32",  # answers every machine of one cloud, from a public range
            "192.0.0.0/24",  # for protocols, and a cloud's metadata; not every Python says so
            "192.88.99.0/24",  # relays to 6to4
            "2001::/23",  # for protocols; Teredo carries any IPv4 address
            "2002::/16",  # likewise (6to4)
            "3fff::/20",  # for documents
        ),
    )
)
_PUBLIC_IPV6: Final = ip_network("2000::/3")
"""All that was given out as yet; outside of it lie NAT64, site-local and other special addresses."""


@dataclass(frozen=True, slots=True)
class WebhookTarget:
    """A URL, taken apart. `path` begins with a slash and has the query."""

    is_https: bool
    host: str
    port: int
    path: str


def webhook_target(url: str, *, allow_loopback: bool) -> WebhookTarget:
    """Take a URL apart. `allow_loopback`, for development, lets http be, and this machine.

    Raises WebhookUrlError: no good URL, or one whose host is an address that nothing is sent to.
    """
    parts, port = _split(url)
    host = parts.hostname or ""
    if parts.scheme != "https" and not (allow_loopback and parts.scheme == "http"):
        raise WebhookUrlError
    if not _HOST.fullmatch(host) or "@" in parts.netloc or parts.fragment or port == 0:
        raise WebhookUrlError
    is_https = parts.scheme == "https"
    target = WebhookTarget(
        is_https=is_https,
        host=host,
        port=port or (443 if is_https else 80),
        path=(parts.path or "/") + (f"?{parts.query}" if parts.query else ""),
    )
    if _is_address(host) and not may_be_sent_to(target, host, allow_loopback=allow_loopback):
        raise WebhookUrlError
    return target


def may_be_sent_to(target: WebhookTarget, address: str, *, allow_loopback: bool) -> bool:
    """Tell whether the target may be sent to at this address, which is one that its host resolves to."""
    found = _plain(address)
    if allow_loopback and found.is_loopback:
        return True
    return target.is_https and _is_public(found)


def _split(url: str) -> tuple[SplitResult, int | None]:
    if len(url) > LONGEST_URL or not _VISIBLE_ASCII.fullmatch(url) or "\\" in url:
        raise WebhookUrlError
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as fault:
        raise WebhookUrlError from fault
    return parts, port


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _plain(address: str) -> IPv4Address | IPv6Address:
    found = ip_address(address)
    mapped = found.ipv4_mapped if isinstance(found, IPv6Address) else None
    return mapped or found


def _is_public(address: IPv4Address | IPv6Address) -> bool:
    if any(address in network for network in _NOT_PUBLIC):
        return False
    if address.version == 6 and address not in _PUBLIC_IPV6:
        return False
    return address.is_global and not address.is_multicast and not address.is_reserved
