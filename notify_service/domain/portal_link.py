"""A link in an email leads to the portal and nowhere else (T40, T54)."""

from __future__ import annotations

from urllib.parse import unquote, urlsplit


def leads_to_portal(link: str, portal_url: str) -> bool:
    """Tell whether `link` begins with the portal's URL, in every program's reading of it."""
    portal = portal_url.rstrip("/")
    if link != portal and not link.startswith((f"{portal}/", f"{portal}?")):
        return False
    # Browsers take a backslash for a slash, and walk up over two dots, also where they are written with per cent signs.
    path = unquote(urlsplit(link).path)
    return "\\" not in path and ".." not in path.split("/")
