from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta, timezone
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import func, select

from license_service.actions.add_component import add_component
from license_service.actions.add_profile import add_profile
from license_service.actions.claim_seat import claim_seat
from license_service.actions.list_license_keys import list_license_keys
from license_service.actions.read_license_key import read_license_key
from license_service.domain.catalog import Component, Profile
from license_service.domain.errors import (
    ClaimRefusedError,
    ComponentNotLicensedError,
    DeviceRefusedError,
    LicenseExpiredError,
    LicenseServiceError,
    NoLicenseError,
    NoSeatFreeError,
)
from license_service.domain.license_key import KeyStatus, OverCountPolicy
from license_service.domain.seat import Seat, SeatTerms
from license_service.storage import key_components, seats
from license_service.storage.tables import seats as seats_table

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from database.engine import Database
    from license_service.domain.license_key import LicenseKey

NOW = datetime(2026, 6, 1, 9, 0, tzinfo=UTC)
ORGANIZATION = "0b8a3a52-5d5e-4c1c-8f0e-2f6f4f4f6a11"
OTHER_ORGANIZATION = "0b8a3a52-5d5e-4c1c-8f0e-2f6f4f4f6a12"
AT_ONCE = 64


def device(number: int) -> str:
    return f"5d1c9f3e-8a52-4e0c-9a76-{number:012d}"


def claim(database: Database, device_id: str, organization_id: str = ORGANIZATION, *, now: datetime = NOW) -> SeatTerms:
    return claim_seat(database, device_id=device_id, organization_id=organization_id, now=now)


def claimed_and_rows(database: Database) -> tuple[int, int]:
    """Give what the keys count as taken, and how many seats there are: always the same number."""
    with database.reading() as connection:
        rows = connection.execute(select(func.count()).select_from(seats_table)).scalar_one()
    return sum(each.seats_claimed for key in list_license_keys(database) for each in key.components), rows


def claim_at_once(database: Database, device_ids: Sequence[str]) -> list[SeatTerms | LicenseServiceError]:
    barrier = threading.Barrier(len(device_ids))

    def one(device_id: str) -> SeatTerms | LicenseServiceError:
        barrier.wait()
        try:
            return claim(database, device_id)
        except LicenseServiceError as error:
            return error

    with ThreadPoolExecutor(len(device_ids)) as threads:
        return list(threads.map(one, device_ids))


def test_a_claim_takes_a_seat(any_database: Database, sell: Callable[..., LicenseKey]) -> None:
    sold = sell(any_database, ORGANIZATION, renewal_date=date(2027, 1, 31))

    seat = claim(any_database, device(1))

    assert seat == SeatTerms(
        seat=Seat(device(1), sold.id, ORGANIZATION, "xms", NOW),
        features=("xms",),
        key_status=KeyStatus.ACTIVE,
        renewal_date=date(2027, 1, 31),
        renewal_window_days=30,
    )
    assert claimed_and_rows(any_database) == (1, 1)


def test_claiming_again_gives_the_same_seat_and_takes_no_other(
    any_database: Database, sell: Callable[..., LicenseKey]
) -> None:
    sell(any_database, ORGANIZATION, seats=2)

    first = claim(any_database, device(1))
    again = claim(any_database, device(1), now=NOW + timedelta(days=1))

    assert again == first
    assert claimed_and_rows(any_database) == (1, 1)


def test_without_a_license_there_is_nothing_to_claim(any_database: Database, sell: Callable[..., LicenseKey]) -> None:
    sell(any_database, OTHER_ORGANIZATION)

    with pytest.raises(NoLicenseError):
        claim(any_database, device(1))
    assert claimed_and_rows(any_database) == (0, 0)


def test_a_refused_claim_leaves_nothing_behind(any_database: Database, sell: Callable[..., LicenseKey]) -> None:
    """T59, F07: the seat row was written before the license refused; it is undone."""
    sell(any_database, ORGANIZATION, seats=1)
    claim(any_database, device(1))

    with pytest.raises(NoSeatFreeError):
        claim(any_database, device(2))
    assert claimed_and_rows(any_database) == (1, 1)


def test_the_oldest_license_with_a_free_seat_is_taken_first(
    any_database: Database, sell: Callable[..., LicenseKey]
) -> None:
    old, new = sell(any_database, ORGANIZATION), sell(any_database, ORGANIZATION)

    taken = [claim(any_database, device(number)).seat.key_id for number in (1, 2)]

    assert taken == [old.id, new.id]
    with any_database.reading() as connection:
        assert seats.held_by(connection, device(2)).seat.key_id == new.id


def test_an_expired_license_is_passed_over(any_database: Database, sell: Callable[..., LicenseKey]) -> None:
    """S3-17."""
    sell(any_database, ORGANIZATION, seats=9, renewal_date=date(2026, 5, 31))
    current = sell(any_database, ORGANIZATION)

    assert claim(any_database, device(1)).seat.key_id == current.id


def test_an_expired_license_refuses_new_claims(any_database: Database, sell: Callable[..., LicenseKey]) -> None:
    """S3-17."""
    sell(any_database, ORGANIZATION, seats=9, renewal_date=date(2026, 5, 31))

    with pytest.raises(LicenseExpiredError):
        claim(any_database, device(1))
    assert claimed_and_rows(any_database) == (0, 0)


def test_the_day_of_expiry_is_a_day_in_utc(any_database: Database, sell: Callable[..., LicenseKey]) -> None:
    """S3-20: an hour that is already tomorrow elsewhere is still today."""
    sell(any_database, ORGANIZATION, seats=9, renewal_date=date(2026, 6, 1))
    ahead = timezone(timedelta(hours=14))

    assert claim(any_database, device(1), now=datetime(2026, 6, 1, 23, 59, tzinfo=UTC).astimezone(ahead))
    with pytest.raises(LicenseExpiredError):
        claim(any_database, device(2), now=datetime(2026, 6, 2, 0, 0, tzinfo=UTC))


def test_a_device_keeps_its_seat_on_an_expired_license(any_database: Database, sell: Callable[..., LicenseKey]) -> None:
    """S3-17: what it holds is stated, so that it can say that it has expired."""
    sold = sell(any_database, ORGANIZATION, renewal_date=date(2026, 6, 1))
    claim(any_database, device(1))

    assert claim(any_database, device(1), now=NOW + timedelta(days=30)).seat.key_id == sold.id


def test_a_device_of_another_organization_is_refused(any_database: Database, sell: Callable[..., LicenseKey]) -> None:
    """T44."""
    sell(any_database, OTHER_ORGANIZATION)
    sell(any_database, ORGANIZATION)
    claim(any_database, device(1), OTHER_ORGANIZATION)

    with pytest.raises(DeviceRefusedError) as refused:
        claim(any_database, device(1))
    assert OTHER_ORGANIZATION not in str(refused.value)
    assert claimed_and_rows(any_database) == (1, 1)


def test_64_devices_at_once_take_the_last_seat_once(any_database: Database, sell: Callable[..., LicenseKey]) -> None:
    """T59."""
    sell(any_database, ORGANIZATION, seats=2)
    claim(any_database, device(0))

    answers = claim_at_once(any_database, [device(number) for number in range(1, AT_ONCE + 1)])

    refused = [answer for answer in answers if isinstance(answer, ClaimRefusedError)]
    assert len(refused) == AT_ONCE - 1
    assert {type(answer) for answer in refused} == {NoSeatFreeError}
    assert claimed_and_rows(any_database) == (2, 2)


def test_64_claims_of_one_device_at_once_take_one_seat(any_database: Database, sell: Callable[..., LicenseKey]) -> None:
    """T59: also when it is the last one, none of them is refused."""
    sold = sell(any_database, ORGANIZATION, seats=1)

    answers = claim_at_once(any_database, [device(1)] * AT_ONCE)

    assert {answer.seat.key_id for answer in answers} == {sold.id}
    assert claimed_and_rows(any_database) == (1, 1)


def test_64_devices_at_once_fill_several_keys_exactly(any_database: Database, sell: Callable[..., LicenseKey]) -> None:
    """T59."""
    for count in (5, 1, 7):
        sell(any_database, ORGANIZATION, seats=count)

    answers = claim_at_once(any_database, [device(number) for number in range(AT_ONCE)])

    assert sum(not isinstance(answer, LicenseServiceError) for answer in answers) == 13
    assert claimed_and_rows(any_database) == (13, 13)
    assert all(each.seats_claimed == each.seats for key in list_license_keys(any_database) for each in key.components)


def test_a_claim_that_finds_the_seat_of_its_rival_gives_it(
    any_database: Database, sell: Callable[..., LicenseKey], monkeypatch: pytest.MonkeyPatch
) -> None:
    """T59: the rival's row was not there at the first look, and is at the insert."""
    sold = sell(any_database, ORGANIZATION, seats=2)
    claim(any_database, device(1))
    monkeypatch.setattr(seats, "of_device", lambda *_: None)

    assert claim(any_database, device(1)).seat.key_id == sold.id
    assert claimed_and_rows(any_database) == (1, 1)


def test_a_death_between_the_two_writes_leaves_nothing(
    any_database: Database, sell: Callable[..., LicenseKey], monkeypatch: pytest.MonkeyPatch
) -> None:
    """F07."""
    sell(any_database, ORGANIZATION)

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(key_components, "take_owned", die)

    with pytest.raises(KeyboardInterrupt):
        claim(any_database, device(1))
    assert claimed_and_rows(any_database) == (0, 0)


def test_a_device_sits_on_the_component_that_it_names(any_database: Database, sell: Callable[..., LicenseKey]) -> None:
    """S3-21: and gets what the profile gives for that component; nothing where it gives none."""
    add_component(any_database, Component("kds", "Kitchen display"))
    add_component(any_database, Component("sco", "Self checkout"))
    add_profile(any_database, Profile("premium", "Premium", {"xms": ("xms",), "kds": ("kds", "recipes")}))
    sell(any_database, ORGANIZATION)
    sold = sell(any_database, ORGANIZATION, seats={"kds": 1, "sco": 1}, profile_code="premium")

    kds, sco = (
        claim_seat(any_database, device_id=device(n), organization_id=ORGANIZATION, component_code=code, now=NOW)
        for n, code in enumerate(("kds", "sco"))
    )

    assert (kds.seat.key_id, kds.features) == (sold.id, ("kds", "recipes"))
    assert (sco.seat.key_id, sco.features) == (sold.id, ())


def test_a_component_that_no_key_has_is_refused(any_database: Database, sell: Callable[..., LicenseKey]) -> None:
    sell(any_database, ORGANIZATION)

    with pytest.raises(ComponentNotLicensedError):
        claim_seat(any_database, device_id=device(1), organization_id=ORGANIZATION, component_code="kds", now=NOW)


def over_count_of(database: Database, key: LicenseKey) -> tuple[int, datetime | None]:
    (component,) = read_license_key(database, key.id).components
    return component.seats_claimed, component.over_count_since


def test_more_devices_may_sit_for_a_while(any_database: Database, sell: Callable[..., LicenseKey]) -> None:
    """S1-11: 20 % of 9 seats is one device more; the day of the first stays until they fit again."""
    sold = sell(any_database, ORGANIZATION, seats=9, over_count=OverCountPolicy(20, 14))
    for number in range(9):
        claim(any_database, device(number))
    assert over_count_of(any_database, sold) == (9, None)

    claim(any_database, device(9), now=NOW + timedelta(days=3))

    assert over_count_of(any_database, sold) == (10, NOW + timedelta(days=3))
    with pytest.raises(NoSeatFreeError):
        claim(any_database, device(10), now=NOW + timedelta(days=4))
    assert claimed_and_rows(any_database) == (10, 10)


def test_what_is_owned_comes_before_what_is_over_the_count(
    any_database: Database, sell: Callable[..., LicenseKey]
) -> None:
    """S1-11."""
    old = sell(any_database, ORGANIZATION, over_count=OverCountPolicy(100, 14))
    new = sell(any_database, ORGANIZATION)

    taken = [claim(any_database, device(number)).seat.key_id for number in range(3)]

    assert taken == [old.id, new.id, old.id]


def test_after_the_days_of_over_count_no_more_devices_may_sit(
    any_database: Database, sell: Callable[..., LicenseKey]
) -> None:
    """S1-11: those that sit are left in peace."""
    sold = sell(any_database, ORGANIZATION, seats=2, over_count=OverCountPolicy(100, 14))
    for number in range(3):
        claim(any_database, device(number))
    end = NOW + timedelta(days=14)

    with pytest.raises(NoSeatFreeError):
        claim(any_database, device(3), now=end)
    claim(any_database, device(3), now=end - timedelta(seconds=1))
    assert over_count_of(any_database, sold) == (4, NOW)
    assert claim(any_database, device(2), now=end).seat.key_id == sold.id


def test_64_devices_at_once_are_over_the_count_by_no_more_than_is_allowed(
    any_database: Database, sell: Callable[..., LicenseKey]
) -> None:
    """T59, S1-11."""
    sell(any_database, ORGANIZATION, seats=10, over_count=OverCountPolicy(20, 14))

    answers = claim_at_once(any_database, [device(number) for number in range(AT_ONCE)])

    assert sum(not isinstance(answer, LicenseServiceError) for answer in answers) == 12
    assert claimed_and_rows(any_database) == (12, 12)
