"""Refreshing: what comes down with it, its end, and license_service away or refusing."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import jwt
import pytest
from sqlalchemy import select, update

from auth_service.domain.errors import LicenseServiceAwayError, LicenseSuspendedError, NoLicenseError
from auth_service.domain.grant import GRANT_SECONDS
from auth_service.storage.tables import grants

if TYPE_CHECKING:
    from collections.abc import Callable

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


def test_a_suspended_license_refuses_and_ends_nothing(house: House) -> None:
    """Reinstated, it goes on without anybody at the device."""
    token = house.tokens()["refresh_token"]
    house.clock.pass_seconds(3600)
    house.licenses.error = LicenseSuspendedError("license_suspended", "This license is suspended.")

    refused = house.refresh(token)

    assert (refused.status_code, refused.json["error"]) == (400, "access_denied")
    assert refused.json["reason"] == "license_suspended"
    house.licenses.error = None
    assert house.refresh(token).status_code == 200


def test_a_grant_ends_after_five_years_at_the_latest(house: House) -> None:
    """T26."""
    token = house.tokens()["refresh_token"]
    house.clock.pass_seconds(GRANT_SECONDS)

    refused = house.refresh(token)

    assert (refused.json["error"], refused.json["reason"]) == ("invalid_grant", "grant_expired")


def test_refreshing_moves_no_renewal_date(house: House) -> None:
    """T26: the commercial end is what license_service says, however often a device refreshes, and past it too."""
    house.licenses.renewal_date = (house.clock() + timedelta(days=1)).date()
    token = house.tokens()["refresh_token"]
    house.clock.pass_seconds(3 * 24 * 3600)

    answer = house.refresh(token)

    claims = jwt.decode(answer.json["license_token"], options={"verify_signature": False})
    assert claims["renewal_date"] == house.licenses.renewal_date.isoformat()


def test_a_license_token_lives_for_eight_days_and_no_refresh_makes_it_more(house: House) -> None:
    """T28: so much longer, at most, is a license used that was removed while its device was offline."""
    answer = house.tokens()
    lives = []
    for _ in range(3):
        claims = jwt.decode(answer["license_token"], options={"verify_signature": False})
        lives.append((claims["iat"] - int(house.clock().timestamp()), claims["exp"] - claims["iat"]))
        house.clock.pass_seconds(60)
        answer = house.refresh(answer["refresh_token"]).json

    assert lives == [(0, 8 * 24 * 3600)] * 3


@pytest.mark.parametrize("change", [lambda token: token[:-1] + "_", lambda token: "A" * 91, lambda token: token + "A"])
def test_a_token_that_we_never_issued_ends_nothing(house: House, change: Callable[[str], str]) -> None:
    """T23: else a grant's id would be enough to stop a shop."""
    first = house.tokens()["refresh_token"]
    second = house.refresh(first).json["refresh_token"]
    house.clock.pass_seconds(3600)

    answer = house.refresh(change(first))

    assert (answer.json["error"], answer.json.get("reason")) == ("invalid_grant", None)
    assert house.refresh(second).status_code == 200


def test_a_token_that_is_newer_than_the_table_is_refused_and_ends_nothing(house: House) -> None:
    """F32: the database was restored from a copy that is older than the token; nobody used anything twice."""
    copied = house.tokens()["refresh_token"]
    with house.wired.database.reading() as connection:
        row = dict(connection.execute(select(grants)).one()._mapping)
    newer = house.refresh(house.refresh(copied).json["refresh_token"]).json["refresh_token"]
    with house.wired.database.transaction() as connection:
        connection.execute(update(grants).values(row))

    answer = house.refresh(newer)

    assert (answer.status_code, answer.json["error"]) == (400, "invalid_grant")
    assert "reason" not in answer.json
    assert house.refresh(copied).status_code == 200
