"""Publish a signing key: the next one, or the current one where none signs yet (T30)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from license_service.domain.signing_key import SigningKey
    from license_service.signing.key_folder import KeyFolder


def create_signing_key(folder: KeyFolder, *, now: datetime) -> SigningKey:
    """Make a key and give it as it is published.

    Raises SigningKeyRefusedError when a next key is there, SigningKeyUnavailableError.
    """
    with folder.changing() as change:
        change.ring.check_room()
        change.commit(change.ring.with_new(change.make_key(now)))
        return change.ring.keys[-1]
