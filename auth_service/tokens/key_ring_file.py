"""The state of the signing keys as one small JSON file beside them; it names no secret (T29).

A folder of PEM files without that file is from before it existed: there the newest file signs and all are published.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from marshmallow import Schema, ValidationError, fields, post_load, validate

from auth_service.domain.errors import SettingsError
from auth_service.domain.key_ring import KeyRecord, KeyRing, KeyState
from auth_service.tokens.public_jwk import coordinates, thumbprint_of

if TYPE_CHECKING:
    from pathlib import Path

    from auth_service.tokens.key_folder import KeyFolder

KEY_RING_FILE: Final = "signing-keys.json"
_VERSION: Final = 1
_COORDINATE: Final = validate.Regexp(r"\A[A-Za-z0-9_-]{43}\Z")


class _KeySchema(Schema):
    kid = fields.String(required=True)
    x = fields.String(required=True, validate=_COORDINATE)
    y = fields.String(required=True, validate=_COORDINATE)
    handle = fields.String(required=True, allow_none=True)
    state = fields.Enum(KeyState, by_value=True, required=True)
    published_at = fields.AwareDateTime(required=True)
    signs_from = fields.AwareDateTime(required=True, allow_none=True)
    retired_at = fields.AwareDateTime(required=True, allow_none=True)

    @post_load
    def _make(self, values: dict[str, Any], **_: object) -> KeyRecord:
        return KeyRecord(**values)


class _KeyRingSchema(Schema):
    version = fields.Integer(required=True, validate=validate.Equal(_VERSION))
    keys = fields.List(fields.Nested(_KeySchema), required=True)
    to_erase = fields.List(fields.String(), required=True)

    @post_load
    def _make(self, values: dict[str, Any], **_: object) -> KeyRing:
        return KeyRing(tuple(values["keys"]), tuple(values["to_erase"]))


def key_ring_from(content: bytes, path: Path) -> KeyRing:
    """Read the state. Raises SettingsError when it is not one: then nothing is guessed."""
    try:
        ring: KeyRing = _KeyRingSchema().loads(content.decode())
    except (ValueError, ValidationError, TypeError, RecursionError) as fault:
        raise SettingsError(f"{path} is not the state of signing keys. Restore it from the backup.") from fault
    states = [key.state for key in ring.keys]
    if (
        any(key.kid != thumbprint_of(key.x, key.y) for key in ring.keys)
        or len({key.kid for key in ring.keys}) < len(states)
        or any(states.count(state) > 1 for state in (KeyState.CURRENT, KeyState.NEXT))
    ):
        raise SettingsError(f"{path} contradicts itself. Restore it from the backup.")
    return ring


def key_ring_bytes(ring: KeyRing) -> bytes:
    document = _KeyRingSchema().dump({"version": _VERSION, **asdict(ring)})
    return json.dumps(document, indent=1).encode() + b"\n"


def key_ring_without_state(folder: Path, keys: KeyFolder) -> KeyRing:
    """Read a folder from before the state was kept. Raises SettingsError for a file that is not a usable key."""
    files = sorted(folder.glob("*.pem"), key=lambda path: (path.lstat().st_mtime_ns, path.name))
    if not files:
        return KeyRing()
    made_at = [datetime.fromtimestamp(path.lstat().st_mtime, UTC) for path in files]
    records = []
    for path, at in zip(files, made_at, strict=True):
        x, y = coordinates(keys.load(path.name).public_key())
        records.append(
            KeyRecord(
                kid=thumbprint_of(x, y),
                x=x,
                y=y,
                handle=path.name,
                state=KeyState.CURRENT if path == files[-1] else KeyState.RETIRED,
                published_at=at,
                signs_from=at,
                retired_at=None if path == files[-1] else made_at[-1],
            )
        )
    return KeyRing(tuple(records))
