"""An operator: a person who signs in to the portal, and what each role may do."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Role(StrEnum):
    """What an operator is in one organization."""

    OWNER = "owner"
    APPROVER = "approver"
    VIEWER = "viewer"
    VENDOR = "vendor"
    """Of the vendor's staff: looks as a viewer does, and is told how all organizations stand."""


APPROVING_ROLES: Final = frozenset({Role.OWNER, Role.APPROVER})


@dataclass(frozen=True, slots=True)
class Operator:
    """A person with an email address to sign in by."""

    id: str
    email: str
    name: str


@dataclass(frozen=True, slots=True)
class Membership:
    """One operator's place in one organization."""

    organization_id: str
    organization_name: str
    role: Role

    @property
    def is_owner(self) -> bool:
        """Tell whether this member may change what all devices depend on."""
        return self.role is Role.OWNER

    @property
    def may_approve(self) -> bool:
        """Tell whether this member may authorize and deny devices."""
        return self.role in APPROVING_ROLES


def normal_email(entered: str) -> str:
    """Give the one form of an address that is stored and looked up."""
    return entered.strip().lower()
