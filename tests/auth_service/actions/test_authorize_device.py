"""Deciding: one outcome, the owners told, and nothing half done."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from auth_service.actions.authorize_device import Decision, authorize_device
from auth_service.actions.deny_device import deny_device
from auth_service.actions.review_user_code import Entry, review_user_code
from auth_service.domain.errors import AlreadyDecidedError, LicenseServiceAwayError, NoLicenseError
from auth_service.domain.operator import Membership, Operator, Role
from wire.notification_message import open_message

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.doubles.auth_house import House


def outbox(house: House) -> list[str]:
    with house.wired.database.reading() as connection:
        return [row.sealed for row in connection.exec_driver_sql("SELECT sealed FROM outbox")]


def test_an_approval_writes_one_sealed_email_to_each_owner(house: House) -> None:
    codes = house.ask_codes()

    house.decide(codes["user_code"])

    (sealed,) = outbox(house)
    message = open_message(sealed, house.wired.settings.notification_key)
    assert (message.template, message.recipient) == ("device_authorized", "owner@example.com")
    assert message.context["device_name"] == "Shop 1"
    assert message.context["operator_name"] == "Olga Owner"
    assert message.context["features"] == ["xms"]
    assert message.organization_id == house.organization_id


def test_a_denial_is_told_to_each_owner_once(house: House) -> None:
    """T07, S3-10."""
    decision = reviewed(house, house.ask_codes()["user_code"])

    deny(house, decision)
    with pytest.raises(AlreadyDecidedError):
        deny(house, decision)

    (sealed,) = outbox(house)
    message = open_message(sealed, house.wired.settings.notification_key)
    assert (message.template, message.recipient) == ("device_denied", "owner@example.com")
    assert message.context["device_name"] == "Shop 1"
    assert message.context["operator_name"] == "Olga"
    assert message.context["devices_url"].endswith("/devices")


def test_an_owner_who_cannot_be_written_to_vetoes_nothing(house: House) -> None:
    """An address that came in some other way than by our commands."""
    codes = house.ask_codes()
    with house.wired.database.transaction() as connection:
        connection.exec_driver_sql("UPDATE operators SET email = 'a;b@example.com'")
    decision = reviewed(house, codes["user_code"])

    approve(house, decision)

    assert outbox(house) == []
    house.wired.protocol.pace.decided(decision.review.authorization.device_code_digest)
    assert house.poll(codes["device_code"]).status_code == 200


@pytest.mark.parametrize(
    ("error", "status"),
    [(NoLicenseError("no_seat_free", "Every seat is taken."), 422), (LicenseServiceAwayError("away"), 503)],
)
def test_without_a_seat_nothing_is_approved_and_nothing_sent(house: House, error: Exception, status: int) -> None:
    codes = house.ask_codes()
    house.licenses.error = error

    answer = house.decide(codes["user_code"])

    assert answer.status_code == status
    assert outbox(house) == []
    assert house.poll(codes["device_code"]).json["error"] == "authorization_pending"
    house.licenses.error = None
    assert house.decide(codes["user_code"]).status_code == 303


@pytest.mark.parametrize("second", ["authorize", "deny"])
@pytest.mark.parametrize("first", ["authorize", "deny"])
def test_the_first_decision_stands(house: House, first: str, second: str) -> None:
    """T07: the other side is told that it came late."""
    codes = house.ask_codes()
    house.decide(codes["user_code"], first)

    late = house.decide(codes["user_code"], second)

    assert late.status_code == 422
    expected = {"authorize": 200, "deny": 400}[first]
    assert house.poll(codes["device_code"]).status_code == expected


def test_approving_a_redeemed_code_does_not_bring_it_back(house: House) -> None:
    """T06."""
    codes = house.ask_codes()
    house.decide(codes["user_code"])
    tokens = house.poll(codes["device_code"]).json

    assert house.decide(codes["user_code"]).status_code == 422
    house.refresh(tokens["refresh_token"])
    assert house.poll(codes["device_code"]).json["error"] == "invalid_grant"


def test_an_expired_code_cannot_be_decided(house: House) -> None:
    codes = house.ask_codes()
    house.clock.pass_seconds(900)

    assert house.decide(codes["user_code"]).status_code == 422


def reviewed(house: House, user_code: str) -> Decision:
    member = Membership(house.organization_id, "Bakery", Role.OWNER)
    entry = Entry(user_code, house.device_id, member, house.operator_id, "192.0.2.1")
    review = review_user_code(house.wired.desk.codes, entry, now=house.clock())
    return Decision(review=review, operator=Operator(house.operator_id, "owner@example.com", "Olga"), member=member)


def approve(house: House, decision: Decision) -> None:
    authorize_device(house.wired.database, house.licenses, decision, mail=house.wired.desk.mail, now=house.clock())


def deny(house: House, decision: Decision) -> None:
    deny_device(house.wired.database, decision, mail=house.wired.desk.mail, now=house.clock())


def test_two_who_saw_the_same_code_cannot_both_decide(house: House) -> None:
    """T07: both have looked, then both press; the second is told, and sends no email."""
    decision = reviewed(house, house.ask_codes()["user_code"])
    approve(house, decision)

    with pytest.raises(AlreadyDecidedError):
        approve(house, decision)
    with pytest.raises(AlreadyDecidedError):
        deny(house, decision)
    assert len(outbox(house)) == 1


def test_approve_and_deny_at_the_same_moment_have_one_outcome(house: House) -> None:
    """T07, with real threads."""
    for _ in range(5):
        codes = house.ask_codes()
        decision = reviewed(house, codes["user_code"])
        start = threading.Barrier(2)

        def press(call: Callable[[], None], start: threading.Barrier = start) -> bool:
            start.wait()
            try:
                call()
            except AlreadyDecidedError:
                return False
            return True

        with ThreadPoolExecutor(2) as pool:
            approved = pool.submit(press, lambda one=decision: approve(house, one))
            denied = pool.submit(press, lambda one=decision: deny(house, one))

        assert approved.result() is not denied.result()
        house.wired.protocol.pace.decided(decision.review.authorization.device_code_digest)
        assert house.poll(codes["device_code"]).status_code == (200 if approved.result() else 400)


def test_a_device_id_that_no_text_can_hold_is_unknown(house: House) -> None:
    """T49: PostgreSQL fails on a NUL, which a form can hold."""
    visitor, codes = house.sign_in(), house.ask_codes()

    answer = visitor.submit(
        "/activate/decision",
        token_from="/activate",
        device_id=f"{house.device_id}\x00",
        user_code=codes["user_code"],
        decision="authorize",
    )

    assert answer.status_code == 422
    assert "Choose a device of this organization" in answer.text
