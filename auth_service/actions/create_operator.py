"""Record a new operator and make it a member of an organization."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy.exc import IntegrityError

from auth_service.actions.sign_in_operator import PASSWORD_HASHER
from auth_service.domain.audit_event import AuditEvent, AuditEventName
from auth_service.domain.errors import BadInputError
from auth_service.domain.operator import Operator, normal_email
from auth_service.domain.password_rules import check_password
from auth_service.domain.plain_text import check_name
from auth_service.storage.audit_trail import append_event
from auth_service.storage.operators import add_operator
from auth_service.storage.organizations import add_membership, organization_name
from wire.notification_message import is_address

if TYPE_CHECKING:
    from datetime import datetime

    from auth_service.domain.operator import Role
    from database.engine import Database


@dataclass(frozen=True, slots=True)
class NewOperator:
    """What is given for a new operator; nothing of it is checked yet."""

    email: str
    name: str
    password: str
    organization_id: str
    role: Role


def create_operator(database: Database, new: NewOperator, *, now: datetime) -> str:
    """Record an operator and give its id.

    Raises BadInputError when a value cannot be taken, the address is taken, or the organization is unknown.
    """
    email = normal_email(new.email)
    if not is_address(email):
        raise BadInputError("'email' needs one address such as owner@example.com.")
    operator = Operator(id=str(uuid.uuid4()), email=email, name=check_name("name", new.name))
    password_hash = PASSWORD_HASHER.hash(check_password("password", new.password))
    try:
        with database.transaction() as connection:
            if organization_name(connection, new.organization_id) is None:
                raise BadInputError("There is no organization of this id.")
            add_operator(connection, operator, password_hash, now)
            add_membership(connection, operator.id, new.organization_id, new.role)
            append_event(connection, _event(new, operator.id, now))
    except IntegrityError as fault:
        raise BadInputError("An operator with this address is recorded already.") from fault
    return operator.id


def _event(new: NewOperator, operator_id: str, now: datetime) -> AuditEvent:
    # Neither name nor address: they stand in the operator's record, from which they can be erased.
    return AuditEvent(
        AuditEventName.OPERATOR_CREATED,
        now,
        organization_id=new.organization_id,
        operator_id=operator_id,
        details={"role": new.role.value},
    )
