"""Migrate the accesses of a license key that was replaced or switched, or show what would be done (S2-24)."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from database.retried import retried
from license_service.domain.access_group import AccessGroup, check_registered
from license_service.domain.access_migration import plan_migration
from license_service.domain.errors import KeyNotFoundError, StalePreviewError
from license_service.storage import access_groups, access_places, license_keys, sites

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from sqlalchemy import Connection

    from database.engine import Database
    from license_service.domain.access_migration import AccessMigration, GroupMove, MigrationWanted
    from license_service.domain.license_key import LicenseKey


@retried
def migrate_accesses(
    database: Database,
    key_id: str,
    wanted: MigrationWanted,
    *,
    new_id: Callable[[], str],
    now: datetime,
) -> AccessMigration:
    """Give what was done, or for a preview what would be.

    Raises KeyNotFoundError, also for a target of another organization; StalePreviewError when the records are not in
    the state of the preview; KeyNotRegisteredError for a target that is not (a preview is given all the same).
    """
    with database.transaction() as connection:
        key, target = _keys(connection, key_id, wanted.to_key_id)
        plan = _plan(connection, key, target)
        if wanted.expected_state not in {None, plan.state}:
            raise StalePreviewError
        if not wanted.is_preview:
            check_registered(target, sites.of_organization(connection, target.organization_id))
            _carry_out(connection, plan, new_id, now)
        return plan


def _keys(connection: Connection, key_id: str, to_key_id: str | None) -> tuple[LicenseKey, LicenseKey]:
    target_id = to_key_id or license_keys.current(connection, key_id).replaced_by or key_id
    key, target = license_keys.standing(connection, key_id, target_id, alone=True)
    if key.organization_id != target.organization_id:
        raise KeyNotFoundError
    return key, target


def _plan(connection: Connection, key: LicenseKey, target: LicenseKey) -> AccessMigration:
    groups = access_groups.listed(connection, filters={"key_id": key.id})
    there = [] if key.id == target.id else access_groups.listed(connection, filters={"key_id": target.id})
    return plan_migration(key, groups, target, there)


def _carry_out(connection: Connection, plan: AccessMigration, new_id: Callable[[], str], now: datetime) -> None:
    given_back: Counter[str] = Counter()
    taken: Counter[str] = Counter()
    for move in plan.moves:
        if plan.is_within_key:
            _trim(connection, move)
            given_back.update(move.group.terms.places())
        elif move.is_moved:
            _leave(connection, move)
            _arrive(connection, plan, move, new_id(), now)
            given_back.update(replace(move.group.terms, members=move.moving.members).places())
        taken.update(move.moving.places())
    if plan.is_within_key:
        taken.subtract(given_back)
    else:
        access_places.change(connection, plan.key_id, {code: -count for code, count in given_back.items()})
    access_places.change(connection, plan.to_key_id, taken)


def _trim(connection: Connection, move: GroupMove) -> None:
    if not move.moving.component_codes:
        access_groups.remove(connection, move.group)
    elif move.missing or move.left:
        access_groups.change(connection, move.group, move.moving)


def _leave(connection: Connection, move: GroupMove) -> None:
    if move.is_whole:
        access_groups.remove(connection, move.group)
    else:
        staying = tuple(each.member for each in move.left)
        access_groups.change(connection, move.group, replace(move.group.terms, members=staying))


def _arrive(connection: Connection, plan: AccessMigration, move: GroupMove, group_id: str, now: datetime) -> None:
    if move.joins is not None:
        members = (*move.joins.terms.members, *move.moving.members)
        access_groups.change(connection, move.joins, replace(move.joins.terms, members=members))
        return
    group = AccessGroup(
        id=group_id,
        key_id=plan.to_key_id,
        organization_id=move.group.organization_id,
        terms=move.moving,
        version=1,
        created_at=now,
    )
    access_groups.add(connection, group)
