from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from notify_service.domain.notification import State
from notify_service.domain.page import NotificationsWanted
from notify_service.storage import notifications
from notify_service.storage.notification_pages import list_page
from tests.notify_service.doubles import NOW, row

if TYPE_CHECKING:
    from database.engine import Database

ANN = row("ann", state=State.HELD, template="verify_address", recipient="Ann+1@Shop.example", organization_id="org-1")


@pytest.fixture
def filled(any_database: Database) -> Database:
    """Five of one second each two, and one for Ann that is the oldest."""
    with any_database.transaction() as connection:
        for number, name in enumerate("abcde"):
            notifications.write_down(connection, row(name, created_at=NOW + timedelta(seconds=number // 2)))
        notifications.write_down(connection, replace(ANN, created_at=NOW - timedelta(days=1)))
    return any_database


def test_each_is_given_once_newest_first_however_the_pages_fall(filled: Database) -> None:
    for limit in range(1, 8):
        given, wanted = [], NotificationsWanted(limit=limit)
        while True:
            with filled.reading() as connection:
                page = list_page(connection, wanted)
            given += [one.id for one in page.notifications]
            if page.end is None:
                break
            wanted = replace(wanted, after=page.end)
        assert given == ["e", "d", "c", "b", "a", "ann"]


@pytest.mark.parametrize(
    "wanted",
    [
        NotificationsWanted(ids=["ann", "nobody"]),
        NotificationsWanted(state=State.HELD),
        NotificationsWanted(template="verify_address"),
        NotificationsWanted(organization_id="org-1"),
        NotificationsWanted(recipient="ANN+1@shop.example"),
    ],
)
def test_each_filter_narrows(filled: Database, wanted: NotificationsWanted) -> None:
    with filled.reading() as connection:
        assert [one.id for one in list_page(connection, wanted).notifications] == ["ann"]


def test_another_address_of_the_same_mailbox_is_another_address(filled: Database) -> None:
    with filled.reading() as connection:
        assert list_page(connection, NotificationsWanted(recipient="ann@shop.example")).notifications == []
