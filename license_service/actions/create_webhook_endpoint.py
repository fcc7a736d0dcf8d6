"""Create a webhook endpoint, whose secret is shown this once (Standard Webhooks)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from database.retried import retried
from license_service.domain.webhook import DisabledReason, EndpointStatus, SealedSecrets, WebhookEndpoint
from license_service.domain.webhook_signature import secret_text
from license_service.domain.webhook_target import webhook_target
from license_service.storage import webhook_endpoints

if TYPE_CHECKING:
    from datetime import datetime

    from license_service.actions.webhook_parts import WebhookParts
    from license_service.domain.webhook import EndpointTerms


@retried
def create_webhook_endpoint(
    parts: WebhookParts, terms: EndpointTerms, *, endpoint_id: str, key: bytes, now: datetime
) -> tuple[WebhookEndpoint, str]:
    """Keep a new endpoint and give it with its secret, which is made of the random bytes `key`.

    Raises WebhookUrlError or WebhooksNotSetUpError.
    """
    webhook_target(terms.url, allow_loopback=parts.allow_loopback)
    secret = secret_text(key)
    is_enabled = terms.status is EndpointStatus.ENABLED
    endpoint = WebhookEndpoint(
        id=endpoint_id,
        url=terms.url,
        event_kinds=terms.event_kinds,
        description=terms.description,
        status=terms.status,
        disabled_reason=None if is_enabled else DisabledReason.BY_HAND,
        disabled_at=None if is_enabled else now,
        secrets=SealedSecrets(parts.needed_seal().close(secret)),
        version=1,
        created_at=now,
    )
    with parts.database.transaction() as connection:
        webhook_endpoints.add(connection, endpoint)
    return endpoint, secret
