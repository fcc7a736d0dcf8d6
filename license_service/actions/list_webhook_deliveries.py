"""List what was, is or could not be delivered to a webhook endpoint."""

from __future__ import annotations

from typing import TYPE_CHECKING

from license_service.domain.page import EVERYTHING
from license_service.storage import webhook_deliveries, webhook_endpoints

if TYPE_CHECKING:
    from database.engine import Database
    from license_service.domain.page import Page, PageWanted
    from license_service.domain.webhook import DeliveryStatus, WebhookDelivery


def list_webhook_deliveries(
    database: Database, endpoint_id: str, wanted: PageWanted = EVERYTHING, *, status: DeliveryStatus | None = None
) -> Page[WebhookDelivery]:
    """Give a page of those of an endpoint, the oldest first. Raises EndpointNotFoundError."""
    with database.reading() as connection:
        webhook_endpoints.found(connection, endpoint_id)
        return webhook_deliveries.listed(connection, endpoint_id, wanted, status)
