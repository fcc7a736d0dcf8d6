"""Activate a Group by the second email: organization, owner and account are made in one transaction (S1-33, S1-16)."""

from __future__ import annotations

import uuid
from dataclasses import replace
from typing import TYPE_CHECKING

from sqlalchemy.exc import IntegrityError

from auth_service.actions.registering import (
    check_address_is_free,
    find_shown,
    refusal,
    refused,
    registration_event,
)
from auth_service.actions.sign_in_operator import PASSWORD_HASHER
from auth_service.domain.audit_event import AuditEventName
from auth_service.domain.errors import AddressTakenError, BadInputError
from auth_service.domain.limit import REGISTRATION_PROOF
from auth_service.domain.operator import Operator, Role
from auth_service.domain.password_rules import check_password
from auth_service.domain.registration import RegistrationState
from auth_service.storage.audit_trail import append_event
from auth_service.storage.operators import add_operator
from auth_service.storage.organizations import add_membership, add_organization
from auth_service.storage.registrations import activate

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection

    from auth_service.actions.registering import RegisteringParts, ShownProof
    from auth_service.domain.registration import Registration


def activate_group(
    parts: RegisteringParts, shown: ShownProof, *, cloud_password: str | None = None, address: str, now: datetime
) -> Registration:
    """Use the second email's link or code up, and make the organization with its administrator as owner.

    `cloud_password` is needed where none was set with the first email. The third email is written once license_service
    has made the first license key (actions/issue_first_keys.py).

    Raises BadInputError, MailedProofRefusedError, AddressTakenError, TooManyRequestsError or DatabaseUnavailableError.
    """
    if cloud_password is not None:
        check_password("cloud_password", cloud_password)
    with parts.limiter.count_failure(REGISTRATION_PROOF, (address, "all"), now=now):
        password_hash = None if cloud_password is None else PASSWORD_HASHER.hash(cloud_password)
        try:
            activated = _activate(parts, shown, password_hash, address=address, now=now)
        except IntegrityError as fault:
            # Another registration of the same address was activated at this moment.
            raise AddressTakenError("This address has an account already. Sign in with it instead.") from fault
        if activated is None:
            raise refusal()
    return activated


def _activate(
    parts: RegisteringParts, shown: ShownProof, password_hash: str | None, *, address: str, now: datetime
) -> Registration | None:
    with parts.database.transaction() as connection:
        found = find_shown(connection, parts, shown, state=RegistrationState.ADDRESS_PROVEN, now=now)
        if found is None:
            # Not raised here: a code's try must stay counted.
            refused(connection, shown, address, now)
            return None
        password_hash = password_hash or found.cloud_password_hash
        if password_hash is None:
            sentence = "'cloud_password' is needed: none was set with the first email."
            raise BadInputError(sentence, field="cloud_password")
        activated = _move_on(connection, found, now)
        check_address_is_free(connection, found.email)
        operator_id = _add_owner(connection, activated, password_hash, now)
        event = registration_event(AuditEventName.GROUP_ACTIVATED, activated, now, address=address)
        append_event(connection, replace(event, operator_id=operator_id))
    return activated


def _move_on(connection: Connection, found: Registration, now: datetime) -> Registration:
    """Add the organization, and use the link up. Raises MailedProofRefusedError where somebody else was first."""
    organization_id = str(uuid.uuid4())
    add_organization(
        connection,
        organization_id,
        found.group_name,
        now,
        locale=found.locale,
        group_password_hash=found.group_password_hash,
    )
    if not activate(connection, found, organization_id, now):
        # What was added here is undone.
        raise refusal()
    return replace(found, state=RegistrationState.ACTIVATED, organization_id=organization_id, activated_at=now)


def _add_owner(connection: Connection, activated: Registration, password_hash: str, now: datetime) -> str:
    # A registration asks for no person's name; what stands before the @ is never too long for one.
    operator = Operator(id=str(uuid.uuid4()), email=activated.email, name=activated.email.partition("@")[0])
    add_operator(connection, operator, password_hash, now)
    add_membership(connection, operator.id, str(activated.organization_id), Role.OWNER)
    return operator.id
