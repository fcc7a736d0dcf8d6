"""Webhook endpoints: where the vendor's other systems are told what happens (Standard Webhooks)."""

from __future__ import annotations

import secrets
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final
from uuid import uuid4

from flask import url_for

from license_service.actions.change_webhook_endpoint import change_webhook_endpoint
from license_service.actions.create_webhook_endpoint import create_webhook_endpoint
from license_service.actions.delete_webhook_endpoint import delete_webhook_endpoint
from license_service.actions.list_webhook_endpoints import list_webhook_endpoints
from license_service.actions.read_webhook_endpoint import read_webhook_endpoint
from license_service.actions.rotate_webhook_secret import rotate_webhook_secret
from license_service.domain.errors import EndpointNotFoundError, WebhooksNotSetUpError, WebhookUrlError
from license_service.domain.webhook_signature import SECRET_BYTES
from license_service.endpoints.entity_tags import if_match, tagged, unless_known
from license_service.endpoints.idempotency import idempotent
from license_service.endpoints.paging import PageQuerySchema, page_document, page_example
from license_service.endpoints.refusals import LOCATION, refuses
from license_service.endpoints.request_parser import ApiBlueprint
from license_service.endpoints.webhook_documents import (
    ENDPOINT_EXAMPLE,
    SECRET_EXAMPLE,
    TERMS_EXAMPLE,
    EndpointPageSchema,
    EndpointSchema,
    EndpointTermsSchema,
    EndpointWithSecretSchema,
)
from wire.scopes import WEBHOOKS_READ, WEBHOOKS_WRITE

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from uuid import UUID

    from license_service.actions.webhook_parts import WebhookParts
    from license_service.domain.webhook import EndpointTerms, WebhookEndpoint
    from wire.serving.bearer import BearerGuard

_DESCRIPTION: Final = "Where the vendor's other systems are told what happens"


def webhook_endpoint_routes(parts: WebhookParts, guard: BearerGuard, now: Callable[[], datetime]) -> ApiBlueprint:
    routes = ApiBlueprint("webhook_endpoints", __name__, url_prefix="/v1/webhook-endpoints", description=_DESCRIPTION)
    _add_reads(routes, parts, guard)
    _add_changes(routes, parts, guard, now)
    _add_secrets(routes, parts, guard, now)
    return routes


def _add_reads(routes: ApiBlueprint, parts: WebhookParts, guard: BearerGuard) -> None:
    @routes.route("", methods=["GET"])
    @guard.requires(WEBHOOKS_READ)
    @routes.arguments(PageQuerySchema, location="query")
    @routes.response(200, EndpointPageSchema, example=page_example(ENDPOINT_EXAMPLE), description="Perhaps none")
    @refuses(routes, query=True)
    @routes.doc(operationId="list_webhook_endpoints", security=[{"bearer": [WEBHOOKS_READ]}])
    def every(query: dict[str, Any]) -> dict[str, Any]:
        """List webhook endpoints, the oldest first."""
        return page_document(list_webhook_endpoints(parts.database, **query))

    @routes.route("/<uuid:endpoint_id>", methods=["GET"])
    @guard.requires(WEBHOOKS_READ)
    @unless_known(routes)
    @routes.response(200, EndpointSchema, example=ENDPOINT_EXAMPLE, description="The endpoint, without its secret")
    @refuses(routes, EndpointNotFoundError)
    @routes.doc(operationId="read_webhook_endpoint", security=[{"bearer": [WEBHOOKS_READ]}])
    def read(endpoint_id: UUID) -> WebhookEndpoint:
        """Read one webhook endpoint."""
        return read_webhook_endpoint(parts.database, str(endpoint_id))


def _add_changes(routes: ApiBlueprint, parts: WebhookParts, guard: BearerGuard, now: Callable[[], datetime]) -> None:
    @routes.route("/<uuid:endpoint_id>", methods=["PUT"])
    @guard.requires(WEBHOOKS_WRITE)
    @routes.arguments(EndpointTermsSchema, example=TERMS_EXAMPLE)
    @if_match(routes)
    @tagged(routes)
    @routes.response(200, EndpointSchema, example=ENDPOINT_EXAMPLE, description="Changed")
    @refuses(routes, EndpointNotFoundError, WebhookUrlError, body=True)
    @routes.doc(operationId="change_webhook_endpoint", security=[{"bearer": [WEBHOOKS_WRITE]}])
    def change(terms: EndpointTerms, endpoint_id: UUID, expected_version: int) -> WebhookEndpoint:
        """Put these terms in place of the present ones.

        An endpoint that was disabled is enabled by `status`; what was not delivered until then is tried again.
        """
        return change_webhook_endpoint(
            parts, terms, endpoint_id=str(endpoint_id), expected_version=expected_version, now=now()
        )

    @routes.route("/<uuid:endpoint_id>", methods=["DELETE"])
    @guard.requires(WEBHOOKS_WRITE)
    @if_match(routes)
    @routes.response(204, description="Deleted, with its deliveries")
    @refuses(routes, EndpointNotFoundError)
    @routes.doc(operationId="delete_webhook_endpoint", security=[{"bearer": [WEBHOOKS_WRITE]}])
    def delete(endpoint_id: UUID, expected_version: int) -> None:
        """Delete a webhook endpoint."""
        delete_webhook_endpoint(parts.database, endpoint_id=str(endpoint_id), expected_version=expected_version)


def _add_secrets(routes: ApiBlueprint, parts: WebhookParts, guard: BearerGuard, now: Callable[[], datetime]) -> None:
    @routes.route("", methods=["POST"])
    @guard.requires(WEBHOOKS_WRITE)
    @routes.arguments(EndpointTermsSchema, example=TERMS_EXAMPLE)
    @idempotent(routes, parts.database, now)
    @tagged(routes)
    @routes.response(201, EndpointWithSecretSchema, example=SECRET_EXAMPLE, description="Created", headers=LOCATION)
    @refuses(routes, WebhookUrlError, WebhooksNotSetUpError, body=True)
    @routes.doc(operationId="create_webhook_endpoint", security=[{"bearer": [WEBHOOKS_WRITE]}])
    def create(terms: EndpointTerms) -> tuple[dict[str, Any], dict[str, str]]:
        """Create a webhook endpoint.

        The answer has the secret that its deliveries are signed with; it is never shown again.
        """
        endpoint_id, key = str(uuid4()), secrets.token_bytes(SECRET_BYTES)
        endpoint, secret = create_webhook_endpoint(parts, terms, endpoint_id=endpoint_id, key=key, now=now())
        return _with_secret(endpoint, secret), {"Location": url_for(".read", endpoint_id=endpoint_id)}

    @routes.route("/<uuid:endpoint_id>/secret", methods=["POST"])
    @guard.requires(WEBHOOKS_WRITE)
    @if_match(routes)
    @idempotent(routes, parts.database, now)
    @tagged(routes)
    @routes.response(200, EndpointWithSecretSchema, example=SECRET_EXAMPLE, description="Rotated")
    @refuses(routes, EndpointNotFoundError, WebhooksNotSetUpError)
    @routes.doc(operationId="rotate_webhook_secret", security=[{"bearer": [WEBHOOKS_WRITE]}])
    def rotate(endpoint_id: UUID, expected_version: int) -> dict[str, Any]:
        """Make a new secret.

        For a day the one before it signs too; of three or more the oldest are void at once.
        """
        endpoint, secret = rotate_webhook_secret(
            parts,
            endpoint_id=str(endpoint_id),
            expected_version=expected_version,
            key=secrets.token_bytes(SECRET_BYTES),
            now=now(),
        )
        return _with_secret(endpoint, secret)


def _with_secret(endpoint: WebhookEndpoint, secret: str) -> dict[str, Any]:
    return {**asdict(endpoint), "secret": secret}
