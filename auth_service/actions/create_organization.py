"""Record a new organization."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from auth_service.domain.audit_event import AuditEvent, AuditEventName
from auth_service.domain.plain_text import check_name
from auth_service.storage.audit_trail import append_event
from auth_service.storage.organizations import add_organization

if TYPE_CHECKING:
    from datetime import datetime

    from database.engine import Database


def create_organization(database: Database, name: str, *, now: datetime, locale: str = "en") -> str:
    """Record an organization and give its id; `locale` is the language of its emails.

    Raises BadInputError.
    """
    organization_id = str(uuid.uuid4())
    checked = check_name("name", name)
    with database.transaction() as connection:
        add_organization(connection, organization_id, checked, now, locale=locale)
        created = AuditEventName.ORGANIZATION_CREATED
        append_event(connection, AuditEvent(created, now, organization_id, details={"name": checked}))
    return organization_id
