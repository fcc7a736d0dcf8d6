"""The settings of the calendar: whom it asks, and how it shows who it is. Without them there are no reminders."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

DEFAULT_CLIENT_ID: Final = "notify-service"
_CALENDAR: Final = ("license_service_url", "auth_service_url", "client_id", "client_secret", "client_key_file")


@dataclass(frozen=True, slots=True)
class CalendarSettings:
    """What it takes to ask license_service and auth_service."""

    license_service_url: str
    """NOTIFY_LICENSE_SERVICE_URL: with it there are reminders."""
    auth_service_url: str
    """NOTIFY_AUTH_SERVICE_URL: the issuer unless told otherwise."""
    client_id: str
    """NOTIFY_CLIENT_ID: as which client this service is registered; notify-service unless told otherwise."""
    client_secret: str | None = field(repr=False)
    """NOTIFY_CLIENT_SECRET, or"""
    client_key_file: Path | None
    """NOTIFY_CLIENT_KEY_FILE: a P-256 private key in PEM form, whose public half is registered (private_key_jwt)."""


def _base_url(value: str) -> None:
    try:
        parts = urlsplit(value)
        good = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        good = False
    if not good or parts.query or parts.fragment:
        raise ValidationError("wants an http or https URL.")


class CalendarFields(Schema):
    """The variables of the calendar; all may be missing."""

    license_service_url = fields.String(load_default=None, validate=_base_url)
    auth_service_url = fields.String(load_default=None, validate=_base_url)
    client_id = fields.String(
        load_default=DEFAULT_CLIENT_ID,
        validate=validate.Regexp(r"\A[A-Za-z0-9._-]{1,128}\Z", error="wants a client_id as auth_service gives it."),
    )
    client_secret = fields.String(
        load_default=None,
        validate=validate.Regexp(r"\A[\x21-\x7e]+\Z", error="wants a secret as auth_service gives it."),
    )
    client_key_file = fields.String(load_default=None)

    @validates_schema(skip_on_field_errors=False)
    def _shows_who_it_is(self, values: dict[str, Any], **_: object) -> None:
        shown_by = [name for name in ("client_secret", "client_key_file") if values.get(name)]
        if len(shown_by) > 1:
            raise ValidationError("is not wanted beside NOTIFY_CLIENT_SECRET: one of both.", "client_key_file")
        if shown_by and not values.get("license_service_url"):
            raise ValidationError(f"is missing, while NOTIFY_{shown_by[0].upper()} is there.", "license_service_url")
        if values.get("license_service_url") and not shown_by:
            told = "is missing, and so is NOTIFY_CLIENT_KEY_FILE, while NOTIFY_LICENSE_SERVICE_URL is there."
            raise ValidationError(told, "client_secret")


def take_calendar_settings(values: dict[str, Any]) -> CalendarSettings | None:
    """Take what CalendarFields has loaded out of `values`; None when there are to be no reminders."""
    taken = {name: values.pop(name) for name in _CALENDAR}
    if taken["license_service_url"] is None:
        return None
    key_file = taken["client_key_file"]
    return CalendarSettings(
        **{
            **taken,
            "auth_service_url": taken["auth_service_url"] or values["issuer"],
            "client_key_file": None if key_file is None else Path(key_file),
        }
    )
