"""Kill signing keys at once, as when one has leaked (T29, F40).

Every token that they signed is refused by each verifier as soon as its copy of the JWK Set is too old.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from auth_service.domain.errors import KeyChangeRefusedError

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from auth_service.domain.key_ring import KeyEvent
    from auth_service.tokens.key_vault import KeyVault


def revoke_signing_keys(vault: KeyVault, kids: Collection[str] | None, *, now: datetime) -> tuple[KeyEvent, ...]:
    """Revoke the keys of these kids, or all keys (None), and say what happened.

    Where the one that signs is among them, a new one takes its place in the same step; not the next key, which lay
    beside it and may have leaked as well.

    Raises KeyChangeRefusedError for an unknown kid, or SettingsError when the vault cannot be changed.
    """
    with vault.changing(now) as change:
        known = {key.kid for key in change.ring.keys}
        revoked = known if kids is None else set(kids)
        if not revoked or revoked - known:
            raise KeyChangeRefusedError("No published key has this kid. See: auth-service list-keys")
        current = change.ring.current
        if current is None or current.kid in revoked:
            new = change.make_key(now)
            change.commit(change.ring.without(revoked).with_new(new))
        else:
            change.commit(change.ring.without(revoked))
        return change.ring.events_since(change.before, revoked=revoked)
