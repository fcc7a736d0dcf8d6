"""The rows of `license_keys`, with their components."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import bindparam, or_, select, update
from sqlalchemy.exc import IntegrityError

from license_service.domain.errors import IdNumberTakenError, KeyNotFoundError, StaleVersionError
from license_service.domain.license_key import KeyComponent, KeyStatus, LicenseKey, OpenKey, OverCountPolicy
from license_service.domain.page import EVERYTHING, Page
from license_service.storage import key_components
from license_service.storage.insertion import insert_if_absent
from license_service.storage.keyset import NO_FILTERS, matching, read_page
from license_service.storage.tables import key_components as components
from license_service.storage.tables import license_keys

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date

    from sqlalchemy import Connection, RowMapping

    from license_service.domain.page import PageWanted

OLDEST_FIRST: Final = (license_keys.c.issued_at, license_keys.c.id)

_COMPONENTS: Final = (
    select(components)
    .where(components.c.key_id.in_(bindparam("keys", expanding=True)))
    .order_by(*components.primary_key)
)
# A statement takes some ten thousand values, and no more.
_MOST_AT_ONCE: Final = 1000

# FOR SHARE: as long as a claim goes on, the status and the seats of the keys that it may sit on stand still on
# PostgreSQL; SQLite has one writer anyway.
_OPEN_TO_CLAIMS: Final = (
    select(license_keys.c.id, license_keys.c.over_count_percent, license_keys.c.over_count_days)
    .join(components)
    .where(
        license_keys.c.organization_id == bindparam("organization_id"),
        # As an expression: SQLite would take the index on the status, which leads through the keys of everybody.
        license_keys.c.status.concat("") == KeyStatus.ACTIVE,
        components.c.component_code == bindparam("component_code"),
        or_(license_keys.c.renewal_date.is_(None), license_keys.c.renewal_date >= bindparam("today")),
    )
    .order_by(*OLDEST_FIRST)
    .with_for_update(read=True, of=license_keys)
)


def add(connection: Connection, key: LicenseKey) -> bool:
    """Insert the key and its components, or say that its organization has a key of this ID #."""
    values = {column.name: getattr(key, column.name) for column in license_keys.columns if hasattr(key, column.name)}
    policy = {"over_count_percent": key.over_count.percent, "over_count_days": key.over_count.days}
    if not insert_if_absent(connection, license_keys, {**values, **policy}):
        return False
    key_components.add(connection, key.id, key.components)
    return True


def by_id(connection: Connection, key_id: str, visible_to: str | None = None) -> LicenseKey | None:
    """Give the key, or None when there is none that this organization (None: anybody) may see."""
    query = select(license_keys).where(*matching(license_keys, visible_to, {"id": key_id}))
    found = _with_components(connection, connection.execute(query).mappings().all())
    return found[0] if found else None


def current(connection: Connection, key_id: str, expected_version: int | None = None) -> LicenseKey:
    """Give the key that is to be changed. Raises KeyNotFoundError, or StaleVersionError when another is expected."""
    key = by_id(connection, key_id)
    if key is None:
        raise KeyNotFoundError
    if expected_version not in {None, key.version}:
        raise StaleVersionError(key.version)
    return key


def standing(connection: Connection, *key_ids: str, alone: bool = False) -> list[LicenseKey]:
    """Give the keys, whose status and seats stand still until the commit. Raises KeyNotFoundError.

    `alone` keeps out everybody else for whom they are to stand still. On SQLite there is one writer anyway.
    """
    locked = select(license_keys.c.id).where(license_keys.c.id.in_(key_ids)).order_by(license_keys.c.id)
    connection.execute(locked.with_for_update(read=not alone)).all()
    return [current(connection, key_id) for key_id in key_ids]


def change(connection: Connection, key: LicenseKey, **values: Any) -> None:  # noqa: ANN401 - a column's value
    """Set columns of the key as it was read, and make it the next version.

    One conditional statement. Raises StaleVersionError when somebody else changed the key since it was read.
    """
    this = (license_keys.c.id == key.id, license_keys.c.version == key.version)
    changed = connection.execute(update(license_keys).where(*this).values(**values, version=key.version + 1))
    if changed.rowcount != 1:
        raise StaleVersionError(current(connection, key.id).version)


def set_id_number(connection: Connection, key: LicenseKey, id_number: str) -> None:
    """Change the ID # alone. Raises IdNumberTakenError, or StaleVersionError as `change`."""
    try:
        change(connection, key, id_number=id_number)
    except IntegrityError as fault:
        raise IdNumberTakenError from fault


def listed(
    connection: Connection,
    visible_to: str | None = None,
    filters: Mapping[str, Any] = NO_FILTERS,
    wanted: PageWanted = EVERYTHING,
) -> Page[LicenseKey]:
    """Give the keys of one organization, or of all when none is named, the oldest first."""
    query = select(license_keys).where(*matching(license_keys, visible_to, filters))
    rows = read_page(connection, query, OLDEST_FIRST, wanted)
    return Page(_with_components(connection, rows), rows.end)


def open_to_claims(connection: Connection, organization_id: str, component_code: str, today: date) -> list[OpenKey]:
    """Give the keys that a new device may sit on, the oldest first; they stand still until the commit."""
    values = {"organization_id": organization_id, "component_code": component_code, "today": today}
    rows = connection.execute(_OPEN_TO_CLAIMS, values)
    return [OpenKey(row.id, OverCountPolicy(row.over_count_percent, row.over_count_days)) for row in rows]


def _with_components(connection: Connection, rows: Sequence[RowMapping]) -> list[LicenseKey]:
    by_key: dict[str, list[KeyComponent]] = {}
    for first in range(0, len(rows), _MOST_AT_ONCE):
        keys = [row["id"] for row in rows[first : first + _MOST_AT_ONCE]]
        for row in connection.execute(_COMPONENTS, {"keys": keys}):
            component = KeyComponent(row.component_code, row.seats, row.seats_claimed, row.over_count_since)
            by_key.setdefault(row.key_id, []).append(component)
    return [_key(row, by_key.get(row["id"], ())) for row in rows]


def _key(row: Mapping[Any, Any], components: Iterable[KeyComponent]) -> LicenseKey:
    values = dict(row)
    policy = OverCountPolicy(values.pop("over_count_percent"), values.pop("over_count_days"))
    status = KeyStatus(values.pop("status"))
    return LicenseKey(**values, components=tuple(components), status=status, over_count=policy)
