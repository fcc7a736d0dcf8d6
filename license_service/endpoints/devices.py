"""A device's seat and entitlement, as auth_service claims the one and asks for the other (S3-20, S3-21)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from marshmallow import RAISE, Schema

from license_service.actions.claim_seat import claim_seat
from license_service.actions.read_entitlement import read_entitlement
from license_service.actions.release_seat import release_seat
from license_service.domain.catalog import POS_SERVER_COMPONENT
from license_service.domain.errors import (
    ComponentNotLicensedError,
    DeviceRefusedError,
    LicenseExpiredError,
    LicenseSuspendedError,
    NoLicenseError,
    NoSeatError,
    NoSeatFreeError,
)
from license_service.endpoints.refusals import refuses
from license_service.endpoints.request_parser import ApiBlueprint
from license_service.endpoints.texts import UuidText, code_text
from wire.entitlement import Entitlement
from wire.license_documents import EntitlementSchema
from wire.scopes import ENTITLEMENTS

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from uuid import UUID

    from database.engine import Database
    from license_service.domain.seat import SeatTerms
    from wire.serving.bearer import BearerGuard

_EXAMPLE: Final = {
    "device_id": "5d1c9f3e-8a52-4e0c-9a76-3c1f0c2b7d10",
    "organization_id": "0b8a3a52-5d5e-4c1c-8f0e-2f6f4f4f6a11",
    "license_id": "9f2f3c64-0d8b-4b0e-a5f3-7a1d9a3f5c21",
    "features": ["xms"],
    "renewal_date": "2027-01-31",
    "renewal_window_days": 30,
    "stated_at": "2026-06-01T09:00:00+00:00",
}
_CLAIM_EXAMPLE: Final = {"organization_id": _EXAMPLE["organization_id"], "component_code": POS_SERVER_COMPONENT}


class OrganizationSchema(Schema):
    """The organization that the device belongs to."""

    class Meta:
        """A field that is not known is refused (T45)."""

        unknown = RAISE

    organization_id = UuidText(required=True)


class ClaimSchema(OrganizationSchema):
    """Whose device it is, and what it wants to sit on."""

    class Meta:
        """As OrganizationSchema."""

        unknown = RAISE

    component_code = code_text(
        load_default=POS_SERVER_COMPONENT,
        metadata={"description": "The component that the device wants a unit of."},
    )


# What stands against any new device of an organization.
_REFUSALS: Final = (
    NoLicenseError,
    NoSeatFreeError,
    LicenseExpiredError,
    LicenseSuspendedError,
    ComponentNotLicensedError,
    DeviceRefusedError,
)


def device_routes(database: Database, guard: BearerGuard, now: Callable[[], datetime]) -> ApiBlueprint:
    routes = ApiBlueprint(
        "devices", __name__, url_prefix="/v1/devices", description="Seats and entitlements of devices"
    )

    @routes.route("/<uuid:device_id>/seat", methods=["PUT"])
    @guard.requires(ENTITLEMENTS)
    @routes.arguments(ClaimSchema, example=_CLAIM_EXAMPLE)
    @routes.response(200, EntitlementSchema, example=_EXAMPLE, description="The device holds a seat")
    @refuses(routes, *_REFUSALS, body=True)
    @routes.doc(operationId="claim_seat", security=[{"bearer": [ENTITLEMENTS]}])
    def claim(body: dict[str, Any], device_id: UUID) -> Entitlement:
        """Claim a seat for a device.

        Doing it again changes nothing: a device that holds a seat keeps it, also on a license key that has expired. A
        new seat is a unit of the component on the organization's oldest key that has one free and has not expired.
        """
        stated_at = now()
        held = claim_seat(database, device_id=str(device_id), **body, now=stated_at)
        return _entitlement(held, stated_at)

    @routes.route("/<uuid:device_id>/seat", methods=["DELETE"])
    @guard.requires(ENTITLEMENTS)
    @routes.arguments(OrganizationSchema, location="query")
    @routes.response(204, description="The seat is free")
    @refuses(routes, NoSeatError, query=True)
    @routes.doc(operationId="release_seat", security=[{"bearer": [ENTITLEMENTS]}])
    def release(query: dict[str, Any], device_id: UUID) -> None:
        """Release the seat of a device."""
        release_seat(database, device_id=str(device_id), organization_id=query["organization_id"])

    @routes.route("/<uuid:device_id>/entitlement", methods=["GET"])
    @guard.requires(ENTITLEMENTS)
    @routes.arguments(OrganizationSchema, location="query")
    @routes.response(200, EntitlementSchema, example=_EXAMPLE, description="What the device may use")
    @refuses(routes, NoSeatError, LicenseSuspendedError, query=True)
    @routes.doc(operationId="read_entitlement", security=[{"bearer": [ENTITLEMENTS]}])
    def entitlement(query: dict[str, Any], device_id: UUID) -> Entitlement:
        """Read what a device may use.

        An entitlement on an expired license key is stated too: its `renewal_date` tells.
        """
        stated_at = now()
        organization_id = query["organization_id"]
        held = read_entitlement(database, device_id=str(device_id), organization_id=organization_id, now=stated_at)
        return _entitlement(held, stated_at)

    return routes


def _entitlement(held: SeatTerms, stated_at: datetime) -> Entitlement:
    return Entitlement(
        device_id=held.seat.device_id,
        organization_id=held.seat.organization_id,
        license_id=held.seat.key_id,
        features=held.features,
        renewal_window_days=held.renewal_window_days,
        renewal_date=held.renewal_date,
        stated_at=stated_at,
    )
