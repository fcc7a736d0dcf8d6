"""Answer one poll of the token endpoint with a device code (RFC 8628 §3.4, §3.5)."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING

from auth_service.domain.device_authorization import Status
from auth_service.domain.errors import (
    AccessDeniedError,
    AuthorizationPendingError,
    InvalidGrantError,
    NoLicenseError,
    SlowDownError,
)
from auth_service.domain.grant import Grant, is_fresh
from auth_service.domain.secret_digest import digest, new_secret
from auth_service.storage.device_authorizations import (
    consume,
    find_by_device_code,
    withdraw,
    withdraw_if_not_allowed,
)
from auth_service.storage.devices import find_device
from auth_service.storage.grants import add_grant
from auth_service.storage.organizations import organization_name
from auth_service.storage.poll_pace import Pace

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection

    from auth_service.domain.device_authorization import DeviceAuthorization
    from auth_service.outbound.license_api import LicenseApi
    from auth_service.storage.poll_pace import PollPace
    from database.engine import Database
    from wire.entitlement import Entitlement


@dataclass(frozen=True, slots=True)
class IssuedGrant:
    """A grant and its live refresh token, in the clear for this one answer."""

    grant: Grant
    refresh_token: str


def redeem_device_code(
    database: Database, pace: PollPace, licenses: LicenseApi, *, device_code: str, client_id: str, now: datetime
) -> IssuedGrant:
    """Give tokens for an approved device code, once.

    A pending poll asks Redis alone. An approval is never slowed down: pace counts only while nothing is decided.

    Raises the GrantRefusedError that RFC 8628 §3.5 names, LicenseServiceAwayError or DatabaseUnavailableError.
    """
    code = digest(device_code)
    polled = pace.poll(code, client_id=client_id, now=now)
    if polled in {Pace.PENDING, Pace.PENDING_EARLY}:
        raise _still_pending(polled)
    with database.reading() as connection:
        authorization = find_by_device_code(connection, code)
    if authorization is None:
        raise InvalidGrantError("The device code is not known.")
    authorization.check_redeemable(client_id, now)
    if authorization.status is Status.PENDING:
        pace.note_pending(code, client_id=client_id, expires_at=authorization.expires_at, now=now)
        raise _still_pending(polled)
    entitlement = _entitlement(database, licenses, authorization, now)
    return _consume(database, authorization, entitlement, now)


def _still_pending(polled: Pace) -> AuthorizationPendingError | SlowDownError:
    if polled in {Pace.EARLY, Pace.PENDING_EARLY}:
        return SlowDownError("Nobody has decided yet. Wait five seconds longer between polls.")
    return AuthorizationPendingError("Nobody has decided yet.")


def _entitlement(
    database: Database, licenses: LicenseApi, authorization: DeviceAuthorization, now: datetime
) -> Entitlement:
    """Give what the device may use: as stated at the approval while that is fresh, else as stated now."""
    if authorization.entitlement is None or authorization.device_id is None or authorization.organization_id is None:
        raise InvalidGrantError("The device code is not known.")
    if is_fresh(authorization.entitlement, now):
        return authorization.entitlement
    try:
        return licenses.read_entitlement(authorization.device_id, authorization.organization_id)
    except NoLicenseError as fault:
        with database.transaction() as connection:
            withdraw(connection, authorization.device_code_digest, now)
        raise AccessDeniedError(str(fault), reason=fault.code) from fault


def _consume(
    database: Database, authorization: DeviceAuthorization, entitlement: Entitlement, now: datetime
) -> IssuedGrant:
    code = authorization.device_code_digest
    refresh_token = new_secret()
    with database.transaction() as connection:
        withdrawn = withdraw_if_not_allowed(connection, code, now)
        grant = None
        if not withdrawn and consume(connection, code, now):
            grant = _new_grant(connection, authorization, entitlement)
            add_grant(connection, grant, refresh_token_digest=digest(refresh_token), now=now)
    # Raised after the commit: the withdrawal must stand.
    if withdrawn:
        raise AccessDeniedError("The approval was withdrawn before it was used.")
    if grant is None:
        raise InvalidGrantError("The device code has been used.")
    return IssuedGrant(grant=grant, refresh_token=refresh_token)


def _new_grant(connection: Connection, authorization: DeviceAuthorization, entitlement: Entitlement) -> Grant:
    device_id, organization_id = str(authorization.device_id), str(authorization.organization_id)
    device = find_device(connection, device_id, organization_id)
    name = organization_name(connection, organization_id)
    if device is None or name is None:
        # withdraw_if_not_allowed saw both in this transaction.
        raise RuntimeError("An approved device has gone within one transaction.")
    return Grant(
        id=str(uuid.uuid4()),
        client_id=authorization.client_id,
        scope=authorization.scope,
        device=device,
        organization_name=name,
        entitlement=entitlement,
    )
