"""Read one webhook endpoint."""

from __future__ import annotations

from typing import TYPE_CHECKING

from license_service.storage import webhook_endpoints

if TYPE_CHECKING:
    from database.engine import Database
    from license_service.domain.webhook import WebhookEndpoint


def read_webhook_endpoint(database: Database, endpoint_id: str) -> WebhookEndpoint:
    """Raise EndpointNotFoundError when there is none."""
    with database.reading() as connection:
        return webhook_endpoints.found(connection, endpoint_id)
