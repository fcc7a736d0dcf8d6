"""Answer a refresh: use one refresh token, give its successor (RFC 6749 §6, RFC 9700 §4.14)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from auth_service.actions.answer_replay import answer_replay
from auth_service.actions.issuing import IssuedGrant
from auth_service.domain.errors import AccessDeniedError, InvalidGrantError, LicenseSuspendedError, NoLicenseError
from auth_service.domain.grant import is_fresh
from auth_service.domain.grant_events import grant_ended
from auth_service.domain.refresh_token import is_ours, new_seed, read_refresh_token, successor_of
from auth_service.domain.secret_digest import digest
from auth_service.storage.audit_trail import append_event
from auth_service.storage.grants import Succession, end_grant, find_grant, rotate
from wire.connect_refusal import ConnectRefusal

if TYPE_CHECKING:
    from datetime import datetime

    from auth_service.actions.issuing import IssuingParts, Presenter
    from auth_service.domain.grant import Grant, KeptGrant
    from auth_service.domain.refresh_token import RefreshToken
    from wire.entitlement import Entitlement


def rotate_refresh_token(
    parts: IssuingParts, refresh_token: str, *, presenter: Presenter, now: datetime
) -> IssuedGrant:
    """Give new tokens for a live refresh token, once; and the same again to who lost the answer.

    Raises InvalidGrantError, LicenseServiceAwayError, DatabaseUnavailableError, or what the presenter's proof comes to.
    """
    shown = read_refresh_token(refresh_token)
    kept = None if shown is None else _find(parts, shown, presenter, now)
    if shown is None or kept is None:
        raise InvalidGrantError("The refresh token is not known.")
    same_key = kept.grant.is_same_key(presenter.dpop_jkt)
    if kept.refresh_token_digest == digest(shown.text):
        if not same_key:
            raise InvalidGrantError("The refresh token is bound to a key that was not proven.")
        if kept.is_group_password_changed:
            # Nothing has ended: the token stays the live one, and a connection with the new password takes its place.
            raise InvalidGrantError(
                "The Group Password was changed. Enter the new one at the site.",
                reason=ConnectRefusal.GROUP_PASSWORD_CHANGED,
            )
        issued = _rotate(parts, kept, shown, now)
        if issued is not None:
            return issued
        # Somebody else was first, a moment ago.
        kept = _find(parts, shown, presenter, now) or kept
    return answer_replay(
        parts, kept, shown.text, generation=shown.generation, presenter=presenter, same_key=same_key, now=now
    )


def _find(parts: IssuingParts, shown: RefreshToken, presenter: Presenter, now: datetime) -> KeptGrant | None:
    """Find the live grant of a token that we issued to this client; a made-up one is of no grant."""
    with parts.database.reading() as connection:
        kept = find_grant(connection, shown.grant_id)
    if kept is None or kept.grant.client_id != presenter.client_id:
        return None
    if kept.refresh_token_digest != digest(shown.text) and not is_ours(shown, parts.refresh_token_key):
        return None
    ended = kept.end_reason(now)
    if ended is not None:
        raise InvalidGrantError("This device's authorization has ended.", reason=ended)
    return kept


def _rotate(parts: IssuingParts, kept: KeptGrant, shown: RefreshToken, now: datetime) -> IssuedGrant | None:
    grant = replace(kept.grant, entitlement=_entitlement(parts, kept.grant, now))
    family = kept.family.rotated(now)
    seed = new_seed()
    successor = successor_of(
        shown.text, seed, grant_id=grant.id, generation=family.generation, key=parts.refresh_token_key
    )
    succession = Succession(used_digest=kept.refresh_token_digest, next_digest=digest(successor), seed=seed)
    with parts.database.transaction() as connection:
        rotated = rotate(connection, grant.id, succession, family=family, entitlement=grant.entitlement)
    return IssuedGrant(grant=grant, refresh_token=successor) if rotated else None


def _entitlement(parts: IssuingParts, grant: Grant, now: datetime) -> Entitlement:
    if is_fresh(grant.entitlement, now):
        return grant.entitlement
    try:
        return parts.licenses.read_entitlement(grant.device.id, grant.device.organization_id)
    except LicenseSuspendedError as fault:
        # The family lives on: once the license is reinstated, the next refresh is answered.
        raise AccessDeniedError(str(fault), reason=fault.code) from fault
    except NoLicenseError as fault:
        with parts.database.transaction() as connection:
            if end_grant(connection, grant.id, reason=fault.code, now=now):
                append_event(connection, grant_ended(grant.id, grant.device, fault.code, now))
        raise InvalidGrantError(str(fault), reason=fault.code) from fault
