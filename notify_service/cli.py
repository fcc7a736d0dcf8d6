"""Commands for the person who runs notify_service."""

from __future__ import annotations

import argparse
import json
import os
import sys
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from database.engine import Database
from database.errors import DatabaseUnavailableError
from notify_service.actions.clear_address import clear_address
from notify_service.actions.resume_sending import resume_sending
from notify_service.domain.errors import SettingsError
from notify_service.domain.notification import redacted
from notify_service.settings import load_settings
from notify_service.storage import notifications, pauses, refused_addresses, set_aside_messages

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from notify_service.settings import Settings

MOST_ROWS: Final = 50


def main(arguments: Sequence[str] | None = None, environ: Mapping[str, str] = os.environ) -> int:
    """Run one command. Exit code 0: done; 1: refused, with the reason on standard error; 2: wrong usage."""
    chosen = _parser().parse_args(arguments)
    try:
        settings = load_settings(environ)
        database = Database(settings.database_url)
        database.check()
        if chosen.command in _ACTS:
            return _ACTS[chosen.command](settings, database, chosen)
        _show(_rows(database, chosen.command), as_json=chosen.json)
    except (SettingsError, DatabaseUnavailableError) as fault:
        print(fault, file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="notify-service", description="Look after the emails that Tillpass sends.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    commands.add_parser("migrate", help="bring the database to the newest revision")
    for name, told in (
        ("notifications", "list the newest notifications"),
        ("set-aside", "list the newest messages that could not be used, and why"),
        ("pause", "tell since when sending is paused, and why; nothing when it is not"),
        ("refused-addresses", "list the addresses that were refused for good"),
    ):
        commands.add_parser(name, help=told).add_argument("--json", action="store_true", help="for scripts")
    commands.add_parser("resume", help="try the mail server at once, when what made sending pause is set right")
    commands.add_parser("clear-address", help="try a refused address again").add_argument("address")
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


_ACTS: Final[dict[str, Callable[[Settings, Database, argparse.Namespace], int]]] = {
    "migrate": _migrate,
    "resume": _resume,
    "clear-address": _clear_address,
}


def _rows(database: Database, command: str) -> list[dict[str, Any]]:
    with database.reading() as connection:
        if command == "set-aside":
            return [asdict(message) for message in set_aside_messages.list_newest(connection, limit=MOST_ROWS)]
        if command == "pause":
            pause = pauses.find(connection)
            return [asdict(pause)] if pause else []
        if command == "refused-addresses":
            marks = refused_addresses.list_newest(connection, limit=MOST_ROWS)
            return [{**asdict(mark), "address": redacted(mark.address)} for mark in marks]
        newest = notifications.list_newest(connection, limit=MOST_ROWS)
    return [{**asdict(row), "recipient": redacted(row.recipient)} for row in newest]


def _show(rows: list[dict[str, Any]], *, as_json: bool) -> None:
    plain = [{name: _plain(value) for name, value in row.items() if name != "sealed"} for row in rows]
    if as_json:
        print(json.dumps(plain, indent=2))
        return
    for row in plain:
        print("  ".join(f"{name}={value}" for name, value in row.items() if value is not None))


def _plain(value: object) -> object:
    return value.isoformat() if isinstance(value, datetime) else value


if __name__ == "__main__":
    sys.exit(main())
