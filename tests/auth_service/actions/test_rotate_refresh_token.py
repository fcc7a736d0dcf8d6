"""Refreshing: what comes down with it, reuse, and license_service away or refusing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import jwt

from auth_service.domain.errors import LicenseServiceAwayError, NoLicenseError

if TYPE_CHECKING:
    from tests.doubles.auth_house import House


def test_a_refresh_brings_down_what_changed(house: House) -> None:
    """S3-16, S3-24: features and hub as they are now."""
    token = house.tokens()["refresh_token"]
    house.clock.pass_seconds(3600)
    house.licenses.features = ("xms", "kds")
    with house.wired.database.transaction() as connection:
        connection.exec_driver_sql("UPDATE devices SET name = 'New Hub' WHERE name = 'Hub'")

    answer = house.refresh(token)

    # The clock of this test runs ahead of the verifier's.
    claims = jwt.decode(answer.json["license_token"], options={"verify_signature": False})
    assert claims["features"] == ["xms", "kds"]
    assert claims["hub_server_name"] == "New Hub"


def test_license_service_away_at_refresh_is_503_and_the_token_stays_good(house: House) -> None:
    token = house.tokens()["refresh_token"]
    house.clock.pass_seconds(3600)
    house.licenses.error = LicenseServiceAwayError("away")

    away = house.refresh(token)

    assert (away.status_code, away.json["error"]) == (503, "temporarily_unavailable")
    house.licenses.error = None
    assert house.refresh(token).status_code == 200


def test_a_license_that_ended_ends_the_grant_with_its_reason(house: House) -> None:
    token = house.tokens()["refresh_token"]
    house.clock.pass_seconds(3600)
    house.licenses.error = NoLicenseError("no_seat", "This device holds no seat of a license any more.")

    refused = house.refresh(token)

    assert (refused.status_code, refused.json["error"], refused.json["reason"]) == (400, "invalid_grant", "no_seat")


def test_reuse_within_the_race_window_harms_nobody(house: House) -> None:
    first = house.tokens()["refresh_token"]
    second = house.refresh(first).json["refresh_token"]
    house.clock.pass_seconds(30)

    again = house.refresh(first)

    assert again.json["error"] == "invalid_grant"
    assert house.refresh(second).status_code == 200


def test_reuse_after_the_race_window_ends_the_family(house: House) -> None:
    """T23: whoever stole it, nobody goes on with it."""
    first = house.tokens()["refresh_token"]
    second = house.refresh(first).json["refresh_token"]
    house.clock.pass_seconds(31)

    again = house.refresh(first)

    assert (again.json["error"], again.json["reason"]) == ("invalid_grant", "refresh_token_reused")
    ended = house.refresh(second)
    assert (ended.json["error"], ended.json["reason"]) == ("invalid_grant", "refresh_token_reused")
