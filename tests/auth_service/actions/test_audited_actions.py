"""What happens is in the audit trail, each once, and nothing secret of it (T23, T66)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from auth_service.actions.rotate_client_secret import rotate_client_secret
from auth_service.actions.switch_client import switch_client
from auth_service.actions.verify_audit_trail import verify_audit_trail
from auth_service.domain.errors import NoLicenseError
from auth_service.storage.audit_trail import walk_events
from tests.doubles.auth_house import PASSWORD, Visitor

if TYPE_CHECKING:
    from tests.doubles.auth_house import House

FILLED = 6
"""The house is filled with so many records before a story begins."""


def events(house: House) -> list[dict[str, Any]]:
    """Give what the story added, but for who signed in; the chain must be whole."""
    verify_audit_trail(house.wired.database)
    with house.wired.database.reading() as connection:
        found = [event.as_members() for event in walk_events(connection)][FILLED:]
    return [event for event in found if event["event"] != "signed_in"]


def named(house: House) -> list[str]:
    return [event["event"] for event in events(house)]


def test_what_the_house_is_filled_with_is_told(house: House) -> None:
    with house.wired.database.reading() as connection:
        found = [event.as_members() for event in walk_events(connection)]

    assert [event["event"] for event in found] == [
        "organization_created",
        "operator_created",
        "device_created",
        "device_created",
        "client_registered",
        "client_registered",
    ]
    assert found[1]["operator_id"] == house.operator_id
    assert found[3]["device_id"] == house.device_id
    assert found[3]["details"] == {"name": "Shop 1", "kind": "server"}
    assert "owner@example.com" not in json.dumps(found)


def test_an_approval_and_its_redeeming_are_told_once(house: House) -> None:
    codes = house.ask_codes()
    house.decide(codes["user_code"])
    tokens = house.poll(codes["device_code"]).json
    assert house.poll(codes["device_code"]).status_code == 200
    house.refresh(tokens["refresh_token"])

    approved, redeemed = events(house)
    assert (approved["event"], redeemed["event"]) == ("device_authorization_approved", "device_code_redeemed")
    assert approved["operator_id"] == house.operator_id
    for event in (approved, redeemed):
        assert (event["organization_id"], event["device_id"], event["client_id"]) == (
            house.organization_id,
            house.device_id,
            "tillpass-pos",
        )
    assert approved["details"]["device_authorization_id"] == redeemed["details"]["device_authorization_id"]


def test_a_denial_is_told(house: House) -> None:
    house.decide(house.ask_codes()["user_code"], "deny")

    [denied] = events(house)
    assert (denied["event"], denied["operator_id"]) == ("device_authorization_denied", house.operator_id)


def test_a_withdrawn_approval_is_told_with_its_reason(house: House) -> None:
    codes = house.ask_codes()
    house.decide(codes["user_code"])
    house.clock.pass_seconds(61)
    house.licenses.error = NoLicenseError("license_expired", "The license has expired.")
    house.poll(codes["device_code"])

    withdrawn = events(house)[-1]
    assert named(house) == ["device_authorization_approved", "device_authorization_withdrawn"]
    assert withdrawn["details"]["reason"] == "license_expired"


def test_a_grant_that_another_one_replaces_is_told_before_it(house: House) -> None:
    house.tokens()
    house.tokens()

    ended, redeemed = events(house)[-2:]
    assert (ended["event"], redeemed["event"]) == ("grant_ended", "device_code_redeemed")
    assert ended["details"]["reason"] == "replaced"
    assert ended["details"]["grant_id"] == events(house)[1]["details"]["grant_id"]


def test_a_removed_license_is_told_with_who_removed_it(house: House) -> None:
    house.tokens()
    house.sign_in().submit(f"/devices/{house.device_id}/remove")

    ended = events(house)[-1]
    assert (ended["event"], ended["operator_id"], ended["details"]["reason"]) == (
        "grant_ended",
        house.operator_id,
        "removed",
    )


def test_an_ended_license_ends_the_grant_and_is_told(house: House) -> None:
    tokens = house.tokens()
    house.clock.pass_seconds(61)
    house.licenses.error = NoLicenseError("license_expired", "The license has expired.")
    house.refresh(tokens["refresh_token"])

    assert events(house)[-1]["details"]["reason"] == "license_expired"


def test_reuse_is_told_once_with_where_it_came_from(house: House) -> None:
    """T23."""
    first = house.tokens()["refresh_token"]
    second = house.refresh(first).json["refresh_token"]
    house.clock.pass_seconds(31)
    for _ in range(2):
        assert house.refresh(first).json["reason"] == "refresh_token_reused"

    assert named(house)[-2:] == ["device_code_redeemed", "refresh_token_reused"]
    assert events(house)[-1]["details"]["address"] == "127.0.0.1"
    assert house.refresh(second).status_code == 400


def test_a_revoked_token_is_told_once(house: House) -> None:
    """RFC 7009."""
    tokens = house.tokens()
    for token in (tokens["access_token"], tokens["access_token"], tokens["refresh_token"], tokens["refresh_token"]):
        assert house.post("/oauth/revoke", {"token": token, "client_id": "tillpass-pos"}).status_code == 200

    revoked, ended = events(house)[2:]
    assert (revoked["event"], revoked["device_id"]) == ("access_token_revoked", house.device_id)
    assert (ended["event"], ended["details"]["reason"]) == ("grant_ended", "revoked")


def test_a_change_of_a_client_is_told(house: House) -> None:
    database, now = house.wired.database, house.clock()
    secret = rotate_client_secret(database, "scripts", now=now)
    switch_client(database, "scripts", on=False, now=now)
    switch_client(database, "scripts", on=True, now=now)

    assert named(house) == ["client_changed", "client_disabled", "client_enabled"]
    assert secret not in json.dumps(events(house))


def test_sign_ins_are_told_but_nothing_of_what_was_typed(house: House) -> None:
    """T36: a known address by its operator, an unknown one not at all."""
    for email, password in (("owner@example.com", "wrong one"), ("wrong one", "owner@example.com")):
        Visitor(house.web()).submit("/sign-in", email=email, password=password)
    house.sign_in()

    with house.wired.database.reading() as connection:
        found = [event.as_members() for event in walk_events(connection)][FILLED:]
    assert [(event["event"], event["operator_id"], event["details"]) for event in found] == [
        ("sign_in_failed", house.operator_id, {"address": "127.0.0.1"}),
        ("sign_in_failed", None, {"address": "127.0.0.1"}),
        ("signed_in", house.operator_id, {"address": "127.0.0.1"}),
    ]


def test_a_wrong_user_code_is_told_without_the_code(house: House) -> None:
    """T01."""
    house.decide("BCDF-GHJK")

    [refused] = events(house)
    assert (refused["event"], refused["operator_id"], refused["device_id"], refused["details"]) == (
        "user_code_refused",
        house.operator_id,
        house.device_id,
        {"address": "127.0.0.1"},
    )


def test_nothing_secret_is_in_the_trail_after_a_whole_story(house: House) -> None:
    """T66, C14: neither codes nor tokens, passwords, addresses of operators nor their digests."""
    codes = house.ask_codes()
    house.decide(codes["user_code"])
    tokens = house.poll(codes["device_code"]).json
    house.refresh(tokens["refresh_token"])
    house.clock.pass_seconds(31)
    house.poll(codes["device_code"])

    with house.wired.database.reading() as connection:
        trail = "\n".join(event.as_line() for event in walk_events(connection))
    secrets = [*codes.values(), *tokens.values(), PASSWORD, house.client_secret, "owner@example.com", "Olga"]
    assert "device_code_reused" in trail
    for secret in (text for text in secrets if isinstance(text, str) and text not in {"Bearer", "license"}):
        assert secret not in trail
        assert secret.replace("-", "") not in trail
