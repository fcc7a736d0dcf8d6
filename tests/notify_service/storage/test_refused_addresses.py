from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from notify_service.domain.notification import RefusedAddress
from notify_service.storage import refused_addresses
from tests.notify_service.doubles import NOW, OWNER

if TYPE_CHECKING:
    from database.engine import Database

WEEK = timedelta(days=7)
MARKED = RefusedAddress(OWNER, NOW, "550 no such user")


def mark(database: Database, address: str = OWNER, *, ago: timedelta = timedelta(0)) -> None:
    with database.transaction() as connection:
        refused_addresses.mark(connection, address, now=NOW - ago, answer=MARKED.answer)


def found(database: Database, address: str = OWNER) -> RefusedAddress | None:
    with database.reading() as connection:
        return refused_addresses.find(connection, address, since=NOW - WEEK)


def test_a_marked_address_is_found_however_it_is_written(any_database: Database) -> None:
    """F36."""
    mark(any_database, "Owner@Shop.Example")

    assert found(any_database, "oWNER@shop.example") == MARKED
    assert found(any_database, "other@shop.example") is None


def test_a_mark_of_long_ago_counts_no_more_until_it_is_set_anew(any_database: Database) -> None:
    mark(any_database, ago=WEEK)
    assert found(any_database) is None

    mark(any_database)

    assert found(any_database) == MARKED


def test_a_cleared_address_is_tried_again(any_database: Database) -> None:
    mark(any_database)

    with any_database.transaction() as connection:
        assert refused_addresses.clear(connection, OWNER.upper())
        assert not refused_addresses.clear(connection, OWNER)
    assert found(any_database) is None


def test_old_marks_are_forgotten_and_the_newest_listed_first(any_database: Database) -> None:
    mark(any_database, "old@shop.example", ago=WEEK)
    mark(any_database, "earlier@shop.example", ago=timedelta(days=1))
    mark(any_database)
    with any_database.transaction() as connection:
        refused_addresses.forget(connection, before=NOW - WEEK)

    with any_database.reading() as connection:
        listed = refused_addresses.list_newest(connection, limit=9)
        shorter = refused_addresses.list_newest(connection, limit=1)
    assert [one.address for one in listed] == [OWNER, "earlier@shop.example"]
    assert shorter == [MARKED]
