"""The form of the state file: JSON, versioned, checked member by member when it is read."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any, Final

from marshmallow import EXCLUDE, Schema, ValidationError, fields, post_load, validate

from pos_client.clock_guard import ClockMark
from pos_client.issuer import check_address
from pos_client.polling import PollingPace
from pos_client.stored_state import HeldLicense, PendingAuthorization, StoredState

VERSION: Final = 1
LARGEST_DOCUMENT: Final = 1024 * 1024
LONGEST_TEXT: Final = 8192

_SOME_DAY: Final = validate.Range(min=datetime(1970, 1, 2, tzinfo=UTC), max=datetime(9999, 12, 30, tzinfo=UTC))


class BrokenStateError(Exception):
    """The content is not a state document of a version that we know; token_store sets such a file aside."""


def _check_text(value: str) -> None:
    # All of it was printable when it was written; what is not would fool a terminal or fail to be encoded.
    if not 1 <= len(value) <= LONGEST_TEXT or not value.isprintable():
        raise ValidationError("Not a text of ours.")


class _Record(Schema):
    """A record of the file: an unknown member is passed over, a missing or wrong one breaks the file."""

    class Meta:
        """A later version may add members that are not needed here."""

        unknown = EXCLUDE


def _instant(*, allow_none: bool = False) -> fields.AwareDateTime:
    return fields.AwareDateTime(required=True, allow_none=allow_none, format="iso", validate=_SOME_DAY)


class _PaceSchema(_Record):
    interval_seconds = fields.Integer(required=True, strict=True, validate=validate.Range(min=0, max=86_400))
    last_polled_at = _instant(allow_none=True)

    @post_load
    def _make(self, values: dict[str, Any], **_: object) -> PollingPace:
        return PollingPace(**values)


class _PendingSchema(_Record):
    device_code = fields.String(required=True, validate=_check_text)
    user_code = fields.String(required=True, validate=_check_text)
    verification_uri = fields.String(required=True, validate=check_address)
    verification_uri_complete = fields.String(required=True, allow_none=True, validate=check_address)
    expires_at = _instant()
    pace = fields.Nested(_PaceSchema, required=True)

    @post_load
    def _make(self, values: dict[str, Any], **_: object) -> PendingAuthorization:
        return PendingAuthorization(**values)


class _HeldSchema(_Record):
    license_token = fields.String(required=True, validate=_check_text)
    refresh_token = fields.String(required=True, allow_none=True, validate=_check_text)
    last_contact_at = _instant()
    ended_reason = fields.String(required=True, allow_none=True, validate=_check_text)

    @post_load
    def _make(self, values: dict[str, Any], **_: object) -> HeldLicense:
        return HeldLicense(**values)


class _ClockSchema(_Record):
    seen_at = _instant()
    ahead_seconds = fields.Integer(required=True, strict=True, validate=validate.Range(min=0, max=10**10))

    @post_load
    def _make(self, values: dict[str, Any], **_: object) -> ClockMark:
        return ClockMark(**values)


class _StateSchema(_Record):
    version = fields.Integer(required=True, strict=True, load_only=True, validate=validate.Equal(VERSION))
    issuer = fields.String(required=True, validate=_check_text)
    pending = fields.Nested(_PendingSchema, required=True, allow_none=True)
    held = fields.Nested(_HeldSchema, required=True, allow_none=True)
    keys = fields.Dict(keys=fields.String(), required=True, allow_none=True)
    clock = fields.Nested(_ClockSchema, required=True, allow_none=True)
    set_aside = fields.Boolean(required=True)

    @post_load
    def _make(self, values: dict[str, Any], **_: object) -> StoredState:
        return StoredState(**{name: value for name, value in values.items() if name != "version"})


def dump_state(state: StoredState) -> bytes:
    """Write the document of `state`."""
    document = {"version": VERSION, **_StateSchema().dump(state)}
    return json.dumps(document, indent=1).encode()


def load_state(content: bytes) -> StoredState:
    """Read a document. Raises BrokenStateError."""
    if len(content) > LARGEST_DOCUMENT:
        raise BrokenStateError
    try:
        state: StoredState = _StateSchema().load(json.loads(content))
    except (ValueError, RecursionError, ValidationError) as fault:
        raise BrokenStateError from fault
    return state
