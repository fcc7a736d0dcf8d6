from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from celery import Celery
from celery.exceptions import Retry

from notify_service.actions.calendar_parts import CalendarParts
from notify_service.domain.notification import State
from notify_service.storage import notifications, scans, set_aside_messages
from notify_service.tasks.redrive_notifications import REDRIVE_TASK_NAME, add_redrive_notifications
from notify_service.tasks.scan_contacts import add_scan_contacts
from notify_service.tasks.scan_over_counts import add_scan_over_counts
from notify_service.tasks.scan_renewals import add_scan_renewals
from notify_service.tasks.send_notification import DATABASE_WAIT_SECONDS, add_send_notification
from notify_service.tasks.write_vendor_digest import add_write_vendor_digest
from tests.notify_service.calendar_doubles import Licenses, Organizations
from wire.notification_message import MESSAGE_VERSION, TASK_NAME

if TYPE_CHECKING:
    from collections.abc import Callable

    from database.engine import Database
    from notify_service.actions.post_office import PostOffice
    from tests.notify_service.doubles import Clock, Letterbox, Sender


@pytest.fixture
def tasks(office: PostOffice) -> Any:
    celery = Celery("tests", broker="memory://", set_as_current=False)
    add_send_notification(celery, office)
    add_redrive_notifications(celery, office)
    return celery.tasks


def test_a_message_is_written_down_and_sent(
    tasks: Any, office: PostOffice, sender: Sender, letterbox: Letterbox
) -> None:
    notification_id, sealed = sender.seal()

    tasks[TASK_NAME].run(MESSAGE_VERSION, notification_id, sealed)
    tasks[TASK_NAME].run(MESSAGE_VERSION, notification_id, sealed)

    assert len(letterbox.emails) == 1
    with office.database.reading() as connection:
        row = notifications.find(connection, notification_id)
    assert row is not None
    assert row.state is State.SENT


@pytest.mark.parametrize("parts", [(), (1,), (1, "a"), (2, "a", "x", "a later version's part"), ({}, [], None)])
def test_a_message_of_another_shape_is_set_aside(tasks: Any, office: PostOffice, parts: tuple[object, ...]) -> None:
    """F24, F48."""
    tasks[TASK_NAME].run(*parts)

    with office.database.reading() as connection:
        assert len(set_aside_messages.list_newest(connection, limit=9)) == 1


def test_a_message_waits_while_the_database_is_away(
    office: PostOffice, sender: Sender, database_away: Database
) -> None:
    """F27, F28: it goes back to the queue, as often as it takes."""
    celery = Celery("tests", broker="memory://", set_as_current=False)
    add_send_notification(celery, replace(office, database=database_away))
    task = celery.tasks[TASK_NAME]
    task.push_request(retries=1000, args=[MESSAGE_VERSION, *sender.seal()], kwargs={}, called_directly=False)

    with pytest.raises(Retry) as caught:
        task.run(MESSAGE_VERSION, *sender.seal())

    assert caught.value.when == DATABASE_WAIT_SECONDS


def test_a_redrive_takes_up_what_waits(
    tasks: Any, letterbox: Letterbox, clock: Clock, queued: Callable[..., str]
) -> None:
    queued()
    clock.pass_by(minutes=1)

    tasks[REDRIVE_TASK_NAME].run()

    assert len(letterbox.emails) == 1


def test_the_tasks_of_one_app_are_not_those_of_another(tasks: Any, office: PostOffice, letterbox: Letterbox) -> None:
    other = Celery("other", set_as_current=False)
    add_send_notification(other, replace(office, sender="other@shop.example"))

    assert other.tasks[TASK_NAME] is not tasks[TASK_NAME]
    assert REDRIVE_TASK_NAME not in other.tasks


def test_each_call_of_the_calendar_does_its_own_run(office: PostOffice) -> None:
    celery = Celery("tests", broker="memory://", set_as_current=False)
    parts = CalendarParts(office.database, Licenses(), Organizations(), "", "", "", office.now)
    for add in (add_scan_renewals, add_scan_contacts, add_scan_over_counts, add_write_vendor_digest):
        add(celery, parts)

    for name in ("scan_renewals", "scan_contacts", "scan_over_counts", "write_vendor_digest"):
        celery.tasks[f"notify_service.{name}"].run()
        with office.database.reading() as connection:
            assert name in [scan.id for scan in scans.list_all(connection) if scan.finished_at is not None]
