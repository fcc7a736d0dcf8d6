"""Let the next signing key sign, and retire the one that did (T30, F40)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from auth_service.domain.key_ring import KeyEvent
    from auth_service.tokens.key_vault import KeyVault


def promote_signing_key(
    vault: KeyVault, *, now: datetime, is_urgent: bool = False, is_followed: bool = False
) -> tuple[KeyEvent, ...]:
    """Promote the next key; `is_followed` makes the one after it as well. Say what happened.

    Raises KeyChangeRefusedError when there is none, or none that verifiers know, unless `is_urgent`; SettingsError
    when the vault cannot be changed or the key cannot sign.
    """
    with vault.changing(now) as change:
        key = change.ring.check_promotion(now, is_urgent=is_urgent)
        vault.load(key)
        if is_followed:
            change.ring.promoted(now).check_room()
            following = change.make_key(now)
            change.commit(change.ring.promoted(now).with_new(following))
        else:
            change.commit(change.ring.promoted(now))
        return change.ring.events_since(change.before)
