"""What each email's template takes: one schema per template, named as its folder in notify_service/emails/."""

from __future__ import annotations

from typing import Final

from marshmallow import Schema, fields, validate

# A name in an email is one line of at most this length (T51).
_NAME: Final = validate.And(validate.Length(min=1, max=200), validate.ContainsNoneOf("\r\n\x00"))


class DeviceAuthorizedContext(Schema):
    """To the owners of an organization: an operator has authorized one of its devices."""

    organization_name = fields.String(required=True, validate=_NAME)
    device_name = fields.String(required=True, validate=_NAME)
    device_id = fields.String(required=True, validate=_NAME)
    operator_name = fields.String(required=True, validate=_NAME)
    authorized_at = fields.AwareDateTime(required=True, format="iso")
    features = fields.List(fields.String(validate=_NAME), required=True)
    requested_from = fields.String(required=True, validate=_NAME)
    devices_url = fields.Url(required=True, schemes={"http", "https"}, require_tld=False)


class LicenseUsedTwiceContext(Schema):
    """To the owners of an organization: two machines went on with the license of one device, which was stopped."""

    organization_name = fields.String(required=True, validate=_NAME)
    device_name = fields.String(required=True, validate=_NAME)
    device_id = fields.String(required=True, validate=_NAME)
    detected_at = fields.AwareDateTime(required=True, format="iso")
    seen_from = fields.String(required=True, validate=_NAME)
    devices_url = fields.Url(required=True, schemes={"http", "https"}, require_tld=False)


CONTEXT_SCHEMAS: Final[dict[str, type[Schema]]] = {
    "device_authorized": DeviceAuthorizedContext,
    "license_used_twice": LicenseUsedTwiceContext,
}
