"""Connect a site to its Group: the tokens of a device for what was entered there (S1-36 … S1-43, S1-20)."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy.exc import IntegrityError

from auth_service.actions.check_group_details import check_group_details
from auth_service.actions.issuing import IssuedGrant
from auth_service.domain.audit_event import AuditEvent, AuditEventName
from auth_service.domain.device import Device, DeviceKind
from auth_service.domain.errors import AccessDeniedError, InvalidGrantError, NoLicenseError
from auth_service.domain.grant import GRANT_SECONDS, Grant, new_family
from auth_service.domain.grant_events import grant_ended, site_connected
from auth_service.domain.refresh_token import new_seed, successor_of
from auth_service.domain.secret_digest import digest, new_secret
from auth_service.storage.audit_trail import append_event, append_events
from auth_service.storage.device_authorizations import draw_status_index
from auth_service.storage.devices import add_device, find_device_of_name, hold_device
from auth_service.storage.grants import Succession, add_grant, end_grant_of_device, live_key
from wire.connect_refusal import ConnectRefusal
from wire.end_reason import EndReason

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection

    from auth_service.actions.check_group_details import GroupDetails
    from auth_service.actions.issuing import IssuingParts, Presenter
    from auth_service.domain.connecting_group import ConnectingGroup
    from auth_service.storage.limiter import Limiter
    from database.engine import Database
    from wire.entitlement import Entitlement


@dataclass(frozen=True, slots=True)
class Site:
    """The installation that connects: under which name, for what, and by which client and key."""

    device_name: str
    """Checked already; the same name and key again are the same device."""
    scope: str
    presenter: Presenter


def connect_to_group(
    parts: IssuingParts, limiter: Limiter, details: GroupDetails, site: Site, *, now: datetime
) -> IssuedGrant:
    """Give tokens for a device of the Group, made where there is none of this name; its earlier grant ends.

    Whoever lost the answer connects again. Raises InvalidGrantError or AccessDeniedError, whose `reason` is of
    wire.connect_refusal or license_service's word, TooManyRequestsError, LicenseServiceAwayError,
    DatabaseUnavailableError, or what the presenter's proof comes to.
    """
    group = check_group_details(parts, limiter, details, now=now)
    # Verified only for who showed the right details (T17).
    dpop_jkt = site.presenter.dpop_jkt
    device = _device(parts.database, group, site.device_name, now)
    try:
        entitlement = parts.licenses.claim_seat(device.id, group.organization_id)
    except NoLicenseError as fault:
        raise AccessDeniedError(str(fault), reason=fault.code) from fault
    return _grant(parts, group, device, site, entitlement=entitlement, dpop_jkt=dpop_jkt, now=now)


def _device(database: Database, group: ConnectingGroup, name: str, now: datetime) -> Device:
    """Find the device of this name, or record it. A seat is claimed by its id, so it must be there before."""
    with database.reading() as connection:
        found = find_device_of_name(connection, name, group.organization_id)
    if found is not None:
        return found
    device = Device(str(uuid.uuid4()), group.organization_id, name, DeviceKind.SERVER)
    try:
        with database.transaction() as connection:
            add_device(connection, device, server_url=None, hub_device_id=None, now=now)
            append_event(connection, _created(device, group, now))
    except IntegrityError:
        # Another request of the same name was first.
        return _device(database, group, name, now)
    return device


def _grant(  # noqa: PLR0913 - all that a grant is of
    parts: IssuingParts,
    group: ConnectingGroup,
    device: Device,
    site: Site,
    *,
    entitlement: Entitlement,
    dpop_jkt: str | None,
    now: datetime,
) -> IssuedGrant:
    # No operator approved anything, so the grant stands for its own authorization.
    grant_id = str(uuid.uuid4())
    with parts.database.transaction() as connection:
        hold_device(connection, device.id)
        _check_is_same_machine(connection, device, dpop_jkt)
        grant = Grant(
            id=grant_id,
            client_id=site.presenter.client_id,
            scope=site.scope,
            device=device,
            organization_name=group.name,
            entitlement=entitlement,
            status_index=draw_status_index(connection, grant_id),
            dpop_jkt=dpop_jkt,
            group_password_generation=group.password_generation,
        )
        refresh_token = _add(connection, grant, group, parts.refresh_token_key, now)
        context = _context(grant, group, site.presenter.address, now)
        parts.mail.write(connection, group.organization_id, "device_authorized", context, now)
    return IssuedGrant(grant=grant, refresh_token=refresh_token)


def _check_is_same_machine(connection: Connection, device: Device, dpop_jkt: str | None) -> None:
    """Raise InvalidGrantError when another machine lives under this name: it must not lose its license by a typo."""
    live = live_key(connection, device.id)
    if live is not None and live.dpop_jkt != dpop_jkt:
        raise InvalidGrantError(
            "Another machine is connected under this name. Choose another name, or have its license removed first.",
            reason=ConnectRefusal.DEVICE_NAME_TAKEN,
        )


def _add(connection: Connection, grant: Grant, group: ConnectingGroup, key: bytes, now: datetime) -> str:
    family, seed, first = new_family(now), new_seed(), new_secret()
    refresh_token = successor_of(first, seed, grant_id=grant.id, generation=family.generation, key=key)
    replaced = end_grant_of_device(connection, grant.device.id, reason=EndReason.REPLACED, now=now)
    add_grant(
        connection,
        grant,
        # Nobody was given `first`: there is nothing to be shown again.
        Succession(used_digest=digest(first), next_digest=digest(refresh_token), seed=seed),
        family=family,
        expires_at=now + timedelta(seconds=GRANT_SECONDS),
    )
    ended = [] if replaced is None else [grant_ended(replaced, grant.device, EndReason.REPLACED, now)]
    append_events(connection, [*ended, site_connected(grant, group.operator_id, now)])
    return refresh_token


def _created(device: Device, group: ConnectingGroup, now: datetime) -> AuditEvent:
    return AuditEvent(
        AuditEventName.DEVICE_CREATED,
        now,
        organization_id=device.organization_id,
        operator_id=group.operator_id,
        device_id=device.id,
        details={"name": device.name, "kind": device.kind.value},
    )


def _context(grant: Grant, group: ConnectingGroup, address: str, now: datetime) -> dict[str, Any]:
    return {
        "organization_name": group.name,
        "device_name": grant.device.name,
        "device_id": grant.device.id,
        "operator_name": group.operator_name,
        "authorized_at": now.isoformat(),
        "features": list(grant.entitlement.features),
        "requested_from": address,
    }
