"""The JSON document that answers a check-in (marshmallow at both ends): the records in wire/check_in.py."""

from __future__ import annotations

from typing import Any

from marshmallow import EXCLUDE, Schema, fields, post_load, validate

from wire.check_in import CheckInAnswer, ComponentUse, OverCountOutcome
from wire.license_status import LicenseStatus


class ComponentUseSchema(Schema):
    """What is owned of a component against what is used."""

    class Meta:
        """A newer license_service may say more than we know."""

        unknown = EXCLUDE

    component_code = fields.String(required=True, validate=validate.Length(min=1, max=64))
    seats_owned = fields.Integer(required=True, strict=True)
    seats_in_use = fields.Integer(required=True, strict=True)
    outcome = fields.Enum(
        OverCountOutcome,
        by_value=True,
        required=True,
        metadata={"description": "`over_allowed_until` is until `over_count_until`; then it is `over_refused`."},
    )
    over_count_since = fields.AwareDateTime(
        required=True,
        allow_none=True,
        format="iso",
        metadata={"description": "The first instant of over-use; null where there is none."},
    )
    over_count_until = fields.AwareDateTime(
        required=True,
        allow_none=True,
        format="iso",
        metadata={"description": "From when on it is refused; null where it is not over, or never allowed."},
    )

    @post_load
    def _make(self, values: dict[str, Any], **_: object) -> ComponentUse:
        return ComponentUse(**values)


class CheckInAnswerSchema(Schema):
    """The document that answers a check-in."""

    class Meta:
        """As ComponentUseSchema."""

        unknown = EXCLUDE

    device_id = fields.String(required=True, validate=validate.Length(min=1, max=64))
    organization_id = fields.String(required=True, validate=validate.Length(min=1, max=64))
    license_id = fields.String(required=True, validate=validate.Length(min=1, max=64))
    key_status = fields.String(required=True, metadata={"description": "Of the license key, such as `active`."})
    license_status = fields.Enum(LicenseStatus, by_value=True, required=True)
    renewal_date = fields.Date(required=True, allow_none=True, format="iso")
    components = fields.List(fields.Nested(ComponentUseSchema), required=True)
    server_time = fields.String(
        required=True, metadata={"description": "A JWT of type `server-time+jwt`, signed with a key of the JWK Set."}
    )
    next_check_in_after = fields.Integer(
        required=True, strict=True, validate=validate.Range(min=1), metadata={"description": "In seconds."}
    )

    @post_load
    def _make(self, values: dict[str, Any], **_: object) -> CheckInAnswer:
        return CheckInAnswer(**{**values, "components": tuple(values["components"])})
