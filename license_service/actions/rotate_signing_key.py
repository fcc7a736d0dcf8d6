"""Let the next signing key sign, and retire the one that did (T30)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from license_service.domain.signing_key import KeyRing
    from license_service.signing.key_folder import KeyFolder


def rotate_signing_key(folder: KeyFolder, *, now: datetime, is_urgent: bool = False) -> KeyRing:
    """Give the keys as they are then; the private half of the retired one is erased.

    Raises SigningKeyRefusedError when there is no next key, or sites may not know it yet and it is not urgent;
    SigningKeyUnavailableError.
    """
    with folder.changing() as change:
        change.commit(change.ring.promoted(now, is_urgent=is_urgent))
        return change.ring
