"""Publish a new signing key: the next one, or the current one where none signs yet (T30)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from auth_service.domain.key_ring import KeyEvent
    from auth_service.tokens.key_vault import KeyVault


def create_signing_key(vault: KeyVault, *, now: datetime) -> tuple[KeyEvent, ...]:
    """Make a key and say what happened; the first event names it.

    Raises KeyChangeRefusedError when a next key is there, or SettingsError when the vault cannot be changed.
    """
    with vault.changing(now) as change:
        change.ring.check_room()
        key = change.make_key(now)
        change.commit(change.ring.with_new(key))
        return change.ring.events_since(change.before)
