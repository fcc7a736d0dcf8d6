"""Portal sessions: kept here so that signing out ends them for good (T38). The cookie's secret is stored digested."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import delete, insert, select, update

from auth_service.domain.operator import Operator
from auth_service.storage.tables import operators, portal_sessions

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection


@dataclass(frozen=True, slots=True)
class PortalSession:
    """Who is signed in, and which organization was chosen (S3-4)."""

    digest: str
    operator: Operator
    organization_id: str | None


def add_session(
    connection: Connection, session_digest: str, operator_id: str, *, now: datetime, expires_at: datetime
) -> None:
    """Add a session; those that have expired go in the same breath."""
    connection.execute(delete(portal_sessions).where(portal_sessions.c.expires_at <= now))
    connection.execute(
        insert(portal_sessions).values(
            digest=session_digest, operator_id=operator_id, created_at=now, expires_at=expires_at
        )
    )


def find_session(connection: Connection, session_digest: str, now: datetime) -> PortalSession | None:
    row = connection.execute(
        select(portal_sessions.c.organization_id, operators.c.id, operators.c.email, operators.c.name)
        .join(operators, operators.c.id == portal_sessions.c.operator_id)
        .where(portal_sessions.c.digest == session_digest, portal_sessions.c.expires_at > now)
    ).one_or_none()
    if row is None:
        return None
    return PortalSession(
        digest=session_digest,
        operator=Operator(id=row.id, email=row.email, name=row.name),
        organization_id=row.organization_id,
    )


def choose_organization(connection: Connection, session_digest: str, organization_id: str) -> None:
    connection.execute(
        update(portal_sessions)
        .where(portal_sessions.c.digest == session_digest)
        .values(organization_id=organization_id)
    )


def remove_other_sessions(connection: Connection, operator_id: str, *, kept: str) -> None:
    """End every session of an operator but the one with this digest (T38)."""
    connection.execute(
        delete(portal_sessions).where(portal_sessions.c.operator_id == operator_id, portal_sessions.c.digest != kept)
    )


def remove_session(connection: Connection, session_digest: str) -> None:
    connection.execute(delete(portal_sessions).where(portal_sessions.c.digest == session_digest))
