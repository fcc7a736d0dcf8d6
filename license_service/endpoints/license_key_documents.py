"""The documents of license keys: what is asked for, and what is answered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from marshmallow import EXCLUDE, RAISE, Schema, fields, post_load, validate

from license_service.domain.license_key import (
    DEFAULT_RENEWAL_WINDOW_DAYS,
    KeyStatus,
    KeyTerms,
    LicenseKey,
    OverCountPolicy,
)
from license_service.domain.renewal import status_of
from license_service.endpoints.paging import PageQuerySchema, PageSchema
from license_service.endpoints.texts import UuidText, code_text, each_component_once, label_text
from wire.license_status import LicenseStatus

if TYPE_CHECKING:
    from datetime import datetime

_LAST_DAY: Final = "The last day of the key, in UTC; null for a perpetual one."
MOST_SEATS: Final = 1_000_000
MOST_COMPONENTS: Final = 100
LONGEST_WINDOW_DAYS: Final = 3660
MOST_PERCENT: Final = 100
LONGEST_OVER_COUNT_DAYS: Final = 365

TERMS_EXAMPLE: Final = {
    "id_number": "Shops north",
    "profile_code": "standard",
    "components": [{"component_code": "xms", "seats": 5}],
    "renewal_date": "2027-01-31",
    "renewal_window_days": 30,
    "over_count": {"percent": 20, "days": 14},
}
KEY_EXAMPLE: Final = {
    "id": "9f2f3c64-0d8b-4b0e-a5f3-7a1d9a3f5c21",
    "agreement_id": "3f8e2d17-6c5b-4b1a-9b0e-5a6b7c8d9e10",
    "organization_id": "0b8a3a52-5d5e-4c1c-8f0e-2f6f4f4f6a11",
    **TERMS_EXAMPLE,
    "components": [
        {
            "component_code": "xms",
            "seats": 5,
            "seats_claimed": 6,
            "over_count_since": "2026-07-01T12:00:00+00:00",
            "over_count_until": "2026-07-15T12:00:00+00:00",
        }
    ],
    "status": "active",
    "license_status": "Licensed",
    "version": 1,
    "issued_at": "2026-06-01T09:00:00+00:00",
    "replaced_by": None,
}


class ComponentSeatsSchema(Schema):
    """How many units of a component are sold."""

    class Meta:
        """A field that is not known is refused (T45)."""

        unknown = RAISE

    component_code = code_text(required=True)
    seats = fields.Integer(required=True, strict=True, validate=validate.Range(min=1, max=MOST_SEATS))


class OverCountSchema(Schema):
    """How many devices more may sit, and for how long."""

    class Meta:
        """As ComponentSeatsSchema."""

        unknown = RAISE

    percent = fields.Integer(required=True, strict=True, validate=validate.Range(min=1, max=MOST_PERCENT))
    days = fields.Integer(required=True, strict=True, validate=validate.Range(min=1, max=LONGEST_OVER_COUNT_DAYS))

    @post_load
    def _make(self, values: dict[str, Any], **_: object) -> OverCountPolicy:
        return OverCountPolicy(**values)


class IdNumberSchema(Schema):
    """ID # of a key."""

    class Meta:
        """As ComponentSeatsSchema."""

        unknown = RAISE

    id_number = label_text(required=True, metadata={"description": "ID #: the customer's label for the key."})


class RenewalSchema(Schema):
    """Until when a key is renewed."""

    class Meta:
        """As ComponentSeatsSchema."""

        unknown = RAISE

    renewal_date = fields.Date(required=True, allow_none=True, metadata={"description": _LAST_DAY})


class KeyContentsSchema(Schema):
    """What a key opens."""

    class Meta:
        """As ComponentSeatsSchema."""

        unknown = RAISE

    profile_code = code_text(required=True)
    components = fields.List(
        fields.Nested(ComponentSeatsSchema),
        required=True,
        validate=[validate.Length(min=1, max=MOST_COMPONENTS), each_component_once],
    )


class KeyTermsSchema(KeyContentsSchema, IdNumberSchema):
    """What is sold with a key."""

    class Meta:
        """As ComponentSeatsSchema."""

        unknown = RAISE

    renewal_date = fields.Date(load_default=None, allow_none=True, metadata={"description": _LAST_DAY})
    renewal_window_days = fields.Integer(
        load_default=DEFAULT_RENEWAL_WINDOW_DAYS,
        strict=True,
        validate=validate.Range(min=0, max=LONGEST_WINDOW_DAYS),
        metadata={"description": "How many days before the renewal date the key asks to be renewed."},
    )
    over_count = fields.Nested(
        OverCountSchema,
        load_default=None,
        allow_none=True,
        metadata={"description": "What is allowed once every seat is taken; null refuses more at once."},
    )

    @post_load
    def _make(self, values: dict[str, Any], **_: object) -> Any:  # noqa: ANN401 - KeyTerms here, more in a child
        return key_terms(values)


class NewKeySchema(KeyTermsSchema):
    """A key to be issued from an agreement."""

    class Meta:
        """As ComponentSeatsSchema."""

        unknown = RAISE

    agreement_id = UuidText(required=True)

    @post_load
    def _make(self, values: dict[str, Any], **_: object) -> tuple[str, KeyTerms]:
        return values.pop("agreement_id"), key_terms(values)


class KeyComponentSchema(ComponentSeatsSchema):
    """A component of a key."""

    class Meta:
        """A newer license_service may say more."""

        unknown = EXCLUDE

    seats_claimed = fields.Integer(required=True)
    over_count_since = fields.AwareDateTime(required=True, allow_none=True, format="iso")
    over_count_until = fields.AwareDateTime(
        required=True,
        allow_none=True,
        format="iso",
        metadata={"description": "From when on no device more is let sit."},
    )


class LicenseKeySchema(Schema):
    """A license key."""

    class Meta:
        """As KeyComponentSchema."""

        unknown = EXCLUDE

    id = UuidText(required=True)
    agreement_id = UuidText(required=True)
    organization_id = UuidText(required=True)
    id_number = label_text(required=True)
    profile_code = code_text(required=True)
    components = fields.List(fields.Nested(KeyComponentSchema), required=True)
    renewal_date = fields.Date(required=True, allow_none=True)
    renewal_window_days = fields.Integer(required=True)
    over_count = fields.Nested(OverCountSchema, required=True, allow_none=True)
    status = fields.String(required=True, validate=validate.OneOf([each.value for each in KeyStatus]))
    license_status = fields.String(required=True, validate=validate.OneOf([each.value for each in LicenseStatus]))
    version = fields.Integer(required=True)
    issued_at = fields.AwareDateTime(required=True, format="iso")
    replaced_by = UuidText(required=True, allow_none=True)


class LicenseKeyPageSchema(PageSchema):
    """License keys, the oldest first."""

    items = fields.List(fields.Nested(LicenseKeySchema), required=True)


class LicenseKeyQuerySchema(PageQuerySchema):
    """Which license keys are listed."""

    class Meta:
        """As PageQuerySchema."""

        unknown = RAISE

    organization_id = UuidText()
    agreement_id = UuidText()
    id_number = label_text(metadata={"description": "ID #, all of it as it is written."})
    status = fields.String(validate=validate.OneOf([each.value for each in KeyStatus]))


_PLAIN_MEMBERS: Final = LicenseKeySchema().fields.keys() & LicenseKey.__dataclass_fields__.keys()


def key_terms(values: dict[str, Any]) -> KeyTerms:
    """Make the terms from what KeyTermsSchema has loaded."""
    seats = seats_of(values.pop("components"))
    return KeyTerms(**{**values, "seats": seats, "over_count": values["over_count"] or OverCountPolicy()})


def seats_of(components: list[dict[str, Any]]) -> dict[str, int]:
    """Give the numbers of seats by component from what ComponentSeatsSchema has loaded."""
    return {each["component_code"]: each["seats"] for each in components}


def key_values(key: LicenseKey, now: datetime) -> dict[str, Any]:
    """Give a key as LicenseKeySchema dumps it."""
    members = {name: getattr(key, name) for name in _PLAIN_MEMBERS}
    components = [
        {
            "component_code": each.component_code,
            "seats": each.seats,
            "seats_claimed": each.seats_claimed,
            "over_count_since": each.over_count_since,
            "over_count_until": key.over_count.ends_at(each.over_count_since),
        }
        for each in key.components
    ]
    return {
        **members,
        "components": components,
        "over_count": key.over_count if key.over_count.percent else None,
        "license_status": status_of(key, now).value,
    }
