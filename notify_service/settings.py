"""The settings of notify_service: NOTIFY_* variables, read once, all faults reported together."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field, replace
from email.errors import HeaderParseError
from email.headerregistry import Address
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from cryptography.fernet import Fernet
from marshmallow import EXCLUDE, ValidationError, fields, post_load, validate, validates_schema
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from notify_service.calendar_settings import CalendarFields, take_calendar_settings
from notify_service.domain.errors import SettingsError
from notify_service.domain.limit import LIMITS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from notify_service.calendar_settings import CalendarSettings
    from notify_service.domain.limit import Limits

PREFIX: Final = "NOTIFY_"
LONGEST_ADDRESS: Final = 254
SMTP_SECURITIES: Final = ("none", "starttls", "tls")


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that differs from one installation to another."""

    database_url: str = field(repr=False)
    """NOTIFY_DATABASE_URL: sqlite:///… or postgresql+psycopg://…"""
    redis_url: str = field(repr=False)
    """NOTIFY_REDIS_URL: the queue, redis://… or rediss://…"""
    public_url: str
    """NOTIFY_PUBLIC_URL: where callers reach the status API; its host is the only trusted one beside loopback."""
    issuer: str
    """NOTIFY_ISSUER: whose access tokens open the status API."""
    jwks_uri: str
    """NOTIFY_JWKS_URI: the issuer's keys; {issuer}/.well-known/jwks.json unless told otherwise."""
    portal_url: str
    """NOTIFY_PORTAL_URL: the one place that links in emails may lead to; the issuer unless told otherwise."""
    notification_key: str = field(repr=False)
    """NOTIFY_NOTIFICATION_KEY: the Fernet key under which senders seal their messages."""
    smtp_host: str
    """NOTIFY_SMTP_HOST"""
    smtp_port: int
    """NOTIFY_SMTP_PORT"""
    smtp_security: str
    """NOTIFY_SMTP_SECURITY: starttls, tls, or none for a server on loopback."""
    smtp_username: str | None
    """NOTIFY_SMTP_USERNAME, if the server wants a sign-in."""
    smtp_password: str | None = field(repr=False)
    """NOTIFY_SMTP_PASSWORD, together with the user name."""
    smtp_emails_per_connection: int
    """NOTIFY_SMTP_EMAILS_PER_CONNECTION: so many emails go over one connection; 1 opens one for each."""
    from_address: str
    """NOTIFY_FROM_ADDRESS: the sender of every email."""
    refused_address_days: int
    """NOTIFY_REFUSED_ADDRESS_DAYS: so long an address that was refused for good is not tried; 0 tries it each time."""
    calendar: CalendarSettings | None
    """What reminders take; None: there are none."""
    operations_port: int | None = None
    """NOTIFY_OPERATIONS_PORT: where the status page and the metrics are, beside the API's port; nowhere without it."""
    limits: Limits = LIMITS
    """NOTIFY_LIMIT_…: how many emails an address, an organization and all together may get."""


def load_settings(environ: Mapping[str, str]) -> Settings:
    """Read the settings from `environ`. An empty variable counts as one that is not there.

    Raises SettingsError, whose text names every variable that is missing or wrong.
    """
    given = {
        name.removeprefix(PREFIX).lower(): value
        for name, value in environ.items()
        if name.startswith(PREFIX) and value.strip()
    }
    try:
        settings: Settings = _SettingsSchema(unknown=EXCLUDE).load(given)
    except ValidationError as fault:
        lines = [f"  {PREFIX}{name.upper()}: {' '.join(told)}" for name, told in sorted(fault.messages_dict.items())]
        raise SettingsError("\n".join(["notify_service cannot start. Set these variables:", *lines])) from fault
    return settings


def _database_url(value: str) -> None:
    try:
        backend = make_url(value).get_backend_name()
    except ArgumentError as fault:
        raise ValidationError("wants a database URL such as sqlite:////var/lib/tillpass/notify.db.") from fault
    if backend not in {"sqlite", "postgresql"}:
        raise ValidationError("wants a database URL of SQLite or PostgreSQL.")


def _fernet_key(value: str) -> None:
    try:
        Fernet(value)
    except ValueError as fault:
        raise ValidationError("wants a Fernet key: 32 random bytes in URL-safe base64.") from fault


def _address(value: str) -> None:
    try:
        good = value.isascii() and len(value) <= LONGEST_ADDRESS and bool(Address(addr_spec=value).domain)
    except (HeaderParseError, ValueError, IndexError):
        good = False
    if not good:
        raise ValidationError("wants one address such as no-reply@example.com.")


def _url(schemes: set[str], wants: str) -> Any:  # noqa: ANN401 - marshmallow takes any callable
    def check(value: str) -> None:
        try:
            parts = urlsplit(value)
            good = parts.scheme in schemes and bool(parts.hostname) and parts.port != 0
        except ValueError:
            good = False
        if not good:
            raise ValidationError(wants)

    return check


def _required(check: Any, wants: str) -> fields.String:  # noqa: ANN401 - as above
    return fields.String(required=True, validate=check, error_messages={"required": f"is missing. It {wants}"})


def _number(least: int, most: int, wants: str) -> fields.Integer:
    return fields.Integer(
        load_default=None, validate=validate.Range(least, most, error=wants), error_messages={"invalid": wants}
    )


_LIMIT: Final = "wants a number of emails, 1 at least."
_LIMITS: Final = {
    "limit_verifications": "verification",
    "limit_per_address": "address",
    "limit_per_organization": "organization",
    "limit_overall": "overall",
}
_PRINTABLE: Final = validate.Regexp(r"\A[\x20-\x7e]+\Z", error="wants printable ASCII: SMTP sends nothing else.")
_WEB_URL: Final = "wants an http or https URL."
_EMAILS: Final = "wants a number of emails, 1 to 1000."
_DAYS: Final = "wants a number of days, 0 to 365."


class _SettingsSchema(CalendarFields):
    database_url = _required(_database_url, "wants a database URL such as sqlite:////var/lib/tillpass/notify.db.")
    redis_url = _required(_url({"redis", "rediss"}, "wants a redis or rediss URL."), "wants a redis or rediss URL.")
    public_url = _required(_url({"http", "https"}, _WEB_URL), "wants this service's URL as its callers write it.")
    issuer = _required(
        _url({"http", "https"}, _WEB_URL), "wants auth_service's public URL, exactly as its tokens name it."
    )
    jwks_uri = fields.String(load_default=None, validate=_url({"http", "https"}, _WEB_URL))
    portal_url = fields.String(load_default=None, validate=_url({"http", "https"}, _WEB_URL))
    notification_key = _required(_fernet_key, "wants the Fernet key that the senders seal with.")
    smtp_host = _required(
        validate.Regexp(r"\A[A-Za-z0-9.:_-]+\Z", error="wants a host name."), "wants the mail server's host name."
    )
    smtp_port = fields.Integer(
        required=True,
        validate=validate.Range(1, 65535, error="wants a port, 1 to 65535."),
        error_messages={
            "required": "is missing. It wants the mail server's port, 1 to 65535.",
            "invalid": "wants a port, 1 to 65535.",
        },
    )
    smtp_security = fields.String(
        load_default="starttls", validate=validate.OneOf(SMTP_SECURITIES, error="wants one of {choices}.")
    )
    smtp_username = fields.String(load_default=None, validate=_PRINTABLE)
    smtp_password = fields.String(load_default=None, validate=_PRINTABLE)
    smtp_emails_per_connection = fields.Integer(
        load_default=100,
        validate=validate.Range(1, 1000, error=_EMAILS),
        error_messages={"invalid": _EMAILS},
    )
    from_address = _required(_address, "wants one address such as no-reply@example.com.")
    refused_address_days = fields.Integer(
        load_default=7, validate=validate.Range(0, 365, error=_DAYS), error_messages={"invalid": _DAYS}
    )

    operations_port = _number(1, 65535, "wants a port, 1 to 65535.")
    limit_verifications = _number(1, 10**9, _LIMIT)
    limit_per_address = _number(1, 10**9, _LIMIT)
    limit_per_organization = _number(1, 10**9, _LIMIT)
    limit_overall = _number(1, 10**9, _LIMIT)

    @validates_schema(skip_on_field_errors=False)
    def _secures_the_way(self, values: dict[str, Any], **_: object) -> None:
        host = values.get("smtp_host")
        if host and values.get("smtp_security") == "none" and not _is_loopback(host):
            raise ValidationError("allows 'none' only for a mail server on loopback.", "smtp_security")

    @validates_schema(skip_on_field_errors=False)
    def _has_both_or_neither(self, values: dict[str, Any], **_: object) -> None:
        if values.get("smtp_username") and not values.get("smtp_password"):
            raise ValidationError("is missing, while NOTIFY_SMTP_USERNAME is there.", "smtp_password")
        if values.get("smtp_password") and not values.get("smtp_username"):
            raise ValidationError("is missing, while NOTIFY_SMTP_PASSWORD is there.", "smtp_username")

    @post_load
    def _complete(self, values: dict[str, Any], **_: object) -> Settings:
        values["jwks_uri"] = values["jwks_uri"] or f"{values['issuer'].rstrip('/')}/.well-known/jwks.json"
        values["portal_url"] = values["portal_url"] or values["issuer"]
        calendar = take_calendar_settings(values)
        given = {kind: values.pop(name) for name, kind in _LIMITS.items()}
        chosen = {kind: replace(getattr(LIMITS, kind), most=most) for kind, most in given.items() if most is not None}
        return Settings(**values, calendar=calendar, limits=replace(LIMITS, **chosen))


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
