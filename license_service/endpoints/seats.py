"""Seats as the vendor's tools see them: who sits on a key, and the seat of a device that another one replaces."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from marshmallow import EXCLUDE, RAISE, Schema, fields

from license_service.actions.list_seats import list_seats
from license_service.actions.transfer_seat import transfer_seat
from license_service.domain.errors import DeviceSeatedError, KeyNotFoundError, NoSeatError
from license_service.endpoints.idempotency import idempotent
from license_service.endpoints.paging import PageQuerySchema, PageSchema, page_document, page_example
from license_service.endpoints.refusals import refuses
from license_service.endpoints.request_parser import ApiBlueprint
from license_service.endpoints.texts import UuidText, code_text
from wire.scopes import LICENSES_READ, LICENSES_WRITE

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from uuid import UUID

    from database.engine import Database
    from license_service.domain.seat import Seat
    from wire.serving.bearer import BearerGuard

_EXAMPLE: Final = {
    "device_id": "5d1c9f3e-8a52-4e0c-9a76-3c1f0c2b7d10",
    "key_id": "9f2f3c64-0d8b-4b0e-a5f3-7a1d9a3f5c21",
    "organization_id": "0b8a3a52-5d5e-4c1c-8f0e-2f6f4f4f6a11",
    "component_code": "xms",
    "claimed_at": "2026-06-01T09:00:00+00:00",
}
_TRANSFER_EXAMPLE: Final = {
    "organization_id": _EXAMPLE["organization_id"],
    "device_id": "5d1c9f3e-8a52-4e0c-9a76-3c1f0c2b7d09",
    "to_device_id": _EXAMPLE["device_id"],
}


class TransferSchema(Schema):
    """From which device to which a seat goes; both belong to the organization."""

    class Meta:
        """A field that is not known is refused (T45)."""

        unknown = RAISE

    organization_id = UuidText(required=True)
    device_id = UuidText(required=True)
    to_device_id = UuidText(required=True)


class SeatSchema(Schema):
    """A device on a unit of a component of a key."""

    class Meta:
        """A newer license_service may say more."""

        unknown = EXCLUDE

    device_id = UuidText(required=True)
    key_id = UuidText(required=True)
    organization_id = UuidText(required=True)
    component_code = code_text(required=True)
    claimed_at = fields.AwareDateTime(required=True, format="iso")


class SeatPageSchema(PageSchema):
    """Seats, the oldest first."""

    items = fields.List(fields.Nested(SeatSchema), required=True)


def seat_routes(database: Database, guard: BearerGuard, now: Callable[[], datetime]) -> ApiBlueprint:
    routes = ApiBlueprint("seats", __name__, url_prefix="/v1", description="Who sits where")

    @routes.route("/license-keys/<uuid:key_id>/seats", methods=["GET"])
    @guard.requires(LICENSES_READ)
    @routes.arguments(PageQuerySchema, location="query")
    @routes.response(200, SeatPageSchema, example=page_example(_EXAMPLE), description="Perhaps none")
    @refuses(routes, KeyNotFoundError, query=True)
    @routes.doc(operationId="list_seats", security=[{"bearer": [LICENSES_READ]}])
    def every(query: dict[str, Any], key_id: UUID) -> dict[str, Any]:
        """List who sits on a license key, the oldest first."""
        return page_document(list_seats(database, str(key_id), **query))

    @routes.route("/seat-transfers", methods=["POST"])
    @guard.requires(LICENSES_WRITE)
    @routes.arguments(TransferSchema, example=_TRANSFER_EXAMPLE)
    @idempotent(routes, database, now)
    @routes.response(200, SeatSchema, example=_EXAMPLE, description="The seat as it is now")
    @refuses(routes, NoSeatError, DeviceSeatedError, body=True)
    @routes.doc(operationId="transfer_seat", security=[{"bearer": [LICENSES_WRITE]}])
    def transfer(body: dict[str, Any]) -> Seat:
        """Transfer the seat of a device to another device of its organization."""
        return transfer_seat(database, **body, now=now())

    return routes
