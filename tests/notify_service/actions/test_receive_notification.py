from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
from cryptography.fernet import Fernet

from notify_service.actions.receive_notification import LARGEST_SEALED, ReceivedMessage, receive_notification
from notify_service.domain.notification import SetAsideMessage, State
from notify_service.domain.page import NotificationsWanted
from notify_service.storage import notifications, set_aside_messages
from notify_service.storage.notification_pages import list_page
from tests.notify_service.doubles import NOW, OWNER, PORTAL, SENDER, Sender
from wire.notification_message import MESSAGE_VERSION

if TYPE_CHECKING:
    from database.engine import Database


def receive(database: Database, sender: Sender, message: ReceivedMessage) -> str | None:
    return receive_notification(database, message, notification_key=sender.key, sender=SENDER, portal_url=PORTAL)


def aside(database: Database) -> list[SetAsideMessage]:
    with database.reading() as connection:
        return set_aside_messages.list_newest(connection, limit=9)


def ledger(database: Database) -> list[str]:
    with database.reading() as connection:
        return [row.id for row in list_page(connection, NotificationsWanted(limit=9)).notifications]


def test_a_good_message_is_written_down_with_its_message_id(database: Database, sender: Sender) -> None:
    message = sender.message()

    received = receive(database, sender, message)

    assert received == message.notification_id
    with database.reading() as connection:
        row = notifications.find(connection, received)
    assert row is not None
    assert (row.state, row.template, row.recipient) == (State.QUEUED, "device_authorized", OWNER)
    assert row.message_id == f"<{received}@tillpass.example>"
    assert row.sealed == message.sealed
    assert row.created_at == NOW


def test_the_same_message_again_gives_the_same_row(database: Database, sender: Sender) -> None:
    """F25: delivered twice."""
    message = sender.message()

    assert receive(database, sender, message) == receive(database, sender, message)
    assert len(ledger(database)) == 1


@pytest.mark.parametrize("link", ["http://evil.example/devices", f"{PORTAL}1/devices", "http://localhost:8001/"])
def test_a_message_whose_link_leads_elsewhere_is_set_aside(database: Database, sender: Sender, link: str) -> None:
    """T40: also when the sender is ours, and only took its own URL from a request."""
    notification_id, sealed = sender.seal(devices_url=link)

    assert receive(database, sender, ReceivedMessage(MESSAGE_VERSION, notification_id, sealed, NOW)) is None
    assert ledger(database) == []
    assert [one.reason for one in aside(database)] == [
        "The devices_url of device_authorized leads elsewhere than to the portal."
    ]


@pytest.mark.parametrize("version", [2, 0, "1", None, True, 1.5, [1]])
def test_an_unknown_version_is_set_aside(database: Database, sender: Sender, version: object) -> None:
    """F48: half the services run another version."""
    message = replace(sender.message(), version=version)

    assert receive(database, sender, message) is None
    assert aside(database) == [
        SetAsideMessage(str(message.notification_id), "The message's version is unknown here.", NOW)
    ]
    assert ledger(database) == []


def test_a_message_sealed_by_another_key_is_set_aside(database: Database, sender: Sender) -> None:
    """T56: whoever can write to Redis can send nobody anything."""
    message = Sender(Fernet.generate_key().decode()).message()

    assert receive(database, sender, message) is None
    assert [one.reason for one in aside(database)] == ["The message is not sealed with our key."]
    assert ledger(database) == []


def test_a_sealed_message_cannot_be_sent_again_under_another_id(database: Database, sender: Sender) -> None:
    """T56: replayed from Redis, it would be a second email."""
    message = sender.message()
    receive(database, sender, message)

    assert receive(database, sender, replace(message, notification_id=str(uuid4()))) is None
    assert ledger(database) == [message.notification_id]


def test_a_recipient_that_cannot_be_written_is_set_aside(database: Database, sender: Sender) -> None:
    """F24: JSON can carry half a letter, which neither database nor email can. Sealed by a sender that did not look."""
    message = sender.message()
    document = json.loads(Fernet(sender.key).decrypt(str(message.sealed)))
    document["recipient"] = "own\ud800er@shop.example"
    sealed = Fernet(sender.key).encrypt(json.dumps(document).encode()).decode()

    assert receive(database, sender, replace(message, sealed=sealed)) is None
    assert len(aside(database)) == 1


@pytest.mark.parametrize("sealed", [None, 5, [], {}, "", "\ud800", "x" * (LARGEST_SEALED + 1)])
def test_what_is_no_sealed_text_is_set_aside(database: Database, sender: Sender, sealed: object) -> None:
    """F24."""
    assert receive(database, sender, replace(sender.message(), sealed=sealed)) is None
    assert len(aside(database)) == 1


def test_a_repeated_bad_message_is_set_aside_once(database: Database, sender: Sender) -> None:
    """F24: its sender repeats it until we know it."""
    message = replace(sender.message(), version=2)

    receive(database, sender, message)
    receive(database, sender, message)

    assert len(aside(database)) == 1


@pytest.mark.parametrize(
    ("called", "kept"),
    [(None, "None"), ("a\x00b\n", "ab"), ("x" * 999, "x" * 64), ("\ud800", "nameless"), ([1], "[1]")],
)
def test_whatever_a_bad_message_calls_itself_can_be_kept(
    any_database: Database, sender: Sender, called: object, kept: str
) -> None:
    """F24, T66: NUL, line ends and lone surrogates reach neither the database nor the log."""
    assert receive(any_database, sender, ReceivedMessage(1, called, "x", NOW)) is None
    assert [one.id for one in aside(any_database)] == [kept]


def test_a_message_set_aside_for_its_version_is_taken_once_it_is_understood(database: Database, sender: Sender) -> None:
    """F48: after the upgrade the sender's next repeat goes through."""
    message = sender.message()
    receive(database, sender, replace(message, version=2))

    assert receive(database, sender, message) == message.notification_id
