"""The documents of check-ins and contacts: what is reported, and what is answered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from marshmallow import EXCLUDE, RAISE, Schema, fields, post_load, validate

from license_service.domain.contact import Contact, ContactState
from license_service.endpoints.paging import PageQuerySchema, PageSchema
from license_service.endpoints.texts import (
    LONGEST_NAME,
    UuidText,
    all_different,
    code_text,
    each_component_once,
    label_text,
)
from wire.check_in import MOST_COMPONENTS, MOST_REGISTERS, CheckInReport, Register
from wire.check_in_documents import ComponentUseSchema

if TYPE_CHECKING:
    from datetime import datetime

MOST_SEATS_IN_USE: Final = 1_000_000

REPORT_EXAMPLE: Final = {
    "software_version": "1.4.0",
    "device_time": "2026-06-01T09:00:00+00:00",
    "seats_in_use": [{"component_code": "xms", "seats": 6}],
    "registers": [{"id": "till-1", "name": "Till 1"}],
}
_USE_EXAMPLE: Final = {
    "component_code": "xms",
    "seats_owned": 5,
    "seats_in_use": 6,
    "outcome": "over_allowed_until",
    "over_count_since": "2026-05-20T09:00:00+00:00",
    "over_count_until": "2026-06-03T09:00:00+00:00",
}
ANSWER_EXAMPLE: Final = {
    "device_id": "5d1c9f3e-8a52-4e0c-9a76-3c1f0c2b7d10",
    "organization_id": "0b8a3a52-5d5e-4c1c-8f0e-2f6f4f4f6a11",
    "license_id": "9f2f3c64-0d8b-4b0e-a5f3-7a1d9a3f5c21",
    "key_status": "active",
    "license_status": "Licensed",
    "renewal_date": "2027-01-31",
    "components": [_USE_EXAMPLE],
    "server_time": "eyJ0eXAiOiJzZXJ2ZXItdGltZStqd3QifQ.eyJpYXQiOjE3ODAzMDQ0MDB9.c2lnbmF0dXJl",
    "next_check_in_after": 87120,
}
CONTACT_EXAMPLE: Final = {
    "device_id": ANSWER_EXAMPLE["device_id"],
    "organization_id": ANSWER_EXAMPLE["organization_id"],
    "state": "in_contact",
    "last_contact_at": "2026-06-01T09:00:00+00:00",
    "warned_at": "2026-06-06T09:00:00+00:00",
    "deactivated_at": "2026-06-09T09:00:00+00:00",
    "checked_in_at": "2026-06-01T09:00:00+00:00",
    "software_version": "1.4.0",
    "clock_skew_seconds": -3,
    "seats_in_use": REPORT_EXAMPLE["seats_in_use"],
    "registers": REPORT_EXAMPLE["registers"],
}
CONTACT_WITH_USE_EXAMPLE: Final = {**CONTACT_EXAMPLE, "components": [_USE_EXAMPLE]}


class SeatsInUseSchema(Schema):
    """How many seats of a component the site uses."""

    class Meta:
        """A field that is not known is refused (T45)."""

        unknown = RAISE

    component_code = code_text(required=True)
    seats = fields.Integer(required=True, strict=True, validate=validate.Range(min=0, max=MOST_SEATS_IN_USE))


class RegisterSchema(Schema):
    """A register that the site uses."""

    class Meta:
        """As SeatsInUseSchema."""

        unknown = RAISE

    id = label_text(required=True, metadata={"description": "As the site names it, unique there."})
    name = label_text(LONGEST_NAME, required=True)

    @post_load
    def _make(self, values: dict[str, Any], **_: object) -> Register:
        return Register(**values)


class CheckInReportSchema(Schema):
    """What a device says of its site."""

    class Meta:
        """As SeatsInUseSchema."""

        unknown = RAISE

    software_version = label_text(required=True)
    device_time = fields.AwareDateTime(
        required=True, format="iso", metadata={"description": "What the device's clock shows."}
    )
    seats_in_use = fields.List(
        fields.Nested(SeatsInUseSchema),
        required=True,
        validate=[validate.Length(max=MOST_COMPONENTS), each_component_once],
    )
    registers = fields.List(
        fields.Nested(RegisterSchema),
        load_default=(),
        validate=[validate.Length(max=MOST_REGISTERS), lambda values: all_different([each.id for each in values])],
    )

    @post_load
    def _make(self, values: dict[str, Any], **_: object) -> CheckInReport:
        seats = {each["component_code"]: each["seats"] for each in values["seats_in_use"]}
        return CheckInReport(**{**values, "seats_in_use": seats, "registers": tuple(values["registers"])})


class ContactSchema(Schema):
    """When a device was last in contact, how it stands by that, and what its last check-in said."""

    class Meta:
        """A newer license_service may say more."""

        unknown = EXCLUDE

    device_id = UuidText(required=True)
    organization_id = UuidText(required=True)
    state = fields.Enum(ContactState, by_value=True, required=True)
    last_contact_at = fields.AwareDateTime(
        required=True,
        format="iso",
        metadata={"description": "Of contacts that are no check-in, one an hour is noted."},
    )
    warned_at = fields.AwareDateTime(
        required=True, format="iso", metadata={"description": "From when on it is warned without another contact."}
    )
    deactivated_at = fields.AwareDateTime(
        required=True, format="iso", metadata={"description": "From when on it is deactivated without another contact."}
    )
    checked_in_at = fields.AwareDateTime(required=True, allow_none=True, format="iso")
    software_version = label_text(required=True, allow_none=True)
    clock_skew_seconds = fields.Integer(
        required=True,
        allow_none=True,
        metadata={"description": "How far the device's clock was ahead of the server's."},
    )
    seats_in_use = fields.List(fields.Nested(SeatsInUseSchema), required=True)
    registers = fields.List(fields.Nested(RegisterSchema), required=True)


class ContactWithUseSchema(ContactSchema):
    """A device's contact, and what its organization owns against what it uses."""

    class Meta:
        """As ContactSchema."""

        unknown = EXCLUDE

    components = fields.List(
        fields.Nested(ComponentUseSchema),
        required=True,
        metadata={"description": "Of the whole organization: what it owns against what all of its sites use."},
    )


class ContactQuerySchema(PageQuerySchema):
    """Which contacts."""

    class Meta:
        """As PageQuerySchema."""

        unknown = RAISE

    organization_id = UuidText()
    state = fields.Enum(ContactState, by_value=True)


class ContactPageSchema(PageSchema):
    """Contacts, those of the longest ago first."""

    class Meta:
        """As PageSchema."""

        unknown = EXCLUDE

    items = fields.List(fields.Nested(ContactSchema), required=True)


_PLAIN_MEMBERS: Final = ContactSchema().fields.keys() & {*Contact.__dataclass_fields__, "warned_at", "deactivated_at"}


def contact_values(contact: Contact, now: datetime) -> dict[str, Any]:
    """Give a contact as ContactSchema dumps it."""
    members = {name: getattr(contact, name) for name in _PLAIN_MEMBERS}
    seats = [{"component_code": code, "seats": count} for code, count in sorted(contact.seats_in_use.items())]
    return {**members, "seats_in_use": seats, "state": contact.state(now)}
