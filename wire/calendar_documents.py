"""The JSON documents of what the calendar reads (marshmallow at both ends): the records in wire/calendar_records.py."""

from __future__ import annotations

from typing import Any, Final

from marshmallow import EXCLUDE, Schema, fields, post_load, validate

from wire.calendar_records import DueRenewal, LicenseCounts, MissingContact, OrganizationRecipients, OverCount

_ID: Final = validate.Length(min=1, max=64)


class DueRenewalSchema(Schema):
    """An active license key whose renewal date is near or has passed."""

    class Meta:
        """A newer service may say more than we know."""

        unknown = EXCLUDE

    key_id = fields.String(required=True, validate=_ID)
    organization_id = fields.String(required=True, validate=_ID)
    id_number = fields.String(required=True, validate=_ID)
    renewal_date = fields.Date(
        required=True, format="iso", metadata={"description": "The last day of the key, in UTC."}
    )
    issued_at = fields.AwareDateTime(required=True, format="iso")

    @post_load
    def _make(self, values: dict[str, Any], **_: object) -> DueRenewal:
        return DueRenewal(**values)


class MissingContactSchema(Schema):
    """A device that holds a seat and was not in contact for days."""

    class Meta:
        """As DueRenewalSchema."""

        unknown = EXCLUDE

    device_id = fields.String(required=True, validate=_ID)
    organization_id = fields.String(required=True, validate=_ID)
    last_contact_at = fields.AwareDateTime(required=True, format="iso")

    @post_load
    def _make(self, values: dict[str, Any], **_: object) -> MissingContact:
        return MissingContact(**values)


class ComponentOverCountSchema(Schema):
    """A component of which an organization uses more than it owns."""

    class Meta:
        """As DueRenewalSchema."""

        unknown = EXCLUDE

    organization_id = fields.String(required=True, validate=_ID)
    component_code = fields.String(required=True, validate=_ID)
    since = fields.AwareDateTime(
        required=True, format="iso", metadata={"description": "The first instant of over-use."}
    )
    seats_owned = fields.Integer(required=True, strict=True)
    seats_in_use = fields.Integer(required=True, strict=True)
    until = fields.AwareDateTime(
        required=True,
        allow_none=True,
        format="iso",
        metadata={"description": "Until when it is allowed; null where it is refused at once."},
    )

    @post_load
    def _make(self, values: dict[str, Any], **_: object) -> OverCount:
        return OverCount(**values)


class LicenseCountsSchema(Schema):
    """How the vendor's customers stand, in numbers."""

    class Meta:
        """As DueRenewalSchema."""

        unknown = EXCLUDE

    renewals_due = fields.Integer(
        required=True, strict=True, metadata={"description": "Active license keys that end within 30 days."}
    )
    expired = fields.Integer(
        required=True, strict=True, metadata={"description": "Active license keys whose renewal date has passed."}
    )
    dark = fields.Integer(
        required=True, strict=True, metadata={"description": "Devices with a seat, without contact for 8 days."}
    )
    over_count = fields.Integer(
        required=True,
        strict=True,
        metadata={"description": "Components that an organization uses more of than it owns."},
    )

    @post_load
    def _make(self, values: dict[str, Any], **_: object) -> LicenseCounts:
        return LicenseCounts(**values)


class OrganizationRecipientsSchema(Schema):
    """Who is told what concerns an organization, and in which language."""

    class Meta:
        """As DueRenewalSchema."""

        unknown = EXCLUDE

    organization_name = fields.String(required=True, validate=validate.Length(min=1, max=200))
    locale = fields.String(required=True, validate=validate.Length(min=2, max=8))
    owners = fields.List(fields.String(), required=True)

    @post_load
    def _make(self, values: dict[str, Any], **_: object) -> OrganizationRecipients:
        return OrganizationRecipients(**{**values, "owners": tuple(values["owners"])})


class VendorRecipientsSchema(Schema):
    """The addresses of the vendor's staff."""

    class Meta:
        """As DueRenewalSchema."""

        unknown = EXCLUDE

    addresses = fields.List(fields.String(), required=True)


class DeviceNameSchema(Schema):
    """What a device is called."""

    class Meta:
        """As DueRenewalSchema."""

        unknown = EXCLUDE

    id = fields.String(required=True, validate=_ID)
    name = fields.String(required=True, validate=validate.Length(min=1, max=200))


class DeviceNamesSchema(Schema):
    """Those of the asked-for devices that the organization has."""

    class Meta:
        """As DueRenewalSchema."""

        unknown = EXCLUDE

    devices = fields.List(fields.Nested(DeviceNameSchema), required=True)
