"""Synchronizations as JSON: what is asked for, what is delivered, and what History shows (S2-9, S2-12, S2-13)."""

from __future__ import annotations

from typing import Any, Final

from marshmallow import EXCLUDE, RAISE, Schema, fields, validate

from license_service.domain.synchronization import MOST_HELD, RunStatus, Trigger
from license_service.endpoints.access_keys import AccessKeySchema
from license_service.endpoints.license_key_documents import KEY_EXAMPLE
from license_service.endpoints.paging import PageQuerySchema, PageSchema
from license_service.endpoints.texts import LONGEST_NAME, UuidText, all_different, label_text

HIGHEST_VERSION: Final = 2**31 - 1
ANY_TRIGGER: Final = "all"
_TRIGGERS: Final = [each.value for each in Trigger]
_RECEIPT: Final = (
    "To be kept as proof: a JWT of type `synchronization-receipt+jwt`, signed with the key of the access keys."
)
RUN_EXAMPLE: Final = {
    "id": "7e57c0de-2b1a-4c3d-9e8f-0a1b2c3d4e5f",
    "organization_id": KEY_EXAMPLE["organization_id"],
    "device_id": "5d1c9f3e-8a52-4e0c-9a76-3c1f0c2b7d10",
    "started_by": "Ada at the back office",
    "trigger": "manual",
    "started_at": "2026-06-01T09:00:00+00:00",
    "finished_at": "2026-06-01T09:00:01+00:00",
    "status": "succeeded",
    "added": [{"key_id": KEY_EXAMPLE["id"], "id_number": KEY_EXAMPLE["id_number"]}],
    "changed": [],
    "removed": [],
}
ASKED_EXAMPLE: Final = {
    "organization_id": RUN_EXAMPLE["organization_id"],
    "trigger": "manual",
    "started_by": RUN_EXAMPLE["started_by"],
    "held": [{"key_id": "2b9e6d1c-7a3f-4e58-8c0d-1f2e3d4c5b6a", "version": 2}],
}
RECEIPT_EXAMPLE: Final = "eyJ0eXAiOiJzeW5jaHJvbml6YXRpb24tcmVjZWlwdCtqd3QifQ.eyJqdGkiOiI3ZTU3In0.c2lnbmF0dXJl"


class HeldKeySchema(Schema):
    """A license key that the site has."""

    class Meta:
        """A field that is not known is refused (T45)."""

        unknown = RAISE

    key_id = UuidText(required=True)
    version = fields.Integer(required=True, strict=True, validate=validate.Range(min=1, max=HIGHEST_VERSION))


def _each_key_once(values: list[dict[str, Any]]) -> None:
    all_different([value["key_id"] for value in values])


class AskedSchema(Schema):
    """A synchronization that is asked for."""

    class Meta:
        """As HeldKeySchema."""

        unknown = RAISE

    organization_id = UuidText(required=True)
    trigger = fields.String(
        required=True,
        validate=validate.OneOf(_TRIGGERS),
        metadata={"description": "What sets it off: the site's calendar, once a day, or a person."},
    )
    started_by = label_text(
        LONGEST_NAME,
        load_default=None,
        metadata={
            "description": "Who asks, for the History: a person's or a device's name. By default the caller's id."
        },
    )
    held = fields.List(
        fields.Nested(HeldKeySchema),
        required=True,
        validate=[validate.Length(max=MOST_HELD), _each_key_once],
        metadata={"description": "All license keys that the site has."},
    )


class NamedKeySchema(Schema):
    """A license key that a run changed at the site."""

    class Meta:
        """A newer license_service may say more."""

        unknown = EXCLUDE

    key_id = UuidText(required=True)
    id_number = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "ID # as it was then; null for what is no key of the organization."},
    )


class RunSchema(Schema):
    """A synchronization."""

    class Meta:
        """As NamedKeySchema."""

        unknown = EXCLUDE

    id = UuidText(required=True)
    organization_id = UuidText(required=True)
    device_id = UuidText(required=True, allow_none=True)
    started_by = fields.String(required=True)
    trigger = fields.String(required=True, validate=validate.OneOf(_TRIGGERS))
    started_at = fields.AwareDateTime(required=True, format="iso")
    finished_at = fields.AwareDateTime(required=True, allow_none=True, format="iso")
    status = fields.String(
        required=True,
        validate=validate.OneOf([each.value for each in RunStatus]),
        metadata={"description": "`interrupted`: whoever worked at it did not end it within a minute."},
    )
    added = fields.List(fields.Nested(NamedKeySchema), required=True)
    changed = fields.List(fields.Nested(NamedKeySchema), required=True)
    removed = fields.List(fields.Nested(NamedKeySchema), required=True)


class RunWithReceiptSchema(RunSchema):
    """A synchronization with its receipt."""

    class Meta:
        """As NamedKeySchema."""

        unknown = EXCLUDE

    receipt = fields.String(required=True, allow_none=True, metadata={"description": _RECEIPT})


class DeliveredSchema(RunWithReceiptSchema):
    """A synchronization that succeeded, and what the site is to have from now on."""

    class Meta:
        """As NamedKeySchema."""

        unknown = EXCLUDE

    keys = fields.List(
        fields.Nested(AccessKeySchema),
        required=True,
        metadata={"description": "Every license key to which the organization has access; the site drops any other."},
    )
    revision = fields.Integer(
        required=True, metadata={"description": "What the site activates once it has registered these keys."}
    )


class RunPageSchema(PageSchema):
    """Synchronizations, the newest first."""

    items = fields.List(fields.Nested(RunSchema), required=True)


class RunQuerySchema(PageQuerySchema):
    """Which synchronizations are listed."""

    class Meta:
        """As PageQuerySchema."""

        unknown = RAISE

    organization_id = UuidText()
    trigger = fields.String(
        load_default=Trigger.MANUAL.value,
        validate=validate.OneOf([*_TRIGGERS, ANY_TRIGGER]),
        metadata={"description": "What set them off."},
    )
