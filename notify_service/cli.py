"""Commands for the person who runs notify_service."""

from __future__ import annotations

import argparse
import json
import os
import sys
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from marshmallow import ValidationError

from database.engine import Database
from database.errors import DatabaseUnavailableError
from notify_service.actions.clear_address import clear_address
from notify_service.actions.resend_notification import resend_notification
from notify_service.actions.resume_sending import resume_sending
from notify_service.calendar_commands import CALENDAR_ACTS, add_calendar_commands
from notify_service.domain.errors import NotifyError
from notify_service.domain.notification import State, redacted
from notify_service.endpoints.notification_documents import NotificationQuerySchema, NotificationSchema
from notify_service.settings import load_settings
from notify_service.storage import pauses, refused_addresses, set_aside_messages
from notify_service.storage.figures import read_figures
from notify_service.storage.notification_pages import list_page

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from notify_service.domain.figures import QueueFigures
    from notify_service.settings import Settings

MOST_ROWS: Final = 50
_FILTERS: Final = ("state", "template", "organization_id", "recipient", "limit")


def main(arguments: Sequence[str] | None = None, environ: Mapping[str, str] = os.environ) -> int:
    """Run one command. Exit code 0: done; 1: refused, with the reason on standard error; 2: wrong usage."""
    chosen = _parser().parse_args(arguments)
    try:
        settings = load_settings(environ)
        database = Database(settings.database_url)
        database.check()
        if chosen.command in _ACTS:
            return _ACTS[chosen.command](settings, database, chosen)
        _show(_LISTS[chosen.command](database, chosen), as_json=chosen.json)
    except (NotifyError, DatabaseUnavailableError) as fault:
        print(fault, file=sys.stderr)
        return 1
    except ValidationError as fault:
        told = [f"--{name.replace('_', '-')}: {' '.join(texts)}" for name, texts in fault.messages_dict.items()]
        print("\n".join(told), file=sys.stderr)
        return 2
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="notify-service", description="Look after the emails that Tillpass sends.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    commands.add_parser("migrate", help="bring the database to the newest revision")
    listed = commands.add_parser("notifications", help="list notifications, newest first")
    listed.add_argument("--state", choices=[state.value for state in State])
    listed.add_argument("--template", help="which email, such as device_authorized")
    listed.add_argument("--organization-id", help="whose affair it is")
    listed.add_argument("--recipient", help="one whole address")
    listed.add_argument("--limit", default=str(MOST_ROWS), help="how many at most")
    listed.add_argument("--json", action="store_true", help="for scripts")
    for name, told in (
        ("sending", "tell whether sending is paused, and how many emails of each queue are in which state"),
        ("set-aside", "list the newest messages that could not be used, and why"),
        ("pause", "tell since when sending is paused, and why; nothing when it is not"),
        ("refused-addresses", "list the addresses that were refused for good"),
    ):
        commands.add_parser(name, help=told).add_argument("--json", action="store_true", help="for scripts")
    commands.add_parser("resume", help="try the mail server at once, when what made sending pause is set right")
    resend = commands.add_parser("resend", help="have an email sent now that failed, is held or waits for another try")
    resend.add_argument("id", type=UUID, help="the notification's id")
    commands.add_parser("clear-address", help="try a refused address again").add_argument("address")
    add_calendar_commands(commands)
    return parser


def _migrate(settings: Settings, _database: Database, _chosen: argparse.Namespace) -> int:
    # Alembic takes 10 MiB, which the commands that go on running need not hold.
    from database.migrations import migrate  # noqa: PLC0415

    migrate("notify_service", settings.database_url)
    return 0


def _resume(_settings: Settings, database: Database, _chosen: argparse.Namespace) -> int:
    if resume_sending(database, now=datetime.now(UTC)):
        return 0
    print("Sending is not paused.", file=sys.stderr)
    return 1


def _clear_address(_settings: Settings, database: Database, chosen: argparse.Namespace) -> int:
    if clear_address(database, chosen.address):
        return 0
    print("This address was not refused.", file=sys.stderr)
    return 1


def _resend(_settings: Settings, database: Database, chosen: argparse.Namespace) -> int:
    resend_notification(database, str(chosen.id), asked_by="notify-service resend", now=datetime.now(UTC))
    return 0


_ACTS: Final[dict[str, Callable[[Settings, Database, argparse.Namespace], int]]] = {
    "migrate": _migrate,
    "resume": _resume,
    "clear-address": _clear_address,
    "resend": _resend,
    **CALENDAR_ACTS,
}


def _notifications(database: Database, chosen: argparse.Namespace) -> list[dict[str, Any]]:
    given = {name: getattr(chosen, name) for name in _FILTERS if getattr(chosen, name)}
    wanted = NotificationQuerySchema().load(given)
    with database.reading() as connection:
        page = list_page(connection, wanted)
    rows: list[dict[str, Any]] = NotificationSchema(many=True).dump(page.notifications)
    return rows


def _sending(database: Database, _chosen: argparse.Namespace) -> list[dict[str, Any]]:
    with database.reading() as connection:
        figures = read_figures(connection, datetime.now(UTC))
    marks = {"set_aside": figures.set_aside, "refused_addresses": figures.refused_addresses}
    whole = {"at": figures.at, "paused": figures.pause is not None, **marks}
    return [whole, *({"queue": name, **_counted(queue)} for name, queue in figures.queues.items())]


def _counted(figures: QueueFigures) -> dict[str, Any]:
    states = {state.value: count for state, count in figures.states.items()}
    return {**states, "oldest_waiting_at": figures.oldest_waiting_at, "due_since": figures.due_since}


def _set_aside(database: Database, _chosen: argparse.Namespace) -> list[dict[str, Any]]:
    with database.reading() as connection:
        return [asdict(message) for message in set_aside_messages.list_newest(connection, limit=MOST_ROWS)]


def _pause(database: Database, _chosen: argparse.Namespace) -> list[dict[str, Any]]:
    with database.reading() as connection:
        pause = pauses.find(connection)
    return [asdict(pause)] if pause else []


def _refused_addresses(database: Database, _chosen: argparse.Namespace) -> list[dict[str, Any]]:
    with database.reading() as connection:
        marks = refused_addresses.list_newest(connection, limit=MOST_ROWS)
    return [{**asdict(mark), "address": redacted(mark.address)} for mark in marks]


_LISTS: Final[dict[str, Callable[[Database, argparse.Namespace], list[dict[str, Any]]]]] = {
    "notifications": _notifications,
    "sending": _sending,
    "set-aside": _set_aside,
    "pause": _pause,
    "refused-addresses": _refused_addresses,
}


def _show(rows: list[dict[str, Any]], *, as_json: bool) -> None:
    plain = [{name: _plain(value) for name, value in row.items()} for row in rows]
    if as_json:
        print(json.dumps(plain, indent=2))
        return
    for row in plain:
        print("  ".join(f"{name}={value}" for name, value in row.items() if value is not None))


def _plain(value: object) -> object:
    return value.isoformat() if isinstance(value, datetime) else value


if __name__ == "__main__":
    sys.exit(main())
