"""Turn an approved device code into a grant: the one moment of a device authorization (RFC 8628 §3.5, T05)."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from sqlalchemy.exc import IntegrityError

from auth_service.actions.issuing import IssuedGrant
from auth_service.domain.errors import AccessDeniedError
from auth_service.domain.grant import GRANT_SECONDS, Grant, new_family
from auth_service.domain.grant_events import authorization_withdrawn, device_code_redeemed, grant_ended
from auth_service.domain.refresh_token import new_seed, successor_of
from auth_service.domain.secret_digest import digest
from auth_service.storage.audit_trail import append_event, append_events
from auth_service.storage.device_authorizations import consume, withdraw_ended
from auth_service.storage.grants import Succession, add_grant, end_grant_of_device
from wire.end_reason import EndReason

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection

    from auth_service.actions.issuing import IssuingParts
    from auth_service.domain.device_authorization import DeviceAuthorization
    from auth_service.storage.device_authorizations import ApprovedDevice
    from wire.entitlement import Entitlement

_REPLACED: Final = EndReason.REPLACED


def consume_device_code(  # noqa: PLR0913 - what was shown, for what, by whom
    parts: IssuingParts,
    authorization: DeviceAuthorization,
    approved: ApprovedDevice | None,
    device_code: str,
    *,
    entitlement: Entitlement,
    dpop_jkt: str | None,
    now: datetime,
) -> IssuedGrant | None:
    """Consume the code, end the device's earlier grant and add the new one; None when somebody else was first.

    Raises AccessDeniedError when the approval had to be withdrawn instead (T10, T11), or DatabaseUnavailableError.
    """
    grant = None
    if approved is not None:
        grant = Grant(
            id=authorization.id,
            client_id=authorization.client_id,
            scope=authorization.scope,
            device=approved.device,
            organization_name=approved.organization_name,
            entitlement=entitlement,
            status_index=authorization.drawn_status_index,
            dpop_jkt=dpop_jkt,
        )
    is_licensed = approved is not None and approved.is_licensed
    try:
        return _consume(parts, authorization, grant, device_code, replaces=is_licensed, now=now)
    except IntegrityError:
        # Another code of this device was redeemed since it was read; its grant is there to be replaced now.
        return _consume(parts, authorization, grant, device_code, replaces=True, now=now)


def _consume(
    parts: IssuingParts,
    authorization: DeviceAuthorization,
    grant: Grant | None,
    device_code: str,
    *,
    replaces: bool,
    now: datetime,
) -> IssuedGrant | None:
    code = authorization.device_code_digest
    with parts.database.transaction() as connection:
        if grant is not None and consume(connection, code, now):
            replaced = end_grant_of_device(connection, grant.device.id, reason=_REPLACED, now=now) if replaces else None
            refresh_token = _add(connection, grant, device_code, code, key=parts.refresh_token_key, now=now)
            ended = [] if replaced is None else [grant_ended(replaced, grant.device, _REPLACED, now)]
            append_events(connection, [*ended, device_code_redeemed(grant, authorization, now)])
            return IssuedGrant(grant=grant, refresh_token=refresh_token)
        withdrawn = withdraw_ended(connection, code, now)
        if withdrawn:
            append_event(connection, authorization_withdrawn(authorization, "approval_ended", now))
    # Raised after the commit: the withdrawal must stand.
    if withdrawn:
        raise AccessDeniedError("The approval was withdrawn before it was used.")
    return None


def _add(connection: Connection, grant: Grant, device_code: str, code_digest: str, *, key: bytes, now: datetime) -> str:
    family, seed = new_family(now), new_seed()
    refresh_token = successor_of(device_code, seed, grant_id=grant.id, generation=family.generation, key=key)
    add_grant(
        connection,
        grant,
        Succession(used_digest=code_digest, next_digest=digest(refresh_token), seed=seed),
        family=family,
        expires_at=now + timedelta(seconds=GRANT_SECONDS),
    )
    return refresh_token
