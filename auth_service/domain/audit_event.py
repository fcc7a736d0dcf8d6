"""Events of the audit trail, and the chain of hashes that holds them together (T66; ASVS 16.3, 16.4.1).

Each event carries the hash of the one before it. A hash is

    lower-case hex of SHA-256 over the event's canonical form in UTF-8,

and the canonical form is the JSON object of RFC 8785 (JCS: members sorted by name, no white space, nothing escaped that
need not be) with exactly these members, absent ones null:

    client_id, details, device_id, event, happened_at, operator_id, organization_id, previous_hash, sequence

`details` is itself an object, of texts, whole numbers, booleans, nulls and lists of texts. `happened_at` is RFC 3339 in
UTC with six digits and `Z`. `sequence` counts from 1 without a gap. The first `previous_hash` is 64 zeros.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from datetime import UTC
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import orjson

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

FIRST_PREVIOUS_HASH: Final = "0" * 64
LONGEST_TEXT: Final = 500

_REPLACEMENT: Final = "\N{REPLACEMENT CHARACTER}"

Detail: TypeAlias = str | int | bool | tuple[str, ...] | None


class AuditEventName(StrEnum):
    """What may have happened."""

    ORGANIZATION_CREATED = "organization_created"
    LOCALE_CHOSEN = "locale_chosen"
    OPERATOR_CREATED = "operator_created"
    DEVICE_CREATED = "device_created"
    REGISTRATION_REQUESTED = "registration_requested"
    REGISTRATION_MAIL_RENEWED = "registration_mail_renewed"
    REGISTRATION_PROOF_REFUSED = "registration_proof_refused"
    REGISTRATION_EXPIRED = "registration_expired"
    ADDRESS_PROVEN = "address_proven"
    GROUP_ACTIVATED = "group_activated"
    FIRST_LICENSE_KEY_SENT = "first_license_key_sent"
    GROUP_PASSWORD_CHANGED = "group_password_changed"  # noqa: S105 - the name of an event
    CLOUD_PASSWORD_CHANGED = "cloud_password_changed"  # noqa: S105 - likewise
    CLIENT_REGISTERED = "client_registered"
    CLIENT_CHANGED = "client_changed"
    CLIENT_DISABLED = "client_disabled"
    CLIENT_ENABLED = "client_enabled"
    SIGNED_IN = "signed_in"
    SIGN_IN_FAILED = "sign_in_failed"
    USER_CODE_REFUSED = "user_code_refused"
    DEVICE_AUTHORIZATION_APPROVED = "device_authorization_approved"
    DEVICE_AUTHORIZATION_DENIED = "device_authorization_denied"
    DEVICE_AUTHORIZATION_WITHDRAWN = "device_authorization_withdrawn"
    DEVICE_CODE_REDEEMED = "device_code_redeemed"
    DEVICE_CODE_REUSED = "device_code_reused"
    REFRESH_TOKEN_REUSED = "refresh_token_reused"  # noqa: S105 - the name of an event
    SITE_CONNECTED = "site_connected"
    CONNECT_REFUSED = "connect_refused"
    GRANT_ENDED = "grant_ended"
    ACCESS_TOKEN_REVOKED = "access_token_revoked"  # noqa: S105 - likewise
    KEY_CREATED = "key_created"
    KEY_PROMOTED = "key_promoted"
    KEY_RETIRED = "key_retired"
    KEY_DROPPED = "key_dropped"
    KEY_REVOKED = "key_revoked"
    SETTINGS_CHANGED = "settings_changed"


@dataclass(frozen=True, slots=True)
class AuditEvent:
    """One event, before it has its place in the chain. The ids are those of records, never what a stranger sent."""

    name: AuditEventName
    happened_at: datetime
    organization_id: str | None = None
    operator_id: str | None = None
    device_id: str | None = None
    client_id: str | None = None
    details: Mapping[str, Detail] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ChainedEvent:
    """One event in its place. `details` is canonical JSON, kept as the very text that was hashed."""

    sequence: int
    happened_at: datetime
    event: str
    organization_id: str | None
    operator_id: str | None
    device_id: str | None
    client_id: str | None
    details: str
    previous_hash: str
    hash: str = ""

    def computed_hash(self) -> str:
        """Give the hash that this event must have.

        Raises TypeError for what no event of ours can hold, as half a character: someone wrote to the table by hand.
        """
        if not isinstance(self.details, str):
            raise TypeError("The details of an event are a text.")
        # It goes in as it stands, so that no change of it escapes.
        details = orjson.Fragment(self.details)
        return hashlib.sha256(_canonical({**self._members(), "details": details})).hexdigest()

    def as_members(self) -> dict[str, Any]:
        """Give the members of the canonical form, and the hash."""
        return {**self._members(), "details": orjson.loads(self.details), "hash": self.hash}

    def as_line(self) -> str:
        """Give the canonical form with the hash among its members: one line of JSON."""
        return _canonical(self.as_members()).decode()

    def _members(self) -> dict[str, Any]:
        happened_at = self.happened_at.astimezone(UTC).isoformat(timespec="microseconds")
        return {
            "client_id": self.client_id,
            "device_id": self.device_id,
            "event": self.event,
            "happened_at": f"{happened_at.removesuffix('+00:00')}Z",
            "operator_id": self.operator_id,
            "organization_id": self.organization_id,
            "previous_hash": self.previous_hash,
            "sequence": self.sequence,
        }


def chain_event(event: AuditEvent, *, sequence: int, previous_hash: str) -> ChainedEvent:
    """Give an event its place behind the one of `previous_hash`."""
    placed = ChainedEvent(
        sequence=sequence,
        happened_at=event.happened_at,
        event=event.name.value,
        organization_id=event.organization_id,
        operator_id=event.operator_id,
        device_id=event.device_id,
        client_id=event.client_id,
        details=_canonical({name: _clean(value) for name, value in event.details.items()}).decode(),
        previous_hash=previous_hash,
    )
    return replace(placed, hash=placed.computed_hash())


def _canonical(members: Mapping[str, object]) -> bytes:
    return orjson.dumps(members, option=orjson.OPT_SORT_KEYS)


def _clean(value: Detail) -> Detail:
    """Give a text as one short line that no terminal obeys and no log line breaks at."""
    if isinstance(value, tuple):
        return tuple(_clean_text(one) for one in value)
    return _clean_text(value) if isinstance(value, str) else value


def _clean_text(text: str) -> str:
    short = text if len(text) <= LONGEST_TEXT else f"{text[: LONGEST_TEXT - 1]}…"
    if short.isprintable():
        return short
    return "".join(sign if sign.isprintable() else _REPLACEMENT for sign in short)
