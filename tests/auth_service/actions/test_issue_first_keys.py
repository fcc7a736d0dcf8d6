"""The third email waits for license_service, and comes once (S1-34, S1-35; F42)."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest

from auth_service.actions.issue_first_keys import REFUSED_SECONDS, issue_first_keys
from auth_service.actions.read_registration import read_registration
from auth_service.actions.sweep import sweep
from auth_service.domain.errors import FirstKeyRefusedError, LicenseServiceAwayError
from auth_service.outbound.first_keys import FirstKey
from tests.doubles.registrant import EMAIL, GROUP_NAME, Registrant, hash_cheaply, letters

if TYPE_CHECKING:
    from pathlib import Path

    from auth_service.domain.registration import Registration
    from tests.doubles.auth_house import House

DAY = 24 * 3600


class Keys:
    """license_service's first keys: it makes them, says no, or is away."""

    def __init__(self) -> None:
        self.error: Exception | None = None
        self.asked: list[str] = []
        self.access_key = "04CS0-X75KW"

    def issue(self, registration: Registration) -> FirstKey:
        self.asked.append(registration.email)
        if self.error is not None:
            raise self.error
        return FirstKey(self.access_key, "Standard", date(2026, 12, 24))


@pytest.fixture(autouse=True)
def _cheap_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    hash_cheaply(monkeypatch)


@pytest.fixture
def database_url(migrated_file: Path, tmp_path: Path) -> str:
    # The one move is tried on both databases in test_registration_moves.py.
    (tmp_path / "auth.sqlite3").write_bytes(migrated_file.read_bytes())
    return f"sqlite:///{tmp_path / 'auth.sqlite3'}"


@pytest.fixture
def keys() -> Keys:
    return Keys()


@pytest.fixture
def registrant(house: House) -> Registrant:
    registrant = Registrant(house)
    registrant.activated()
    return registrant


def issue(house: House, keys: Keys) -> bool:
    house.clock.pass_seconds(1)
    return issue_first_keys(house.wired.registering, keys, now=house.clock())  # type: ignore[arg-type] # a double


def codes(house: House) -> list[str]:
    return [one.recipient for one in letters(house) if one.template == "license_code"]


def state_of(registrant: Registrant) -> str:
    database = registrant.house.wired.database
    return read_registration(database, registrant.watcher, now=registrant.house.clock()).state


def test_an_activated_group_gets_its_license_code(registrant: Registrant, keys: Keys) -> None:
    """S1-34: to the address that was proven, in the words of the registration."""
    assert issue(registrant.house, keys)

    letter = registrant.letter("license_code")
    assert (letter.recipient, letter.context["group_name"]) == (EMAIL, GROUP_NAME)
    assert (letter.context["license_key"], letter.context["renewal_date"]) == ("04CS0-X75KW", date(2026, 12, 24))
    assert letter.organization_id is not None
    assert state_of(registrant) == "complete"


def test_it_comes_once(registrant: Registrant, keys: Keys) -> None:
    """S1-35: whatever the relay's next rounds find."""
    for _ in range(3):
        issue(registrant.house, keys)

    assert codes(registrant.house) == [EMAIL]
    assert keys.asked == [EMAIL]


def test_of_two_relays_one_writes_it(registrant: Registrant, keys: Keys) -> None:
    """S1-35: both have asked before either has written."""
    house = registrant.house

    class Rival(Keys):
        def issue(self, registration: Registration) -> FirstKey:
            issue(house, keys)
            return super().issue(registration)

    issue(house, Rival())

    assert codes(house) == [EMAIL]


def test_while_license_service_is_away_it_is_late_and_not_lost(registrant: Registrant, keys: Keys) -> None:
    """F42: for however long; the sweep leaves it alone."""
    keys.error = LicenseServiceAwayError("away")
    went_on = issue(registrant.house, keys)
    registrant.house.clock.pass_seconds(60 * DAY)
    sweep(registrant.house.wired.database, now=registrant.house.clock())
    state = state_of(registrant)
    keys.error = None
    issue(registrant.house, keys)

    assert (went_on, state) == (False, "activated")
    assert codes(registrant.house) == [EMAIL]


def test_one_that_is_refused_waits_while_the_others_go_on(registrant: Registrant, keys: Keys) -> None:
    """F42: and is asked for again, as somebody may have put the catalog right."""
    house = registrant.house
    keys.error = FirstKeyRefusedError("unknown_profile")
    issue(house, keys)
    keys.error = None
    other = Registrant(house, email="else@example.com")
    other.activated()
    issue(house, keys)
    before = codes(house)
    house.clock.pass_seconds(REFUSED_SECONDS)
    issue(house, keys)

    assert before == ["else@example.com"]
    assert codes(house) == ["else@example.com", EMAIL]


def test_a_key_that_no_email_takes_ends_no_relay(registrant: Registrant, keys: Keys) -> None:
    """F24: it waits as one that is refused, and nothing of it was written."""
    keys.access_key = "one line\nand another"
    went_on = issue(registrant.house, keys)

    assert went_on
    assert (state_of(registrant), codes(registrant.house)) == ("activated", [])


def test_the_third_email_is_sent_again_when_it_is_asked_for(registrant: Registrant, keys: Keys) -> None:
    """S1-35: the license code is kept nowhere here, so it is fetched anew."""
    house = registrant.house
    asked_before = registrant.ask_again().state
    issue(house, keys)
    reopened = registrant.ask_again().state
    issue(house, keys)

    assert (asked_before, reopened, state_of(registrant)) == ("activated", "activated", "complete")
    assert codes(house) == [EMAIL, EMAIL]
    with house.wired.database.reading() as connection:
        kept = str(connection.exec_driver_sql("SELECT * FROM registrations").all())
    assert "04CS0" not in kept
