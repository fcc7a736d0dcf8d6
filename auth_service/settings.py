"""The settings of auth_service: read once from a given mapping at start, all faults reported together."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from cryptography.fernet import Fernet
from marshmallow import EXCLUDE, Schema, ValidationError, fields, post_load, validate, validates_schema

from auth_service.domain.errors import SettingsError
from auth_service.domain.trial import Trial, read_components
from auth_service.domain.trusted_proxies import NO_PROXIES, TrustedProxies, read_trusted_proxies

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

SHORTEST_SECRET: Final = 32
OFFERED: Final = "offered"
REQUIRED: Final = "required"


DEFAULT_ROTATION_DAYS: Final = 90
LONGEST_ROTATION_DAYS: Final = 3650


@dataclass(frozen=True, slots=True)
class Pkcs11Settings:
    """The PKCS#11 token in which new signing keys are made."""

    module: Path
    """The library of the token's maker."""
    token_label: str
    pin_file: Path
    """Holds the PIN, owner-only."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How this auth_service runs."""

    database_url: str = field(repr=False)
    """SQLAlchemy's URL: `sqlite:////var/lib/tillpass/auth.sqlite3` or `postgresql+psycopg://…`."""
    redis_url: str = field(repr=False)
    issuer: str
    """The public base URL, without a slash at its end: the `iss` of every token (RFC 8414 §2)."""
    secret_key: str = field(repr=False)
    """Signs the portal's cookie and keys the digests of user codes."""
    key_folder: Path
    """Where the signing keys and their state lie, owner-only."""
    license_service_url: str
    notify_service_url: str
    notification_key: str = field(repr=False)
    """Seals messages for notify_service; the same Fernet key there."""
    trusted_proxies: TrustedProxies = NO_PROXIES
    """The proxies that are believed when they say whom they speak for."""
    key_rotation_days: int = DEFAULT_ROTATION_DAYS
    """After how many days another key signs; 0: by hand only."""
    pkcs11: Pkcs11Settings | None = None
    """None: new signing keys are files in `key_folder`."""
    require_dpop: bool = False
    """Whether a device must fix a key when it asks to be authorized."""
    dpop_nonce: str = OFFERED
    """Whether each DPoP proof needs a nonce of ours (`required`), or only that of a client whose clock is wrong."""
    codes_per_address: int = 300
    """How many device authorizations one address may ask for in a minute."""
    codes_per_client: int = 20_000
    """How many one client may ask for in the fifteen minutes that a code lives."""
    trial: Trial = field(default_factory=Trial)
    """What the first license key of a Group gives that registers itself."""

    @property
    def is_https(self) -> bool:
        """Tell whether browsers reach the portal over TLS."""
        return self.issuer.startswith("https://")


def _check_base_url(value: str) -> None:
    parts = urlsplit(value)
    if parts.scheme not in {"http", "https"} or not parts.netloc or parts.path or parts.query or parts.fragment:
        raise ValidationError("wants a base URL such as https://auth.example.com, without a path.")


def _check_issuer(value: str) -> None:
    _check_base_url(value)
    parts = urlsplit(value)
    # RFC 8414 §2 wants https; on one's own machine there is nobody in between.
    if parts.scheme != "https" and parts.hostname not in {"127.0.0.1", "::1", "localhost"}:
        raise ValidationError("wants https, except on 127.0.0.1 or localhost.")


def _check_fernet_key(value: str) -> None:
    try:
        Fernet(value)
    except ValueError as fault:
        raise ValidationError("wants a Fernet key: 32 random bytes in URL-safe base64.") from fault


def _number(name: str) -> fields.Integer:
    wants = "wants a whole number from 1 on."
    return fields.Integer(data_key=name, validate=validate.Range(min=1, error=wants), error_messages={"invalid": wants})


class _Proxies(fields.Field[TrustedProxies]):
    def _deserialize(self, value: Any, *_: Any, **__: Any) -> TrustedProxies:  # noqa: ANN401 - marshmallow's signature
        try:
            return read_trusted_proxies(value)
        except ValueError as fault:
            raise ValidationError("wants networks such as 10.0.0.0/8, 2001:db8::/32 or unix, with commas.") from fault


class _Components(fields.Field[tuple[tuple[str, int], ...]]):
    def _deserialize(self, value: Any, *_: Any, **__: Any) -> tuple[tuple[str, int], ...]:  # noqa: ANN401 - as above
        try:
            return read_components(value)
        except ValueError as fault:
            raise ValidationError("wants codes of the catalog with their seats, such as xms=5,kds=2.") from fault


def _variable(name: str, wants: str, check: Callable[[Any], Any]) -> fields.String:
    missing: dict[str, str | list[Any] | dict[Any, Any]] = {"required": f"is missing. It wants {wants}."}
    return fields.String(required=True, data_key=name, validate=check, error_messages=missing)


_TRIAL: Final = {"trial_profile": "profile_code", "trial_components": "components", "trial_days": "days"}
_PKCS11: Final = ("pkcs11_module", "pkcs11_token_label", "pkcs11_pin_file")


class _SettingsSchema(Schema):
    class Meta:
        """The environment holds much that is not ours."""

        unknown = EXCLUDE

    database_url = _variable(
        "AUTH_DATABASE_URL", "SQLAlchemy's URL of the database, such as sqlite:////var/lib/x", validate.Length(min=1)
    )
    redis_url = _variable("AUTH_REDIS_URL", "a redis:// URL", validate.Regexp(r"\A(rediss?|unix)://"))
    issuer = _variable("AUTH_ISSUER", "the public base URL, such as https://auth.example.com", _check_issuer)
    secret_key = _variable(
        "AUTH_SECRET_KEY",
        f"at least {SHORTEST_SECRET} random characters",
        validate.Length(min=SHORTEST_SECRET, error="wants at least {min} random characters."),
    )
    key_folder = _variable("AUTH_KEY_FOLDER", "the folder of the signing keys", validate.Length(min=1))
    license_service_url = _variable("AUTH_LICENSE_SERVICE_URL", "license_service's base URL", _check_base_url)
    notify_service_url = _variable("AUTH_NOTIFY_SERVICE_URL", "notify_service's base URL", _check_base_url)
    notification_key = _variable(
        "AUTH_NOTIFICATION_KEY", "the Fernet key that notify_service has too", _check_fernet_key
    )
    trusted_proxies = _Proxies(data_key="AUTH_TRUSTED_PROXIES")
    codes_per_address = _number("AUTH_LIMIT_CODES_PER_ADDRESS")
    codes_per_client = _number("AUTH_LIMIT_CODES_PER_CLIENT")
    key_rotation_days = fields.Integer(
        data_key="AUTH_KEY_ROTATION_DAYS",
        load_default=DEFAULT_ROTATION_DAYS,
        validate=validate.Range(0, LONGEST_ROTATION_DAYS, error="wants whole days, 0 to {max}; 0: by hand only."),
        error_messages={"invalid": "wants whole days; 0: by hand only."},
    )
    pkcs11_module = fields.String(data_key="AUTH_PKCS11_MODULE", load_default=None)
    pkcs11_token_label = fields.String(data_key="AUTH_PKCS11_TOKEN_LABEL", load_default=None)
    pkcs11_pin_file = fields.String(data_key="AUTH_PKCS11_PIN_FILE", load_default=None)

    trial_profile = fields.String(data_key="AUTH_TRIAL_PROFILE")
    trial_components = _Components(data_key="AUTH_TRIAL_COMPONENTS")
    trial_days = _number("AUTH_TRIAL_DAYS")

    require_dpop = fields.Boolean(
        data_key="AUTH_REQUIRE_DPOP", error_messages={"invalid": "wants true or false; without it, false."}
    )
    dpop_nonce = fields.String(
        data_key="AUTH_DPOP_NONCE",
        validate=validate.OneOf((OFFERED, REQUIRED), error="wants {choices}; without it, offered."),
    )

    @validates_schema(skip_on_field_errors=False)
    def _check_pkcs11(self, values: dict[str, Any], **_: object) -> None:
        missing = [name for name in _PKCS11 if values.get(name) is None]
        if len(missing) in {0, len(_PKCS11)}:
            return
        text = "is missing. It belongs to the other AUTH_PKCS11_ variables."
        raise ValidationError({str(self.fields[name].data_key): [text] for name in missing})

    @post_load
    def _make(self, values: dict[str, Any], **_: object) -> Settings:
        module, token_label, pin_file = (values.pop(name) for name in _PKCS11)
        pkcs11 = Pkcs11Settings(Path(module), token_label, Path(pin_file)) if module else None
        trial = Trial(**{name: values.pop(field) for field, name in _TRIAL.items() if field in values})
        return Settings(**{**values, "key_folder": Path(values["key_folder"]), "pkcs11": pkcs11, "trial": trial})


def load_settings(environ: Mapping[str, str]) -> Settings:
    """Read the settings.

    Raises SettingsError that names every variable at fault and what it wants; it never repeats a value.
    """
    try:
        settings: Settings = _SettingsSchema().load({name: value for name, value in environ.items() if value.strip()})
    except ValidationError as fault:
        faults = fault.messages if isinstance(fault.messages, dict) else {}
        lines = [f"  {name}: {' '.join(texts)}" for name, texts in sorted(faults.items())]
        raise SettingsError("auth_service cannot start. Set these variables:\n" + "\n".join(lines)) from fault
    return settings
