"""The moves of a registration, each of which happens once, on both databases (S1-35; T52)."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from auth_service.actions.registering import ShownCode, Watcher
from auth_service.actions.sweep import sweep
from auth_service.domain.errors import (
    AddressTakenError,
    MailedProofRefusedError,
    RegistrationUnknownError,
)
from auth_service.domain.registration import RegistrationState
from auth_service.storage.registrations import complete
from tests.doubles.registrant import EMAIL, Registrant, audited, hash_cheaply, letters, state_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from auth_service.domain.registration import Registration
    from tests.doubles.auth_house import House

DAY = 24 * 3600
KNOWN = "owner@example.com"


@pytest.fixture
def registrant(house: House, monkeypatch: pytest.MonkeyPatch) -> Registrant:
    hash_cheaply(monkeypatch)
    return Registrant(house)


def raced(call: Callable[[], Registration], times: int = 8) -> list[Registration | Exception]:
    def one(_: int) -> Registration | Exception:
        try:
            return call()
        except MailedProofRefusedError as refused:
            return refused

    with ThreadPoolExecutor(times) as pool:
        return list(pool.map(one, range(times)))


def test_each_email_comes_after_the_step_before_it(registrant: Registrant) -> None:
    """S1-32, S1-33, S1-35."""
    told = [(one.template, one.recipient) for one in letters(registrant.house)]
    registrant.register()
    first = state_of(registrant)
    registrant.prove()
    second = state_of(registrant)
    registrant.activate()

    assert told == []
    assert (first, second, state_of(registrant)) == ("address_unproven", "address_proven", "activated")
    assert [(one.template, one.recipient) for one in letters(registrant.house)] == [
        ("verify_address", EMAIL),
        ("activate_group", EMAIL),
    ]
    assert audited(registrant.house)[-3:] == ["registration_requested", "address_proven", "group_activated"]


@pytest.mark.parametrize("template", ["verify_address", "activate_group"])
def test_a_link_counts_once(registrant: Registrant, template: str) -> None:
    """S1-35, T52."""
    registrant.register()
    step = registrant.prove
    if template == "activate_group":
        registrant.prove()
        step = registrant.activate
    link = registrant.link(template)
    step(link)

    with pytest.raises(MailedProofRefusedError):
        step(link)


@pytest.mark.parametrize("way", ["link", "code"])
def test_of_many_at_once_one_proves_and_one_email_is_written(registrant: Registrant, way: str) -> None:
    """T52: one conditional statement."""
    registrant.register()
    shown = getattr(registrant, way)("verify_address")

    answers = raced(lambda: registrant.prove(shown), times=5)

    assert [one for one in answers if not isinstance(one, Exception)] != []
    assert sum(not isinstance(one, Exception) for one in answers) == 1
    assert [one.template for one in letters(registrant.house)] == ["verify_address", "activate_group"]


def test_of_many_activations_at_once_one_makes_an_organization(registrant: Registrant) -> None:
    """T52."""
    registrant.register()
    registrant.prove()
    link = registrant.link("activate_group")

    answers = raced(lambda: registrant.activate(link))

    assert sum(not isinstance(one, Exception) for one in answers) == 1
    with registrant.house.wired.database.reading() as connection:
        count = connection.exec_driver_sql("SELECT count(*) FROM organizations").scalar_one()
    assert count == 2


def test_five_wrong_codes_end_a_code_and_leave_the_link(registrant: Registrant) -> None:
    """T52: also when they come at once; and the audit trail has each try."""
    watcher = registrant.register()
    wrong = ShownCode(watcher, "BBBB-BBBB")
    raced(lambda: registrant.prove(wrong), times=5)

    with pytest.raises(MailedProofRefusedError):
        registrant.prove(registrant.code("verify_address"))
    assert audited(registrant.house).count("registration_proof_refused") == 6
    assert registrant.prove().state is RegistrationState.ADDRESS_PROVEN


@pytest.mark.parametrize("template", ["verify_address", "activate_group"])
def test_an_email_that_is_sent_again_kills_the_link_and_code_before(registrant: Registrant, template: str) -> None:
    """S1-35, T52: the newest only."""
    registrant.register()
    step = registrant.prove
    if template == "activate_group":
        registrant.prove()
        step = registrant.activate
    old_link, old_code = registrant.link(template), registrant.code(template)
    registrant.ask_again()

    for old in (old_link, old_code):
        with pytest.raises(MailedProofRefusedError):
            step(old)
    assert step(registrant.link(template)).id == registrant.watcher.registration_id


def test_only_who_has_the_watch_token_watches(registrant: Registrant) -> None:
    """T44: somebody else's is as unknown as none."""
    mine = registrant.register()
    other = registrant.register(email="else@example.com")

    for watcher in (Watcher(mine.registration_id, other.watch_token), Watcher("\x00", ""), Watcher("x", "y")):
        with pytest.raises(RegistrationUnknownError):
            state_of(registrant, watcher)


def test_of_two_registrations_of_one_address_the_first_that_is_activated_counts(registrant: Registrant) -> None:
    """S1-17: an email address is one account; who has shown that the mailbox is theirs is told so."""
    registrant.register()
    registrant.prove()
    late = registrant.link("activate_group")
    registrant.register(group_name="Second thoughts")
    registrant.prove()
    second = registrant.link("activate_group")
    unproven = registrant.register(group_name="Third thoughts")
    third = registrant.link("verify_address")
    registrant.activate(late if late != second else second)

    with pytest.raises(AddressTakenError):
        registrant.activate(second if late != second else late)
    with pytest.raises(AddressTakenError):
        registrant.prove(third)
    assert state_of(registrant, unproven) is RegistrationState.ADDRESS_UNPROVEN


def test_an_abandoned_registration_is_swept(registrant: Registrant) -> None:
    """S1-35, T57: after a week it has expired and holds no secret, a month later it is gone."""
    watcher = registrant.register()
    house = registrant.house
    house.clock.pass_seconds(7 * DAY)
    by_the_clock = state_of(registrant)
    sweep(house.wired.database, now=house.clock())
    sweep(house.wired.database, now=house.clock())
    with house.wired.database.reading() as connection:
        row = connection.exec_driver_sql("SELECT state, group_password_hash, link_digest FROM registrations").one()
    with pytest.raises(RegistrationUnknownError):
        registrant.ask_again()
    house.clock.pass_seconds(30 * DAY)
    sweep(house.wired.database, now=house.clock())

    assert by_the_clock is RegistrationState.EXPIRED
    assert tuple(row) == ("expired", None, None)
    assert audited(house).count("registration_expired") == 1
    with pytest.raises(RegistrationUnknownError):
        state_of(registrant, watcher)


def test_a_registration_is_completed_once(registrant: Registrant) -> None:
    """S1-34: of two relays that both have the license key, one writes the email."""
    activated = registrant.activated()
    house = registrant.house

    with house.wired.database.transaction() as connection:
        done = [complete(connection, activated.id, str(uuid4()), house.clock()) for _ in range(2)]

    assert done == [True, False]
