"""Check what a site shows to connect to its Group: email address, Group Password, license key (S1-37, S1-38, S1-41).

Whatever is wrong, the same work is done: one password is verified, license_service is asked about one key, and one
event is written (T36). The event says what was wrong; the answer does not.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from auth_service.actions.sign_in_operator import NOBODYS_HASH, is_right_password
from auth_service.domain.audit_event import AuditEvent, AuditEventName
from auth_service.domain.errors import AccessDeniedError, InvalidGrantError
from auth_service.domain.limit import CONNECT
from auth_service.domain.operator import normal_email
from auth_service.storage.audit_trail import append_event
from auth_service.storage.connecting_groups import find_connecting_group
from auth_service.storage.registrations import newest_live_registration
from wire.access_key import claimed_organization
from wire.connect_refusal import ConnectRefusal

if TYPE_CHECKING:
    from datetime import datetime

    from auth_service.actions.issuing import IssuingParts
    from auth_service.domain.connecting_group import ConnectingGroup
    from auth_service.domain.registration import Registration
    from auth_service.storage.limiter import Limiter
    from database.engine import Database

NO_ORGANIZATION: Final = "00000000-0000-0000-0000-000000000000"
"""No key is of it: whoever shows wrong details waits for license_service as well."""

LONGEST_EMAIL: Final = 254


@dataclass(frozen=True, slots=True)
class GroupDetails:
    """What was entered at the site, and where the request comes from."""

    email: str
    group_password: str = field(repr=False)
    license_key: str = field(repr=False)
    address: str


def check_group_details(
    parts: IssuingParts, limiter: Limiter, details: GroupDetails, *, now: datetime
) -> ConnectingGroup:
    """Give the Group that all three are of; what fails is counted.

    Raises InvalidGrantError, AccessDeniedError for a license key that may not be used now, TooManyRequestsError,
    LicenseServiceAwayError or DatabaseUnavailableError.
    """
    email = normal_email(details.email)
    asker = (details.address, f"{details.address} {email}", "all")
    with limiter.count_failure(CONNECT, asker, now=now):
        return _check(parts, email, details, now)


def _check(parts: IssuingParts, email: str, details: GroupDetails, now: datetime) -> ConnectingGroup:
    group, waiting = _find(parts.database, email, details, now)
    kept = NOBODYS_HASH if group is None else group.password_hash
    if waiting is not None:
        kept = waiting.group_password_hash or NOBODYS_HASH
    is_right = is_right_password(kept, details.group_password)
    organization_id = group.organization_id if group is not None and is_right else NO_ORGANIZATION
    verdict = parts.licenses.validate_access_key(details.license_key, organization_id)
    if group is not None and is_right and verdict.refusal is None:
        if not verdict.is_active:
            _tell(parts.database, ConnectRefusal.LICENSE_KEY_NOT_ACTIVE, group, details, now)
            sentence = "This license key may not be used now. Ask your vendor for the one that is."
            raise AccessDeniedError(sentence, reason=ConnectRefusal.LICENSE_KEY_NOT_ACTIVE)
        return group
    if waiting is not None and is_right:
        _tell(parts.database, ConnectRefusal.GROUP_NOT_ACTIVATED, None, details, now)
        sentence = "This Group is not activated yet. Follow the link in the second email."
        raise InvalidGrantError(sentence, reason=ConnectRefusal.GROUP_NOT_ACTIVATED)
    wrong = verdict.refusal if is_right else "email_unknown" if group is None and waiting is None else "password_wrong"
    _tell(parts.database, wrong or "", group, details, now)
    sentence = "The email address, the Group Password or the license key is wrong."
    raise InvalidGrantError(sentence, reason=ConnectRefusal.WRONG_DETAILS)


def _find(
    database: Database, email: str, details: GroupDetails, now: datetime
) -> tuple[ConnectingGroup | None, Registration | None]:
    """Give the Group of this address, or else the registration of one that waits to be activated."""
    known = email if len(email) <= LONGEST_EMAIL and "\x00" not in email else ""
    with database.reading() as connection:
        group = find_connecting_group(connection, known, claimed=claimed_organization(details.license_key))
        waiting = newest_live_registration(connection, known, now)
    return group, waiting if group is None else None


def _tell(database: Database, reason: str, group: ConnectingGroup | None, details: GroupDetails, now: datetime) -> None:
    refused = AuditEvent(
        AuditEventName.CONNECT_REFUSED,
        now,
        organization_id=None if group is None else group.organization_id,
        details={"address": details.address, "reason": reason},
    )
    with database.transaction() as connection:
        append_event(connection, refused)
