"""The state of the signing keys as one small JSON file; it names no secret (T29)."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

from marshmallow import Schema, ValidationError, fields, post_load, validate

from license_service.domain.errors import SigningKeyUnavailableError
from license_service.domain.signing_key import KeyRing, SigningKey, SigningKeyState

if TYPE_CHECKING:
    from pathlib import Path

_VERSION: Final = 1
_BASE64URL: Final = validate.Regexp(r"\A[A-Za-z0-9_-]{43}\Z")


class _KeySchema(Schema):
    kid = fields.String(required=True, validate=_BASE64URL)
    x = fields.String(required=True, validate=_BASE64URL)
    y = fields.String(required=True, validate=_BASE64URL)
    state = fields.Enum(SigningKeyState, by_value=True, required=True)
    published_at = fields.AwareDateTime(required=True)

    @post_load
    def _make(self, values: dict[str, Any], **_: object) -> SigningKey:
        return SigningKey(**values)


class _KeyRingSchema(Schema):
    version = fields.Integer(required=True, validate=validate.Equal(_VERSION))
    keys = fields.List(fields.Nested(_KeySchema), required=True)

    @post_load
    def _make(self, values: dict[str, Any], **_: object) -> KeyRing:
        return KeyRing(tuple(values["keys"]))


def key_ring_from(content: bytes, path: Path) -> KeyRing:
    """Read the state. Raises SigningKeyUnavailableError when it is not one: then nothing is guessed."""
    try:
        ring: KeyRing = _KeyRingSchema().loads(content.decode())
    except (ValueError, ValidationError, TypeError, RecursionError) as fault:
        raise SigningKeyUnavailableError(f"{path} is not the state of signing keys. Restore the backup.") from fault
    states = [key.state for key in ring.keys]
    if any(states.count(state) > 1 for state in (SigningKeyState.CURRENT, SigningKeyState.NEXT)):
        raise SigningKeyUnavailableError(f"{path} contradicts itself. Restore the backup.")
    return ring


def key_ring_bytes(ring: KeyRing) -> bytes:
    document = _KeyRingSchema().dump({"version": _VERSION, **asdict(ring)})
    return json.dumps(document, indent=1).encode() + b"\n"
