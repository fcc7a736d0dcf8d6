"""What an access key says of a license key, and what is found when one is validated (S1-38, S1-41, S2-22)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Final

from license_service.domain.errors import KeyNotActiveError
from license_service.domain.license_key import KeyStatus
from license_service.domain.renewal import has_ended, today
from wire.access_key_claims import AccessKeyClaims

if TYPE_CHECKING:
    from datetime import datetime

    from license_service.domain.license_key import LicenseKey

_EARLIEST_RENEWAL_DATE: Final = date(1970, 1, 2)
"""What an access key can say; a date before it is as long gone."""


@dataclass(frozen=True, slots=True)
class OrganizationFacts:
    """What auth_service knows of the organization that connects: it has proven its email and Group Password."""

    id: str
    is_activated: bool


@dataclass(frozen=True, slots=True)
class ValidatedAccessKey:
    """The license key behind an access key of the organization; `is_active`: it may be used now."""

    key_id: str
    organization_id: str
    is_active: bool


def claims_of(key: LicenseKey) -> AccessKeyClaims:
    """Give what the access key of this record says. Raises KeyNotActiveError."""
    if key.status is not KeyStatus.ACTIVE:
        raise KeyNotActiveError
    return AccessKeyClaims(
        key_id=key.id,
        organization_id=key.organization_id,
        version=key.version,
        issued_on=today(key.issued_at),
        renewal_date=None if key.renewal_date is None else max(key.renewal_date, _EARLIEST_RENEWAL_DATE),
        renewal_window_days=key.renewal_window_days,
        profile_code=key.profile_code,
        seats=tuple((component.component_code, component.seats) for component in key.components),
    )


def validated(key: LicenseKey, now: datetime) -> ValidatedAccessKey:
    """Judge by the record, which may be newer than the access key: renewed, or revoked."""
    is_active = key.status is KeyStatus.ACTIVE and not has_ended(key, now)
    return ValidatedAccessKey(key.id, key.organization_id, is_active)
