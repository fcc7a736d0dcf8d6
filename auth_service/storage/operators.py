"""Operators and their password hashes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import insert, select, update

from auth_service.domain.operator import Operator
from auth_service.storage.tables import operators

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection


def add_operator(connection: Connection, operator: Operator, password_hash: str, now: datetime) -> None:
    connection.execute(
        insert(operators).values(
            id=operator.id, email=operator.email, name=operator.name, password_hash=password_hash, created_at=now
        )
    )


def find_by_email(connection: Connection, email: str) -> tuple[Operator, str] | None:
    """Give the operator of a normal address, and the password hash."""
    row = connection.execute(select(operators).where(operators.c.email == email)).one_or_none()
    if row is None:
        return None
    return Operator(id=row.id, email=row.email, name=row.name), row.password_hash


def replace_password_hash(connection: Connection, operator_id: str, password_hash: str) -> None:
    connection.execute(update(operators).where(operators.c.id == operator_id).values(password_hash=password_hash))
