"""The commands for webhook endpoints, and the process that sends."""

from __future__ import annotations

import json
import signal
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from cryptography.fernet import Fernet

from database.engine import Database
from database.errors import DatabaseUnavailableError
from license_service import webhook_process
from license_service.actions.deliver_webhooks import DeliveryParts
from license_service.cli import main
from license_service.domain.event import EventKind
from license_service.storage.events import record_event
from license_service.storage.seal import Seal
from license_service.webhook_process import PAUSE_SECONDS, deliver_until
from tests.doubles.event_listener import listen
from tests.doubles.webhook_receiver import receiving

if TYPE_CHECKING:
    from collections.abc import Iterator

CREATE = ["webhook", "create", "--description", "Orders", "--event-type", "seat.claimed", "--url"]
URL = "https://hooks.example.com/tillpass"
NOBODY = "6f0a2a50-9a30-4f4c-8c57-2f5a3d0a7e21"


@pytest.fixture
def environ(sqlite_url: str) -> dict[str, str]:
    return {
        "LICENSE_DATABASE_URL": sqlite_url,
        "LICENSE_PUBLIC_URL": "http://127.0.0.1:8002",
        "LICENSE_ISSUER": "http://127.0.0.1:8001",
        "LICENSE_KEY_FOLDER": "/nowhere/license-keys",
        "LICENSE_SECRET_KEY": Fernet.generate_key().decode(),
        "LICENSE_WEBHOOKS_TO_LOOPBACK": "true",
    }


@pytest.fixture
def opened(environ: dict[str, str]) -> Iterator[Database]:
    database = Database(environ["LICENSE_DATABASE_URL"])
    yield database
    database.close()


def answered(argv: list[str], environ: dict[str, str], capsys: pytest.CaptureFixture[str]) -> Any:
    assert main([*argv, "--json"], environ) == 0
    return json.loads(capsys.readouterr().out)


def claimed(database: Database) -> None:
    with database.transaction() as connection:
        told = {"organization_id": "o", "subject_id": "d", "data": {}, "now": datetime.now(UTC)}
        record_event(connection, kind=EventKind.SEAT_CLAIMED, **told)


def test_an_endpoint_is_created_changed_and_deleted(
    environ: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    made = answered([*CREATE, URL], environ, capsys)
    of_it = [made["id"]]
    assert made.pop("secret").startswith("whsec_")
    assert answered(["webhook", "list"], environ, capsys) == {"webhook_endpoints": [made]}

    changed = answered(["webhook", "change", *of_it, "--status", "disabled"], environ, capsys)
    renamed = answered(["webhook", "change", *of_it, "--event-type", "device.dark"], environ, capsys)
    rotated = answered(["webhook", "rotate-secret", *of_it], environ, capsys)

    assert (changed["url"], changed["event_types"], changed["status"]) == (URL, ["seat.claimed"], "disabled")
    assert (renamed["event_types"], renamed["status"]) == (["device.dark"], "disabled")
    assert rotated["secret"].startswith("whsec_")
    assert answered(["webhook", "delete", *of_it], environ, capsys) == {"deleted": made["id"]}
    assert answered(["webhook", "list"], environ, capsys) == {"webhook_endpoints": []}


def test_endpoints_and_deliveries_are_shown_to_a_person(
    environ: dict[str, str], opened: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    main([*CREATE, URL], environ)
    created = capsys.readouterr().out
    claimed(opened)
    [endpoint] = answered(["webhook", "list"], environ, capsys)["webhook_endpoints"]
    of_it = [endpoint["id"]]
    main(["webhook", "list"], environ)
    main(["webhook", "deliveries", *of_it], environ)
    shown = capsys.readouterr().out

    assert "whsec_" in created
    assert "whsec_" not in shown
    assert f"{endpoint['id']}  Orders       enabled  0         {URL}  seat.claimed" in shown
    assert "EVENT " in shown
    [delivery] = answered(["webhook", "deliveries", *of_it, "--status", "pending"], environ, capsys)["deliveries"]
    assert answered(["webhook", "deliveries", *of_it, "--status", "failed"], environ, capsys) == {"deliveries": []}
    again = answered(["webhook", "redeliver", *of_it, delivery["event_id"]], environ, capsys)
    assert (again["event_id"], again["status"]) == (delivery["event_id"], "pending")


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        ([*CREATE, "https://10.0.0.1/"], "Webhooks are sent to an https URL of a public host"),
        ([*CREATE, "nonsense"], "--url: Must be an https URL"),
        (["webhook", "delete", NOBODY], "There is no webhook endpoint with this id."),
    ],
)
def test_what_is_refused_is_said(
    environ: dict[str, str], capsys: pytest.CaptureFixture[str], argv: list[str], said: str
) -> None:
    assert main(argv, environ) == 1
    assert said in capsys.readouterr().err


def test_without_a_secret_key_nothing_is_created_or_sent(
    environ: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    del environ["LICENSE_SECRET_KEY"]

    for argv in ([*CREATE, URL], ["deliver-webhooks"]):
        assert main(argv, environ) == 1
        assert "LICENSE_SECRET_KEY" in capsys.readouterr().err


# --- the process -------------------------------------------------------------------------------------------------


@pytest.fixture
def signals(monkeypatch: pytest.MonkeyPatch) -> dict[int, Any]:
    """Give the handlers that the process sets, instead of setting them; its logs are the tests' own."""
    handlers: dict[int, Any] = {}
    monkeypatch.setattr(webhook_process.signal, "signal", handlers.__setitem__)
    monkeypatch.setattr(webhook_process, "configure_logs", lambda: None)
    return handlers


def test_the_process_sends_until_it_is_told_to_stop(
    environ: dict[str, str],
    opened: Database,
    signals: dict[int, Any],
    capsys: pytest.CaptureFixture[str],
) -> None:
    with receiving() as receiver:
        answered([*CREATE, f"http://127.0.0.1:{receiver.port}/"], environ, capsys)
        claimed(opened)
        # The receiver is what tells it to stop, once it was told something.
        receiver.on_request = lambda: signals[signal.SIGTERM](signal.SIGTERM, None)

        assert main(["deliver-webhooks"], environ) == 0

    assert len(receiver.taken) == 1
    assert set(signals) == {signal.SIGTERM, signal.SIGINT}


class Away:
    """A database that does not answer."""

    def reading(self) -> None:
        raise DatabaseUnavailableError("away")


def test_a_database_that_is_away_is_waited_for(caplog: pytest.LogCaptureFixture) -> None:
    """F16."""
    parts = DeliveryParts(Away(), None, None, now=lambda: datetime.now(UTC), jitter=lambda: 0.5)  # type: ignore[arg-type]
    waits: list[float] = []

    def wait(seconds: float) -> bool:
        waits.append(seconds)
        return len(waits) == 2

    deliver_until(parts, wait)

    assert waits == [PAUSE_SECONDS] * 2
    assert caplog.text.count("the database is away") == 2


def test_dates_are_looked_at_and_what_is_old_is_forgotten(opened: Database, sell: Any) -> None:
    listen(opened)
    claimed(opened)
    sell(opened, "0b8a3a52-5d5e-4c1c-8f0e-2f6f4f4f6a11", renewal_date=datetime(2026, 6, 10, tzinfo=UTC).date())
    now = datetime.now(UTC).replace(year=2999)
    post = type("Post", (), {"send": lambda *_: "http_200"})()

    deliver_until(
        DeliveryParts(opened, post, Seal([Fernet.generate_key().decode()]), now=lambda: now, jitter=lambda: 0.5),
        lambda _: True,
    )

    with opened.reading() as connection:
        kinds = connection.exec_driver_sql("SELECT kind FROM webhook_events").scalars().all()
    assert kinds == ["license.expired"]
