"""Changing the Cloud account password and the Group Password (S1-19, S1-20, S1-27; T38, T46, T55)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from auth_service.actions.change_cloud_password import CloudPasswordChange, change_cloud_password
from auth_service.actions.change_group_password import GroupPasswordChange, change_group_password
from auth_service.actions.sign_in_operator import Credentials, sign_in_operator
from auth_service.domain.errors import BadInputError, NotAllowedError, SignInRefusedError, TooManyRequestsError
from auth_service.domain.operator import Membership, Operator, Role
from auth_service.domain.secret_digest import digest
from auth_service.storage.portal_sessions import find_session
from tests.doubles.auth_house import PASSWORD
from tests.doubles.registrant import letters

if TYPE_CHECKING:
    from pathlib import Path

    from tests.doubles.auth_house import House

OWNER = "owner@example.com"
NEW = "seven quiet ovens"
ADDRESS = "192.0.2.7"


@pytest.fixture
def database_url(migrated_file: Path, tmp_path: Path) -> str:
    # Nothing here may happen only once: one kind of database is enough.
    (tmp_path / "auth.sqlite3").write_bytes(migrated_file.read_bytes())
    return f"sqlite:///{tmp_path / 'auth.sqlite3'}"


def sign_in(house: House, password: str = PASSWORD) -> str:
    shown = Credentials(OWNER, password, "198.51.100.4")
    return sign_in_operator(house.wired.database, house.wired.desk.limiter, shown, now=house.clock())


def member(house: House, role: Role = Role.OWNER) -> Membership:
    return Membership(house.organization_id, "Bakery", role)


def change_cloud(house: House, session: str, current: str = PASSWORD, new: str = NEW) -> None:
    operator = Operator(house.operator_id, OWNER, "Olga Owner")
    change = CloudPasswordChange(operator, member(house), digest(session), current, new, ADDRESS)
    desk = house.wired.desk
    change_cloud_password(desk.database, change, limiter=desk.limiter, mail=desk.mail, now=house.clock())


def change_group(house: House, password: str, role: Role = Role.OWNER) -> None:
    change = GroupPasswordChange(member(house, role), house.operator_id, password, ADDRESS)
    change_group_password(house.wired.database, change, mail=house.wired.desk.mail, now=house.clock())


def audited(house: House) -> list[str]:
    with house.wired.database.reading() as connection:
        return list(connection.exec_driver_sql("SELECT event FROM audit_events ORDER BY sequence").scalars())


def test_the_new_cloud_password_signs_in_and_every_other_session_ends(house: House) -> None:
    """S1-19, T38: somebody else may have been in."""
    mine, others = sign_in(house), sign_in(house)
    change_cloud(house, mine)

    with house.wired.database.reading() as connection:
        kept = [find_session(connection, digest(one), house.clock()) is not None for one in (mine, others)]
    assert kept == [True, False]
    assert sign_in(house, NEW)
    with pytest.raises(SignInRefusedError):
        sign_in(house)


def test_who_changed_it_is_told_by_email_and_in_the_trail(house: House) -> None:
    """T55, T66: that it was changed, never to what."""
    change_cloud(house, sign_in(house))

    (told,) = letters(house)
    assert (told.template, told.recipient, told.context["password"]) == ("password_changed", OWNER, "cloud_account")
    assert told.context["requested_from"] == ADDRESS
    assert NEW not in str(told.context)
    assert audited(house)[-1] == "cloud_password_changed"


def test_the_current_password_is_asked_for_under_the_limit_of_signing_in(house: House) -> None:
    """T35: who found a portal that was left open guesses no longer there than at its door."""
    session = sign_in(house)
    for _ in range(10):
        with pytest.raises(BadInputError) as refused:
            change_cloud(house, session, current="wrong")
        assert set(refused.value.faults) == {"current_password"}

    with pytest.raises(TooManyRequestsError):
        change_cloud(house, session)
    assert audited(house).count("sign_in_failed") == 10
    assert letters(house) == []


@pytest.mark.parametrize("new", ["short", "x" * 129, "iloveyou1", "QWERTYUIOP", "nul\x00inside"])
def test_a_weak_cloud_password_is_refused_before_anything_else(house: House, new: str) -> None:
    """T46."""
    with pytest.raises(BadInputError) as refused:
        change_cloud(house, "no session", current="wrong", new=new)
    assert set(refused.value.faults) == {"new_password"}


@pytest.mark.parametrize("new", ["x" * 64, "päßwörter mögen umlaute", "correct horse", "        8 spaces"])
def test_any_signs_and_a_long_one_are_taken(house: House, new: str) -> None:
    """T46: no rule about its signs, 64 and more are allowed."""
    change_cloud(house, sign_in(house), new=new)

    assert sign_in(house, new)


def test_a_changed_group_password_is_told_to_the_owners(house: House) -> None:
    """S1-20, T55: and each change is another generation."""
    change_group(house, "bread1!")
    change_group(house, "butter2?")

    assert {(one.template, one.context["password"]) for one in letters(house)} == {("password_changed", "group")}
    assert "butter2?" not in str([one.context for one in letters(house)])
    assert audited(house)[-1] == "group_password_changed"
    with house.wired.database.reading() as connection:
        generation = connection.exec_driver_sql("SELECT group_password_generation FROM organizations").scalar_one()
    assert generation == 2


@pytest.mark.parametrize("role", [Role.APPROVER, Role.VIEWER])
def test_only_an_owner_changes_the_group_password(house: House, role: Role) -> None:
    """T44: every site of the organization depends on it."""
    with pytest.raises(NotAllowedError):
        change_group(house, "bread1!", role)


@pytest.mark.parametrize("password", ["br1!", "bread!", "bread1", "bread 1", "x1!" * 50, "tab\t1!x"])
def test_the_rule_of_the_group_password(house: House, password: str) -> None:
    """S1-27: six characters, one number, one symbol; a space is no symbol."""
    with pytest.raises(BadInputError) as refused:
        change_group(house, password)
    assert set(refused.value.faults) == {"new_password"}
