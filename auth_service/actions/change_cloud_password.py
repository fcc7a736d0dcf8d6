"""Change the password of an operator's own account, the Cloud account password (S1-19, S1-20; T35, T38, T46)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from auth_service.actions.sign_in_operator import PASSWORD_HASHER, is_right_password
from auth_service.domain.audit_event import AuditEvent, AuditEventName
from auth_service.domain.errors import BadInputError
from auth_service.domain.limit import SIGN_IN
from auth_service.domain.password_rules import check_password
from auth_service.storage.audit_trail import append_event
from auth_service.storage.operators import find_by_email, replace_password_hash
from auth_service.storage.portal_sessions import remove_other_sessions

if TYPE_CHECKING:
    from datetime import datetime

    from auth_service.domain.operator import Membership, Operator
    from auth_service.outbound.owners_mail import OwnersMail
    from auth_service.storage.limiter import Limiter
    from database.engine import Database


@dataclass(frozen=True, slots=True)
class CloudPasswordChange:
    """Whose password is changed, in which session, and from which address."""

    operator: Operator
    member: Membership
    """The organization that was chosen; the email names it."""
    session_digest: str
    current_password: str = field(repr=False)
    new_password: str = field(repr=False)
    address: str


def change_cloud_password(
    database: Database, change: CloudPasswordChange, *, limiter: Limiter, mail: OwnersMail, now: datetime
) -> None:
    """Change it, end the operator's other sessions, and tell the operator by email.

    The current password is asked for under the limit of signing in. Raises BadInputError whose `faults` name
    `current_password` or `new_password`, TooManyRequestsError or DatabaseUnavailableError.
    """
    check_password("new_password", change.new_password)
    email = change.operator.email
    with limiter.count_failure(SIGN_IN, (change.address, f"{change.address} {email}", "all"), now=now):
        _check_current(database, change, now)
    password_hash = PASSWORD_HASHER.hash(change.new_password)
    with database.transaction() as connection:
        replace_password_hash(connection, change.operator.id, password_hash)
        remove_other_sessions(connection, change.operator.id, kept=change.session_digest)
        organization_id = change.member.organization_id
        mail.write_to(connection, [email], organization_id, "password_changed", _context(change, now), now)
        append_event(connection, _event(AuditEventName.CLOUD_PASSWORD_CHANGED, change, now))


def _check_current(database: Database, change: CloudPasswordChange, now: datetime) -> None:
    with database.reading() as connection:
        found = find_by_email(connection, change.operator.email)
    if found is not None and is_right_password(found[1], change.current_password):
        return
    with database.transaction() as connection:
        append_event(connection, _event(AuditEventName.SIGN_IN_FAILED, change, now))
    raise BadInputError("'current_password' is not the password of this account.", field="current_password")


def _event(name: AuditEventName, change: CloudPasswordChange, now: datetime) -> AuditEvent:
    return AuditEvent(name, now, operator_id=change.operator.id, details={"address": change.address})


def _context(change: CloudPasswordChange, now: datetime) -> dict[str, Any]:
    return {
        "organization_name": change.member.organization_name,
        "password": "cloud_account",
        "changed_at": now.isoformat(),
        "requested_from": change.address,
    }
