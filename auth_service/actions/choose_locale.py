"""Choose the language of an organization's emails."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auth_service.domain.audit_event import AuditEvent, AuditEventName
from auth_service.domain.errors import OrganizationUnknownError
from auth_service.storage.audit_trail import append_event
from auth_service.storage.organizations import change_locale

if TYPE_CHECKING:
    from datetime import datetime

    from database.engine import Database


def choose_locale(database: Database, organization_id: str, locale: str, *, now: datetime) -> None:
    """Have an organization's emails written in `locale` from now on; what is on its way stays as it is.

    Raises OrganizationUnknownError or DatabaseUnavailableError.
    """
    with database.transaction() as connection:
        if not change_locale(connection, organization_id, locale):
            raise OrganizationUnknownError("No organization has this id.")
        chosen = AuditEventName.LOCALE_CHOSEN
        append_event(connection, AuditEvent(chosen, now, organization_id, details={"locale": locale}))
