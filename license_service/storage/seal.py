"""Seal what the database must give back as it was: the secrets of webhooks (Fernet: AES-CBC with HMAC-SHA256)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from license_service.domain.errors import SealBrokenError

if TYPE_CHECKING:
    from collections.abc import Sequence


class Seal:
    """Seals under the first key and opens what any of them sealed, so that a new key can be put before the old."""

    def __init__(self, keys: Sequence[str]) -> None:
        self._fernet = MultiFernet([Fernet(key) for key in keys])

    def close(self, text: str) -> str:
        return self._fernet.encrypt(text.encode()).decode()

    def open(self, sealed: str) -> str:
        """Give what was sealed. Raises SealBrokenError: it was sealed under another key, or is damaged."""
        try:
            return self._fernet.decrypt(sealed).decode()
        except InvalidToken as fault:
            raise SealBrokenError from fault
