"""license_service and auth_service as the calendar sees them: they say what a test lets them, or are away."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from notify_service.domain.errors import OrganizationUnreadableError, ServiceAwayError
from wire.calendar_records import LicenseCounts

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from wire.calendar_records import DueRenewal, MissingContact, OrganizationRecipients, OverCount

ORGANIZATION = "0b8a3a52-5d5e-4c1c-8f0e-2f6f4f4f6a11"
OTHER_ORGANIZATION = "0b8a3a52-5d5e-4c1c-8f0e-2f6f4f4f6a12"

Record = TypeVar("Record")


@dataclass
class Licenses:
    """Gives everything that it holds in pages; who is asked for windows judges them by itself."""

    due: list[DueRenewal] = field(default_factory=list)
    missing: list[MissingContact] = field(default_factory=list)
    over: list[OverCount] = field(default_factory=list)
    numbers: LicenseCounts = field(default_factory=lambda: LicenseCounts(4, 3, 2, 1))
    away_after: int | None = None
    """How many pages it gives before it is away."""
    page: int = 2

    def due_renewals(self, *, within_days: int, expired_within_days: int) -> Iterator[list[DueRenewal]]:
        assert (within_days, expired_within_days) == (30, 30)
        return self._pages(self.due)

    def missing_contacts(self, *, at_least_days: int, at_most_days: int) -> Iterator[list[MissingContact]]:
        assert (at_least_days, at_most_days) == (3, 38)
        return self._pages(self.missing)

    def over_counts(self) -> Iterator[list[OverCount]]:
        return self._pages(self.over)

    def counts(self) -> LicenseCounts:
        if self.away_after is not None:
            raise ServiceAwayError("away")
        return self.numbers

    def _pages(self, records: list[Record]) -> Iterator[list[Record]]:
        for number, first in enumerate(range(0, max(len(records), 1), self.page)):
            if self.away_after is not None and number >= self.away_after:
                raise ServiceAwayError("away")
            yield records[first : first + self.page]


@dataclass
class Organizations:
    """Knows who owns what; `asked` notes whom it was asked about."""

    known: dict[str, OrganizationRecipients] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    vendor: list[str] = field(default_factory=list)
    away: bool = False
    asked: list[str] = field(default_factory=list)

    def recipients(self, organization_id: str) -> OrganizationRecipients:
        self._ask(organization_id)
        if organization_id not in self.known:
            raise OrganizationUnreadableError("status 404")
        return self.known[organization_id]

    def device_names(self, organization_id: str, device_ids: Sequence[str]) -> dict[str, str]:
        self._ask(organization_id)
        if organization_id not in self.known:
            raise OrganizationUnreadableError("status 404")
        return {one: self.names[one] for one in device_ids if one in self.names}

    def vendor_addresses(self) -> list[str]:
        self._ask("vendor")
        return self.vendor

    def _ask(self, about: str) -> None:
        self.asked.append(about)
        if self.away:
            raise ServiceAwayError("away")
