"""Take a leaked signing key out at once, and see that another one signs (T29)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from license_service.domain.signing_key import KeyRing
    from license_service.signing.key_folder import KeyFolder


def revoke_signing_key(folder: KeyFolder, kid: str, *, now: datetime) -> KeyRing:
    """Give the keys as they are then: one of them signs.

    Raises SigningKeyRefusedError when there is no such key, SigningKeyUnavailableError.
    """
    with folder.changing() as change:
        left = change.ring.without(kid)
        change.commit(left if left.current else left.with_new(change.make_key(now)))
        return change.ring
