from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import event

from database.engine import Database
from notify_service.actions.take_in_message import take_in_message
from notify_service.domain.notification import State
from notify_service.storage import notifications

if TYPE_CHECKING:
    from notify_service.actions.post_office import PostOffice
    from tests.notify_service.doubles import Letterbox, Sender


def test_an_email_costs_two_commits(office: PostOffice, letterbox: Letterbox, sender: Sender) -> None:
    """Row and lease, then the outcome: no worker can die between writing down and taking."""
    commits: list[object] = []
    event.listen(office.database.engine, "commit", commits.append)
    message = sender.message()

    take_in_message(office, message)

    assert len(commits) == 2
    assert len(letterbox.emails) == 1
    with office.database.reading() as connection:
        row = notifications.find(connection, str(message.notification_id))
    assert row is not None
    assert row.state is State.SENT


def test_no_transaction_is_open_while_the_mail_server_has_the_email(
    office: PostOffice, letterbox: Letterbox, sender: Sender, sqlite_url: str
) -> None:
    """F34: a slow one holds no lock."""
    another, seen = Database(sqlite_url), []
    message = sender.message()

    def look() -> None:
        with another.transaction() as connection:
            seen.append(notifications.find(connection, str(message.notification_id)))

    letterbox.meanwhile = look
    take_in_message(office, message)
    another.close()

    assert [row.state for row in seen if row] == [State.SENDING]
