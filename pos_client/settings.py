"""The settings of pos_client, read once from POS_* variables; all faults are reported together."""

from __future__ import annotations

import json
import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from marshmallow import EXCLUDE, Schema, ValidationError, fields, post_load, pre_load, validate, validates_schema

from pos_client.errors import SettingsError
from pos_client.secure_url import is_secure_url
from wire.errors import AnswerRefusedError
from wire.jwks import read_jwks

if TYPE_CHECKING:
    from collections.abc import Mapping

DEFAULT_CLIENT_ID: Final = "tillpass-pos"
DEFAULT_PUBLIC_URL: Final = "http://127.0.0.1:8004"


LARGEST_KEY_FILE: Final = 64 * 1024


@dataclass(frozen=True, slots=True)
class UpdateSource:
    """Where the update manifest is fetched, and the JWK Set that alone may sign it (S1-13, S1-15)."""

    url: str
    key_set: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Settings:
    """What a POS server's administrator decides."""

    issuer: str
    """Base URL of the authorization server, exactly as it names itself in its metadata."""

    client_id: str
    """The OAuth client that this software is registered as."""

    state_folder: Path
    """Where the license is kept; only its owner may enter."""

    public_url: str
    """Where browsers find the Manage License page; its host is the only one that is answered."""

    ca_file: Path | None
    """Certificates to trust for the authorization server instead of the system's."""

    update_source: UpdateSource | None = None
    """None where this server shall not look for updates."""


def load_settings(environ: Mapping[str, str]) -> Settings:
    """Read the settings from a mapping of variables.

    Raises SettingsError, whose text names each variable at fault and what it wants.
    """
    try:
        settings: Settings = _SettingsSchema().load(dict(environ))
    except ValidationError as fault:
        messages = fault.messages if isinstance(fault.messages, dict) else {}
        lines = [f"{name}: {' '.join(texts)}" for name, texts in sorted(messages.items())]
        raise SettingsError("\n".join(lines)) from fault
    return settings


def _check_issuer(value: str) -> None:
    parts = urlsplit(value) if is_secure_url(value) else None
    if parts is None or parts.query or parts.fragment:
        raise ValidationError(
            "Give the https:// base URL of the authorization server (http:// only for a loopback host)."
        )


def _check_public_url(value: str) -> None:
    try:
        parts = urlsplit(value)
        bad = parts.scheme not in {"http", "https"} or not parts.hostname or parts.port == 0 or ":" in parts.hostname
    except ValueError:
        bad = True
    if bad or parts.path not in {"", "/"} or parts.query or parts.fragment or parts.username is not None:
        raise ValidationError("Give an address such as http://127.0.0.1:8004: scheme, name or IPv4 address, port.")


def _check_file(value: str) -> None:
    try:
        ssl.create_default_context(cafile=value)
    except (OSError, ValueError) as fault:
        raise ValidationError("Give the path of a file with certificates in PEM form, or leave it unset.") from fault


def _check_web_address(value: str) -> None:
    # Plain http is what the update service is for: the manifest is signed.
    try:
        parts = urlsplit(value)
        bad = parts.scheme not in {"http", "https"} or not parts.hostname or parts.port == 0
    except ValueError:
        bad = True
    if bad or parts.username is not None or not value.isprintable() or " " in value:
        raise ValidationError(
            "Give the address of the update manifest, such as http://updates.example/update-manifest."
        )


def _read_key_set(value: str) -> dict[str, Any]:
    try:
        with Path(value).open("rb") as file:
            document = json.loads(file.read(LARGEST_KEY_FILE))
        read_jwks(document)
    except (OSError, ValueError, RecursionError, AnswerRefusedError) as fault:
        raise ValidationError("Give the path of a file with the vendor's JWK Set for updates.") from fault
    # Only the set itself is kept.
    return {"keys": document["keys"]}


class _KeySetFile(fields.String):
    """The path of a file, which is read at once: what is pinned does not change while we run."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **more: Any) -> Any:  # noqa: ANN401 - as overridden
        return _read_key_set(super()._deserialize(value, attr, data, **more))


def _check_absolute(value: str) -> None:
    if not Path(value).is_absolute() or not value.isprintable():
        raise ValidationError("Give the absolute path of a folder.")


class _SettingsSchema(Schema):
    class Meta:
        """The environment holds much that is not ours."""

        unknown = EXCLUDE

    issuer = fields.String(
        required=True,
        data_key="POS_ISSUER",
        validate=_check_issuer,
        error_messages={"required": "Set it to the https:// base URL of the authorization server."},
    )
    client_id = fields.String(
        load_default=DEFAULT_CLIENT_ID,
        data_key="POS_CLIENT_ID",
        validate=validate.Regexp(r"\A[\x21-\x7e]{1,64}\Z", error="Use 1 to 64 visible ASCII characters."),
    )
    state_folder = fields.String(
        required=True,
        data_key="POS_STATE_FOLDER",
        validate=_check_absolute,
        error_messages={"required": "Set it to the absolute path of a folder that is for the license alone."},
    )
    public_url = fields.String(load_default=DEFAULT_PUBLIC_URL, data_key="POS_PUBLIC_URL", validate=_check_public_url)
    ca_file = fields.String(load_default=None, data_key="POS_CA_FILE", validate=_check_file)
    update_url = fields.String(load_default=None, data_key="POS_UPDATE_URL", validate=_check_web_address)
    update_keys = _KeySetFile(load_default=None, data_key="POS_UPDATE_KEYS")

    @validates_schema
    def _check_pair(self, values: dict[str, Any], **_: object) -> None:
        if (values["update_url"] is None) != (values["update_keys"] is None):
            missing = "POS_UPDATE_URL" if values["update_url"] is None else "POS_UPDATE_KEYS"
            raise ValidationError("POS_UPDATE_URL and POS_UPDATE_KEYS are of use together only.", missing)

    @pre_load
    def _drop_empty(self, values: dict[str, str], **_: object) -> dict[str, str]:
        # An empty variable is how a shell or a unit file says "not set".
        return {name: value.strip() for name, value in values.items() if value.strip()}

    @post_load
    def _make(self, values: dict[str, Any], **_: object) -> Settings:
        ca_file, update_url = values["ca_file"], values["update_url"]
        return Settings(
            issuer=values["issuer"],
            client_id=values["client_id"],
            state_folder=Path(values["state_folder"]),
            public_url=values["public_url"].rstrip("/"),
            ca_file=Path(ca_file) if ca_file else None,
            update_source=UpdateSource(update_url, values["update_keys"]) if update_url else None,
        )
