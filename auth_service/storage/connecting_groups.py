"""Organizations by what a site says of them: the email address of an owner (S1-37)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import bindparam, case, select

from auth_service.domain.connecting_group import ConnectingGroup
from auth_service.domain.operator import Role
from auth_service.storage.tables import memberships, operators, organizations

if TYPE_CHECKING:
    from sqlalchemy import Connection

_FIND = (
    select(
        organizations.c.id,
        organizations.c.name,
        organizations.c.group_password_hash,
        organizations.c.group_password_generation,
        operators.c.id.label("operator_id"),
        operators.c.name.label("operator_name"),
    )
    .join(memberships, memberships.c.organization_id == organizations.c.id)
    .join(operators, operators.c.id == memberships.c.operator_id)
    .where(
        operators.c.email == bindparam("address"),
        memberships.c.role == Role.OWNER.value,
        organizations.c.group_password_hash.is_not(None),
    )
    .order_by(
        case((organizations.c.id == bindparam("claimed"), 0), else_=1), organizations.c.created_at, organizations.c.id
    )
    .limit(1)
)


def find_connecting_group(connection: Connection, email: str, *, claimed: str | None) -> ConnectingGroup | None:
    """Find a Group that the owner of this address has: the one that the license key claims, else the first.

    One is enough: whoever owns several names one of them by its license key.
    """
    row = connection.execute(_FIND, {"address": email, "claimed": claimed or ""}).one_or_none()
    if row is None:
        return None
    return ConnectingGroup(
        organization_id=row.id,
        name=row.name,
        operator_id=row.operator_id,
        operator_name=row.operator_name,
        password_hash=row.group_password_hash,
        password_generation=row.group_password_generation,
    )
