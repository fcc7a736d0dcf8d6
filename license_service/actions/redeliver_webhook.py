"""Send an event to a webhook endpoint once more, with the same `webhook-id`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from database.retried import retried
from license_service.domain.errors import EndpointDisabledError
from license_service.domain.webhook import EndpointStatus
from license_service.storage import webhook_deliveries, webhook_endpoints

if TYPE_CHECKING:
    from datetime import datetime

    from database.engine import Database
    from license_service.domain.webhook import WebhookDelivery


@retried
def redeliver_webhook(database: Database, *, endpoint_id: str, event_id: str, now: datetime) -> WebhookDelivery:
    """Have it sent at once, and tried as if it were new.

    Raises EndpointNotFoundError, EndpointDisabledError or DeliveryNotFoundError.
    """
    with database.transaction() as connection:
        if webhook_endpoints.found(connection, endpoint_id).status is not EndpointStatus.ENABLED:
            raise EndpointDisabledError
        return webhook_deliveries.send_again(connection, endpoint_id, event_id, now)
