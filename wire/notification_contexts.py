"""What each email's template takes: one schema per template, named as its folder in notify_service/emails/.

Only `verify_address`, `activate_group` and `license_code` carry a secret; no template carries a password (T55).
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, Final

from marshmallow import Schema, fields, validate

if TYPE_CHECKING:
    from collections.abc import Mapping

# A name in an email is one line of at most this length (T51).
_ONE_LINE: Final = validate.And(validate.Length(min=1, max=200), validate.ContainsNoneOf("\r\n\x00"))
# The URL's own check lets a line end follow.
_ASCII: Final = validate.Regexp(r"\A[\x21-\x7e]{1,2000}\Z", error="Not a URL of printable ASCII.")
_LICENSE_KEY: Final = validate.Regexp(r"\A[A-Za-z0-9-]{1,4000}\Z", error="Not the text of an access key.")


def _name() -> fields.String:
    return fields.String(required=True, validate=_ONE_LINE)


def _url() -> fields.Url:
    return fields.Url(required=True, schemes={"http", "https"}, require_tld=False, validate=_ASCII)


def _instant() -> fields.AwareDateTime:
    return fields.AwareDateTime(required=True, format="iso")


def _count() -> fields.Integer:
    return fields.Integer(required=True, strict=True, validate=validate.Range(min=0))


class VerifyAddressContext(Schema):
    """To whoever is said to administer a new group: prove that the address is yours (S1-32)."""

    group_name = _name()
    verify_url = _url()
    code = _name()
    expires_at = _instant()
    code_expires_at = _instant()


class ActivateGroupContext(Schema):
    """To the proven address of a new group: activate the group (S1-33)."""

    group_name = _name()
    activate_url = _url()
    code = _name()
    expires_at = _instant()
    code_expires_at = _instant()


class LicenseCodeContext(Schema):
    """To the proven address of an activated group: its license key, which is an access key's text (S1-34)."""

    group_name = _name()
    license_key = fields.String(required=True, validate=_LICENSE_KEY)
    profile_name = _name()
    renewal_date = fields.Date(required=True, allow_none=True)
    connect_url = _url()


class AlreadyRegisteredContext(Schema):
    """To an address that is known here, when somebody registers a group with it (T36)."""

    sign_in_url = _url()
    requested_at = _instant()


class DeviceAuthorizedContext(Schema):
    """To the owners of an organization: an operator has authorized one of its devices."""

    organization_name = _name()
    device_name = _name()
    device_id = _name()
    operator_name = _name()
    authorized_at = _instant()
    features = fields.List(fields.String(validate=_ONE_LINE), required=True)
    requested_from = _name()
    devices_url = _url()


class DeviceDeniedContext(Schema):
    """To the owners of an organization: an operator has refused to authorize one of its devices."""

    organization_name = _name()
    device_name = _name()
    device_id = _name()
    operator_name = _name()
    denied_at = _instant()
    requested_from = _name()
    devices_url = _url()


class DeviceReuseDetectedContext(Schema):
    """To the owners of an organization: two machines went on with the license of one device, which was stopped."""

    organization_name = _name()
    device_name = _name()
    device_id = _name()
    detected_at = _instant()
    seen_from = _name()
    devices_url = _url()


class PasswordChangedContext(Schema):
    """The owners learn of a changed Group Password, a person of the own account's; nobody what it is (T55)."""

    organization_name = _name()
    password = fields.String(required=True, validate=validate.OneOf(["cloud_account", "group"]))
    changed_at = _instant()
    requested_from = _name()
    portal_url = _url()


class RequiresRenewalContext(Schema):
    """To the owners of an organization: the renewal date of a license key is near (S3-16)."""

    organization_name = _name()
    id_number = _name()
    renewal_date = fields.Date(required=True)
    days_left = _count()
    portal_url = _url()


class LicenseExpiredContext(Schema):
    """To the owners of an organization: the renewal date of a license key has passed (S3-17)."""

    organization_name = _name()
    id_number = _name()
    renewal_date = fields.Date(required=True)
    portal_url = _url()


class ContactMissingContext(Schema):
    """To the owners of an organization: a device has been without contact for days (S1-4, S1-5, S1-6)."""

    organization_name = _name()
    device_name = _name()
    device_id = _name()
    last_contact_at = _instant()
    days = _count()
    deactivated = fields.Boolean(required=True)
    portal_url = _url()


class OverCountContext(Schema):
    """To the owners of an organization: more seats of a component are used than owned (S1-11)."""

    organization_name = _name()
    component_code = _name()
    owned = _count()
    used = _count()
    allowed_until = fields.AwareDateTime(required=True, allow_none=True, format="iso")
    portal_url = _url()


class VendorDigestContext(Schema):
    """To the vendor's staff: one day in numbers."""

    day = fields.Date(required=True)
    renewals_due = _count()
    expired = _count()
    dark = _count()
    over_count = _count()
    failed_emails = _count()
    portal_url = _url()


CONTEXT_SCHEMAS: Final[dict[str, type[Schema]]] = {
    "verify_address": VerifyAddressContext,
    "activate_group": ActivateGroupContext,
    "license_code": LicenseCodeContext,
    "already_registered": AlreadyRegisteredContext,
    "device_authorized": DeviceAuthorizedContext,
    "device_denied": DeviceDeniedContext,
    "device_reuse_detected": DeviceReuseDetectedContext,
    "password_changed": PasswordChangedContext,
    "requires_renewal": RequiresRenewalContext,
    "license_expired": LicenseExpiredContext,
    "contact_missing": ContactMissingContext,
    "over_count": OverCountContext,
    "vendor_digest": VendorDigestContext,
}

QUEUE_NAME: Final = "notifications"
FIRST_QUEUE_NAME: Final = "notifications_first"
"""For emails that somebody sits and waits for; a crowd on the other queue never holds them up (F39)."""

QUEUE_NAMES: Final = (FIRST_QUEUE_NAME, QUEUE_NAME)
"""In the order in which they are served."""

_WAITED_FOR: Final = frozenset(
    {"verify_address", "activate_group", "license_code", "already_registered", "password_changed"}
)
QUEUE_OF_TEMPLATE: Final[dict[str, str]] = {
    template: FIRST_QUEUE_NAME if template in _WAITED_FOR else QUEUE_NAME for template in CONTEXT_SCHEMAS
}


def links_in(template: str, context: Mapping[str, Any]) -> dict[str, str]:
    """Give every link that an email of this template would carry, by the name of its field."""
    return {name: context[name] for name in _links_of(CONTEXT_SCHEMAS[template]) if name in context}


@functools.cache
def _links_of(schema: type[Schema]) -> tuple[str, ...]:
    # Making a schema copies all of its fields, and this is asked for every email.
    return tuple(name for name, field in schema().fields.items() if isinstance(field, fields.Url))
