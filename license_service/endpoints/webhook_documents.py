"""The documents of webhook endpoints and their deliveries."""

from __future__ import annotations

from typing import Any, Final

from marshmallow import EXCLUDE, RAISE, Schema, fields, post_load, validate

from license_service.domain.event import EventKind
from license_service.domain.webhook import DeliveryStatus, DisabledReason, EndpointStatus, EndpointTerms
from license_service.domain.webhook_target import LONGEST_URL
from license_service.endpoints.paging import PageQuerySchema, PageSchema
from license_service.endpoints.texts import UuidText, Whole, all_different, label_text

LONGEST_DESCRIPTION: Final = 200
# Of one form, so that nobody reads it in another way than we do. Which of these may be sent to is for the domain.
URL_PATTERN: Final = r'^https?://([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?([/?][!"$-\[\]-~]*)?$'
_WANTED_URL: Final = "Must be an https URL in ASCII, without user, password or fragment."

TERMS_EXAMPLE: Final = {
    "url": "https://hooks.example.com/tillpass",
    "event_types": ["license.activated", "license.expired"],
    "description": "Order management",
    "status": "enabled",
}
ENDPOINT_EXAMPLE: Final = {
    "id": "6f0a2a50-9a30-4f4c-8c57-2f5a3d0a7e21",
    **TERMS_EXAMPLE,
    "disabled_reason": None,
    "disabled_at": None,
    "failures": 0,
    "failing_since": None,
    "former_secret_until": None,
    "version": 1,
    "created_at": "2026-06-01T09:00:00+00:00",
}
SECRET_EXAMPLE: Final = {**ENDPOINT_EXAMPLE, "secret": "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="}
DELIVERY_EXAMPLE: Final = {
    "event_id": "0c8f2a91-3b7d-4e6a-9f10-5d2c7b8e4a63",
    "endpoint_id": ENDPOINT_EXAMPLE["id"],
    "event_type": "license.expired",
    "status": "pending",
    "attempts": 2,
    "created_at": "2026-06-01T09:00:00+00:00",
    "last_attempt_at": "2026-06-01T09:00:06+00:00",
    "last_outcome": "http_503",
    "next_attempt_at": "2026-06-01T09:00:26+00:00",
}


class EndpointTermsSchema(Schema):
    """What is sent where."""

    class Meta:
        """A field that is not known is refused (T45)."""

        unknown = RAISE

    url = fields.String(
        required=True,
        validate=[validate.Length(max=LONGEST_URL), Whole(URL_PATTERN, error=_WANTED_URL)],
        metadata={"description": "An https URL of a public host; where it leads is judged at each attempt."},
    )
    event_types = fields.List(
        fields.Enum(EventKind, by_value=fields.String),
        required=True,
        attribute="event_kinds",
        validate=[validate.Length(min=1), all_different],
        metadata={"uniqueItems": True},
    )
    description = label_text(LONGEST_DESCRIPTION, required=True, metadata={"description": "Which system it is."})
    status = fields.Enum(EndpointStatus, by_value=fields.String, load_default=EndpointStatus.ENABLED)

    @post_load
    def _make(self, values: dict[str, Any], **_: object) -> EndpointTerms:
        return EndpointTerms(**{**values, "event_kinds": tuple(values["event_kinds"])})


class EndpointSchema(EndpointTermsSchema):
    """A webhook endpoint."""

    class Meta:
        """A newer license_service may say more."""

        unknown = EXCLUDE

    id = UuidText(required=True, dump_only=True)
    disabled_reason = fields.Enum(DisabledReason, by_value=fields.String, required=True, allow_none=True)
    disabled_at = fields.AwareDateTime(required=True, allow_none=True, format="iso")
    failures = fields.Integer(
        required=True, metadata={"description": "How many attempts have failed since the last one that did not."}
    )
    failing_since = fields.AwareDateTime(required=True, allow_none=True, format="iso")
    former_secret_until = fields.AwareDateTime(
        required=True,
        allow_none=True,
        format="iso",
        attribute="secrets.former_until",
        metadata={"description": "Until then the secret before the present one signs too."},
    )
    version = fields.Integer(required=True)
    created_at = fields.AwareDateTime(required=True, format="iso")


class EndpointWithSecretSchema(EndpointSchema):
    """A webhook endpoint and its new secret, which is never shown again."""

    class Meta:
        """As EndpointSchema."""

        unknown = EXCLUDE

    secret = fields.String(required=True, metadata={"description": "`whsec_` and 32 random bytes in base64."})


class EndpointPageSchema(PageSchema):
    """Webhook endpoints, the oldest first."""

    items = fields.List(fields.Nested(EndpointSchema), required=True)


class DeliverySchema(Schema):
    """One event on its way to a webhook endpoint."""

    class Meta:
        """As EndpointSchema."""

        unknown = EXCLUDE

    event_id = UuidText(required=True)
    endpoint_id = UuidText(required=True)
    event_type = fields.Enum(EventKind, by_value=fields.String, required=True, attribute="event_kind")
    status = fields.Enum(DeliveryStatus, by_value=fields.String, required=True)
    attempts = fields.Integer(required=True)
    created_at = fields.AwareDateTime(required=True, format="iso")
    last_attempt_at = fields.AwareDateTime(required=True, allow_none=True, format="iso")
    last_outcome = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "`http_` and the status, or in a word why there was no answer; never what it said."},
    )
    next_attempt_at = fields.AwareDateTime(required=True, allow_none=True, format="iso")


class DeliveryPageSchema(PageSchema):
    """Deliveries, the oldest first."""

    items = fields.List(fields.Nested(DeliverySchema), required=True)


class DeliveryQuerySchema(PageQuerySchema):
    """Which deliveries are listed."""

    class Meta:
        """As PageQuerySchema."""

        unknown = RAISE

    status = fields.Enum(DeliveryStatus, by_value=fields.String)
