"""Change an organization's Group Password; who connected with the one before enters it anew (S1-20, S1-27)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from auth_service.actions.sign_in_operator import PASSWORD_HASHER
from auth_service.domain.audit_event import AuditEvent, AuditEventName
from auth_service.domain.errors import NotAllowedError
from auth_service.domain.password_rules import check_group_password
from auth_service.storage.audit_trail import append_event
from auth_service.storage.organizations import change_group_password_hash

if TYPE_CHECKING:
    from datetime import datetime

    from auth_service.domain.operator import Membership
    from auth_service.outbound.owners_mail import OwnersMail
    from database.engine import Database


@dataclass(frozen=True, slots=True)
class GroupPasswordChange:
    """Who gives which organization what Group Password, and from which address."""

    member: Membership
    operator_id: str
    new_password: str = field(repr=False)
    address: str


def change_group_password(database: Database, change: GroupPasswordChange, *, mail: OwnersMail, now: datetime) -> None:
    """Give the organization another Group Password, or its first, and tell its owners.

    Devices of the device flow go on. A site that connected by the Group Password is refused at its next refresh, with
    the reason, and goes on once the new one is entered there; its license stays good meanwhile (S1-21).

    Raises NotAllowedError for who is not an owner, BadInputError or DatabaseUnavailableError.
    """
    if not change.member.is_owner:
        raise NotAllowedError("Only an owner of this organization changes its Group Password.")
    password_hash = PASSWORD_HASHER.hash(check_group_password("new_password", change.new_password))
    organization_id = change.member.organization_id
    with database.transaction() as connection:
        change_group_password_hash(connection, organization_id, password_hash)
        mail.write(connection, organization_id, "password_changed", _context(change, now), now)
        append_event(
            connection,
            AuditEvent(
                AuditEventName.GROUP_PASSWORD_CHANGED,
                now,
                organization_id=organization_id,
                operator_id=change.operator_id,
                details={"address": change.address},
            ),
        )


def _context(change: GroupPasswordChange, now: datetime) -> dict[str, Any]:
    return {
        "organization_name": change.member.organization_name,
        "password": "group",
        "changed_at": now.isoformat(),
        "requested_from": change.address,
    }
