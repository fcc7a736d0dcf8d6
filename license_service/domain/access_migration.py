"""How accesses migrate when a license key was replaced or switched (S2-24).

Group by group, the oldest first, and in it member by member in the order of their names: a member moves when each
component of the group that the new contents have has a place for it, and else stays behind, with the reason. So the
same records always give the same answer, and what is previewed is what is done.

After a switch the key itself is the target: what moves is what is kept.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from license_service.domain.access_group import seats_of

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Sequence

    from license_service.domain.access_group import AccessGroup, AccessTerms, Member
    from license_service.domain.license_key import LicenseKey


@dataclass(frozen=True, slots=True)
class MigrationWanted:
    """To which key: the one that is named, else the one that replaced it, else within the key.

    With `is_preview` nothing is done. `expected_state` is that of the preview, None when none was looked at.
    """

    to_key_id: str | None = None
    is_preview: bool = False
    expected_state: str | None = None


class Obstacle(StrEnum):
    """Why a member stays behind."""

    COMPONENT_MISSING = "component_missing"
    """The target has none of the group's components."""
    SEATS_TOO_FEW = "seats_too_few"
    """A component has no place free."""
    MEMBER_ELSEWHERE = "member_in_other_group"
    """The member is in a group of the target already."""
    NAME_TAKEN = "name_taken"
    """A group of the target has the name, and other components."""


@dataclass(frozen=True, slots=True)
class LeftBehind:
    """A member that does not move. `component_codes` are those that the obstacle is about."""

    member: Member
    obstacle: Obstacle
    component_codes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class GroupMove:
    """What becomes of one group.

    `missing` are its components that the target lacks: nobody has access to them afterwards. `joins` is the group of
    the target that takes the members in, None when they come in a group of their own.
    """

    group: AccessGroup
    moving: AccessTerms
    missing: tuple[str, ...]
    left: tuple[LeftBehind, ...]
    joins: AccessGroup | None = None

    @property
    def is_moved(self) -> bool:
        """Whether anything of the group comes to the target; one without members does when a component does."""
        return bool(self.moving.component_codes) and (bool(self.moving.members) or not self.group.terms.members)

    @property
    def is_whole(self) -> bool:
        """Whether nothing of the group stays as it is."""
        return self.is_moved and not self.left


@dataclass(frozen=True, slots=True)
class AccessMigration:
    """All that is to be done, and the state of the records that it was decided on."""

    key_id: str
    to_key_id: str
    state: str
    moves: tuple[GroupMove, ...]

    @property
    def is_within_key(self) -> bool:
        return self.key_id == self.to_key_id


def plan_migration(
    key: LicenseKey, groups: Sequence[AccessGroup], target: LicenseKey, target_groups: Sequence[AccessGroup]
) -> AccessMigration:
    """Decide what becomes of the groups of `key`; `target_groups` are none when the target is the key itself."""
    places = _Places(target, target_groups)
    moves = tuple(places.seat(group) for group in sorted(groups, key=lambda each: (each.created_at, each.id)))
    return AccessMigration(key.id, target.id, _state(key, groups, target, target_groups), moves)


class _Places:
    """What is free on the target, and less and less as groups move there."""

    def __init__(self, target: LicenseKey, groups: Sequence[AccessGroup]) -> None:
        self._free = seats_of(target)
        for group in groups:
            self._take(group.terms.places())
        self._by_name = {group.terms.name: group for group in groups}
        self._there = {member.identity for group in groups for member in group.terms.members}

    def seat(self, group: AccessGroup) -> GroupMove:
        terms = group.terms
        kept = tuple(code for code in terms.component_codes if code in self._free)
        missing = tuple(code for code in terms.component_codes if code not in self._free)
        joins = self._by_name.get(terms.name)
        if not kept:
            return self._none(group, missing, Obstacle.COMPONENT_MISSING, missing)
        if joins is not None and set(joins.terms.component_codes) != set(kept):
            return self._none(group, missing, Obstacle.NAME_TAKEN, ())
        moving, left = self._members(terms, kept)
        return GroupMove(group, replace(terms, component_codes=kept, members=moving), missing, left, joins)

    def _members(self, terms: AccessTerms, codes: tuple[str, ...]) -> tuple[tuple[Member, ...], tuple[LeftBehind, ...]]:
        moving, left = [], []
        for member in sorted(terms.members, key=lambda each: (each.name, each.identity)):
            full = tuple(code for code in codes if self._free[code] < 1)
            if member.identity in self._there:
                left.append(LeftBehind(member, Obstacle.MEMBER_ELSEWHERE))
            elif full:
                left.append(LeftBehind(member, Obstacle.SEATS_TOO_FEW, full))
            else:
                moving.append(member)
                self._take(replace(terms, component_codes=codes, members=(member,)).places())
        return tuple(moving), tuple(left)

    def _none(
        self, group: AccessGroup, missing: tuple[str, ...], obstacle: Obstacle, about: tuple[str, ...]
    ) -> GroupMove:
        left = tuple(LeftBehind(member, obstacle, about) for member in group.terms.members)
        return GroupMove(group, replace(group.terms, component_codes=(), members=()), missing, left)

    def _take(self, places: Counter[str]) -> None:
        for code, count in places.items():
            if code in self._free:
                self._free[code] -= count


def _state(
    key: LicenseKey, groups: Sequence[AccessGroup], target: LicenseKey, target_groups: Sequence[AccessGroup]
) -> str:
    """Give a digest of every version that the plan was made from."""
    versions = sorted((group.id, group.version) for group in (*groups, *target_groups))
    told = json.dumps([key.id, key.version, target.id, target.version, versions])
    return hashlib.sha256(told.encode()).hexdigest()
