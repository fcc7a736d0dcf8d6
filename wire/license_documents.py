"""The JSON documents that license_service answers with and its callers load (marshmallow at both ends)."""

from __future__ import annotations

from typing import Any

from marshmallow import EXCLUDE, Schema, fields, post_load, validate

from wire.entitlement import Entitlement


class EntitlementSchema(Schema):
    """The document of `PUT /v1/devices/{device_id}/seat` and `GET /v1/devices/{device_id}/entitlement`."""

    class Meta:
        """A newer license_service may say more than we know."""

        unknown = EXCLUDE

    device_id = fields.String(required=True, validate=validate.Length(min=1, max=64))
    organization_id = fields.String(required=True, validate=validate.Length(min=1, max=64))
    license_id = fields.String(required=True, validate=validate.Length(min=1, max=64))
    features = fields.List(fields.String(validate=validate.Length(min=1, max=64)), required=True)
    renewal_window_days = fields.Integer(required=True, strict=True, validate=validate.Range(min=0, max=3660))
    stated_at = fields.AwareDateTime(required=True, format="iso")
    renewal_date = fields.Date(load_default=None, allow_none=True, format="iso")

    @post_load
    def _make(self, values: dict[str, Any], **_: object) -> Entitlement:
        return Entitlement(**{**values, "features": tuple(values["features"])})
