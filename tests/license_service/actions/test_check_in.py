"""Check-ins: noted once each, judged together, answered with a signed time (S1-9 … S1-11)."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import func, select

from license_service.actions.check_in import CheckInParts, check_in
from license_service.actions.claim_seat import claim_seat
from license_service.actions.create_signing_key import create_signing_key
from license_service.actions.read_contact import read_contact
from license_service.actions.release_seat import release_seat
from license_service.domain.check_in import FULL_LOAD, KEPT, CheckIn
from license_service.domain.errors import NoSeatError, SigningKeyUnavailableError
from license_service.domain.event import EventKind
from license_service.domain.license_key import KeyStatus, OverCountPolicy
from license_service.signing.jwk_set import jwk_set
from license_service.signing.key_folder import KeyFolder
from license_service.storage.contact_tables import check_ins, contacts, over_counts
from license_service.storage.tables import license_keys
from tests.doubles.event_listener import listen, told
from tests.license_service.conftest import NOW, new_id
from wire.check_in import CheckInReport, OverCountOutcome, Register
from wire.jwks import read_jwks
from wire.license_status import LicenseStatus
from wire.server_time import read_server_time

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from pathlib import Path

    from database.engine import Database
    from license_service.domain.license_key import LicenseKey
    from wire.check_in import CheckInAnswer, ComponentUse

ORGANIZATION = "0b8a3a52-5d5e-4c1c-8f0e-2f6f4f4f6a11"
OTHER_ORGANIZATION = "0b8a3a52-5d5e-4c1c-8f0e-2f6f4f4f6a12"
ISSUER = "https://licenses.example"
ALLOW = OverCountPolicy(percent=20, days=14)
AT_ONCE = 16
DAY = timedelta(days=1)
LATER = NOW + timedelta(hours=1)


@pytest.fixture
def parts(any_database: Database, tmp_path: Path) -> CheckInParts:
    folder = KeyFolder(tmp_path / "keys")
    create_signing_key(folder, now=NOW)
    return CheckInParts(any_database, folder, ISSUER)


@pytest.fixture
def seated(any_database: Database, sell: Callable[..., LicenseKey]) -> Callable[..., str]:
    """Give a function that sells a key, once, and seats a device on it."""
    sold: list[LicenseKey] = []

    def seat(organization_id: str = ORGANIZATION, **terms: object) -> str:
        if not sold:
            sold.append(sell(any_database, organization_id, **{"seats": 10, **terms}))
        device_id = new_id()
        claim_seat(any_database, device_id=device_id, organization_id=organization_id, now=NOW)
        return device_id

    return seat


def said(device_id: str, seats: int = 1, *, at: datetime = LATER, organization_id: str = ORGANIZATION) -> CheckIn:
    registers = (Register("till-1", "Till 1"),)
    report = CheckInReport("1.4.0", at - timedelta(seconds=3), {"xms": seats}, registers)
    return CheckIn(device_id, organization_id, at, report)


def answer(parts: CheckInParts, check: CheckIn) -> CheckInAnswer:
    return check_in(parts, check, chance=0.5)


def xms(parts: CheckInParts, check: CheckIn) -> ComponentUse:
    return next(use for use in answer(parts, check).components if use.component_code == "xms")


def count(database: Database, table: object) -> int:
    with database.reading() as connection:
        return connection.execute(select(func.count()).select_from(table)).scalar_one()


def test_a_check_in_is_answered_with_how_the_license_stands(
    parts: CheckInParts, any_database: Database, sell: Callable[..., LicenseKey]
) -> None:
    """S1-9, S1-10, S3-16: the labels are those of License Status."""
    key = sell(any_database, ORGANIZATION, seats=5, renewal_date=date(2026, 6, 20))
    device_id = new_id()
    claim_seat(any_database, device_id=device_id, organization_id=ORGANIZATION, now=NOW)

    given = answer(parts, said(device_id, 3))

    assert (given.device_id, given.organization_id, given.license_id) == (device_id, ORGANIZATION, key.id)
    assert (given.key_status, given.license_status) == ("active", LicenseStatus.REQUIRES_RENEWAL)
    assert given.renewal_date == date(2026, 6, 20)
    assert [(use.component_code, use.seats_owned, use.seats_in_use) for use in given.components] == [("xms", 5, 3)]
    assert given.next_check_in_after == 24 * 3600


def test_the_answer_has_the_servers_time_signed_for_this_check_in(
    parts: CheckInParts, seated: Callable[..., str]
) -> None:
    check = said(seated())

    token = answer(parts, check).server_time

    keys = _Pinned(jwk_set(parts.signing_keys.read()))
    asked = {"issuer": ISSUER, "device_id": check.device_id, "device_time": check.report.device_time}
    assert read_server_time(token, keys, **asked) == LATER


def test_a_check_in_is_the_contact_of_its_device(
    parts: CheckInParts, any_database: Database, seated: Callable[..., str]
) -> None:
    check = said(seated(), 4)

    answer(parts, check)

    contact = read_contact(any_database, check.device_id, now=LATER).contact
    assert (contact.last_contact_at, contact.checked_in_at) == (LATER, LATER)
    assert (contact.software_version, contact.clock_skew_seconds) == ("1.4.0", -3)
    assert (contact.seats_in_use, contact.registers) == ({"xms": 4}, ({"id": "till-1", "name": "Till 1"},))
    assert count(any_database, check_ins) == 1


def test_a_device_without_a_seat_or_of_another_organization_is_told_the_same(
    parts: CheckInParts, any_database: Database, seated: Callable[..., str]
) -> None:
    """T44."""
    elsewhere = said(seated(), organization_id=OTHER_ORGANIZATION)

    for check in (said(new_id()), elsewhere):
        with pytest.raises(NoSeatError):
            answer(parts, check)
    assert count(any_database, check_ins) == 0


def test_without_a_signing_key_nothing_is_noted(
    parts: CheckInParts, any_database: Database, seated: Callable[..., str], tmp_path: Path
) -> None:
    with pytest.raises(SigningKeyUnavailableError):
        answer(replace(parts, signing_keys=KeyFolder(tmp_path / "none")), said(seated()))
    assert count(any_database, check_ins) == 0


def test_a_suspended_key_is_told_and_is_a_contact(
    parts: CheckInParts, any_database: Database, seated: Callable[..., str]
) -> None:
    check = said(seated())
    with any_database.transaction() as connection:
        connection.execute(license_keys.update().values(status=KeyStatus.SUSPENDED))

    assert answer(parts, check).key_status == "suspended"
    assert read_contact(any_database, check.device_id, now=LATER).contact.last_contact_at == LATER


def test_what_is_used_is_counted_over_all_sites_and_the_last_word_of_each_counts(
    parts: CheckInParts, seated: Callable[..., str]
) -> None:
    """S1-42."""
    one, other = seated(), seated()

    assert xms(parts, said(one, 4)).seats_in_use == 4
    assert xms(parts, said(other, 5)).seats_in_use == 9
    assert xms(parts, said(one, 1, at=LATER + DAY)).seats_in_use == 6


def test_what_a_device_used_goes_with_its_seat(
    parts: CheckInParts, any_database: Database, seated: Callable[..., str]
) -> None:
    one, other = seated(), seated()
    answer(parts, said(one, 4))

    release_seat(any_database, device_id=one, organization_id=ORGANIZATION)

    assert xms(parts, said(other, 5)).seats_in_use == 5
    with pytest.raises(NoSeatError):
        read_contact(any_database, one, now=LATER)


def test_over_use_is_allowed_until_its_day_and_then_refused(parts: CheckInParts, seated: Callable[..., str]) -> None:
    """S1-11: counted from the first check-in that was over."""
    device_id = seated(over_count=ALLOW)

    first, last, over = (
        xms(parts, said(device_id, 12, at=LATER + passed))
        for passed in (timedelta(), 14 * DAY - timedelta(seconds=1), 14 * DAY)
    )

    assert (first.outcome, first.over_count_since, first.over_count_until) == (
        OverCountOutcome.ALLOWED,
        LATER,
        LATER + 14 * DAY,
    )
    assert (last.outcome, over.outcome) == (OverCountOutcome.ALLOWED, OverCountOutcome.REFUSED)
    assert over.over_count_since == LATER


def test_over_use_that_ended_begins_anew(parts: CheckInParts, seated: Callable[..., str]) -> None:
    device_id = seated(over_count=ALLOW)
    for used, days in ((12, 0), (10, 1), (11, 20)):
        last = xms(parts, said(device_id, used, at=LATER + days * DAY))

    assert (last.outcome, last.over_count_since) == (OverCountOutcome.ALLOWED, LATER + 20 * DAY)


def test_over_use_is_told_once_in_its_period(
    parts: CheckInParts, any_database: Database, seated: Callable[..., str]
) -> None:
    """S1-11."""
    device_id = seated(over_count=ALLOW)
    listen(any_database, EventKind.SEAT_OVER)

    for used, days in ((12, 0), (12, 1), (12, 20), (10, 21), (11, 22)):
        answer(parts, said(device_id, used, at=LATER + days * DAY))

    data = {
        "organization_id": ORGANIZATION,
        "device_id": device_id,
        "counted_by": "check_ins",
        "license_key_id": None,
        "component_code": "xms",
        "seats_owned": 10,
        "seats_in_use": 12,
        "outcome": "over_allowed_until",
        "over_count_since": LATER.isoformat(),
        "over_count_until": (LATER + 14 * DAY).isoformat(),
    }
    assert [kind for kind, _ in told(any_database)] == ["seat.over", "seat.over"]
    assert told(any_database)[0][1] == data


def test_components_that_are_neither_owned_nor_used_leave_no_row(
    parts: CheckInParts, any_database: Database, seated: Callable[..., str]
) -> None:
    """A device that makes up codes cannot fill the table."""
    check = said(seated())

    for number in range(3):
        made_up = replace(check.report, seats_in_use={f"made-up-{number}": 1})
        answer(parts, replace(check, report=made_up, at=LATER + number * DAY))

    assert count(any_database, over_counts) == 2


def test_sixteen_check_ins_of_one_device_are_sixteen_and_the_last_word_counts(
    parts: CheckInParts, any_database: Database, seated: Callable[..., str]
) -> None:
    """Of one device, at the same time; over-use is told once."""
    device_id = seated()
    listen(any_database, EventKind.SEAT_OVER)
    checks = [said(device_id, 11 + n, at=LATER + timedelta(seconds=n)) for n in range(AT_ONCE)]

    with ThreadPoolExecutor(AT_ONCE) as threads:
        given = list(threads.map(lambda check: answer(parts, check), checks))

    contact = read_contact(any_database, device_id, now=LATER).contact
    assert contact.last_contact_at == contact.checked_in_at == checks[-1].at
    assert contact.seats_in_use == {"xms": 10 + AT_ONCE}
    assert (count(any_database, check_ins), count(any_database, contacts)) == (AT_ONCE, 1)
    assert {use.outcome for each in given for use in each.components} == {OverCountOutcome.REFUSED}
    assert len(told(any_database)) == 1


def test_a_check_in_that_comes_late_does_not_take_the_place_of_a_later_one(
    parts: CheckInParts, any_database: Database, seated: Callable[..., str]
) -> None:
    device_id = seated()
    answer(parts, said(device_id, 4, at=LATER + DAY))

    assert xms(parts, said(device_id, 9, at=LATER)).seats_in_use == 4
    assert read_contact(any_database, device_id, now=LATER).contact.last_contact_at == LATER + DAY
    assert count(any_database, check_ins) == 2


def test_of_sixteen_sites_at_the_same_time_one_sees_what_all_of_them_use(
    parts: CheckInParts, any_database: Database, seated: Callable[..., str]
) -> None:
    """S1-10: each alone fits, all together do not, and that is told once."""
    devices = [seated(seats=AT_ONCE) for _ in range(AT_ONCE)]
    listen(any_database, EventKind.SEAT_OVER)

    with ThreadPoolExecutor(AT_ONCE) as threads:
        given = list(threads.map(lambda device_id: xms(parts, said(device_id, 2)), devices))

    assert sorted(use.seats_in_use for use in given) == [2 * (n + 1) for n in range(AT_ONCE)]
    assert len(told(any_database)) == 1


def test_the_history_goes_back_so_many_days_and_no_further(
    parts: CheckInParts, any_database: Database, seated: Callable[..., str]
) -> None:
    device_id = seated()
    for hours in range(3):
        answer(parts, said(device_id, at=LATER + timedelta(hours=hours)))

    for hours in range(3):
        answer(parts, said(device_id, at=LATER + KEPT + timedelta(hours=3 + hours)))

    assert count(any_database, check_ins) == 3


def test_a_throng_spreads_the_next_check_ins(
    parts: CheckInParts, any_database: Database, seated: Callable[..., str]
) -> None:
    device_id = seated()
    row = {"organization_id": ORGANIZATION, "software_version": "1", "clock_skew_seconds": 0, "seats_in_use": {}}
    others = [{**row, "device_id": f"d{n}", "at": LATER, "registers": 0} for n in range(FULL_LOAD + 5)]
    with any_database.transaction() as connection:
        connection.execute(check_ins.insert(), others)

    assert check_in(parts, said(device_id), chance=1).next_check_in_after == 30 * 3600
    assert check_in(parts, said(device_id, at=LATER + DAY), chance=1).next_check_in_after < 26 * 3600


class _Pinned:
    def __init__(self, document: object) -> None:
        self._keys = read_jwks(document)

    def key(self, kid: str) -> object:
        return self._keys.get(kid)


def test_utc_is_what_instants_are_in(parts: CheckInParts, seated: Callable[..., str]) -> None:
    assert xms(parts, said(seated(), 11)).over_count_since.tzinfo is UTC
