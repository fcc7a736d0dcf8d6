"""The rows of `agreements`."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from sqlalchemy import select

from license_service.domain.agreement import Agreement
from license_service.storage.insertion import insert_if_absent
from license_service.storage.tables import agreements

if TYPE_CHECKING:
    from sqlalchemy import Connection


def add(connection: Connection, agreement: Agreement) -> bool:
    """Insert the agreement, or say that its organization has one of this number."""
    return insert_if_absent(connection, agreements, asdict(agreement))


def by_id(connection: Connection, agreement_id: str) -> Agreement | None:
    row = connection.execute(select(agreements).where(agreements.c.id == agreement_id)).mappings().one_or_none()
    return None if row is None else Agreement(**row)


def listed(connection: Connection, organization_id: str | None = None) -> list[Agreement]:
    """Give the agreements of one organization, or of all when none is named, the oldest first."""
    query = select(agreements).order_by(agreements.c.created_at, agreements.c.id)
    if organization_id is not None:
        query = query.where(agreements.c.organization_id == organization_id)
    return [Agreement(**row) for row in connection.execute(query).mappings()]
