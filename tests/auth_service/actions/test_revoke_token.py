"""Revoking, and what introspection and status list say then, on both databases (RFC 7009, RFC 7662, T28)."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from tests.doubles.resource_server import ResourceServer
from wire.scopes import AUTH_AUDIENCE, LICENSE_AUDIENCE, POS_AUDIENCE

if TYPE_CHECKING:
    from tests.doubles.auth_house import House

KINDS = ("access_token", "license_token", "refresh_token")


@pytest.fixture
def server(house: House) -> ResourceServer:
    return ResourceServer.of(house, AUTH_AUDIENCE, LICENSE_AUDIENCE, POS_AUDIENCE)


def revoke(house: House, token: str) -> int:
    return house.post("/oauth/revoke", {"client_id": "tillpass-pos", "token": token}).status_code


def test_all_that_was_issued_ends_with_the_refresh_token(house: House, server: ResourceServer) -> None:
    tokens = house.tokens()
    assert [server.introspect(tokens[kind])["active"] for kind in KINDS] == [True, True, True]

    assert revoke(house, tokens["refresh_token"]) == 200

    assert [server.introspect(tokens[kind])["active"] for kind in KINDS] == [False, False, False]
    with house.wired.database.reading() as connection:
        assert house.wired.status_lists.get(0, house.clock()).invalid == set(
            connection.exec_driver_sql("SELECT status_index FROM grants").scalars()
        )


def test_an_access_token_ends_alone(house: House, server: ResourceServer) -> None:
    tokens = house.tokens()

    assert [revoke(house, tokens["access_token"]) for _ in range(2)] == [200, 200]

    assert [server.introspect(tokens[kind])["active"] for kind in KINDS] == [False, True, True]


@pytest.mark.parametrize("kind", ["access_token", "refresh_token"])
def test_many_revocations_at_once_are_one(house: House, kind: str) -> None:
    """A client that lost patience sends it again: all are answered, and the trail tells of one."""
    token = house.tokens()[kind]

    with ThreadPoolExecutor(8) as threads:
        statuses = list(threads.map(lambda _: revoke(house, token), range(16)))

    assert statuses == [200] * 16
    told = {"access_token": "access_token_revoked", "refresh_token": "grant_ended"}[kind]
    with house.wired.database.reading() as connection:
        events = list(connection.exec_driver_sql("SELECT event FROM audit_events").scalars())
    assert events.count(told) == 1
