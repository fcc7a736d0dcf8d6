"""Redeeming a device code: once, under races, and when something else is away or has changed."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from auth_service.actions.create_organization import create_organization
from auth_service.actions.issuing import IssuedGrant, Presenter
from auth_service.actions.redeem_device_code import PresentedDeviceCode, redeem_device_code
from auth_service.actions.rotate_refresh_token import rotate_refresh_token
from auth_service.actions.switch_client import switch_client
from auth_service.app import create_app
from auth_service.domain.errors import GrantRefusedError, LicenseServiceAwayError, NoLicenseError
from auth_service.storage.recent_clients import RecentClients
from database.engine import Database

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.doubles.auth_house import House

RACERS = 16


def race(call: Callable[[Database], IssuedGrant], database_url: str) -> tuple[list[IssuedGrant], list[str]]:
    """Run the same call in many threads at once; give what was issued, and the codes of what was refused."""
    start = threading.Barrier(RACERS)

    def one(_: int) -> IssuedGrant | str:
        database = Database(database_url)
        start.wait()
        try:
            return call(database)
        except GrantRefusedError as refused:
            return refused.code
        finally:
            database.close()

    with ThreadPoolExecutor(RACERS) as pool:
        results = list(pool.map(one, range(RACERS)))
    return [one for one in results if isinstance(one, IssuedGrant)], [one for one in results if isinstance(one, str)]


def presenter(**changes: str) -> Presenter:
    return replace(
        Presenter(client_id="tillpass-pos", is_public=True, address="192.0.2.7", prove_key=lambda: None), **changes
    )


def redeem(house: House, device_code: str, database: Database | None = None) -> IssuedGrant:
    parts = replace(house.wired.protocol, database=database or house.wired.database)
    return redeem_device_code(parts, PresentedDeviceCode(device_code, presenter()), now=house.clock())


def rotate(house: House, refresh_token: str, database: Database | None = None) -> IssuedGrant:
    parts = replace(house.wired.protocol, database=database or house.wired.database)
    return rotate_refresh_token(parts, refresh_token, presenter=presenter(), now=house.clock())


def test_racing_polls_of_one_approved_code_give_one_grant_that_refreshes(house: House) -> None:
    """T05: all are answers to one device, so the losers get the winner's refresh token; there is one family."""
    for _ in range(3):
        codes = house.ask_codes()
        house.decide(codes["user_code"])

        issued, refused = race(
            lambda database, code=codes["device_code"]: redeem(house, code, database), house.wired.settings.database_url
        )

        assert refused == []
        assert len({(one.grant.id, one.refresh_token) for one in issued}) == 1
        assert house.refresh(issued[0].refresh_token).status_code == 200


def test_racing_refreshes_of_one_token_give_one_live_successor(house: House) -> None:
    """T24: the family does not fork and does not die."""
    token = house.tokens()["refresh_token"]

    issued, refused = race(lambda database: rotate(house, token, database), house.wired.settings.database_url)

    assert refused == []
    assert len({one.refresh_token for one in issued}) == 1
    assert house.refresh(issued[0].refresh_token).status_code == 200


def test_two_codes_that_were_approved_for_one_device_give_one_live_grant(house: House) -> None:
    """Redeemed at the same moment, one of the two grants ends the other."""
    visitor = house.sign_in()
    waiting = [house.ask_codes() for _ in range(RACERS)]
    for codes in waiting:
        house.decide(codes["user_code"], visitor=visitor)
    codes_left = iter([codes["device_code"] for codes in waiting])

    issued, refused = race(
        lambda database: redeem(house, next(codes_left), database), house.wired.settings.database_url
    )

    assert (len(issued), refused) == (RACERS, [])
    outcomes = [house.refresh(one.refresh_token) for one in issued]
    assert sorted(answer.status_code for answer in outcomes) == [200] + [400] * (RACERS - 1)
    assert {answer.json["reason"] for answer in outcomes if answer.status_code == 400} == {"replaced"}


def test_a_poll_after_an_emptied_redis_makes_the_next_one_cheap_again(house: House) -> None:
    """F18: it is noted as the pending code of a public client, which the gate answers."""
    code = house.ask_codes()["device_code"]
    house.redis.flushall()

    assert house.poll(code).json["error"] == "authorization_pending"
    (known,) = [house.redis.get(key) for key in house.redis.keys("pace:*")]
    assert known.endswith(b" public tillpass-pos")


def test_a_fresh_entitlement_of_the_approval_is_used_as_it_is(house: House) -> None:
    codes = house.ask_codes()
    house.decide(codes["user_code"])
    house.clock.pass_seconds(30)

    redeem(house, codes["device_code"])

    assert [asked for asked, _ in house.licenses.asked] == ["claim_seat"]


def test_an_old_entitlement_is_asked_for_again(house: House) -> None:
    codes = house.ask_codes()
    house.decide(codes["user_code"])
    house.clock.pass_seconds(61)
    house.licenses.features = ("xms", "kds")

    issued = redeem(house, codes["device_code"])

    assert issued.grant.entitlement.features == ("xms", "kds")


def test_license_service_away_at_redeem_is_503_and_the_code_stays_good(house: House) -> None:
    """Nothing is lost: the same poll passes once license_service is back."""
    codes = house.ask_codes()
    house.decide(codes["user_code"])
    house.clock.pass_seconds(61)
    house.licenses.error = LicenseServiceAwayError("away")

    away = house.poll(codes["device_code"])

    assert (away.status_code, away.json["error"]) == (503, "temporarily_unavailable")
    assert int(away.headers["Retry-After"]) > 0
    house.licenses.error = None
    assert house.poll(codes["device_code"]).status_code == 200


def test_a_license_that_ended_before_the_redeem_withdraws_the_approval(house: House) -> None:
    """T11; the state stays denied."""
    codes = house.ask_codes()
    house.decide(codes["user_code"])
    house.clock.pass_seconds(61)
    house.licenses.error = NoLicenseError("no_seat", "This device holds no seat.")

    denied = house.poll(codes["device_code"])

    assert (denied.json["error"], denied.json["reason"]) == ("access_denied", "no_seat")
    house.licenses.error = None
    assert house.poll(codes["device_code"]).json["error"] == "access_denied"


def test_an_approver_who_lost_the_right_withdraws_the_approval(house: House) -> None:
    """T10, T11."""
    codes = house.ask_codes()
    house.decide(codes["user_code"])
    with house.wired.database.transaction() as connection:
        connection.exec_driver_sql("UPDATE memberships SET role = 'viewer'")

    assert house.poll(codes["device_code"]).json["error"] == "access_denied"
    with house.wired.database.transaction() as connection:
        connection.exec_driver_sql("UPDATE memberships SET role = 'owner'")
    assert house.poll(codes["device_code"]).json["error"] == "access_denied"


@pytest.mark.parametrize("change", ["DELETE FROM memberships", "UPDATE devices SET organization_id = '{other}'"])
def test_an_approval_whose_ground_is_gone_is_withdrawn(house: House, change: str) -> None:
    """T10, T11: the approver left the organization; the device belongs to another one now."""
    other = create_organization(house.wired.database, "Rival", now=house.clock())
    codes = house.ask_codes()
    house.decide(codes["user_code"])
    with house.wired.database.transaction() as connection:
        connection.exec_driver_sql(change.format(other=other))

    assert house.poll(codes["device_code"]).json["error"] == "access_denied"
    assert house.poll(codes["device_code"]).json["error"] == "access_denied"


def test_a_client_that_was_disabled_redeems_and_refreshes_nothing(house: House) -> None:
    """T11: and an approval that waited for it gives it nothing."""
    token = house.tokens()["refresh_token"]
    codes = house.ask_codes()
    house.decide(codes["user_code"])
    switch_client(house.wired.database, "tillpass-pos", on=False, now=house.clock())
    # What a process remembers of a client is seconds old at most.
    clients = RecentClients(house.wired.database)
    later = replace(
        house, app=create_app(replace(house.wired, protocol=replace(house.wired.protocol, clients=clients)))
    )

    assert later.poll(codes["device_code"]).json["error"] == "invalid_client"
    assert later.refresh(token).json["error"] == "invalid_client"


def test_a_new_grant_ends_the_earlier_one_of_its_device(house: House) -> None:
    """One device, one live grant: a copy that was licensed before cannot go on."""
    first = house.tokens()["refresh_token"]
    second = house.tokens()["refresh_token"]

    refused = house.refresh(first)

    assert (refused.json["error"], refused.json["reason"]) == ("invalid_grant", "replaced")
    assert house.refresh(second).status_code == 200
