"""List the webhook endpoints."""

from __future__ import annotations

from typing import TYPE_CHECKING

from license_service.domain.page import EVERYTHING
from license_service.storage import webhook_endpoints

if TYPE_CHECKING:
    from database.engine import Database
    from license_service.domain.page import Page, PageWanted
    from license_service.domain.webhook import WebhookEndpoint


def list_webhook_endpoints(database: Database, wanted: PageWanted = EVERYTHING) -> Page[WebhookEndpoint]:
    """Give a page of all of them, the oldest first."""
    with database.reading() as connection:
        return webhook_endpoints.listed(connection, wanted)
