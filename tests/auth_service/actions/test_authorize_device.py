"""Deciding: one outcome, the owners told, and nothing half done."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from auth_service.domain.errors import LicenseServiceAwayError, NoLicenseError
from wire.notification_message import open_message

if TYPE_CHECKING:
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
    house.poll(codes["device_code"])

    assert house.decide(codes["user_code"]).status_code == 422
    assert house.poll(codes["device_code"]).json["error"] == "invalid_grant"


def test_an_expired_code_cannot_be_decided(house: House) -> None:
    codes = house.ask_codes()
    house.clock.pass_seconds(900)

    assert house.decide(codes["user_code"]).status_code == 422
