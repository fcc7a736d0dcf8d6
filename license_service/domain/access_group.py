"""Access groups: named sets of a license key's components, and the registers and users that have access (S2-25).

Who is a member of a group has access to each of its components. A member is in one group of a key at most, so each one
counts once against the seats of a component.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from license_service.domain.errors import ComponentNotOnKeyError, KeyNotRegisteredError
from license_service.domain.license_key import KeyStatus

if TYPE_CHECKING:
    from datetime import datetime

    from license_service.domain.license_key import LicenseKey
    from license_service.domain.site import Site


class MemberKind(StrEnum):
    """What may have access."""

    REGISTER = "register"
    USER = "user"


@dataclass(frozen=True, slots=True)
class Member:
    """A register or a user of the site; `id` is the site's own for it, `name` is what people call it."""

    kind: MemberKind
    id: str
    name: str

    @property
    def identity(self) -> tuple[str, str]:
        """What tells it apart from others; its name does not."""
        return self.kind, self.id


@dataclass(frozen=True, slots=True)
class AccessTerms:
    """What a person says of a group."""

    name: str
    component_codes: tuple[str, ...]
    members: tuple[Member, ...] = ()

    def places(self) -> Counter[str]:
        """Give how many members have access to each component."""
        return Counter(dict.fromkeys(self.component_codes, len(self.members)))

    def check_fits(self, key: LicenseKey, site: Site) -> None:
        """Raise KeyNotRegisteredError or ComponentNotOnKeyError when the key cannot have such a group."""
        check_registered(key, site)
        if not set(self.component_codes) <= seats_of(key).keys():
            raise ComponentNotOnKeyError


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessGroup:
    """The record of a group. Its name is unique on the key."""

    id: str
    key_id: str
    organization_id: str
    terms: AccessTerms
    version: int
    created_at: datetime


def check_registered(key: LicenseKey, site: Site) -> None:
    """Raise KeyNotRegisteredError unless the key is active, and its site has activated since it was issued (S2-25)."""
    activated_at, needed_since = site.activated_at, site.activation_needed_since
    is_activated = activated_at is not None and key.issued_at <= activated_at
    # A key that was issued while somebody activated is not among what they activated.
    is_awaited = needed_since is not None and key.issued_at >= needed_since
    if key.status is not KeyStatus.ACTIVE or not is_activated or is_awaited:
        raise KeyNotRegisteredError


def seats_of(key: LicenseKey) -> dict[str, int]:
    """Give the seats that a key has, by component."""
    return {component.component_code: component.seats for component in key.components}
