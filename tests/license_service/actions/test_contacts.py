"""The last contact of each device: what counts as one, how it is listed, and when it is dark (S1-2 … S1-9)."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import func, select

from database.errors import DatabaseUnavailableError
from license_service.actions.claim_seat import claim_seat
from license_service.actions.list_contacts import list_contacts
from license_service.actions.raise_dated_events import raise_dated_events
from license_service.actions.read_contact import read_contact
from license_service.actions.read_entitlement import read_entitlement
from license_service.actions.transfer_seat import transfer_seat
from license_service.domain.contact import ContactState
from license_service.domain.errors import LicenseSuspendedError, NoSeatError
from license_service.domain.event import EventKind
from license_service.domain.license_key import KeyStatus
from license_service.domain.page import PageWanted
from license_service.storage import contacts
from license_service.storage.contact_tables import contacts as contacts_table
from license_service.storage.tables import license_keys
from tests.doubles.event_listener import listen, told
from tests.license_service.conftest import NOW, new_id

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from database.engine import Database
    from license_service.domain.license_key import LicenseKey

ORGANIZATION = "0b8a3a52-5d5e-4c1c-8f0e-2f6f4f4f6a11"
OTHER_ORGANIZATION = "0b8a3a52-5d5e-4c1c-8f0e-2f6f4f4f6a12"
DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
A_SECOND = timedelta(seconds=1)


@pytest.fixture
def seated(any_database: Database, sell: Callable[..., LicenseKey]) -> Callable[..., str]:
    """Give a function that seats a device at an instant, on a key of its own."""

    def seat(at: datetime = NOW, organization_id: str = ORGANIZATION) -> str:
        sell(any_database, organization_id)
        device_id = new_id()
        claim_seat(any_database, device_id=device_id, organization_id=organization_id, now=at)
        return device_id

    return seat


def refresh(database: Database, device_id: str, at: datetime) -> None:
    read_entitlement(database, device_id=device_id, organization_id=ORGANIZATION, now=at)


def last(database: Database, device_id: str) -> datetime:
    return read_contact(database, device_id, now=NOW).contact.last_contact_at


def test_the_days_are_counted_from_the_claim_on(any_database: Database, seated: Callable[..., str]) -> None:
    """S1-2: what is redeemed after it is good for eight days."""
    device_id = seated()
    assert last(any_database, device_id) == NOW

    claim_seat(any_database, device_id=device_id, organization_id=ORGANIZATION, now=NOW + DAY)

    assert last(any_database, device_id) == NOW + DAY


def test_a_refresh_is_a_contact_that_is_noted_once_an_hour(any_database: Database, seated: Callable[..., str]) -> None:
    """S1-8."""
    device_id = seated()

    for at, noted in ((HOUR - A_SECOND, timedelta()), (HOUR, HOUR), (2 * HOUR - A_SECOND, HOUR), (DAY, DAY)):
        refresh(any_database, device_id, NOW + at)
        assert last(any_database, device_id) == NOW + noted


def test_an_earlier_contact_never_takes_the_place_of_a_later_one(
    any_database: Database, seated: Callable[..., str]
) -> None:
    """Processes come in any order, and their clocks differ."""
    device_id = seated()
    instants = [NOW + n * HOUR for n in range(1, 9)]

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda at: refresh(any_database, device_id, at), reversed(instants)))
    claim_seat(any_database, device_id=device_id, organization_id=ORGANIZATION, now=NOW - DAY)

    assert last(any_database, device_id) == instants[-1]


def test_a_refresh_that_is_refused_is_no_contact(any_database: Database, seated: Callable[..., str]) -> None:
    device_id = seated()
    with any_database.transaction() as connection:
        connection.execute(license_keys.update().values(status=KeyStatus.SUSPENDED))

    with pytest.raises(LicenseSuspendedError):
        refresh(any_database, device_id, NOW + DAY)
    assert last(any_database, device_id) == NOW


def test_a_refresh_is_answered_when_its_contact_cannot_be_noted(
    any_database: Database, seated: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """F27."""
    device_id = seated()

    def fail(*_: object) -> None:
        raise DatabaseUnavailableError("The database is busy with other work.")

    with monkeypatch.context() as broken:
        broken.setattr(contacts, "note", fail)
        refresh(any_database, device_id, NOW + DAY)
    assert last(any_database, device_id) == NOW


def test_a_seat_that_went_in_between_leaves_no_contact(
    any_database: Database, seated: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    device_id = seated()
    monkeypatch.setattr("license_service.storage.seats.kept_of_device", lambda *_: None)

    refresh(any_database, device_id, NOW + DAY)

    assert last(any_database, device_id) == NOW


def test_a_transferred_seat_begins_with_the_other_device(any_database: Database, seated: Callable[..., str]) -> None:
    old, new = seated(), new_id()

    transfer_seat(any_database, device_id=old, to_device_id=new, organization_id=ORGANIZATION, now=NOW + 9 * DAY)

    assert last(any_database, new) == NOW + 9 * DAY
    with pytest.raises(NoSeatError):
        read_contact(any_database, old, now=NOW)


def test_another_organizations_contact_is_not_there(any_database: Database, seated: Callable[..., str]) -> None:
    """T44."""
    device_id = seated()

    assert read_contact(any_database, device_id, now=NOW, visible_to=ORGANIZATION).contact.device_id == device_id
    with pytest.raises(NoSeatError):
        read_contact(any_database, device_id, now=NOW, visible_to=OTHER_ORGANIZATION)


def test_contacts_are_listed_by_state_and_organization_the_longest_ago_first(
    any_database: Database, seated: Callable[..., str]
) -> None:
    ages = (8 * DAY, 8 * DAY - A_SECOND, 5 * DAY, 5 * DAY - A_SECOND, timedelta())
    dark, late, warned, near, fresh = (seated(NOW - age) for age in ages)
    elsewhere = seated(NOW - 9 * DAY, OTHER_ORGANIZATION)

    def listed(**filters: object) -> list[str]:
        return [each.device_id for each in list_contacts(any_database, now=NOW, **filters)]

    assert listed() == [elsewhere, dark, late, warned, near, fresh]
    assert listed(organization_id=ORGANIZATION, state=ContactState.DEACTIVATED) == [dark]
    assert listed(state=ContactState.DEACTIVATED) == [elsewhere, dark]
    assert listed(state=ContactState.WARNED) == [late, warned]
    assert listed(state=ContactState.IN_CONTACT) == [near, fresh]


def test_pages_of_contacts_follow_one_another(any_database: Database, seated: Callable[..., str]) -> None:
    devices = [seated(NOW - age * DAY) for age in (7, 6, 5)]

    first = list_contacts(any_database, PageWanted(2), now=NOW, state=ContactState.WARNED)
    second = list_contacts(any_database, PageWanted(2, first.end), now=NOW, state=ContactState.WARNED)

    assert [each.device_id for each in [*first, *second]] == devices
    assert second.end is None


def test_a_page_that_began_before_the_state_did_goes_on_where_the_state_begins(
    any_database: Database, seated: Callable[..., str]
) -> None:
    """Time goes on between two pages: what was warned is dark by now."""
    seated(NOW - 7 * DAY)
    later = seated(NOW - 6 * DAY)
    first = list_contacts(any_database, PageWanted(1), now=NOW, state=ContactState.WARNED)

    second = list_contacts(any_database, PageWanted(1, first.end), now=NOW + 1.5 * DAY, state=ContactState.WARNED)

    assert [each.device_id for each in second] == [later]


def test_a_device_that_goes_dark_is_told_once_and_again_after_a_contact(
    any_database: Database, seated: Callable[..., str]
) -> None:
    """S1-3."""
    device_id = seated()
    listen(any_database, EventKind.DEVICE_DARK)
    back = NOW + 20 * DAY

    rounds = [NOW + 8 * DAY - A_SECOND, NOW + 8 * DAY, NOW + 19 * DAY]
    assert [raise_dated_events(any_database, now=now) for now in rounds] == [0, 1, 0]
    refresh(any_database, device_id, back)
    rounds = [back + 8 * DAY - A_SECOND, back + 30 * DAY, back + 31 * DAY]
    assert [raise_dated_events(any_database, now=now) for now in rounds] == [0, 1, 0]

    assert told(any_database) == [
        (
            "device.dark",
            {
                "organization_id": ORGANIZATION,
                "device_id": device_id,
                "last_contact_at": since.isoformat(),
                "deactivated_at": (since + 8 * DAY).isoformat(),
            },
        )
        for since in (NOW, back)
    ]


def test_two_that_look_for_dark_devices_at_the_same_time_tell_once(
    any_database: Database, seated: Callable[..., str]
) -> None:
    for _ in range(10):
        seated()
    listen(any_database, EventKind.DEVICE_DARK)

    with ThreadPoolExecutor(4) as threads:
        raised = list(threads.map(lambda _: raise_dated_events(any_database, now=NOW + 9 * DAY), range(4)))

    assert sum(raised) == len(told(any_database)) == 10
    with any_database.reading() as connection:
        untold = select(func.count()).where(contacts_table.c.dark_told.is_(False))
        assert connection.execute(untold).scalar_one() == 0
