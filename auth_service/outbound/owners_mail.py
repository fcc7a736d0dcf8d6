"""Emails to the owners of an organization, written into the outbox (T51, T55)."""

from __future__ import annotations

import logging
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from auth_service.storage.organizations import organization_locale, owner_addresses
from auth_service.storage.outbox import add_outgoing
from wire.errors import MessageRefusedError
from wire.notification_contexts import CONTEXT_SCHEMAS
from wire.notification_message import NotificationMessage, seal_message

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from sqlalchemy import Connection

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class OwnersMail:
    """What such an email needs beside its context: the key that seals it, and the portal that it leads to."""

    notification_key: str
    portal_url: str

    def write(
        self, connection: Connection, organization_id: str, template: str, context: Mapping[str, Any], now: datetime
    ) -> None:
        """Write one email to each owner, in the transaction of the change that it tells about.

        The link that the template takes (`devices_url` or `portal_url`) is added here.
        """
        self.write_to(connection, owner_addresses(connection, organization_id), organization_id, template, context, now)

    def write_to(
        self,
        connection: Connection,
        addresses: Iterable[str],
        organization_id: str,
        template: str,
        context: Mapping[str, Any],
        now: datetime,
    ) -> None:
        """Write one email to each of these addresses, in the organization's language."""
        locale = organization_locale(connection, organization_id)
        for address in addresses:
            message = NotificationMessage(
                id=uuid.uuid4(),
                template=template,
                recipient=address,
                context={**context, **self._links(template)},
                locale=locale,
                organization_id=organization_id,
            )
            try:
                sealed = seal_message(message, self.notification_key)
            except MessageRefusedError as fault:
                # One owner who cannot be written to must not veto the change.
                _log.warning("an owner cannot be told", extra={"reason": str(fault)})
                continue
            add_outgoing(connection, message, sealed, now)

    def _links(self, template: str) -> dict[str, str]:
        links = {"devices_url": f"{self.portal_url}/devices", "portal_url": f"{self.portal_url}/"}
        return {name: url for name, url in links.items() if name in CONTEXT_SCHEMAS[template]().fields}
