"""Move the signing keys on by the schedule: publish a next one, promote it, erase and drop old ones (T29, T30, F40)."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from auth_service.domain.key_ring import KeyEvent, KeyRing
    from auth_service.tokens.key_vault import KeyChange, KeyVault


def rotate_signing_keys(vault: KeyVault, *, rotation_days: int, now: datetime) -> tuple[KeyEvent, ...]:
    """Take the steps that are due and say what happened; with 0 days keys are made and promoted by hand only.

    It may be called often and by several machines: where nothing is due it writes nothing and takes no lock.

    Raises SettingsError when the vault cannot be read or changed, or the next key cannot sign.
    """
    rotation = timedelta(days=rotation_days)
    found = vault.read()
    if not found.keys or (vault.is_recorded and not _is_due(found, rotation, now)):
        return ()
    with vault.changing(now) as change:
        # Another machine may have come first; then nothing is due any more, and the same ring is written again.
        ring = change.ring.tidied(now)
        if rotation and ring.is_promotion_due(rotation, now):
            vault.load(ring.check_promotion(now))
            ring = ring.promoted(now)
        change.commit(ring)
        _publish_next(change, rotation, now)
        return change.ring.events_since(change.before)


def _is_due(ring: KeyRing, rotation: timedelta, now: datetime) -> bool:
    by_schedule = rotation and (ring.is_promotion_due(rotation, now) or ring.is_next_due(rotation, now))
    return bool(ring.to_erase or by_schedule) or ring.tidied(now) != ring


def _publish_next(change: KeyChange, rotation: timedelta, now: datetime) -> None:
    if rotation and change.ring.is_next_due(rotation, now):
        key = change.make_key(now)
        change.commit(change.ring.with_new(key))
