"""An agreement: the contract with an organization, from which its license keys are issued."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date, datetime


@dataclass(frozen=True, slots=True)
class Agreement:
    """`number` is the contract's label, unique in the organization; `signed_on` is the day that the contract names."""

    id: str
    organization_id: str
    number: str
    signed_on: date
    created_at: datetime
