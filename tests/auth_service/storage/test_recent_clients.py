"""Clients are remembered for seconds, and never longer (T09, T18)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from auth_service.actions.register_client import NewClient, register_client
from auth_service.actions.switch_client import switch_client
from auth_service.storage.recent_clients import MOST_REMEMBERED, RECENT_SECONDS, RecentClients
from database.errors import DatabaseUnavailableError
from wire.grant_types import CLIENT_CREDENTIALS
from wire.scopes import LICENSES_READ

if TYPE_CHECKING:
    from tests.doubles.auth_house import House


class Seconds:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def seconds() -> Seconds:
    return Seconds()


@pytest.fixture
def clients(house: House, seconds: Seconds) -> RecentClients:
    return RecentClients(house.wired.database, monotonic=seconds)


def test_a_client_is_read_once_in_a_few_seconds(
    house: House, clients: RecentClients, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert clients.find("scripts")

    def away(*_: object) -> None:
        raise DatabaseUnavailableError("The database does not answer.")

    monkeypatch.setattr(type(house.wired.database), "reading", away)

    assert clients.find("scripts") is clients.find("scripts")


def test_a_disabled_client_is_gone_within_those_seconds(house: House, clients: RecentClients, seconds: Seconds) -> None:
    clients.find("scripts")
    switch_client(house.wired.database, "scripts", on=False, now=house.clock())
    seconds.now += RECENT_SECONDS

    assert clients.find("scripts") is None


def test_use_does_not_lengthen_the_memory(house: House, clients: RecentClients, seconds: Seconds) -> None:
    """A client that polls all the time is asked about as often as any."""
    clients.find("scripts")
    switch_client(house.wired.database, "scripts", on=False, now=house.clock())

    for _ in range(4):
        seconds.now += RECENT_SECONDS / 4
        found = clients.find("scripts")

    assert found is None


def test_a_client_works_as_soon_as_it_is_registered(house: House, clients: RecentClients) -> None:
    """Who was not found is not remembered."""
    assert clients.find("new") is None
    new = NewClient("new", "New", (CLIENT_CREDENTIALS,), (LICENSES_READ,), is_public=False)
    register_client(house.wired.database, new, now=house.clock())

    assert clients.find("new") is not None


def test_made_up_names_take_no_room(clients: RecentClients) -> None:
    """T17."""
    for number in range(20):
        clients.find(f"made-up-{number}")

    assert clients._found == {}


def test_the_memory_is_bounded(clients: RecentClients) -> None:
    """T17."""
    found = clients.find("scripts")
    assert found
    for number in range(2 * MOST_REMEMBERED):
        clients._remember(f"client-{number}", found, 100.0)

    assert len(clients._found) <= MOST_REMEMBERED
