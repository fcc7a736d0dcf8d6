"""The settings of license_service: read once, at the start, from the environment."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from cryptography.fernet import Fernet
from marshmallow import EXCLUDE, Schema, ValidationError, fields, post_load
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from license_service.domain.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Mapping

_DATABASE_URL: Final = "a database URL such as sqlite:////var/lib/tillpass/license.db"


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that differs from one installation to the next."""

    database_url: str = field(repr=False)
    """Where the records are; it may carry a password."""

    public_url: str
    """The address that callers use; its host is the one that requests may name (T40)."""

    issuer: str
    """The `iss` of the access tokens that open this API: auth_service's public URL."""

    jwks_uri: str
    """Where the issuer's public keys are fetched."""

    key_folder: Path
    """The folder of the keys that access keys are signed with; this service's own."""

    secret_keys: tuple[str, ...] = field(default=(), repr=False)
    """Seal the secrets of webhooks: the first seals, each opens what it sealed. None: there are no webhooks."""

    webhooks_to_loopback: bool = False
    """Whether webhooks may be sent to this machine, and there without TLS: for development."""

    @property
    def public_host(self) -> str:
        return str(urlsplit(self.public_url).hostname)


def load_settings(environ: Mapping[str, str]) -> Settings:
    """Read the settings. Raises SettingsError, which names every variable that is missing or wrong."""
    given = {name: value for name, value in environ.items() if value.strip()}
    try:
        settings: Settings = _SettingsSchema().load(given)
    except ValidationError as fault:
        lines = [f"  {name}: {' '.join(texts)}" for name, texts in sorted(fault.messages_dict.items())]
        raise SettingsError("\n".join(["license_service cannot start. Set these variables:", *lines])) from fault
    return settings


def _database_url(value: str) -> None:
    try:
        backend = make_url(value).get_backend_name()
    except ArgumentError as fault:
        raise ValidationError(f"wants {_DATABASE_URL}.") from fault
    if backend not in {"sqlite", "postgresql"}:
        raise ValidationError("wants a database URL of SQLite or PostgreSQL.")


def _web_address(value: str) -> None:
    try:
        parts = urlsplit(value)
        good = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
    except ValueError:
        good = False
    if not good:
        raise ValidationError("wants an http or https URL.")


class _SecretKeys(fields.Field[tuple[str, ...]]):
    def _deserialize(self, value: Any, *_: Any, **__: Any) -> tuple[str, ...]:  # noqa: ANN401 - marshmallow's signature
        keys = tuple(key.strip() for key in value.split(","))
        try:
            for key in keys:
                Fernet(key)
        except ValueError as fault:
            wanted = "wants Fernet keys, 32 random bytes in URL-safe base64 each, with commas."
            raise ValidationError(wanted) from fault
        return keys


def _needed(wanted: str) -> dict[str, Any]:
    return {"required": f"is missing. It wants {wanted}."}


class _SettingsSchema(Schema):
    class Meta:
        """The environment holds much that is not ours."""

        unknown = EXCLUDE

    database_url = fields.String(
        required=True,
        data_key="LICENSE_DATABASE_URL",
        validate=_database_url,
        error_messages=_needed(_DATABASE_URL),
    )
    public_url = fields.String(
        required=True,
        data_key="LICENSE_PUBLIC_URL",
        validate=_web_address,
        error_messages=_needed("this service's URL as its callers write it"),
    )
    issuer = fields.String(
        required=True,
        data_key="LICENSE_ISSUER",
        validate=_web_address,
        error_messages=_needed("auth_service's public URL, exactly as its tokens name it"),
    )
    key_folder = fields.String(
        required=True,
        data_key="LICENSE_KEY_FOLDER",
        error_messages=_needed("the folder of the signing keys"),
    )
    jwks_uri = fields.String(load_default=None, data_key="LICENSE_JWKS_URI", validate=_web_address)
    secret_keys = _SecretKeys(data_key="LICENSE_SECRET_KEY")
    webhooks_to_loopback = fields.Boolean(
        data_key="LICENSE_WEBHOOKS_TO_LOOPBACK",
        error_messages={"invalid": "wants true or false; without it, false."},
    )

    @post_load
    def _make(self, values: dict[str, Any], **_: object) -> Settings:
        default = f"{values['issuer'].rstrip('/')}/.well-known/jwks.json"
        folder = Path(values["key_folder"])
        return Settings(**{**values, "jwks_uri": values["jwks_uri"] or default, "key_folder": folder})
