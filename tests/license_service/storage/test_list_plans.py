"""Each list reads its page from an index in the list's order: nothing is scanned, and nothing sorted."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import event

from license_service.actions.list_agreements import list_agreements
from license_service.actions.list_components import list_components
from license_service.actions.list_contacts import list_contacts
from license_service.actions.list_license_keys import list_license_keys
from license_service.actions.list_profiles import list_profiles
from license_service.actions.list_synchronizations import list_synchronizations
from license_service.domain.contact import ContactState
from license_service.domain.page import PageWanted
from license_service.domain.synchronization import Trigger
from license_service.storage import reminders
from license_service.storage.seats import of_key

if TYPE_CHECKING:
    from collections.abc import Callable

    from database.engine import Database

ORGANIZATION = "0b8a3a52-5d5e-4c1c-8f0e-2f6f4f4f6a11"
ID = "9f2f3c64-0d8b-4b0e-a5f3-7a1d9a3f5c21"
LATER = PageWanted(50, (datetime(2026, 6, 1, 9, 0, tzinfo=UTC), ID))
LATER_CODE = PageWanted(50, ("kds",))


def seats_of(database: Database, wanted: PageWanted, **_: object) -> None:
    with database.reading() as connection:
        of_key(connection, ID, wanted)


def runs_of(database: Database, wanted: PageWanted, **filters: Any) -> object:
    return list_synchronizations(database, wanted, now=LATER.after[0], **filters)


def plans(database: Database, work: Callable[[], object]) -> list[str]:
    """Give the steps by which SQLite runs the first statement of the work."""
    statements: list[tuple[str, Any]] = []

    def note(_connection: object, _cursor: object, statement: str, given: Any, *_: object) -> None:
        statements.append((statement, given))

    event.listen(database.engine, "before_cursor_execute", note)
    # A connection that is open already tells nobody.
    database.close()
    try:
        work()
    finally:
        event.remove(database.engine, "before_cursor_execute", note)
    statement, given = statements[0]
    with database.reading() as connection:
        return [row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", given)]


@pytest.mark.parametrize(
    ("listed", "wanted", "filters", "index"),
    [
        (list_license_keys, LATER, {}, "ix_license_keys_oldest_first"),
        (list_license_keys, LATER, {"organization_id": ORGANIZATION}, "ix_license_keys_oldest_of_organization"),
        (list_license_keys, LATER, {"visible_to": ORGANIZATION}, "ix_license_keys_oldest_of_organization"),
        (list_license_keys, LATER, {"id_number": "Shops north"}, "ix_license_keys_oldest_of_id_number"),
        (list_license_keys, LATER, {"status": "suspended"}, "ix_license_keys_oldest_of_status"),
        (list_agreements, LATER, {}, "ix_agreements_oldest_first"),
        (list_agreements, LATER, {"organization_id": ORGANIZATION}, "ix_agreements_oldest_of_organization"),
        (list_components, LATER_CODE, {}, "sqlite_autoindex_components_1"),
        (list_profiles, LATER_CODE, {}, "sqlite_autoindex_profiles_1"),
        (seats_of, LATER, {}, "ix_seats_oldest_of_key"),
        (runs_of, LATER, {}, "ix_synchronizations_newest_first"),
        (runs_of, LATER, {"trigger": Trigger.MANUAL}, "ix_synchronizations_newest_of_trigger"),
        (runs_of, LATER, {"visible_to": ORGANIZATION}, "ix_synchronizations_newest_of_organization"),
        (
            runs_of,
            LATER,
            {"organization_id": ORGANIZATION, "trigger": Trigger.MANUAL},
            "ix_synchronizations_newest_of_organization_and_trigger",
        ),
    ],
)
def test_a_later_page_is_searched_for_in_the_list_s_index(
    database: Database, listed: Any, wanted: PageWanted, filters: dict[str, str], index: str
) -> None:
    (step,) = plans(database, lambda: listed(database, wanted, **filters))

    assert step.startswith("SEARCH ")
    assert f"USING INDEX {index} (" in step
    assert {">(", ">?", "<(", "<?"} & {step[at : at + 2] for at in range(len(step))}


@pytest.mark.parametrize(
    ("filters", "index"),
    [
        ({}, "ix_contacts_longest_ago"),
        ({"state": ContactState.WARNED}, "ix_contacts_longest_ago"),
        ({"organization_id": ORGANIZATION}, "ix_contacts_longest_ago_of_organization"),
        (
            {"organization_id": ORGANIZATION, "state": ContactState.IN_CONTACT},
            "ix_contacts_longest_ago_of_organization",
        ),
    ],
)
def test_a_later_page_of_contacts_is_searched_for_from_where_it_begins(
    database: Database, filters: dict[str, Any], index: str
) -> None:
    """Not from where its state does: a million may lie between."""
    now = datetime(2026, 6, 8, 9, 0, tzinfo=UTC)
    wanted = PageWanted(50, (datetime(2026, 6, 4, 9, 0, tzinfo=UTC), ID))

    (step,) = plans(database, lambda: list_contacts(database, wanted, now=now, **filters))

    assert f"USING INDEX {index} (" in step
    assert "(last_contact_at,device_id)>(?,?)" in step


@pytest.mark.parametrize("listed", [list_license_keys, list_agreements, runs_of])
def test_the_first_page_is_read_along_the_list_s_index(database: Database, listed: Any) -> None:
    steps = plans(database, lambda: listed(database, PageWanted(50)))

    assert not [step for step in steps if "TEMP B-TREE" in step]


def test_the_label_of_a_key_in_an_organization_is_found_at_once(database: Database) -> None:
    """S2-22: unique there."""
    steps = plans(
        database, lambda: list_license_keys(database, LATER, organization_id=ORGANIZATION, id_number="Shops north")
    )

    assert "(organization_id=? AND id_number=?)" in steps[0]


@pytest.mark.parametrize(
    ("listed", "wanted", "index"),
    [
        (reminders.due_renewals, PageWanted(50), "ix_license_keys_soonest_first (renewal_date>? AND renewal_date<?)"),
        (
            reminders.due_renewals,
            PageWanted(50, (date(2026, 6, 10), ID)),
            "ix_license_keys_soonest_first ((renewal_date,id)>(?,?) AND renewal_date<?)",
        ),
        (
            reminders.missing_contacts,
            PageWanted(50),
            "ix_contacts_longest_ago (last_contact_at>? AND last_contact_at<?)",
        ),
        (
            reminders.missing_contacts,
            PageWanted(50, (datetime(2026, 6, 10, tzinfo=UTC), ID)),
            "ix_contacts_longest_ago ((last_contact_at,device_id)>(?,?) AND last_contact_at<?)",
        ),
    ],
)
def test_what_reminders_are_made_of_is_searched_for_from_where_it_begins(
    database: Database, listed: Any, wanted: PageWanted, index: str
) -> None:
    """Neither what is long past nor what is far ahead is read, and nothing is sorted."""
    is_day = listed is reminders.due_renewals
    between = (date(2026, 6, 1), date(2026, 7, 1)) if is_day else (LATER.after[0], datetime(2026, 7, 1, tzinfo=UTC))

    def read() -> None:
        with database.reading() as connection:
            listed(connection, *between, wanted)

    (step,) = plans(database, read)

    assert index in step


def test_over_counts_are_read_along_the_index_of_their_beginnings(database: Database) -> None:
    def read() -> None:
        with database.reading() as connection:
            reminders.over_used(connection, PageWanted(50))

    (step,) = plans(database, read)

    assert "ix_over_counts_longest_ago" in step
