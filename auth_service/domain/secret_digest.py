"""How secrets are digested before they are stored (T04, T57).

A device code or refresh token has 256 random bits: a plain SHA-256 serves. A user code is short, so it is keyed:
whoever reads the table cannot try all codes against it.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets


def new_secret() -> str:
    """Draw 256 random bits as 43 URL-safe characters."""
    return secrets.token_urlsafe(32)


def digest(secret: str) -> str:
    """Give the digest of a long random secret, as 64 hex characters."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def keyed_digest(secret: str, key: bytes) -> str:
    """Give the digest of a short secret under the service's own key, as 64 hex characters."""
    return hmac.digest(key, secret.encode(), "sha256").hex()
