"""What a POS server keeps between two starts, as records."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pos_client.clock_guard import mark_at_contact

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from pos_client.clock_guard import ClockMark
    from pos_client.polling import PollingPace


@dataclass(frozen=True, slots=True)
class PendingAuthorization:
    """A device authorization that waits for the operator (RFC 8628 §3.2)."""

    device_code: str = field(repr=False)
    user_code: str = field(repr=False)
    verification_uri: str
    verification_uri_complete: str | None = field(repr=False)
    expires_at: datetime
    pace: PollingPace


@dataclass(frozen=True, slots=True)
class HeldLicense:
    """The license as it came from the last contact, whose instant is the server's.

    `refresh_token` is None once the authorization server has ended the authorization; then `ended_reason` may tell why.
    """

    license_token: str = field(repr=False)
    refresh_token: str | None = field(repr=False)
    last_contact_at: datetime
    ended_reason: str | None = None


@dataclass(frozen=True, slots=True)
class StoredState:
    """Everything in the state file. All of it came from `issuer`, and is of use with no other."""

    issuer: str
    pending: PendingAuthorization | None = None
    held: HeldLicense | None = None
    keys: Mapping[str, Any] | None = None
    clock: ClockMark | None = None
    set_aside: bool = False


def after_contact(before: StoredState, held: HeldLicense, keys: Mapping[str, Any], system_now: datetime) -> StoredState:
    """Give what to keep after a contact that brought a license: nothing is pending, and all is well again (S1-8)."""
    clock = mark_at_contact(held.last_contact_at, system_now)
    return StoredState(issuer=before.issuer, held=held, keys=keys, clock=clock)
