"""License records: created, read and listed by the vendor's tools."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from uuid import uuid4

from flask import url_for
from marshmallow import EXCLUDE, RAISE, Schema, fields, post_load, validate

from license_service.actions.create_license import create_license
from license_service.actions.list_licenses import list_licenses
from license_service.actions.read_license import read_license
from license_service.domain.errors import LicenseNotFoundError
from license_service.domain.license import DEFAULT_RENEWAL_WINDOW_DAYS, LicenseTerms
from license_service.endpoints.refusals import refuses
from license_service.endpoints.request_parser import ApiBlueprint
from license_service.endpoints.texts import UuidText, all_different, feature_name
from wire.scopes import LICENSES_READ, LICENSES_WRITE

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from uuid import UUID

    from database.engine import Database
    from license_service.domain.license import License
    from wire.serving.bearer import BearerGuard

MOST_SEATS: Final = 1_000_000
MOST_FEATURES: Final = 32
LONGEST_WINDOW_DAYS: Final = 3660

_TERMS_EXAMPLE: Final = {
    "organization_id": "0b8a3a52-5d5e-4c1c-8f0e-2f6f4f4f6a11",
    "features": ["xms"],
    "seats": 5,
    "renewal_date": "2027-01-31",
    "renewal_window_days": 30,
}
_EXAMPLE: Final = {
    "id": "9f2f3c64-0d8b-4b0e-a5f3-7a1d9a3f5c21",
    **_TERMS_EXAMPLE,
    "seats_claimed": 2,
    "created_at": "2026-06-01T09:00:00+00:00",
}
_LOCATION: Final = {
    "Location": {"description": "Where the record is read.", "schema": {"type": "string", "format": "uri-reference"}}
}


class LicenseTermsSchema(Schema):
    """What was sold."""

    class Meta:
        """A field that is not known is refused (T45)."""

        unknown = RAISE

    organization_id = UuidText(required=True)
    features = fields.List(
        feature_name(),
        required=True,
        validate=[validate.Length(min=1, max=MOST_FEATURES), all_different],
        metadata={"uniqueItems": True},
    )
    seats = fields.Integer(required=True, strict=True, validate=validate.Range(min=1, max=MOST_SEATS))
    renewal_date = fields.Date(
        load_default=None,
        allow_none=True,
        metadata={"description": "The last day of the license, in UTC; null for a perpetual one."},
    )
    renewal_window_days = fields.Integer(
        load_default=DEFAULT_RENEWAL_WINDOW_DAYS,
        strict=True,
        validate=validate.Range(min=0, max=LONGEST_WINDOW_DAYS),
        metadata={"description": "How many days before the renewal date the license asks to be renewed."},
    )

    @post_load
    def _make(self, values: dict[str, Any], **_: object) -> LicenseTerms:
        return LicenseTerms(**{**values, "features": tuple(values["features"])})


class LicenseSchema(LicenseTermsSchema):
    """A license record."""

    class Meta:
        """A newer license_service may say more."""

        unknown = EXCLUDE

    id = UuidText(required=True, dump_only=True)
    seats_claimed = fields.Integer(required=True, dump_only=True)
    created_at = fields.AwareDateTime(required=True, dump_only=True, format="iso")


class LicensesSchema(Schema):
    """License records, the oldest first."""

    class Meta:
        """As LicenseSchema."""

        unknown = EXCLUDE

    licenses = fields.List(fields.Nested(LicenseSchema), required=True)


class LicensesQuerySchema(Schema):
    """Whose licenses are listed."""

    class Meta:
        """A parameter that is not known is refused."""

        unknown = RAISE

    organization_id = UuidText(required=True)


def license_routes(database: Database, guard: BearerGuard, now: Callable[[], datetime]) -> ApiBlueprint:
    routes = ApiBlueprint("licenses", __name__, url_prefix="/v1/licenses", description="License records")

    @routes.route("", methods=["POST"])
    @guard.requires(LICENSES_WRITE)
    @routes.arguments(LicenseTermsSchema, example=_TERMS_EXAMPLE)
    @routes.response(201, LicenseSchema, example=_EXAMPLE, description="Recorded", headers=_LOCATION)
    @refuses(routes, body=True)
    @routes.doc(operationId="create_license", security=[{"bearer": [LICENSES_WRITE]}])
    def create(terms: LicenseTerms) -> tuple[License, dict[str, str]]:
        """Record a license that was sold."""
        record = create_license(database, terms, license_id=str(uuid4()), now=now())
        return record, {"Location": url_for(".read", license_id=record.id)}

    @routes.route("", methods=["GET"])
    @guard.requires(LICENSES_READ)
    @routes.arguments(LicensesQuerySchema, location="query")
    @routes.response(200, LicensesSchema, example={"licenses": [_EXAMPLE]}, description="Perhaps none")
    @refuses(routes, query=True)
    @routes.doc(operationId="list_licenses", security=[{"bearer": [LICENSES_READ]}])
    def every(query: dict[str, Any]) -> dict[str, list[License]]:
        """List the licenses of an organization, the oldest first."""
        return {"licenses": list_licenses(database, organization_id=query["organization_id"])}

    @routes.route("/<uuid:license_id>", methods=["GET"])
    @guard.requires(LICENSES_READ)
    @routes.response(200, LicenseSchema, example=_EXAMPLE, description="The record")
    @refuses(routes, LicenseNotFoundError)
    @routes.doc(operationId="read_license", security=[{"bearer": [LICENSES_READ]}])
    def read(license_id: UUID) -> License:
        """Read one license."""
        return read_license(database, str(license_id))

    return routes
