"""The commands of the calendar: how its runs stand, run them now, and the public key of this service's client."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from notify_service.actions.run_calendar import run_calendar
from notify_service.domain.errors import SettingsError
from notify_service.outbound.client_authentication import load_client_key, public_key_set
from notify_service.storage import scans
from notify_service.wiring import wire_up

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    from database.engine import Database
    from notify_service.settings import Settings


def add_calendar_commands(commands: Any) -> None:  # noqa: ANN401 - argparse keeps this type to itself
    """Add the commands to those of the service."""
    commands.add_parser(
        "calendar", help="tell when each run of the calendar was done, and when it is due"
    ).add_argument("--json", action="store_true", help="for scripts")
    commands.add_parser("run-calendar", help="look now for what is to be told, and write it down")
    commands.add_parser("client-keys", help="give the JWK Set of NOTIFY_CLIENT_KEY_FILE, for auth_service")


def _show_calendar(_settings: Settings, database: Database, chosen: argparse.Namespace) -> int:
    with database.reading() as connection:
        rows = [asdict(scan) for scan in scans.list_all(connection)]
    if chosen.json:
        print(json.dumps(rows, indent=2, default=datetime.isoformat))
        return 0
    for row in rows:
        print("  ".join(f"{name}={value}" for name, value in row.items() if value is not None))
    return 0


def _run_now(settings: Settings, _database: Database, _chosen: argparse.Namespace) -> int:
    calendar = wire_up(settings).calendar
    if calendar is None:
        raise SettingsError("There is no calendar. Set NOTIFY_LICENSE_SERVICE_URL.")
    if run_calendar(calendar):
        return 0
    print("Not all of the work was done: see notify-service calendar.", file=sys.stderr)
    return 1


def _show_client_keys(settings: Settings, _database: Database, _chosen: argparse.Namespace) -> int:
    if settings.calendar is None or settings.calendar.client_key_file is None:
        raise SettingsError("There is no key. Set NOTIFY_CLIENT_KEY_FILE.")
    print(json.dumps(public_key_set(load_client_key(settings.calendar.client_key_file)), indent=2))
    return 0


CALENDAR_ACTS: Final[dict[str, Callable[[Settings, Database, argparse.Namespace], int]]] = {
    "calendar": _show_calendar,
    "run-calendar": _run_now,
    "client-keys": _show_client_keys,
}
