"""Change where and of what a webhook endpoint is told, enable it or disable it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from database.retried import retried
from license_service.domain.webhook_target import webhook_target
from license_service.storage import webhook_endpoints

if TYPE_CHECKING:
    from datetime import datetime

    from license_service.actions.webhook_parts import WebhookParts
    from license_service.domain.webhook import EndpointTerms, WebhookEndpoint


@retried
def change_webhook_endpoint(
    parts: WebhookParts, terms: EndpointTerms, *, endpoint_id: str, expected_version: int, now: datetime
) -> WebhookEndpoint:
    """Put these terms in place of the present ones and give the endpoint.

    Raises WebhookUrlError, EndpointNotFoundError or StaleVersionError.
    """
    webhook_target(terms.url, allow_loopback=parts.allow_loopback)
    with parts.database.transaction() as connection:
        present = webhook_endpoints.expected(connection, endpoint_id, expected_version)
        webhook_endpoints.change(connection, present, terms, now)
        return webhook_endpoints.found(connection, endpoint_id)
