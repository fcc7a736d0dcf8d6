"""Approve a device authorization for a device (RFC 8628 §3.3; S3-6, S3-10, S3-13)."""

from __future__ import annotations

import logging
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING

from auth_service.domain.errors import AlreadyDecidedError
from auth_service.storage.device_authorizations import approve
from auth_service.storage.organizations import owner_addresses
from auth_service.storage.outbox import add_outgoing
from wire.errors import MessageRefusedError
from wire.notification_message import NotificationMessage, seal_message

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection

    from auth_service.actions.review_user_code import Review
    from auth_service.domain.operator import Membership, Operator
    from auth_service.outbound.license_api import LicenseApi
    from database.engine import Database
    from wire.entitlement import Entitlement


_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Decision:
    """Who decides about what."""

    review: Review
    operator: Operator
    member: Membership


@dataclass(frozen=True, slots=True)
class OwnersMail:
    """What the email to the owners needs beside the decision: the key that seals it, and the page it leads to."""

    notification_key: str
    devices_url: str


def authorize_device(
    database: Database, licenses: LicenseApi, decision: Decision, *, mail: OwnersMail, now: datetime
) -> None:
    """Claim the seat, approve, and write the owners' emails into the outbox; the approval is one conditional move.

    The seat is claimed before: a poll must never wait for another service. Claiming again costs nothing.

    Raises NoLicenseError, LicenseServiceAwayError, AlreadyDecidedError or DatabaseUnavailableError; then nothing
    was approved.
    """
    device = decision.review.device
    entitlement = licenses.claim_seat(device.id, device.organization_id)
    with database.transaction() as connection:
        approved = approve(
            connection,
            decision.review.authorization.id,
            device_id=device.id,
            organization_id=device.organization_id,
            operator_id=decision.operator.id,
            entitlement=entitlement,
            now=now,
        )
        if not approved:
            raise AlreadyDecidedError("This code was decided by someone else, or it has expired.")
        _write_to_owners(connection, decision, entitlement, mail, now)


def _write_to_owners(
    connection: Connection, decision: Decision, entitlement: Entitlement, mail: OwnersMail, now: datetime
) -> None:
    context = {
        "organization_name": decision.member.organization_name,
        "device_name": decision.review.device.name,
        "device_id": decision.review.device.id,
        "operator_name": decision.operator.name,
        "authorized_at": now.isoformat(),
        "features": list(entitlement.features),
        "requested_from": decision.review.authorization.requested_from,
        "devices_url": mail.devices_url,
    }
    for address in owner_addresses(connection, decision.member.organization_id):
        message = NotificationMessage(id=uuid.uuid4(), template="device_authorized", recipient=address, context=context)
        try:
            sealed = seal_message(message, mail.notification_key)
        except MessageRefusedError as fault:
            # One owner who cannot be written to must not veto an approval.
            _log.warning("an owner cannot be told", extra={"reason": str(fault)})
            continue
        add_outgoing(connection, message.id, sealed, now)
