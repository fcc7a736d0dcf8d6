"""Codes and tokens that come again: a lost answer is given again, a lost race harms nobody, reuse ends the family."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from auth_service.actions.sweep import sweep
from auth_service.domain.grant import RACE_SECONDS
from auth_service.storage.outbox import due_outgoing
from wire.notification_message import open_message

if TYPE_CHECKING:
    from tests.doubles.auth_house import House
    from wire.notification_message import NotificationMessage


def mails(house: House, template: str = "device_reuse_detected") -> list[NotificationMessage]:
    with house.wired.database.reading() as connection:
        due = due_outgoing(connection, house.clock())
    opened = [open_message(one.sealed, house.wired.settings.notification_key) for one in due]
    return [message for message in opened if message.template == template]


def refused(answer: Any) -> tuple[str, str | None]:
    assert answer.status_code == 400, answer.text
    return answer.json["error"], answer.json.get("reason")


def approved(house: House) -> str:
    codes = house.ask_codes()
    house.decide(codes["user_code"])
    code: str = codes["device_code"]
    return code


def test_a_lost_answer_to_a_redeem_is_given_again(house: House) -> None:
    """T25, F05: the same refresh token, up to thirty seconds later, as often as it is asked for."""
    code = approved(house)
    lost = house.poll(code).json
    house.clock.pass_seconds(RACE_SECONDS)

    again = [house.poll(code).json for _ in range(3)]

    assert {one["refresh_token"] for one in again} == {lost["refresh_token"]}
    assert house.refresh(lost["refresh_token"]).status_code == 200


def test_a_lost_answer_to_a_refresh_is_given_again(house: House) -> None:
    """T25, F06."""
    first = house.tokens()["refresh_token"]
    lost = house.refresh(first).json
    house.clock.pass_seconds(RACE_SECONDS)

    again = house.refresh(first).json

    assert again["refresh_token"] == lost["refresh_token"]
    assert again["license_token"]
    assert house.refresh(again["refresh_token"]).status_code == 200


def test_a_code_that_expires_while_its_answer_is_on_the_way_is_answered_again(house: House) -> None:
    code = approved(house)
    house.clock.pass_seconds(899)
    lost = house.poll(code).json
    house.clock.pass_seconds(RACE_SECONDS)

    assert house.poll(code).json["refresh_token"] == lost["refresh_token"]
    house.clock.pass_seconds(1)
    assert refused(house.poll(code)) == ("expired_token", None)


def test_the_use_of_the_successor_closes_the_door(house: House) -> None:
    """T25: only the direct predecessor counts; who comes with an older one lost a race, and harms nobody."""
    code = approved(house)
    first = house.poll(code).json["refresh_token"]
    second = house.refresh(first).json["refresh_token"]
    third = house.refresh(second).json["refresh_token"]

    assert refused(house.poll(code)) == ("invalid_grant", None)
    assert refused(house.refresh(first)) == ("invalid_grant", None)
    assert house.refresh(second).json["refresh_token"] == third
    assert house.refresh(third).status_code == 200


@pytest.mark.parametrize("rotations", [1, 2, 5])
def test_a_refresh_token_that_comes_later_ends_its_family(house: House, rotations: int) -> None:
    """T23: however old it is; the device learns why, and the owners get one email."""
    stolen = live = house.tokens()["refresh_token"]
    for _ in range(rotations):
        live = house.refresh(live).json["refresh_token"]
    house.clock.pass_seconds(RACE_SECONDS + 1)

    assert refused(house.refresh(stolen)) == ("invalid_grant", "refresh_token_reused")
    assert refused(house.refresh(live)) == ("invalid_grant", "refresh_token_reused")
    assert refused(house.refresh(stolen)) == ("invalid_grant", "refresh_token_reused")
    (mail,) = mails(house)
    assert mail.recipient == "owner@example.com"
    assert (mail.context["device_name"], mail.context["seen_from"]) == ("Shop 1", "127.0.0.1")


def test_a_device_code_that_comes_later_ends_its_family(house: House) -> None:
    """T05."""
    code = approved(house)
    live = house.poll(code).json["refresh_token"]
    house.clock.pass_seconds(RACE_SECONDS + 1)

    assert refused(house.poll(code)) == ("invalid_grant", "device_code_reused")
    assert refused(house.refresh(live)) == ("invalid_grant", "device_code_reused")
    assert len(mails(house)) == 1


def test_another_client_that_shows_a_used_token_ends_nothing(house: House) -> None:
    """T08, T16: it learns nothing either."""
    first = house.tokens()["refresh_token"]
    live = house.refresh(first).json["refresh_token"]
    house.clock.pass_seconds(RACE_SECONDS + 1)

    answer = house.refresh(first, client_id="scripts", client_secret=house.client_secret)

    assert answer.status_code in {400, 401}
    assert house.refresh(live).status_code == 200


def test_a_successor_cannot_be_made_again_once_its_seed_is_swept(house: House) -> None:
    """T57: a stolen table and a stolen old token give nothing after the thirty seconds."""
    first = house.tokens()["refresh_token"]
    live = house.refresh(first).json["refresh_token"]
    house.clock.pass_seconds(RACE_SECONDS)
    sweep(house.wired.database, now=house.clock())
    with house.wired.database.reading() as connection:
        kept = connection.exec_driver_sql("SELECT count(*) FROM grants WHERE successor_seed IS NOT NULL").scalar_one()
    house.clock.pass_seconds(1)
    sweep(house.wired.database, now=house.clock())
    with house.wired.database.reading() as connection:
        left = connection.exec_driver_sql("SELECT count(*) FROM grants WHERE successor_seed IS NOT NULL").scalar_one()

    assert (kept, left) == (1, 0)
    assert house.refresh(live).status_code == 200
