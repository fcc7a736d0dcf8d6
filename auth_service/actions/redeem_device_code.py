"""Answer one poll of the token endpoint with a device code (RFC 8628 §3.4, §3.5)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from auth_service.actions.answer_replay import answer_replay
from auth_service.actions.consume_device_code import consume_device_code
from auth_service.domain.device_authorization import Status
from auth_service.domain.errors import (
    AccessDeniedError,
    InvalidGrantError,
    NoLicenseError,
)
from auth_service.domain.grant import DEVICE_CODE_GENERATION, is_fresh
from auth_service.domain.grant_events import authorization_withdrawn
from auth_service.domain.polling import still_pending
from auth_service.domain.secret_digest import digest
from auth_service.storage.audit_trail import append_event
from auth_service.storage.device_authorizations import find_by_device_code, withdraw
from auth_service.storage.grants import find_grant
from auth_service.storage.poll_pace import Pace

if TYPE_CHECKING:
    from datetime import datetime

    from auth_service.actions.issuing import IssuedGrant, IssuingParts, Presenter
    from auth_service.domain.device_authorization import DeviceAuthorization
    from auth_service.storage.device_authorizations import ApprovedDevice
    from wire.entitlement import Entitlement


@dataclass(frozen=True, slots=True)
class PresentedDeviceCode:
    """What a poll shows: the code, who shows it, and the verifier of its challenge if it has one (RFC 7636 §4.5)."""

    device_code: str
    presenter: Presenter
    code_verifier: str | None = None
    polled: Pace | None = None
    """What came of this poll, where it was counted already."""


def redeem_device_code(parts: IssuingParts, shown: PresentedDeviceCode, *, now: datetime) -> IssuedGrant:
    """Give tokens for an approved device code, once; and the same again to who lost the answer.

    A pending poll asks Redis alone. An approval is never slowed down: pace counts only while nothing is decided.

    Raises the GrantRefusedError that RFC 8628 §3.5 names, LicenseServiceAwayError, DatabaseUnavailableError, or what
    the presenter's proof comes to.
    """
    polled = _poll(parts, shown, now) if shown.polled is None else shown.polled
    if polled in {Pace.PENDING, Pace.PENDING_EARLY}:
        raise still_pending(early=polled is Pace.PENDING_EARLY)
    authorization, approved = _find(parts, shown, now)
    if authorization.status is Status.PENDING:
        _note_pending(parts, shown, authorization, now)
        raise still_pending(early=polled in {Pace.EARLY, Pace.PENDING_EARLY})
    if authorization.status is Status.APPROVED:
        issued = _redeem(parts, shown, authorization, approved, now)
        if issued is not None:
            return issued
        # Somebody else was first, a moment ago.
        authorization, _ = _find(parts, shown, now)
    return _answer_again(parts, shown, authorization, now)


def _poll(parts: IssuingParts, shown: PresentedDeviceCode, now: datetime) -> Pace:
    presenter = shown.presenter
    return parts.pace.poll(
        digest(shown.device_code), client_id=presenter.client_id, public=presenter.is_public, now=now
    )


def _note_pending(
    parts: IssuingParts, shown: PresentedDeviceCode, authorization: DeviceAuthorization, now: datetime
) -> None:
    parts.pace.note_pending(
        authorization.device_code_digest,
        client_id=authorization.client_id,
        public=shown.presenter.is_public,
        expires_at=authorization.expires_at,
        now=now,
    )


def _find(
    parts: IssuingParts, shown: PresentedDeviceCode, now: datetime
) -> tuple[DeviceAuthorization, ApprovedDevice | None]:
    with parts.database.reading() as connection:
        found = find_by_device_code(connection, digest(shown.device_code))
    if found is None:
        raise InvalidGrantError("The device code is not known.")
    found[0].check_answerable(shown.presenter.client_id, now)
    return found


def _redeem(
    parts: IssuingParts,
    shown: PresentedDeviceCode,
    authorization: DeviceAuthorization,
    approved: ApprovedDevice | None,
    now: datetime,
) -> IssuedGrant | None:
    """Consume the code; None when it is not approved any more."""
    dpop_jkt = shown.presenter.dpop_jkt
    if not authorization.is_same_device(dpop_jkt, shown.code_verifier):
        # Whoever stole the code must not use it up (T15).
        raise InvalidGrantError("The device code is bound to a key or verifier that was not shown.")
    entitlement = _entitlement(parts, authorization, now)
    return consume_device_code(
        parts, authorization, approved, shown.device_code, entitlement=entitlement, dpop_jkt=dpop_jkt, now=now
    )


def _answer_again(
    parts: IssuingParts, shown: PresentedDeviceCode, authorization: DeviceAuthorization, now: datetime
) -> IssuedGrant:
    with parts.database.reading() as connection:
        kept = find_grant(connection, authorization.id)
    if kept is None or kept.end_reason(now) is not None:
        raise InvalidGrantError("The device code has been used.")
    dpop_jkt = shown.presenter.dpop_jkt
    return answer_replay(
        parts,
        kept,
        shown.device_code,
        generation=DEVICE_CODE_GENERATION,
        presenter=shown.presenter,
        same_key=authorization.is_same_device(dpop_jkt, shown.code_verifier) and kept.grant.is_same_key(dpop_jkt),
        now=now,
    )


def _entitlement(parts: IssuingParts, authorization: DeviceAuthorization, now: datetime) -> Entitlement:
    """Give what the device may use: as stated at the approval while that is fresh, else as stated now."""
    if authorization.entitlement is None or authorization.device_id is None or authorization.organization_id is None:
        raise InvalidGrantError("The device code is not known.")
    if is_fresh(authorization.entitlement, now):
        return authorization.entitlement
    try:
        return parts.licenses.read_entitlement(authorization.device_id, authorization.organization_id)
    except NoLicenseError as fault:
        with parts.database.transaction() as connection:
            if withdraw(connection, authorization.device_code_digest, now):
                append_event(connection, authorization_withdrawn(authorization, fault.code, now))
        raise AccessDeniedError(str(fault), reason=fault.code) from fault
