"""The Group that a site names when it connects, and what is asked of it (S1-37, S1-41, S1-43)."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class ConnectingGroup:
    """An organization with a Group Password, and the owner whose email address was given."""

    organization_id: str
    name: str
    operator_id: str
    operator_name: str
    password_hash: str = field(repr=False)
    password_generation: int


@dataclass(frozen=True, slots=True)
class KeyVerdict:
    """What license_service says of a license key: why it is refused, and whether it may be used now."""

    refusal: str | None
    is_active: bool = False
