"""Answer a refresh: use one refresh token, give its successor (RFC 6749 §6, RFC 9700 §4.14)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from auth_service.actions.redeem_device_code import IssuedGrant
from auth_service.domain.errors import InvalidGrantError, NoLicenseError
from auth_service.domain.grant import RACE_SECONDS, is_fresh
from auth_service.domain.secret_digest import digest, new_secret
from auth_service.storage.grants import end_grant, find_presented, rotate

if TYPE_CHECKING:
    from datetime import datetime

    from auth_service.domain.grant import Grant, PresentedRefreshToken
    from auth_service.outbound.license_api import LicenseApi
    from database.engine import Database
    from wire.entitlement import Entitlement


def rotate_refresh_token(
    database: Database, licenses: LicenseApi, *, refresh_token: str, client_id: str, now: datetime
) -> IssuedGrant:
    """Give new tokens for a live refresh token, once.

    A token that comes again within RACE_SECONDS lost a race, and harms nobody; later it is reuse, and its family ends.

    Raises InvalidGrantError, LicenseServiceAwayError or DatabaseUnavailableError.
    """
    used = digest(refresh_token)
    with database.reading() as connection:
        presented = find_presented(connection, used)
    if presented is None or presented.grant.client_id != client_id:
        raise InvalidGrantError("The refresh token is not known.")
    _check_live(database, presented, now)
    grant = replace(presented.grant, entitlement=_entitlement(database, licenses, presented.grant, now))
    successor = new_secret()
    with database.transaction() as connection:
        rotated = rotate(connection, grant, used_digest=used, next_digest=digest(successor), now=now)
    if not rotated:
        raise InvalidGrantError("The refresh token has been used.")
    return IssuedGrant(grant=grant, refresh_token=successor)


def _check_live(database: Database, presented: PresentedRefreshToken, now: datetime) -> None:
    if presented.ended_reason is not None:
        raise InvalidGrantError("This device's authorization has ended.", reason=presented.ended_reason)
    if presented.used_at is None:
        return
    if (now - presented.used_at).total_seconds() > RACE_SECONDS:
        with database.transaction() as connection:
            end_grant(connection, presented.grant.id, reason="refresh_token_reused", now=now)
        raise InvalidGrantError("This device's authorization has ended.", reason="refresh_token_reused")
    raise InvalidGrantError("The refresh token has been used.")


def _entitlement(database: Database, licenses: LicenseApi, grant: Grant, now: datetime) -> Entitlement:
    if is_fresh(grant.entitlement, now):
        return grant.entitlement
    try:
        return licenses.read_entitlement(grant.device.id, grant.device.organization_id)
    except NoLicenseError as fault:
        with database.transaction() as connection:
            end_grant(connection, grant.id, reason=fault.code, now=now)
        raise InvalidGrantError(str(fault), reason=fault.code) from fault
