"""Organizations and who belongs to them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import insert, select, update

from auth_service.domain.operator import Membership, Role
from auth_service.storage.tables import memberships, operators, organizations

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection

_VENDOR_ADDRESSES: Final = (
    select(operators.c.email)
    .join(memberships, memberships.c.operator_id == operators.c.id)
    .where(memberships.c.role == Role.VENDOR.value)
    .distinct()
    .order_by(operators.c.email)
)


def add_organization(
    connection: Connection,
    organization_id: str,
    name: str,
    now: datetime,
    *,
    locale: str = "en",
    group_password_hash: str | None = None,
) -> None:
    connection.execute(
        insert(organizations).values(
            id=organization_id,
            name=name,
            created_at=now,
            locale=locale,
            group_password_hash=group_password_hash,
        )
    )


def organization_name(connection: Connection, organization_id: str) -> str | None:
    return connection.execute(
        select(organizations.c.name).where(organizations.c.id == organization_id)
    ).scalar_one_or_none()


def organization_locale(connection: Connection, organization_id: str) -> str:
    """Give the language of an organization's emails."""
    chosen = select(organizations.c.locale).where(organizations.c.id == organization_id)
    locale: str = connection.execute(chosen).scalar_one()
    return locale


def change_locale(connection: Connection, organization_id: str, locale: str) -> bool:
    """Choose another language; False when there is no such organization."""
    chosen = update(organizations).where(organizations.c.id == organization_id).values(locale=locale)
    return connection.execute(chosen).rowcount == 1


def change_group_password_hash(connection: Connection, organization_id: str, password_hash: str) -> None:
    """Put another Group Password in place, by which what was connected with the one before is out of date."""
    connection.execute(
        update(organizations)
        .where(organizations.c.id == organization_id)
        .values(
            group_password_hash=password_hash,
            group_password_generation=organizations.c.group_password_generation + 1,
        )
    )


def add_membership(connection: Connection, operator_id: str, organization_id: str, role: Role) -> None:
    connection.execute(
        insert(memberships).values(operator_id=operator_id, organization_id=organization_id, role=role.value)
    )


def memberships_of(connection: Connection, operator_id: str) -> list[Membership]:
    """List the organizations of one operator, by name."""
    rows = connection.execute(
        select(organizations.c.id, organizations.c.name, memberships.c.role)
        .join(memberships, memberships.c.organization_id == organizations.c.id)
        .where(memberships.c.operator_id == operator_id)
        .order_by(organizations.c.name, organizations.c.id)
    )
    return [Membership(organization_id=row.id, organization_name=row.name, role=Role(row.role)) for row in rows]


def vendor_addresses(connection: Connection) -> list[str]:
    """List the email addresses of the vendor's staff, each once."""
    return list(connection.execute(_VENDOR_ADDRESSES).scalars())


def owner_addresses(connection: Connection, organization_id: str) -> list[str]:
    """List the email addresses of an organization's owners."""
    return list(
        connection.execute(
            select(operators.c.email)
            .join(memberships, memberships.c.operator_id == operators.c.id)
            .where(memberships.c.organization_id == organization_id, memberships.c.role == Role.OWNER.value)
            .order_by(operators.c.email)
        ).scalars()
    )
