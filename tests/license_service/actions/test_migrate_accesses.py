"""Accesses that go along when a license key is replaced or switched: as previewed, or not at all (S2-24)."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from license_service.actions.create_access_group import create_access_group
from license_service.actions.list_access_groups import list_access_groups
from license_service.actions.migrate_accesses import migrate_accesses
from license_service.actions.replace_key import replace_key
from license_service.actions.switch_key import switch_key
from license_service.domain.access_migration import LeftBehind, MigrationWanted, Obstacle
from license_service.domain.errors import (
    KeyNotFoundError,
    KeyNotRegisteredError,
    LicenseServiceError,
    StalePreviewError,
)
from license_service.domain.license_key import KeyTerms
from license_service.storage.tables import access_places
from tests.license_service.actions.test_access_groups import LATER, activate, create, registered, terms, till
from tests.license_service.conftest import new_id

if TYPE_CHECKING:
    from collections.abc import Callable

    from database.engine import Database
    from license_service.domain.access_group import AccessTerms
    from license_service.domain.access_migration import AccessMigration
    from license_service.domain.license_key import LicenseKey

__all__ = ["registered"]
PREVIEW = MigrationWanted(is_preview=True)
OTHER_ORGANIZATION = "0b8a3a52-5d5e-4c1c-8f0e-2f6f4f4f6a12"


def migrate(database: Database, key_id: str, wanted: MigrationWanted = PREVIEW) -> AccessMigration:
    return migrate_accesses(database, key_id, wanted, new_id=new_id, now=LATER)


def replaced(database: Database, key: LicenseKey, **seats: int) -> LicenseKey:
    new = KeyTerms(id_number=f"New {key.id[:8]}", profile_code="standard", seats=seats)
    return replace_key(database, key.id, new, new_key_id=new_id(), now=LATER)


def groups_of(database: Database, key_id: str) -> list[AccessTerms]:
    return [group.terms for group in list_access_groups(database, key_id=key_id)]


def places(database: Database, key_id: str) -> dict[str, int]:
    rows = select(access_places).where(access_places.c.key_id == key_id, access_places.c.taken > 0)
    with database.reading() as connection:
        return {row.component_code: row.taken for row in connection.execute(rows)}


def test_what_was_previewed_moves_to_the_new_key_and_the_rest_stays(
    any_database: Database, registered: Callable[..., LicenseKey]
) -> None:
    old = registered(seats={"xms": 3, "kds": 3})
    create(any_database, old, terms(1, 2, 3, codes="kds xms"))
    new = replaced(any_database, old, xms=2)
    activate(any_database)

    shown = migrate(any_database, old.id)
    assert groups_of(any_database, new.id) == []
    done = migrate(any_database, old.id, MigrationWanted(expected_state=shown.state))

    assert (shown.to_key_id, shown.moves[0].missing) == (new.id, ("kds",))
    assert shown.moves[0].left == (LeftBehind(till(3), Obstacle.SEATS_TOO_FEW, ("xms",)),)
    assert done == shown
    assert groups_of(any_database, new.id) == [terms(1, 2)]
    assert groups_of(any_database, old.id) == [terms(3, codes="kds xms")]
    assert places(any_database, new.id) == {"xms": 2}
    assert places(any_database, old.id) == {"kds": 1, "xms": 1}


def test_who_stayed_comes_later_into_the_group_of_the_same_name(
    any_database: Database, registered: Callable[..., LicenseKey]
) -> None:
    old = registered(seats=3)
    create(any_database, old, terms(1, 2, 3))
    new = replaced(any_database, old, xms=2)
    activate(any_database)
    migrate(any_database, old.id, MigrationWanted())
    switch_key(any_database, new.id, profile_code="standard", seats={"xms": 3}, now=LATER + timedelta(hours=1))

    migrate(any_database, old.id, MigrationWanted())

    assert groups_of(any_database, new.id) == [terms(1, 2, 3)]
    assert groups_of(any_database, old.id) == []
    assert (places(any_database, new.id), places(any_database, old.id)) == ({"xms": 3}, {})


def test_after_a_switch_the_groups_are_fitted_to_what_the_key_has(
    any_database: Database, registered: Callable[..., LicenseKey]
) -> None:
    key = registered(seats={"xms": 3, "kds": 3})
    create(any_database, key, terms(1, 2, codes="kds xms"))
    create(any_database, key, terms(3, name="Kitchen", codes="kds"))
    create(any_database, key, terms(name="Nobody", codes="xms"))
    switch_key(any_database, key.id, profile_code="standard", seats={"xms": 1}, now=LATER)

    shown = migrate(any_database, key.id)
    done = migrate(any_database, key.id, MigrationWanted(expected_state=shown.state))

    assert done == shown
    left = {move.group.terms.name: [each.obstacle for each in move.left] for move in shown.moves}
    assert left == {"Front": [Obstacle.SEATS_TOO_FEW], "Kitchen": [Obstacle.COMPONENT_MISSING], "Nobody": []}
    assert sorted(groups_of(any_database, key.id), key=lambda each: each.name) == [terms(1), terms(name="Nobody")]
    assert places(any_database, key.id) == {"xms": 1}


def test_a_change_after_the_preview_stops_the_migration(
    any_database: Database, registered: Callable[..., LicenseKey]
) -> None:
    """What was not shown is not done."""
    old = registered(seats=3)
    create(any_database, old, terms(1))
    new = replaced(any_database, old, xms=3)
    activate(any_database)
    shown = migrate(any_database, old.id)
    create_access_group(any_database, terms(7, name="New"), key_id=new.id, group_id=new_id(), now=LATER)

    with pytest.raises(StalePreviewError):
        migrate(any_database, old.id, MigrationWanted(expected_state=shown.state))
    assert groups_of(any_database, old.id) == [terms(1)]


def test_accesses_wait_until_the_site_has_activated_the_new_key(
    any_database: Database, registered: Callable[..., LicenseKey]
) -> None:
    """S2-25: a preview is given all the same."""
    old = registered(seats=3)
    create(any_database, old, terms(1))
    new = replaced(any_database, old, xms=3)

    assert migrate(any_database, old.id).to_key_id == new.id
    with pytest.raises(KeyNotRegisteredError):
        migrate(any_database, old.id, MigrationWanted())
    assert groups_of(any_database, old.id) == [terms(1)]


def test_accesses_do_not_move_to_a_key_of_another_organization(
    any_database: Database, registered: Callable[..., LicenseKey], sell: Callable[..., LicenseKey]
) -> None:
    """T44."""
    own, foreign = registered(), sell(any_database, OTHER_ORGANIZATION)

    for key_id, to_key_id in ((own.id, foreign.id), (own.id, new_id()), (new_id(), None)):
        with pytest.raises(KeyNotFoundError):
            migrate(any_database, key_id, MigrationWanted(to_key_id))


def test_migrations_and_new_groups_at_once_never_oversell(
    any_database: Database, registered: Callable[..., LicenseKey]
) -> None:
    """T59: on the target the accesses that move and those that are created want the same places."""
    old = registered(seats=8)
    create(any_database, old, terms(*range(8)))
    new = replaced(any_database, old, xms=8)
    activate(any_database)
    barrier = threading.Barrier(16)

    def one(number: int) -> None:
        barrier.wait()
        try:
            if number % 2:
                create(any_database, new, terms(100 + number, name=f"Group {number}"))
            else:
                migrate(any_database, old.id, MigrationWanted())
        except LicenseServiceError:
            pass

    with ThreadPoolExecutor(16) as threads:
        list(threads.map(one, range(16)))

    members = [member for each in groups_of(any_database, new.id) for member in each.members]
    assert places(any_database, new.id) == {"xms": len(members)}
    assert len(members) == 8
