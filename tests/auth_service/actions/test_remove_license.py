"""Removing a license: nothing comes of what was approved before, whichever comes first."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from auth_service.actions.remove_license import remove_license
from auth_service.domain.operator import Membership, Role
from auth_service.storage.audit_trail import walk_events
from auth_service.storage.tables import grants

if TYPE_CHECKING:
    from tests.doubles.auth_house import House


def remove(house: House) -> None:
    member = Membership(house.organization_id, "Bakery", Role.OWNER)
    remove_license(house.wired.database, house.device_id, member, operator_id=house.operator_id, now=house.clock())


def approved_code(house: House) -> str:
    codes = house.ask_codes()
    assert house.decide(codes["user_code"]).status_code == 303
    code: str = codes["device_code"]
    return code


def live_grants(house: House) -> int:
    with house.wired.database.reading() as connection:
        count: int = connection.execute(select(func.count()).where(grants.c.ended_at.is_(None))).scalar_one()
    return count


def test_an_approval_that_waits_is_withdrawn_with_the_license(house: House) -> None:
    """T10, T28: the operator has thought better of it; the next poll must not give what was just taken."""
    house.tokens()
    waiting = approved_code(house)

    remove(house)

    assert house.poll(waiting).json["error"] == "access_denied"
    assert live_grants(house) == 0
    with house.wired.database.reading() as connection:
        withdrawn, ended = list(walk_events(connection))[-2:]
    assert (withdrawn.event, ended.event) == ("device_authorization_withdrawn", "grant_ended")
    assert (withdrawn.operator_id, withdrawn.device_id) == (house.operator_id, house.device_id)


def test_an_approval_can_be_taken_back_before_there_is_a_license(house: House) -> None:
    """T12: whoever sees that a stranger's code was approved need not wait until it is used."""
    waiting = approved_code(house)
    visitor = house.sign_in()
    path = f"/devices/{house.device_id}/remove"
    assert path in visitor.get("/devices").text
    assert "is withdrawn" in visitor.get(path).text

    assert visitor.submit(path).status_code == 303

    assert house.poll(waiting).json["error"] == "access_denied"
    assert visitor.get(path).status_code == 404


def test_the_approvals_of_other_devices_stay(house: House) -> None:
    waiting = approved_code(house)

    member = Membership(house.organization_id, "Bakery", Role.OWNER)
    remove_license(house.wired.database, house.hub_id, member, operator_id=house.operator_id, now=house.clock())

    assert house.poll(waiting).status_code == 200


def test_removing_and_redeeming_at_the_same_moment_leave_no_license(house: House) -> None:
    """T10: a device that is authorized anew while its license is removed has none afterwards."""
    for _ in range(8):
        house.tokens()
        waiting = approved_code(house)
        start = threading.Barrier(2)

        def redeem(code: str = waiting, start: threading.Barrier = start) -> int:
            start.wait()
            return house.poll(code).status_code

        def take(start: threading.Barrier = start) -> None:
            start.wait()
            remove(house)

        with ThreadPoolExecutor(2) as pool:
            redeemed, _taken = pool.submit(redeem), pool.submit(take)
            assert redeemed.result() in {200, 400}
            _taken.result()

        assert live_grants(house) == 0
