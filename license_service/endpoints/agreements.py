"""Agreements: recorded and read by the vendor's tools (S2-5)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from uuid import uuid4

from flask import url_for
from marshmallow import EXCLUDE, RAISE, Schema, fields

from license_service.actions.list_agreements import list_agreements
from license_service.actions.read_agreement import read_agreement
from license_service.actions.record_agreement import record_agreement
from license_service.domain.agreement import Agreement
from license_service.domain.errors import AgreementNotFoundError, AgreementNumberTakenError
from license_service.endpoints.entity_tags import tagged, unless_known
from license_service.endpoints.idempotency import idempotent
from license_service.endpoints.paging import PageQuerySchema, PageSchema, page_document, page_example
from license_service.endpoints.refusals import LOCATION, refuses
from license_service.endpoints.request_parser import ApiBlueprint
from license_service.endpoints.texts import UuidText, label_text
from wire.scopes import LICENSES_READ, LICENSES_WRITE

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from uuid import UUID

    from database.engine import Database
    from wire.serving.bearer import BearerGuard

_SIGNED_EXAMPLE: Final = {
    "organization_id": "0b8a3a52-5d5e-4c1c-8f0e-2f6f4f4f6a11",
    "number": "2026-0417",
    "signed_on": "2026-05-28",
}
_EXAMPLE: Final = {
    "id": "3f8e2d17-6c5b-4b1a-9b0e-5a6b7c8d9e10",
    **_SIGNED_EXAMPLE,
    "created_at": "2026-06-01T09:00:00+00:00",
}


class SignedAgreementSchema(Schema):
    """What was signed."""

    class Meta:
        """A field that is not known is refused (T45)."""

        unknown = RAISE

    organization_id = UuidText(required=True)
    number = label_text(required=True, metadata={"description": "The contract's label, unique in the organization."})
    signed_on = fields.Date(required=True)


class AgreementSchema(SignedAgreementSchema):
    """An agreement."""

    class Meta:
        """A newer license_service may say more."""

        unknown = EXCLUDE

    id = UuidText(required=True, dump_only=True)
    created_at = fields.AwareDateTime(required=True, dump_only=True, format="iso")


class AgreementPageSchema(PageSchema):
    """Agreements, the oldest first."""

    items = fields.List(fields.Nested(AgreementSchema), required=True)


class AgreementQuerySchema(PageQuerySchema):
    """Which agreements are listed."""

    class Meta:
        """As PageQuerySchema."""

        unknown = RAISE

    organization_id = UuidText()


def agreement_routes(database: Database, guard: BearerGuard, now: Callable[[], datetime]) -> ApiBlueprint:
    routes = ApiBlueprint("agreements", __name__, url_prefix="/v1/agreements", description="What was signed")

    @routes.route("", methods=["POST"])
    @guard.requires(LICENSES_WRITE)
    @routes.arguments(SignedAgreementSchema, example=_SIGNED_EXAMPLE)
    @idempotent(routes, database, now)
    @tagged(routes)
    @routes.response(201, AgreementSchema, example=_EXAMPLE, description="Recorded", headers=LOCATION)
    @refuses(routes, AgreementNumberTakenError, body=True)
    @routes.doc(operationId="record_agreement", security=[{"bearer": [LICENSES_WRITE]}])
    def record(signed: dict[str, Any]) -> tuple[Agreement, dict[str, str]]:
        """Record an agreement that was signed."""
        agreement = Agreement(**signed, id=str(uuid4()), created_at=now())
        record_agreement(database, agreement)
        return agreement, {"Location": url_for(".read", agreement_id=agreement.id)}

    @routes.route("", methods=["GET"])
    @guard.requires(LICENSES_READ)
    @routes.arguments(AgreementQuerySchema, location="query")
    @routes.response(200, AgreementPageSchema, example=page_example(_EXAMPLE), description="Perhaps none")
    @refuses(routes, query=True)
    @routes.doc(operationId="list_agreements", security=[{"bearer": [LICENSES_READ]}])
    def every(query: dict[str, Any]) -> dict[str, Any]:
        """List agreements, the oldest first."""
        return page_document(list_agreements(database, **query))

    @routes.route("/<uuid:agreement_id>", methods=["GET"])
    @guard.requires(LICENSES_READ)
    @unless_known(routes)
    @routes.response(200, AgreementSchema, example=_EXAMPLE, description="The agreement")
    @refuses(routes, AgreementNotFoundError)
    @routes.doc(operationId="read_agreement", security=[{"bearer": [LICENSES_READ]}])
    def read(agreement_id: UUID) -> Agreement:
        """Read one agreement."""
        return read_agreement(database, str(agreement_id))

    return routes
