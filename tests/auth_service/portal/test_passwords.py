"""The portal's pages to change the Cloud account password and the Group Password (S1-19, S1-20, S1-27)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from auth_service.actions.create_operator import NewOperator, create_operator
from auth_service.domain.operator import Role
from tests.doubles.auth_house import PASSWORD, Visitor
from tests.doubles.registrant import hash_cheaply, letters

if TYPE_CHECKING:
    from tests.doubles.auth_house import House

NEW = "a loaf of rye at seven"
CLOUD = {"current_password": PASSWORD, "new_password": NEW, "new_password_again": NEW}
GROUP = {"new_password": "bread1!", "new_password_again": "bread1!"}


@pytest.fixture(autouse=True)
def _cheap_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    hash_cheaply(monkeypatch, "change_cloud_password", "change_group_password")


def sign_in(house: House, password: str) -> int:
    return Visitor(house.web()).submit("/sign-in", email="owner@example.com", password=password).status_code


def test_a_changed_cloud_password_signs_in_and_the_old_one_does_not(house: House) -> None:
    """S1-19; T38: whoever else was signed in is so no longer; the operator is told by email."""
    visitor, elsewhere = house.sign_in(), house.sign_in()

    answer = visitor.submit("/cloud-password", **CLOUD)

    assert answer.headers["Location"] == "/devices"
    assert "Your Cloud account password is changed" in visitor.get("/devices").text
    assert elsewhere.get("/devices").headers["Location"].startswith("/sign-in")
    assert (sign_in(house, PASSWORD), sign_in(house, NEW)) == (422, 303)
    [letter] = letters(house)
    assert (letter.template, letter.recipient, letter.context["password"]) == (
        "password_changed",
        "owner@example.com",
        "cloud_account",
    )


def test_a_cloud_password_that_cannot_be_taken_changes_nothing(house: House) -> None:
    """T35, T46."""
    visitor = house.sign_in()
    for changes, said in (
        ({"current_password": "wrong"}, "Current Cloud account password is not the password of this account"),
        ({"new_password": "short", "new_password_again": "short"}, "New Cloud account password needs 8"),
        ({"new_password_again": "another one"}, "The two passwords differ"),
    ):
        answer = visitor.submit("/cloud-password", **CLOUD | changes)

        assert answer.status_code == 422
        assert said in answer.text.partition("is-invalid")[2]
    assert sign_in(house, PASSWORD) == 303
    assert letters(house) == []


def test_an_owner_changes_the_group_password(house: House) -> None:
    """S1-20, S1-27: and the page says beforehand what it does to the sites."""
    visitor = house.sign_in()
    assert "until the new Group Password is entered there" in visitor.get("/group-password").text

    answer = visitor.submit("/group-password", **GROUP)

    assert answer.status_code == 303
    assert "The Group Password is changed" in visitor.get("/devices").text
    assert [(one.template, one.context["password"]) for one in letters(house)] == [("password_changed", "group")]


def test_a_group_password_that_cannot_be_taken_changes_nothing(house: House) -> None:
    visitor = house.sign_in()
    for changes, said in (
        ({"new_password": "bread1", "new_password_again": "bread1"}, "New Group Password needs 6"),
        ({"new_password_again": "bread2!"}, "The two passwords differ"),
    ):
        answer = visitor.submit("/group-password", **GROUP | changes)

        assert answer.status_code == 422
        assert said in answer.text
    assert letters(house) == []


def test_only_an_owner_meets_the_group_password(house: House) -> None:
    """T10."""
    new = NewOperator("approver@example.com", "Someone", PASSWORD, house.organization_id, Role.APPROVER)
    create_operator(house.wired.database, new, now=house.clock())
    visitor = house.sign_in("approver@example.com")

    assert visitor.get("/group-password").status_code == 404
    assert 'href="/cloud-password"' in visitor.get("/devices").text
    assert 'href="/group-password"' not in visitor.get("/cloud-password").text
    assert 'href="/group-password"' in house.sign_in().get("/cloud-password").text


def test_nobody_changes_a_password_without_signing_in_or_the_form_token(house: House) -> None:
    """T37."""
    for path in ("/cloud-password", "/group-password"):
        assert Visitor(house.web()).get(path).headers["Location"].startswith("/sign-in")
        assert house.sign_in().web.post(path, data=GROUP, base_url="http://127.0.0.1:8001").status_code == 400
