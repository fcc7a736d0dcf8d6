"""Give a webhook endpoint a new secret; for a while the one before signs too, so that no receiver misses anything."""

from __future__ import annotations

from typing import TYPE_CHECKING

from database.retried import retried
from license_service.domain.webhook import BOTH_SECRETS, SealedSecrets
from license_service.domain.webhook_signature import secret_text
from license_service.storage import webhook_endpoints

if TYPE_CHECKING:
    from datetime import datetime

    from license_service.actions.webhook_parts import WebhookParts
    from license_service.domain.webhook import WebhookEndpoint


@retried
def rotate_webhook_secret(
    parts: WebhookParts, *, endpoint_id: str, expected_version: int, key: bytes, now: datetime
) -> tuple[WebhookEndpoint, str]:
    """Give the endpoint and its new secret, which is made of the random bytes `key`. At most two sign at a time.

    Raises EndpointNotFoundError, StaleVersionError or WebhooksNotSetUpError.
    """
    secret = secret_text(key)
    sealed = parts.needed_seal().close(secret)
    with parts.database.transaction() as connection:
        present = webhook_endpoints.expected(connection, endpoint_id, expected_version)
        secrets = SealedSecrets(sealed, former=present.secrets.present, former_until=now + BOTH_SECRETS)
        webhook_endpoints.put_secrets(connection, present, secrets)
        return webhook_endpoints.found(connection, endpoint_id), secret
