"""The operations port: the status page and the metrics, over Flask's test client."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from html import unescape
from typing import TYPE_CHECKING, Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from notify_service.actions.deliver_notification import deliver_notification
from notify_service.actions.receive_notification import ReceivedMessage, receive_notification
from notify_service.domain.errors import RecipientRefusedError, ServerMisusedError, ServerUnreachableError
from notify_service.domain.notification import State
from notify_service.operations_app import create_operations_app
from notify_service.settings import load_settings
from notify_service.storage import notifications
from notify_service.wiring import wire_up
from tests.notify_service.doubles import NOW, PORTAL, SENDER, row

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from flask.testing import FlaskClient

    from database.engine import Database
    from notify_service.actions.post_office import PostOffice
    from notify_service.wiring import Wired
    from tests.notify_service.doubles import Clock, Letterbox

HOSTILE = "<script>alert(1)</script>"


@pytest.fixture
def wired(settings_given: dict[str, str], office: PostOffice) -> Iterator[Wired]:
    made = wire_up(load_settings(settings_given))
    yield replace(made, database=office.database, office=office)
    made.database.close()


@pytest.fixture
def client(wired: Wired) -> FlaskClient:
    return create_operations_app(wired).test_client()


def write(database: Database, **changes: Any) -> None:
    with database.transaction() as connection:
        notifications.write_down(connection, row(**changes))


def words(client: FlaskClient, path: str = "/status") -> str:
    answer = client.get(path)
    assert answer.status_code == 200
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", answer.text)).split())


# --- the status page -------------------------------------------------------------------------------------------------


def test_it_says_that_emails_go_out(client: FlaskClient, office: PostOffice, queued: Callable[..., str]) -> None:
    notification_id = queued()
    deliver_notification(office, notification_id)

    said = words(client)

    assert "Emails are going out" in said
    assert "Device authorized Sent To o***@shop.example Came in 1 June 2026, 09:00:00 UTC" in said
    assert notification_id in said


def test_it_says_when_nobody_sends(client: FlaskClient, clock: Clock, queued: Callable[..., str]) -> None:
    """F08: beat and worker are dead."""
    queued()
    clock.pass_by(seconds=61)

    assert "Emails wait longer than they should One has been due for 61 seconds." in words(client)


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        (ServerMisusedError("535"), "Somebody has to set this right: look at the NOTIFY_SMTP_… settings"),
        (ServerUnreachableError("Nobody answers."), "Nothing has to be done here: sending goes on by itself"),
    ],
)
def test_it_says_that_sending_is_paused_why_and_who_must_act(
    client: FlaskClient,
    office: PostOffice,
    letterbox: Letterbox,
    queued: Callable[..., str],
    fault: Exception,
    told: str,
) -> None:
    """F33, F38."""
    letterbox.fault = fault
    deliver_notification(office, queued())

    said = words(client)

    assert "Sending is paused Since 1 June 2026, 09:00:00 UTC the mail server cannot be used." in said
    assert f"The reason {fault}" in said
    assert told in said


def test_it_shows_what_a_person_should_look_at(
    client: FlaskClient, office: PostOffice, letterbox: Letterbox, queued: Callable[..., str]
) -> None:
    """F24, F36."""
    letterbox.fault = RecipientRefusedError("550 no such user")
    failed = queued()
    deliver_notification(office, failed)
    poisoned = ReceivedMessage(2, "a", "x", NOW)
    receive_notification(
        office.database, poisoned, notification_key=office.notification_key, sender=SENDER, portal_url=PORTAL
    )

    said = words(client)

    assert "The message's version is unknown here. 1 June 2026, 09:00:00 UTC a" in said
    assert "o***@shop.example 550 no such user" in said
    assert f"To send it now: notify-service resend {failed}" in said


def test_no_address_is_shown_whole_and_nothing_that_an_email_says(
    client: FlaskClient, database: Database, queued: Callable[..., str]
) -> None:
    """T55."""
    queued()
    write(database, notification_id="b", sealed="SEALED-CONTENT", recipient="ann@other.example")

    page = client.get("/status").text

    assert "owner@" not in page
    assert "ann@" not in page
    assert "SEALED-CONTENT" not in page


def test_it_can_be_narrowed_and_goes_on_with_older_ones(client: FlaskClient, database: Database) -> None:
    for number in range(25):
        at = NOW + timedelta(seconds=number)
        write(database, notification_id=f"{number:08}-0000-4000-8000-000000000000", state=State.HELD, created_at=at)
    write(database, notification_id="of-another", recipient="ann@other.example")

    first = client.get("/status?state=held&template=&recipient=")
    (older,) = re.findall(r'href="([^"]+)">Older ones', first.text)
    second = client.get(older.replace("&amp;", "&")).text

    assert "00000024-0000" in first.text
    assert "of-another" not in first.text
    assert '<option value="held" selected>' in first.text
    assert second.count('<li class="panel">') == 5
    assert "Older ones" not in second
    assert words(client, "/status?recipient=Ann@other.example").count("of-another") == 1


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("recipient=ann", "Write one whole email address, such as ann@shop.example."),
        ("state=x", "This choice is not known; all emails are shown."),
        ("cursor=x", "This choice is not known; all emails are shown."),
    ],
)
def test_a_wrong_choice_is_told(client: FlaskClient, query: str, told: str) -> None:
    answer = client.get(f"/status?{query}")

    assert answer.status_code == 422
    assert told in answer.text
    assert ('value="ann"' in answer.text) is (query == "recipient=ann")


def test_what_strangers_wrote_is_text(client: FlaskClient, database: Database) -> None:
    """T42: a mail server's answer, a filter."""
    write(database, smtp_answer=HOSTILE, organization_id=HOSTILE, recipient=f"{HOSTILE}@x")

    for path in ("/status", f"/status?recipient={HOSTILE}", f"/status?template={HOSTILE}"):
        answer = client.get(path)
        assert "<script" not in answer.text
        assert "onclick" not in answer.text
        assert "default-src 'none'; style-src 'self'" in answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize("path", ["/status", "/status/static/status.css", "/status/static/icon.svg"])
def test_every_answer_is_strict(client: FlaskClient, path: str) -> None:
    """T42, T43."""
    with client.get(path) as answer:
        assert answer.status_code == 200
        assert "script-src" not in answer.headers["Content-Security-Policy"]
        assert answer.headers["X-Frame-Options"] == "DENY"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("path", ["/status", "/metrics"])
def test_it_is_for_whoever_reaches_the_port_by_its_address(client: FlaskClient, path: str) -> None:
    """T40: no page elsewhere gets in by a name that it points here."""
    assert client.get(path, headers={"Host": "127.0.0.1:8013"}).status_code == 200
    assert client.get(path, headers={"Host": "notify.example"}).status_code == 400


@pytest.mark.parametrize("path", ["/status", "/metrics"])
def test_without_the_database_nothing_is_made_up(wired: Wired, database_away: Database, path: str) -> None:
    """F28."""
    client = create_operations_app(replace(wired, database=database_away)).test_client()

    assert client.get(path).status_code == 503


# --- the metrics -----------------------------------------------------------------------------------------------------


def samples(client: FlaskClient) -> dict[tuple[str, ...], float]:
    """Give every sample by its name and its labels' values, in the order in which they are written."""
    families = text_string_to_metric_families(client.get("/metrics").text)
    return {(one.name, *one.labels.values()): one.value for family in families for one in family.samples}


def test_the_metrics_count_the_ledger(
    client: FlaskClient, office: PostOffice, letterbox: Letterbox, clock: Clock, queued: Callable[..., str]
) -> None:
    deliver_notification(office, queued())
    letterbox.fault = RecipientRefusedError("550 no such user")
    deliver_notification(office, queued())
    queued("other@shop.example")
    clock.pass_by(seconds=30)

    told = samples(client)

    assert told["tillpass_notifications", "notifications", "sent"] == 1
    assert told["tillpass_notifications", "notifications", "failed"] == 1
    assert told["tillpass_notifications", "notifications_first", "held"] == 0
    assert told["tillpass_notification_attempts_total", "notifications"] == 2
    assert told["tillpass_queue_age_seconds", "notifications"] == 30
    assert told["tillpass_queue_overdue_seconds", "notifications"] == 30
    assert told["tillpass_refused_addresses",] == 1
    assert (told["tillpass_sending_paused",], told["tillpass_messages_set_aside",]) == (0, 0)


def test_the_histogram_grows_to_the_number_of_emails_sent(client: FlaskClient, database: Database) -> None:
    for number, seconds in enumerate((0.5, 7, 100_000)):
        at = NOW - timedelta(seconds=seconds)
        write(database, notification_id=str(number), state=State.SENT, created_at=at, sent_at=NOW)

    told = samples(client)

    name = "tillpass_notification_seconds_to_sent"
    buckets = [told[f"{name}_bucket", bound, "notifications"] for bound in ("1.0", "5.0", "10.0", "86400.0", "+Inf")]
    assert buckets == [1, 1, 2, 2, 3]
    assert told[f"{name}_count", "notifications"] == 3
    assert abs(told[f"{name}_sum", "notifications"] - 100_007.5) < 0.01


def test_a_pause_is_a_one(
    client: FlaskClient, office: PostOffice, letterbox: Letterbox, queued: Callable[..., str]
) -> None:
    """F38."""
    letterbox.fault = ServerMisusedError("535")
    deliver_notification(office, queued())

    assert samples(client)["tillpass_sending_paused",] == 1


def test_two_processes_tell_the_same(client: FlaskClient, wired: Wired, queued: Callable[..., str]) -> None:
    queued()

    assert samples(create_operations_app(wired).test_client()) == samples(client)
