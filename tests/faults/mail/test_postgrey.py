"""Greylisting as it is met in the world: Postfix with postgrey (F35)."""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime
from threading import Event
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
from cryptography.fernet import Fernet

from database.engine import Database
from database.migrations import migrate
from notify_service.actions.deliver_notification import PostOffice, deliver_notification
from notify_service.actions.receive_notification import ReceivedMessage, receive_notification
from notify_service.actions.redrive_notifications import redrive_notifications
from notify_service.domain.notification import State
from notify_service.outbound.mail_transport import SmtpTransport
from notify_service.storage import notifications
from tests.faults.mail import postfix
from tests.notify_service.doubles import SENDER, Sender
from wire.notification_message import MESSAGE_VERSION

if TYPE_CHECKING:
    from pathlib import Path

DELAY_SECONDS = 20
"""Debian's postgrey wants 300; how our waits grow past that, domain/retry.py's tests hold."""


@pytest.mark.usefixtures("full")
def test_postgrey_lets_the_repeat_through(tmp_path: Path) -> None:
    """F35: refused with 450 at first, and delivered by one of the repeats, once."""
    if reason := postfix.missing():
        pytest.skip(reason)
    migrate("notify_service", f"sqlite:///{tmp_path / 'notify.db'}")
    sender = Sender(Fernet.generate_key().decode())
    (tmp_path / "postfix").mkdir()
    with postfix.running_postfix(tmp_path / "postfix", delay_seconds=DELAY_SECONDS) as port:
        database = Database(f"sqlite:///{tmp_path / 'notify.db'}")
        office = PostOffice(
            database=database,
            transport=SmtpTransport("127.0.0.1", port, "none"),
            notification_key=sender.key,
            sender=SENDER,
            now=lambda: datetime.now(UTC),
            jitter=random.random,
        )
        notification_id, sealed = sender.seal(uuid4(), "owner@grey.example")
        message = ReceivedMessage(MESSAGE_VERSION, notification_id, sealed, office.now())
        receive_notification(database, message, notification_key=sender.key, sender=SENDER)

        fault = deliver_notification(office, notification_id)
        attempts = 1
        while (row := the_row(database, notification_id)).state is not State.SENT:
            Event().wait(1)
            redrive_notifications(office)
            attempts = row.attempts
            assert attempts < 6
        database.close()
        copies = [json.loads(line) for line in delivered(tmp_path / "postfix")]

    assert str(fault).startswith("450")
    assert [copy["message_id"] for copy in copies] == [row.message_id]


def the_row(database: Database, notification_id: str) -> notifications.Notification:
    with database.reading() as connection:
        found = notifications.find(connection, notification_id)
    assert found is not None
    return found


def delivered(folder: Path) -> list[str]:
    """Wait for Postfix' own delivery."""
    for _ in range(300):
        record = folder / "mails.jsonl"
        if record.exists() and (lines := record.read_text().splitlines()):
            return lines
        Event().wait(0.1)
    return []
