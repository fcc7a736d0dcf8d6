"""What the calendar of notify_service reads of license_service and auth_service, to write to owners and vendor."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from datetime import date, datetime

DUE_RENEWALS_PATH: Final = "/v1/due-renewals"
MISSING_CONTACTS_PATH: Final = "/v1/missing-contacts"
OVER_COUNTS_PATH: Final = "/v1/over-counts"
LICENSE_COUNTS_PATH: Final = "/v1/license-counts"
VENDOR_RECIPIENTS_PATH: Final = "/v1/vendor/recipients"
MOST_DEVICES: Final = 50
"""As many devices are asked after at once."""


@dataclass(frozen=True, slots=True)
class DueRenewal:
    """An active license key whose renewal date is near or has passed."""

    key_id: str
    organization_id: str
    id_number: str
    renewal_date: date
    issued_at: datetime


@dataclass(frozen=True, slots=True)
class MissingContact:
    """A device that holds a seat and was not in contact for days."""

    device_id: str
    organization_id: str
    last_contact_at: datetime


@dataclass(frozen=True, slots=True)
class OverCount:
    """A component of which an organization uses more than it owns; `until` is None where that is refused at once."""

    organization_id: str
    component_code: str
    since: datetime
    seats_owned: int
    seats_in_use: int
    until: datetime | None


@dataclass(frozen=True, slots=True)
class LicenseCounts:
    """How the vendor's customers stand, in numbers."""

    renewals_due: int
    expired: int
    dark: int
    over_count: int


@dataclass(frozen=True, slots=True)
class OrganizationRecipients:
    """Who is told what concerns an organization, and in which language."""

    organization_name: str
    locale: str
    owners: tuple[str, ...]


def recipients_path(organization_id: str) -> str:
    """Give the path at auth_service of who is told for an organization."""
    return f"/v1/organizations/{organization_id}/recipients"


def devices_path(organization_id: str) -> str:
    """Give the path at auth_service of what an organization's devices are called."""
    return f"/v1/organizations/{organization_id}/devices"
