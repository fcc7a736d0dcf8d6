from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from notify_service.domain.notification import SetAsideMessage
from notify_service.storage import set_aside_messages
from tests.notify_service.doubles import NOW

if TYPE_CHECKING:
    from database.engine import Database


def test_a_message_is_kept_once_and_the_newest_come_first(any_database: Database) -> None:
    """F24."""
    first = SetAsideMessage("a", "because", NOW)
    second = SetAsideMessage("b", "because", NOW + timedelta(seconds=1))

    with any_database.transaction() as connection:
        assert set_aside_messages.set_aside(connection, first)
        assert set_aside_messages.set_aside(connection, second)
        assert not set_aside_messages.set_aside(connection, first)

    with any_database.reading() as connection:
        assert set_aside_messages.list_newest(connection, limit=9) == [second, first]
