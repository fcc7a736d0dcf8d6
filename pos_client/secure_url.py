"""Which addresses secrets may travel to: https anywhere, http only inside this machine (RFC 6749 §1.6, §10.4)."""

from __future__ import annotations

from ipaddress import ip_address
from urllib.parse import urlsplit


def is_secure_url(text: str) -> bool:
    """Tell whether `text` is an absolute https address, or an http address whose host is loopback."""
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return False
    if not host or parts.username is not None or not text.isprintable() or " " in text:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and is_loopback(host))


def is_loopback(host: str) -> bool:
    """Tell whether a host name or address means this machine itself."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
