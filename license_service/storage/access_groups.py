"""The rows of `access_groups`, with their members."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import bindparam, delete, select, update
from sqlalchemy.exc import IntegrityError

from license_service.domain.access_group import AccessGroup, AccessTerms, Member, MemberKind
from license_service.domain.errors import (
    AccessGroupNotFoundError,
    GroupNameTakenError,
    MemberElsewhereError,
    StaleVersionError,
)
from license_service.domain.page import EVERYTHING, Page
from license_service.storage.insertion import insert_if_absent
from license_service.storage.keyset import NO_FILTERS, matching, read_page
from license_service.storage.tables import access_group_members, access_groups

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sqlalchemy import Connection, RowMapping

    from license_service.domain.page import PageWanted

_members: Final = access_group_members.c
_OLDEST_FIRST: Final = (access_groups.c.created_at, access_groups.c.id)
_MEMBERS: Final = (
    select(access_group_members)
    .where(_members.group_id.in_(bindparam("groups", expanding=True)))
    .order_by(_members.name, _members.kind, _members.member_id)
)
# A statement takes some ten thousand values, and no more.
_MOST_AT_ONCE: Final = 1000


def add(connection: Connection, group: AccessGroup) -> None:
    """Insert the group and its members. Raises GroupNameTakenError or MemberElsewhereError."""
    row = {
        "id": group.id,
        "key_id": group.key_id,
        "organization_id": group.organization_id,
        "name": group.terms.name,
        "component_codes": list(group.terms.component_codes),
        "version": group.version,
        "created_at": group.created_at,
    }
    if not insert_if_absent(connection, access_groups, row):
        raise GroupNameTakenError
    add_members(connection, group.key_id, group.id, group.terms.members)


def add_members(connection: Connection, key_id: str, group_id: str, members: Iterable[Member]) -> None:
    """Insert members of the group. Raises MemberElsewhereError."""
    # In one order, so that no two wait for each other.
    for member in sorted(members, key=lambda each: each.identity):
        row = {
            "key_id": key_id,
            "group_id": group_id,
            "kind": member.kind,
            "member_id": member.id,
            "name": member.name,
        }
        if not insert_if_absent(connection, access_group_members, row):
            raise MemberElsewhereError


def remove_members(connection: Connection, group_id: str) -> None:
    """Take every member out of the group."""
    connection.execute(delete(access_group_members).where(_members.group_id == group_id))


def current(
    connection: Connection, group_id: str, expected_version: int | None = None, visible_to: str | None = None
) -> AccessGroup:
    """Give the group. Raises AccessGroupNotFoundError, or StaleVersionError when another version is expected."""
    query = select(access_groups).where(*matching(access_groups, visible_to, {"id": group_id}))
    found = _with_members(connection, connection.execute(query).mappings().all())
    if not found:
        raise AccessGroupNotFoundError
    if expected_version not in {None, found[0].version}:
        raise StaleVersionError(found[0].version)
    return found[0]


def change(connection: Connection, group: AccessGroup, terms: AccessTerms) -> None:
    """Give the group other terms, and make it the next version.

    Raises StaleVersionError when somebody else changed the group since it was read, GroupNameTakenError or
    MemberElsewhereError.
    """
    values = {"name": terms.name, "component_codes": list(terms.component_codes), "version": group.version + 1}
    try:
        changed = connection.execute(update(access_groups).where(*_as_read(group)).values(**values))
    except IntegrityError as fault:
        raise GroupNameTakenError from fault
    if changed.rowcount != 1:
        raise StaleVersionError(current(connection, group.id).version)
    if terms.members != group.terms.members:
        remove_members(connection, group.id)
        add_members(connection, group.key_id, group.id, terms.members)


def remove(connection: Connection, group: AccessGroup) -> None:
    """Delete the group as it was read, with its members. Raises StaleVersionError."""
    if connection.execute(delete(access_groups).where(*_as_read(group))).rowcount != 1:
        raise StaleVersionError(current(connection, group.id).version)


def listed(
    connection: Connection,
    visible_to: str | None = None,
    filters: Mapping[str, Any] = NO_FILTERS,
    wanted: PageWanted = EVERYTHING,
) -> Page[AccessGroup]:
    """Give groups, the oldest first."""
    query = select(access_groups).where(*matching(access_groups, visible_to, filters))
    rows = read_page(connection, query, _OLDEST_FIRST, wanted)
    return Page(_with_members(connection, rows), rows.end)


def _as_read(group: AccessGroup) -> tuple[Any, ...]:
    return access_groups.c.id == group.id, access_groups.c.version == group.version


def _with_members(connection: Connection, rows: Sequence[RowMapping]) -> list[AccessGroup]:
    by_group: dict[str, list[Member]] = {}
    for first in range(0, len(rows), _MOST_AT_ONCE):
        groups = [row["id"] for row in rows[first : first + _MOST_AT_ONCE]]
        for row in connection.execute(_MEMBERS, {"groups": groups}):
            by_group.setdefault(row.group_id, []).append(Member(MemberKind(row.kind), row.member_id, row.name))
    return [_group(row, tuple(by_group.get(row["id"], ()))) for row in rows]


def _group(row: RowMapping, members: tuple[Member, ...]) -> AccessGroup:
    values = dict(row)
    terms = AccessTerms(values.pop("name"), tuple(values.pop("component_codes")), members)
    return AccessGroup(**values, terms=terms)
