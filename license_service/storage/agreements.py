"""The rows of `agreements`."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from license_service.domain.agreement import Agreement
from license_service.domain.page import Page
from license_service.storage.insertion import insert_if_absent
from license_service.storage.keyset import matching, read_page
from license_service.storage.tables import agreements

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Connection

    from license_service.domain.page import PageWanted


def add(connection: Connection, agreement: Agreement) -> bool:
    """Insert the agreement, or say that its organization has one of this number."""
    return insert_if_absent(connection, agreements, asdict(agreement))


def by_id(connection: Connection, agreement_id: str) -> Agreement | None:
    row = connection.execute(select(agreements).where(agreements.c.id == agreement_id)).mappings().one_or_none()
    return None if row is None else Agreement(**row)


def listed(connection: Connection, filters: Mapping[str, Any], wanted: PageWanted) -> Page[Agreement]:
    """Give the agreements that are like this, the oldest first."""
    query = select(agreements).where(*matching(agreements, None, filters))
    rows = read_page(connection, query, (agreements.c.created_at, agreements.c.id), wanted)
    return Page((Agreement(**row) for row in rows), rows.end)
