"""Greylisting as it is met in the world: Postfix with postgrey (F35)."""

from __future__ import annotations

import json
from threading import Event
from typing import TYPE_CHECKING, Any

import pytest
from cryptography.fernet import Fernet

from database.migrations import migrate
from notify_service.celery_app import create_celery
from notify_service.domain.notification import State
from notify_service.settings import load_settings
from notify_service.storage import notifications
from notify_service.tasks.redrive_notifications import REDRIVE_TASK_NAME
from notify_service.wiring import wire_up
from tests.faults.mail import postfix
from tests.notify_service.doubles import SENDER, Sender
from wire.notification_message import MESSAGE_VERSION, TASK_NAME

if TYPE_CHECKING:
    from pathlib import Path

DELAY_SECONDS = 20
"""Debian's postgrey wants 300; how our waits grow past that, domain/retry.py's tests hold."""


@pytest.mark.usefixtures("full")
def test_postgrey_lets_the_repeat_through(tmp_path: Path) -> None:
    """F35: refused with 450 at first, and delivered by one of the repeats, once."""
    if reason := postfix.missing():
        pytest.skip(reason)
    sender, folder = Sender(Fernet.generate_key().decode()), tmp_path / "postfix"
    folder.mkdir()
    with postfix.running_postfix(folder, delay_seconds=DELAY_SECONDS) as port:
        house = wire_up(load_settings(environment(tmp_path, sender, port)))
        tasks = create_celery("memory://", house.office).tasks
        notification_id, sealed = sender.seal(recipient="owner@grey.example")

        tasks[TASK_NAME](MESSAGE_VERSION, notification_id, sealed)
        first = row = read(house, notification_id)
        while row.state is not State.SENT and row.attempts < 6:
            Event().wait(1)
            tasks[REDRIVE_TASK_NAME]()
            row = read(house, notification_id)
        copies = delivered(folder)
        house.office.transport.close()
        house.database.close()

    assert (first.state, first.attempts) == (State.DEFERRED, 1)
    assert first.smtp_answer.startswith("450 4.2.0")
    assert row.attempts > 1
    assert [copy["message_id"] for copy in copies] == [row.message_id]


def environment(folder: Path, sender: Sender, port: int) -> dict[str, str]:
    url = f"sqlite:///{folder / 'notify.db'}"
    migrate("notify_service", url)
    return {
        "NOTIFY_DATABASE_URL": url,
        "NOTIFY_REDIS_URL": "redis://127.0.0.1:1/0",
        "NOTIFY_PUBLIC_URL": "http://127.0.0.1:8003",
        "NOTIFY_ISSUER": "http://127.0.0.1:8001",
        "NOTIFY_NOTIFICATION_KEY": sender.key,
        "NOTIFY_SMTP_HOST": "127.0.0.1",
        "NOTIFY_SMTP_PORT": str(port),
        "NOTIFY_SMTP_SECURITY": "none",
        "NOTIFY_FROM_ADDRESS": SENDER,
    }


def read(house: Any, notification_id: str) -> Any:
    with house.database.reading() as connection:
        return notifications.find(connection, notification_id)


def delivered(folder: Path) -> list[dict[str, Any]]:
    """Wait for what Postfix delivers in its own time."""
    record = folder / "mails.jsonl"
    for _ in range(300):
        if record.exists() and (lines := record.read_text().splitlines()):
            return [json.loads(line) for line in lines]
        Event().wait(0.1)
    return []
