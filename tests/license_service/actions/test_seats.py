"""release_seat, transfer_seat and list_seats."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from license_service.actions.claim_seat import claim_seat
from license_service.actions.list_seats import list_seats
from license_service.actions.read_license_key import read_license_key
from license_service.actions.release_seat import release_seat
from license_service.actions.transfer_seat import transfer_seat
from license_service.domain.errors import DeviceSeatedError, KeyNotFoundError, LicenseServiceError, NoSeatError
from license_service.domain.license_key import KeyComponent, OverCountPolicy
from license_service.domain.seat import Seat

if TYPE_CHECKING:
    from collections.abc import Callable

    from database.engine import Database
    from license_service.domain.license_key import LicenseKey

    Sell = Callable[..., LicenseKey]

NOW = datetime(2026, 6, 1, 9, 0, tzinfo=UTC)
ORGANIZATION = "0b8a3a52-5d5e-4c1c-8f0e-2f6f4f4f6a11"
OTHER_ORGANIZATION = "0b8a3a52-5d5e-4c1c-8f0e-2f6f4f4f6a12"
AT_ONCE = 64


def claim(database: Database, device_id: str, organization_id: str = ORGANIZATION, *, now: datetime = NOW) -> Seat:
    return claim_seat(database, device_id=device_id, organization_id=organization_id, now=now).seat


def release(database: Database, device_id: str, organization_id: str = ORGANIZATION) -> None:
    release_seat(database, device_id=device_id, organization_id=organization_id)


def transfer(database: Database, device_id: str, to: str, organization_id: str = ORGANIZATION) -> Seat:
    later = NOW + timedelta(days=1)
    return transfer_seat(database, device_id=device_id, to_device_id=to, organization_id=organization_id, now=later)


def at_once(act: Callable[[int], object]) -> list[object]:
    barrier = threading.Barrier(AT_ONCE)

    def one(number: int) -> object:
        barrier.wait()
        try:
            return act(number)
        except LicenseServiceError as error:
            return type(error)

    with ThreadPoolExecutor(AT_ONCE) as threads:
        return list(threads.map(one, range(AT_ONCE)))


def components_of(database: Database, key: LicenseKey) -> tuple[KeyComponent, ...]:
    return read_license_key(database, key.id).components


def test_a_seat_that_is_released_may_be_claimed_by_another(any_database: Database, sell: Sell) -> None:
    key = sell(any_database, ORGANIZATION, seats=1)
    claim(any_database, "d1")

    release(any_database, "d1")

    assert components_of(any_database, key) == (KeyComponent("xms", 1),)
    assert claim(any_database, "d2").key_id == key.id


@pytest.mark.parametrize("organization_id", [ORGANIZATION, OTHER_ORGANIZATION])
def test_only_a_seat_of_the_organization_is_released(any_database: Database, sell: Sell, organization_id: str) -> None:
    """T44: another's is as none."""
    key = sell(any_database, OTHER_ORGANIZATION)
    claim(any_database, "d1", OTHER_ORGANIZATION)

    with pytest.raises(NoSeatError):
        release(any_database, "d2" if organization_id == OTHER_ORGANIZATION else "d1", organization_id)
    assert components_of(any_database, key) == (KeyComponent("xms", 1, 1),)


def test_an_over_count_is_over_once_all_fit_again(any_database: Database, sell: Sell) -> None:
    """S1-11: the next one begins anew."""
    key = sell(any_database, ORGANIZATION, seats=1, over_count=OverCountPolicy(200, 14))
    for device in ("d1", "d2", "d3"):
        claim(any_database, device)

    release(any_database, "d3")
    assert components_of(any_database, key) == (KeyComponent("xms", 1, 2, NOW),)
    release(any_database, "d2")
    assert components_of(any_database, key) == (KeyComponent("xms", 1, 1),)
    later = NOW + timedelta(days=100)
    claim(any_database, "d4", now=later)
    assert components_of(any_database, key) == (KeyComponent("xms", 1, 2, later),)


def test_64_releases_of_one_seat_at_once_give_it_back_once(any_database: Database, sell: Sell) -> None:
    """T59."""
    key = sell(any_database, ORGANIZATION, seats=2)
    claim(any_database, "d1")
    claim(any_database, "d2")

    answers = at_once(lambda _: release(any_database, "d1"))

    assert sorted(map(str, answers)) == sorted(map(str, [None] + [NoSeatError] * (AT_ONCE - 1)))
    assert components_of(any_database, key) == (KeyComponent("xms", 2, 1),)


def test_a_seat_goes_to_another_device_as_it_is(any_database: Database, sell: Sell) -> None:
    """A server takes the place of another one, also when no seat is free."""
    key = sell(any_database, ORGANIZATION, seats=1)
    claim(any_database, "old")

    seat = transfer(any_database, "old", "new")

    assert seat == Seat("new", key.id, ORGANIZATION, "xms", NOW + timedelta(days=1))
    assert list_seats(any_database, key.id) == [seat]
    assert components_of(any_database, key) == (KeyComponent("xms", 1, 1),)


@pytest.mark.parametrize("elsewhere", [ORGANIZATION, OTHER_ORGANIZATION])
def test_a_device_that_sits_takes_over_no_seat(any_database: Database, sell: Sell, elsewhere: str) -> None:
    """T44: wherever it sits."""
    for organization_id in (ORGANIZATION, OTHER_ORGANIZATION):
        sell(any_database, organization_id, seats=2)
    before = [claim(any_database, "old"), claim(any_database, "new", elsewhere)]

    with pytest.raises(DeviceSeatedError):
        transfer(any_database, "old", "new")
    assert [claim(any_database, "old"), claim(any_database, "new", elsewhere)] == before


def test_a_seat_of_another_organization_is_not_transferred(any_database: Database, sell: Sell) -> None:
    """T44."""
    sell(any_database, OTHER_ORGANIZATION)
    claim(any_database, "old", OTHER_ORGANIZATION)

    for device in ("old", "nobody"):
        with pytest.raises(NoSeatError):
            transfer(any_database, device, "new")


def test_64_transfers_of_one_seat_at_once_are_one(any_database: Database, sell: Sell) -> None:
    """T59."""
    key = sell(any_database, ORGANIZATION, seats=1)
    claim(any_database, "old")

    answers = at_once(lambda number: transfer(any_database, "old", f"new-{number}"))

    (seat,) = [answer for answer in answers if isinstance(answer, Seat)]
    assert {answer for answer in answers if answer is not seat} == {NoSeatError}
    assert list_seats(any_database, key.id) == [seat]


def test_seats_are_listed_oldest_first(any_database: Database, sell: Sell) -> None:
    key = sell(any_database, ORGANIZATION, seats=2)
    late, early = claim(any_database, "d1", now=NOW + timedelta(days=1)), claim(any_database, "d2")

    assert list_seats(any_database, key.id) == [early, late]
    with pytest.raises(KeyNotFoundError):
        list_seats(any_database, "unknown")
