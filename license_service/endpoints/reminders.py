"""What reminders are made of, for whoever sends them: due renewals, missing contacts, over-counts, and their numbers.

Each record says as little as a reminder needs, so that a page of the largest size stays small.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Final

from marshmallow import EXCLUDE, RAISE, fields, validate

from license_service.actions.count_licenses import count_licenses
from license_service.actions.list_due_renewals import list_due_renewals
from license_service.actions.list_missing_contacts import list_missing_contacts
from license_service.actions.list_over_counts import list_over_counts
from license_service.endpoints.paging import (
    Cursor,
    PageQuerySchema,
    PageSchema,
    WholeNumber,
    page_document,
    page_example,
)
from license_service.endpoints.refusals import refuses
from license_service.endpoints.request_parser import ApiBlueprint
from wire.calendar_documents import (
    ComponentOverCountSchema,
    DueRenewalSchema,
    LicenseCountsSchema,
    MissingContactSchema,
)
from wire.calendar_records import (
    DUE_RENEWALS_PATH,
    LICENSE_COUNTS_PATH,
    MISSING_CONTACTS_PATH,
    OVER_COUNTS_PATH,
)
from wire.scopes import LICENSES_READ

if TYPE_CHECKING:
    from collections.abc import Callable

    from database.engine import Database
    from wire.calendar_records import (
        LicenseCounts,
    )
    from wire.serving.bearer import BearerGuard

MOST_DAYS: Final = 3660
_ORGANIZATION: Final = "0b8a3a52-5d5e-4c1c-8f0e-2f6f4f4f6a11"
_DUE_RENEWAL: Final = {
    "key_id": "9f2f3c64-0d8b-4b0e-a5f3-7a1d9a3f5c21",
    "organization_id": _ORGANIZATION,
    "id_number": "Shops north",
    "renewal_date": "2027-01-31",
    "issued_at": "2026-01-31T09:00:00+00:00",
}
_MISSING_CONTACT: Final = {
    "device_id": "5d1c9f3e-8a52-4e0c-9a76-3c1f0c2b7d10",
    "organization_id": _ORGANIZATION,
    "last_contact_at": "2026-06-01T09:00:00+00:00",
}
_OVER_COUNT: Final = {
    "organization_id": _ORGANIZATION,
    "component_code": "xms",
    "since": "2026-05-20T09:00:00+00:00",
    "seats_owned": 5,
    "seats_in_use": 6,
    "until": "2026-06-03T09:00:00+00:00",
}
_COUNTS: Final = {"renewals_due": 12, "expired": 1, "dark": 3, "over_count": 2}
_SECURITY: Final = [{"bearer": [LICENSES_READ]}]


def _days(told: str, *, load_default: int, at_least: int = 0) -> WholeNumber:
    return WholeNumber(
        load_default=load_default,
        validate=validate.Range(min=at_least, max=MOST_DAYS),
        metadata={"description": told},
    )


class DueRenewalQuerySchema(PageQuerySchema):
    """Which renewals."""

    class Meta:
        """As PageQuerySchema."""

        unknown = RAISE

    cursor = Cursor(date, str, load_default=None)
    within_days = _days("How many days ahead the renewal date lies at most.", load_default=30)
    expired_within_days = _days("How many days ago it passed at most; 0 leaves out what has expired.", load_default=0)


class MissingContactQuerySchema(PageQuerySchema):
    """Which contacts."""

    class Meta:
        """As PageQuerySchema."""

        unknown = RAISE

    at_least_days = _days("How many days ago the last contact was at least.", load_default=3)
    at_most_days = _days("How many days ago it was at most.", load_default=MOST_DAYS)


class OverCountQuerySchema(PageQuerySchema):
    """Which page of over-counts."""

    class Meta:
        """As PageQuerySchema."""

        unknown = RAISE

    cursor = Cursor(datetime, str, str, load_default=None)


class DueRenewalPageSchema(PageSchema):
    """License keys that are to be renewed, the soonest first."""

    class Meta:
        """As PageSchema."""

        unknown = EXCLUDE

    items = fields.List(fields.Nested(DueRenewalSchema), required=True)


class MissingContactPageSchema(PageSchema):
    """Devices without contact, those of the longest ago first."""

    class Meta:
        """As PageSchema."""

        unknown = EXCLUDE

    items = fields.List(fields.Nested(MissingContactSchema), required=True)


class OverCountPageSchema(PageSchema):
    """Over-counts, those that began the longest ago first."""

    class Meta:
        """As PageSchema."""

        unknown = EXCLUDE

    items = fields.List(fields.Nested(ComponentOverCountSchema), required=True)


def reminder_routes(database: Database, guard: BearerGuard, now: Callable[[], datetime]) -> ApiBlueprint:
    routes = ApiBlueprint("reminders", __name__, description="What reminders are made of")

    @routes.route(DUE_RENEWALS_PATH, methods=["GET"])
    @guard.requires(LICENSES_READ)
    @routes.arguments(DueRenewalQuerySchema, location="query")
    @routes.response(200, DueRenewalPageSchema, example=page_example(_DUE_RENEWAL), description="Perhaps none")
    @refuses(routes, query=True)
    @routes.doc(operationId="list_due_renewals", security=_SECURITY)
    def due(query: dict[str, Any]) -> dict[str, Any]:
        """List the active license keys that are to be renewed, the soonest first."""
        return page_document(list_due_renewals(database, **query, now=now()))

    @routes.route(MISSING_CONTACTS_PATH, methods=["GET"])
    @guard.requires(LICENSES_READ)
    @routes.arguments(MissingContactQuerySchema, location="query")
    @routes.response(200, MissingContactPageSchema, example=page_example(_MISSING_CONTACT), description="Perhaps none")
    @refuses(routes, query=True)
    @routes.doc(operationId="list_missing_contacts", security=_SECURITY)
    def missing(query: dict[str, Any]) -> dict[str, Any]:
        """List the devices that hold a seat and were not in contact for days, those of the longest ago first."""
        return page_document(list_missing_contacts(database, **query, now=now()))

    @routes.route(OVER_COUNTS_PATH, methods=["GET"])
    @guard.requires(LICENSES_READ)
    @routes.arguments(OverCountQuerySchema, location="query")
    @routes.response(200, OverCountPageSchema, example=page_example(_OVER_COUNT), description="Perhaps none")
    @refuses(routes, query=True)
    @routes.doc(operationId="list_over_counts", security=_SECURITY)
    def over(query: dict[str, Any]) -> dict[str, Any]:
        """List what organizations say they use more of than they own, the longest ago first.

        A page may hold fewer than its limit: what fits again, but was not checked in since, is left out.
        """
        return page_document(list_over_counts(database, **query, now=now()))

    @routes.route(LICENSE_COUNTS_PATH, methods=["GET"])
    @guard.requires(LICENSES_READ)
    @routes.response(200, LicenseCountsSchema, example=_COUNTS, description="The numbers")
    @refuses(routes)
    @routes.doc(operationId="count_licenses", security=_SECURITY)
    def numbers() -> LicenseCounts:
        """Count what is due, expired, dark and over, of all organizations."""
        return count_licenses(database, now=now())

    return routes
