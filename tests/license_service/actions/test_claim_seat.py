from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta, timezone
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import func, select

from license_service.actions.claim_seat import claim_seat
from license_service.actions.list_licenses import list_licenses
from license_service.domain.errors import (
    ClaimRefusedError,
    DeviceRefusedError,
    LicenseExpiredError,
    LicenseServiceError,
    NoLicenseError,
    NoSeatFreeError,
)
from license_service.storage import licenses, seats
from license_service.storage.tables import seats as seats_table

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from database.engine import Database
    from license_service.domain.license import License
    from license_service.domain.seat import Seat

NOW = datetime(2026, 6, 1, 9, 0, tzinfo=UTC)
ORGANIZATION = "0b8a3a52-5d5e-4c1c-8f0e-2f6f4f4f6a11"
OTHER_ORGANIZATION = "0b8a3a52-5d5e-4c1c-8f0e-2f6f4f4f6a12"
AT_ONCE = 64


def device(number: int) -> str:
    return f"5d1c9f3e-8a52-4e0c-9a76-{number:012d}"


def claim(database: Database, device_id: str, organization_id: str = ORGANIZATION, *, now: datetime = NOW) -> Seat:
    return claim_seat(database, device_id=device_id, organization_id=organization_id, now=now)


def claimed_and_rows(database: Database) -> tuple[int, int]:
    """Give what the licenses count as taken, and how many seats there are: always the same number."""
    with database.reading() as connection:
        rows = connection.execute(select(func.count()).select_from(seats_table)).scalar_one()
    return sum(record.seats_claimed for record in list_licenses(database)), rows


def claim_at_once(database: Database, device_ids: Sequence[str]) -> list[Seat | LicenseServiceError]:
    barrier = threading.Barrier(len(device_ids))

    def one(device_id: str) -> Seat | LicenseServiceError:
        barrier.wait()
        try:
            return claim(database, device_id)
        except LicenseServiceError as error:
            return error

    with ThreadPoolExecutor(len(device_ids)) as threads:
        return list(threads.map(one, device_ids))


def test_a_claim_takes_a_seat(any_database: Database, sell: Callable[..., License]) -> None:
    sold = sell(any_database, ORGANIZATION, features=("xms", "kds"), renewal_date=date(2027, 1, 31))

    seat = claim(any_database, device(1))

    assert (seat.device_id, seat.license.id, seat.claimed_at) == (device(1), sold.id, NOW)
    assert seat.license.features == ("xms", "kds")
    assert seat.license.renewal_date == date(2027, 1, 31)
    assert seat.license.seats_claimed == 1
    assert claimed_and_rows(any_database) == (1, 1)


def test_claiming_again_gives_the_same_seat_and_takes_no_other(
    any_database: Database, sell: Callable[..., License]
) -> None:
    sell(any_database, ORGANIZATION, seats=2)

    first = claim(any_database, device(1))
    again = claim(any_database, device(1), now=NOW + timedelta(days=1))

    assert again == first
    assert claimed_and_rows(any_database) == (1, 1)


def test_without_a_license_there_is_nothing_to_claim(any_database: Database, sell: Callable[..., License]) -> None:
    sell(any_database, OTHER_ORGANIZATION)

    with pytest.raises(NoLicenseError):
        claim(any_database, device(1))
    assert claimed_and_rows(any_database) == (0, 0)


def test_a_refused_claim_leaves_nothing_behind(any_database: Database, sell: Callable[..., License]) -> None:
    """T59, F07: the seat row was written before the license refused; it is undone."""
    sell(any_database, ORGANIZATION, seats=1)
    claim(any_database, device(1))

    with pytest.raises(NoSeatFreeError):
        claim(any_database, device(2))
    assert claimed_and_rows(any_database) == (1, 1)


def test_the_oldest_license_with_a_free_seat_is_taken_first(
    any_database: Database, sell: Callable[..., License]
) -> None:
    old, new = sell(any_database, ORGANIZATION), sell(any_database, ORGANIZATION)

    taken = [claim(any_database, device(number)).license.id for number in (1, 2)]

    assert taken == [old.id, new.id]
    with any_database.reading() as connection:
        assert seats.held_by(connection, device(2)).license.id == new.id


def test_an_expired_license_is_passed_over(any_database: Database, sell: Callable[..., License]) -> None:
    """S3-17."""
    sell(any_database, ORGANIZATION, seats=9, renewal_date=date(2026, 5, 31))
    current = sell(any_database, ORGANIZATION)

    assert claim(any_database, device(1)).license.id == current.id


def test_an_expired_license_refuses_new_claims(any_database: Database, sell: Callable[..., License]) -> None:
    """S3-17."""
    sell(any_database, ORGANIZATION, seats=9, renewal_date=date(2026, 5, 31))

    with pytest.raises(LicenseExpiredError):
        claim(any_database, device(1))
    assert claimed_and_rows(any_database) == (0, 0)


def test_the_day_of_expiry_is_a_day_in_utc(any_database: Database, sell: Callable[..., License]) -> None:
    """S3-20: an hour that is already tomorrow elsewhere is still today."""
    sell(any_database, ORGANIZATION, seats=9, renewal_date=date(2026, 6, 1))
    ahead = timezone(timedelta(hours=14))

    assert claim(any_database, device(1), now=datetime(2026, 6, 1, 23, 59, tzinfo=UTC).astimezone(ahead))
    with pytest.raises(LicenseExpiredError):
        claim(any_database, device(2), now=datetime(2026, 6, 2, 0, 0, tzinfo=UTC))


def test_a_device_keeps_its_seat_on_an_expired_license(any_database: Database, sell: Callable[..., License]) -> None:
    """S3-17: what it holds is stated, so that it can say that it has expired."""
    sold = sell(any_database, ORGANIZATION, renewal_date=date(2026, 6, 1))
    claim(any_database, device(1))

    assert claim(any_database, device(1), now=NOW + timedelta(days=30)).license.id == sold.id


def test_a_device_of_another_organization_is_refused(any_database: Database, sell: Callable[..., License]) -> None:
    """T44."""
    sell(any_database, OTHER_ORGANIZATION)
    sell(any_database, ORGANIZATION)
    claim(any_database, device(1), OTHER_ORGANIZATION)

    with pytest.raises(DeviceRefusedError) as refused:
        claim(any_database, device(1))
    assert OTHER_ORGANIZATION not in str(refused.value)
    assert claimed_and_rows(any_database) == (1, 1)


def test_64_devices_at_once_take_the_last_seat_once(any_database: Database, sell: Callable[..., License]) -> None:
    """T59."""
    sell(any_database, ORGANIZATION, seats=2)
    claim(any_database, device(0))

    answers = claim_at_once(any_database, [device(number) for number in range(1, AT_ONCE + 1)])

    refused = [answer for answer in answers if isinstance(answer, ClaimRefusedError)]
    assert len(refused) == AT_ONCE - 1
    assert {type(answer) for answer in refused} == {NoSeatFreeError}
    assert claimed_and_rows(any_database) == (2, 2)


def test_64_claims_of_one_device_at_once_take_one_seat(any_database: Database, sell: Callable[..., License]) -> None:
    """T59: also when it is the last one, none of them is refused."""
    sold = sell(any_database, ORGANIZATION, seats=1)

    answers = claim_at_once(any_database, [device(1)] * AT_ONCE)

    assert {answer.license.id for answer in answers} == {sold.id}
    assert claimed_and_rows(any_database) == (1, 1)


def test_64_devices_at_once_fill_several_licenses_exactly(any_database: Database, sell: Callable[..., License]) -> None:
    """T59."""
    for count in (5, 1, 7):
        sell(any_database, ORGANIZATION, seats=count)

    answers = claim_at_once(any_database, [device(number) for number in range(AT_ONCE)])

    assert sum(not isinstance(answer, LicenseServiceError) for answer in answers) == 13
    assert claimed_and_rows(any_database) == (13, 13)
    assert all(record.seats_claimed == record.seats for record in list_licenses(any_database))


def test_a_claim_that_finds_the_seat_of_its_rival_gives_it(
    any_database: Database, sell: Callable[..., License], monkeypatch: pytest.MonkeyPatch
) -> None:
    """T59: the rival's row was not there at the first look, and is at the insert."""
    sold = sell(any_database, ORGANIZATION, seats=2)
    claim(any_database, device(1))
    monkeypatch.setattr(seats, "of_device", lambda *_: None)

    assert claim(any_database, device(1)).license.id == sold.id
    assert claimed_and_rows(any_database) == (1, 1)


def test_a_death_between_the_two_writes_leaves_nothing(
    any_database: Database, sell: Callable[..., License], monkeypatch: pytest.MonkeyPatch
) -> None:
    """F07."""
    sell(any_database, ORGANIZATION)

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(licenses, "take_seat", die)

    with pytest.raises(KeyboardInterrupt):
        claim(any_database, device(1))
    assert claimed_and_rows(any_database) == (0, 0)
