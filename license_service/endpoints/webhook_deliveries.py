"""Deliveries to webhook endpoints: looked at, and asked for again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from license_service.actions.list_webhook_deliveries import list_webhook_deliveries
from license_service.actions.redeliver_webhook import redeliver_webhook
from license_service.domain.errors import DeliveryNotFoundError, EndpointDisabledError, EndpointNotFoundError
from license_service.endpoints.idempotency import idempotent
from license_service.endpoints.paging import page_document, page_example
from license_service.endpoints.refusals import refuses
from license_service.endpoints.request_parser import ApiBlueprint
from license_service.endpoints.webhook_documents import (
    DELIVERY_EXAMPLE,
    DeliveryPageSchema,
    DeliveryQuerySchema,
    DeliverySchema,
)
from wire.scopes import WEBHOOKS_READ, WEBHOOKS_WRITE

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from uuid import UUID

    from license_service.actions.webhook_parts import WebhookParts
    from license_service.domain.webhook import WebhookDelivery
    from wire.serving.bearer import BearerGuard


def webhook_delivery_routes(parts: WebhookParts, guard: BearerGuard, now: Callable[[], datetime]) -> ApiBlueprint:
    routes = ApiBlueprint(
        "webhook_deliveries",
        __name__,
        url_prefix="/v1/webhook-endpoints/<uuid:endpoint_id>/deliveries",
        description="What was, is or could not be sent",
    )

    @routes.route("", methods=["GET"])
    @guard.requires(WEBHOOKS_READ)
    @routes.arguments(DeliveryQuerySchema, location="query")
    @routes.response(200, DeliveryPageSchema, example=page_example(DELIVERY_EXAMPLE), description="Perhaps none")
    @refuses(routes, EndpointNotFoundError, query=True)
    @routes.doc(operationId="list_webhook_deliveries", security=[{"bearer": [WEBHOOKS_READ]}])
    def every(query: dict[str, Any], endpoint_id: UUID) -> dict[str, Any]:
        """List the deliveries of the last 30 days, the oldest first."""
        return page_document(list_webhook_deliveries(parts.database, str(endpoint_id), **query))

    @routes.route("/<uuid:event_id>/redeliver", methods=["POST"])
    @guard.requires(WEBHOOKS_WRITE)
    @idempotent(routes, parts.database, now)
    @routes.response(200, DeliverySchema, example=DELIVERY_EXAMPLE, description="Due at once")
    @refuses(routes, EndpointNotFoundError, DeliveryNotFoundError, EndpointDisabledError)
    @routes.doc(operationId="redeliver_webhook", security=[{"bearer": [WEBHOOKS_WRITE]}])
    def redeliver(endpoint_id: UUID, event_id: UUID) -> WebhookDelivery:
        """Send an event again.

        It has the same `webhook-id`, and is tried as if it were new.
        """
        return redeliver_webhook(parts.database, endpoint_id=str(endpoint_id), event_id=str(event_id), now=now())

    return routes
