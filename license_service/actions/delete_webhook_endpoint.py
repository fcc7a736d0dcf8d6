"""Delete a webhook endpoint, and with it what was to be delivered to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from database.retried import retried
from license_service.storage import webhook_endpoints

if TYPE_CHECKING:
    from database.engine import Database


@retried
def delete_webhook_endpoint(database: Database, *, endpoint_id: str, expected_version: int) -> None:
    """Raise EndpointNotFoundError or StaleVersionError, or do it."""
    with database.transaction() as connection:
        webhook_endpoints.remove(connection, webhook_endpoints.expected(connection, endpoint_id, expected_version))
