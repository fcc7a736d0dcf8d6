"""The JSON documents that license_service answers with and its callers load (marshmallow at both ends)."""

from __future__ import annotations

from typing import Any, Final

from marshmallow import EXCLUDE, Schema, ValidationError, fields, post_load, validate

from wire.entitlement import Entitlement


def _whole(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError as fault:
        # JSON can say half a character (\ud83e), but nobody can store or sign it.
        raise ValidationError("It holds half a character.") from fault


_NAME: Final = (validate.Length(min=1, max=64), _whole)


class EntitlementSchema(Schema):
    """The document of `PUT /v1/devices/{device_id}/seat` and `GET /v1/devices/{device_id}/entitlement`."""

    class Meta:
        """A newer license_service may say more than we know."""

        unknown = EXCLUDE

    device_id = fields.String(required=True, validate=_NAME)
    organization_id = fields.String(required=True, validate=_NAME)
    license_id = fields.String(required=True, validate=_NAME)
    features = fields.List(fields.String(validate=_NAME), required=True)
    renewal_window_days = fields.Integer(required=True, strict=True, validate=validate.Range(min=0, max=3660))
    stated_at = fields.AwareDateTime(required=True, format="iso")
    renewal_date = fields.Date(load_default=None, allow_none=True, format="iso")

    @post_load
    def _make(self, values: dict[str, Any], **_: object) -> Entitlement:
        return Entitlement(**{**values, "features": tuple(values["features"])})
