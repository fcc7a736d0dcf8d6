"""What the calendar brings: which email is due for what, by windows that were crossed (S1-6, S3-16, S3-17, S1-11).

- A window counts as crossed once its instant has come, never "days left equals n": a night that was missed catches up.
- Of a ladder only the newest crossed window is told; those before it are no news any more.
- An occasion is told of once: its id is made of what it is about, and of nothing that another run would see otherwise.
- What is no longer so is no occasion: an email about it that still waits is to be cancelled.
- What was crossed longer ago than CATCH_UP is no news either.

A renewal date is a day in UTC and the last one that counts: a rung of n days is crossed with the day n days before it,
and the license has expired with the day after it. A contact is an instant, and its days are counted to the second.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, time, timedelta
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID, uuid5

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date, datetime

    from wire.calendar_records import DueRenewal, MissingContact, OverCount

REQUIRES_RENEWAL: Final = "requires_renewal"
LICENSE_EXPIRED: Final = "license_expired"
CONTACT_MISSING: Final = "contact_missing"
OVER_COUNT: Final = "over_count"
VENDOR_DIGEST: Final = "vendor_digest"

RENEWAL_LADDER: Final = (30, 14, 7, 1)
"""How many days before the renewal date owners are told."""
CONTACT_LADDER: Final = (3, 5, 7, 8)
"""How many days after the last contact they are told."""
DEACTIVATED_AFTER_DAYS: Final = 8
MOST_SILENCES_A_DAY: Final = 20
"""Of one organization: when its line is cut hundreds of devices are silent, and nobody reads hundreds of emails."""
CATCH_UP: Final = timedelta(days=30)
DIGEST_FROM: Final = time(6, tzinfo=UTC)
"""The vendor's numbers of a day are told from then on."""

_ONCE: Final = 0
_EXPIRED: Final = -1
_NAMESPACE: Final = UUID("6d0b4a3e-52f5-4c1f-9a53-0d1e2b7c9f44")


@dataclass(frozen=True, slots=True)
class Occasion:
    """What an email is about. `began` is the renewal date, or the instant or day from which it counts."""

    template: str
    organization_id: str | None
    subject_id: str
    began: str
    window: int = _ONCE

    @property
    def about(self) -> str:
        """Give the text that is the same whenever this occasion is seen, and no other's."""
        return f"{self.template}/{self.organization_id or ''}/{self.subject_id}/{self.began}/{self.window}"

    def notification_id(self, recipient: str) -> UUID:
        """Give the id of the email about it to this recipient (RFC 9562 §5.5)."""
        return uuid5(_NAMESPACE, f"{self.about}/{recipient}")


@dataclass(frozen=True, slots=True)
class Reminder:
    """An occasion, and what its email says of it."""

    occasion: Occasion
    context: Mapping[str, Any]


def days_left(renewal_date: date, now: datetime) -> int:
    """Give how many days of a license are left; 0 on its last, negative after it."""
    return (renewal_date - now.astimezone(UTC).date()).days


def days_missing(last_contact_at: datetime, now: datetime) -> int:
    """Give how many whole days ago the last contact was."""
    return (now - last_contact_at).days


def of_renewal(due: DueRenewal, now: datetime) -> Occasion | None:
    """Give what is to be told of a license key, if anything.

    What was crossed by the day of issue its buyer knew: a trial of 14 days begins without a reminder.
    """
    left = days_left(due.renewal_date, now)
    crossed = [_EXPIRED] if left < 0 else [rung for rung in RENEWAL_LADDER if left <= rung]
    if not crossed:
        return None
    window = min(crossed)
    crossed_on = due.renewal_date - timedelta(days=window)
    issued_on = due.issued_at.astimezone(UTC).date()
    if crossed_on <= issued_on or now.astimezone(UTC).date() - crossed_on >= CATCH_UP:
        return None
    template = LICENSE_EXPIRED if window == _EXPIRED else REQUIRES_RENEWAL
    return Occasion(
        template, due.organization_id, due.key_id, due.renewal_date.isoformat(), _ONCE if window == _EXPIRED else window
    )


def of_contact(missing: MissingContact, now: datetime) -> Occasion | None:
    """Give what is to be told of a device, if anything; the last rung is that it is deactivated."""
    gone = now - missing.last_contact_at
    crossed = [rung for rung in CONTACT_LADDER if gone >= timedelta(days=rung)]
    if not crossed or gone - timedelta(days=max(crossed)) >= CATCH_UP:
        return None
    began = missing.last_contact_at.astimezone(UTC).isoformat()
    return Occasion(CONTACT_MISSING, missing.organization_id, missing.device_id, began, max(crossed))


def is_deactivated(occasion: Occasion) -> bool:
    """Tell whether a device that is missing is deactivated."""
    return occasion.window >= DEACTIVATED_AFTER_DAYS


def of_over_count(over: OverCount, now: datetime) -> Occasion | None:
    """Give what is to be told of an over-count: its beginning, once."""
    if now - over.since >= CATCH_UP:
        return None
    return Occasion(OVER_COUNT, over.organization_id, over.component_code, over.since.astimezone(UTC).isoformat())


def of_day(now: datetime) -> Occasion | None:
    """Give what the vendor's staff is told of today, from the hour on that it is told."""
    today = now.astimezone(UTC)
    if today.timetz() < DIGEST_FROM:
        return None
    return Occasion(VENDOR_DIGEST, None, "vendor", today.date().isoformat())
