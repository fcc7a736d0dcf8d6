"""The registration of a Group: three emails, each gated on the one before it (S1-32 … S1-35).

address_unproven → address_proven → activated → complete; complete → activated, when the third email is asked for
again; address_unproven or address_proven → expired. No other moves (MOVES). "Expired" goes by the clock: what is swept
a moment later is over already.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from datetime import datetime

LOCALES: Final = ("en", "es")
LIFETIME_DAYS: Final = 7
"""How long the mailbox's owner may take to activate the Group."""

MOST_WRONG_CODES: Final = 5


class RegistrationState(StrEnum):
    """How far it has come."""

    ADDRESS_UNPROVEN = "address_unproven"
    ADDRESS_PROVEN = "address_proven"
    ACTIVATED = "activated"
    """The organization is there; the third email waits for its first license key."""
    COMPLETE = "complete"
    EXPIRED = "expired"


MOVES: Final = frozenset(
    {
        (RegistrationState.ADDRESS_UNPROVEN, RegistrationState.ADDRESS_PROVEN),
        (RegistrationState.ADDRESS_PROVEN, RegistrationState.ACTIVATED),
        (RegistrationState.ACTIVATED, RegistrationState.COMPLETE),
        (RegistrationState.COMPLETE, RegistrationState.ACTIVATED),
        (RegistrationState.ADDRESS_UNPROVEN, RegistrationState.EXPIRED),
        (RegistrationState.ADDRESS_PROVEN, RegistrationState.EXPIRED),
    }
)
"""Every move there is."""

ABANDONABLE: Final = frozenset(before for before, after in MOVES if after is RegistrationState.EXPIRED)
"""The states in which somebody must still follow a link, and may never do it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """One registration; `organization_id` and `activated_at` are there from its activation on."""

    id: str
    state: RegistrationState
    group_name: str
    email: str
    sales_manager: str | None
    locale: str
    requested_from: str
    created_at: datetime
    expires_at: datetime
    notification_id: str | None = None
    """The last email that was written."""
    organization_id: str | None = None
    activated_at: datetime | None = None
    link_digest: str | None = field(default=None, repr=False)
    link_expires_at: datetime | None = None
    code_digest: str | None = field(default=None, repr=False)
    group_password_hash: str | None = field(default=None, repr=False)
    cloud_password_hash: str | None = field(default=None, repr=False)

    def as_of(self, now: datetime) -> Registration:
        """Give it as it stands now."""
        is_over = self.state in ABANDONABLE and now >= self.expires_at
        return replace(self, state=RegistrationState.EXPIRED) if is_over else self
