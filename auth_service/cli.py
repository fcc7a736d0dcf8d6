"""Commands for the people who run auth_service: `auth-service --help`."""

from __future__ import annotations

import argparse
import getpass
import json
import logging
import os
import signal
import sys
import threading
from contextlib import closing
from itertools import count
from typing import TYPE_CHECKING, Any, Final

from auth_service.actions.choose_locale import choose_locale
from auth_service.actions.create_device import NewDevice, create_device
from auth_service.actions.create_operator import NewOperator, create_operator
from auth_service.actions.create_organization import create_organization
from auth_service.actions.issue_first_keys import issue_first_keys
from auth_service.actions.relay_outbox import relay_outbox
from auth_service.actions.sweep import sweep
from auth_service.audit_commands import add_audit_commands
from auth_service.client_commands import add_client_commands
from auth_service.domain.device import DeviceKind
from auth_service.domain.errors import AuthError, BadInputError, SigningKeyAwayError
from auth_service.domain.operator import Role
from auth_service.key_commands import ScheduledRotation, add_key_commands
from auth_service.settings import load_settings
from auth_service.wiring import utc_now, wire_up
from database.engine import Database
from database.errors import DatabaseError
from wire.notification_message import LOCALES
from wire.serving.logs import configure_logs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from auth_service.settings import Settings

RELAY_PAUSE_SECONDS: Final = 1.0
ROUNDS_A_SWEEP: Final = 5
ROUNDS_OF_PATIENCE: Final = 10
"""While license_service is away it is asked no more often: waiting for it would hold up the emails of others."""

_log = logging.getLogger(__name__)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command. Exit code 0: done; 1: refused, with the reason on standard error; 2: wrong usage."""
    asked = _parser().parse_args(arguments)
    if any(isinstance(value, str) and not value.isprintable() for value in vars(asked).values()):
        print("A value holds signs that cannot be printed.", file=sys.stderr)
        return 1
    command: Callable[[Settings, argparse.Namespace], dict[str, Any]] = asked.command
    try:
        answer = command(load_settings(os.environ), asked)
    except (AuthError, DatabaseError) as fault:
        print(fault, file=sys.stderr)
        return 1
    if answer:
        print(json.dumps(answer) if asked.json else "\n".join(_lines(answer)))
    return 0


def _lines(answer: dict[str, Any]) -> Iterator[str]:
    for name, value in answer.items():
        # A list is one line for each of its records.
        rows = value if isinstance(value, list) else []
        yield from ("  ".join(f"{column}: {text}" for column, text in row.items()) for row in rows)
        if not isinstance(value, list):
            yield f"{name}: {value}"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="auth-service", description="Run and fill the authorization server.")
    parser.add_argument("--json", action="store_true", help="print the answer as JSON")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    _add(commands, "migrate", _migrate, "bring the database to the newest revision")
    _add(
        commands,
        "relay",
        _relay,
        "bring emails, have license keys of new Groups made, sweep, rotate keys, until told to stop",
    )
    add_key_commands(commands, _add)
    add_audit_commands(commands, _add)

    organization = _add(commands, "create-organization", _create_organization, "record an organization")
    organization.add_argument("--name", required=True)
    organization.add_argument("--locale", choices=LOCALES, default=LOCALES[0], help="the language of its emails")

    language = _add(commands, "choose-locale", _choose_locale, "choose the language of an organization's emails")
    language.add_argument("--organization-id", required=True)
    language.add_argument("--locale", choices=LOCALES, required=True)

    operator = _add(commands, "create-operator", _create_operator, "record an operator; asks for the password")
    operator.add_argument("--email", required=True)
    operator.add_argument("--name", required=True)
    operator.add_argument("--organization-id", required=True)
    operator.add_argument("--role", choices=[role.value for role in Role], default=Role.OWNER.value)

    device = _add(commands, "create-device", _create_device, "record a device; its id is the Server ID")
    device.add_argument("--organization-id", required=True)
    device.add_argument("--name", required=True)
    device.add_argument("--kind", choices=[kind.value for kind in DeviceKind], default=DeviceKind.SERVER.value)
    device.add_argument("--store")
    device.add_argument("--server-url", help="where others reach this device: their Hub Server URL")
    device.add_argument("--hub-device-id", help="the device that this one connects to")

    add_client_commands(commands, _add)
    return parser


def _add(
    commands: Any,  # noqa: ANN401 - argparse keeps this type to itself
    name: str,
    command: Callable[[Settings, argparse.Namespace], dict[str, Any]],
    text: str,
) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = commands.add_parser(name, help=text, description=text)
    parser.set_defaults(command=command)
    return parser


def _migrate(settings: Settings, _asked: argparse.Namespace) -> dict[str, Any]:
    # Alembic takes 10 MiB, which the commands that go on running need not hold.
    from database.migrations import migrate  # noqa: PLC0415

    migrate("auth_service", settings.database_url)
    return {}


def _create_organization(settings: Settings, asked: argparse.Namespace) -> dict[str, Any]:
    with closing(Database(settings.database_url)) as database:
        return {"organization_id": create_organization(database, asked.name, locale=asked.locale, now=utc_now())}


def _choose_locale(settings: Settings, asked: argparse.Namespace) -> dict[str, Any]:
    with closing(Database(settings.database_url)) as database:
        choose_locale(database, asked.organization_id, asked.locale, now=utc_now())
    return {"organization_id": asked.organization_id, "locale": asked.locale}


def _create_operator(settings: Settings, asked: argparse.Namespace) -> dict[str, Any]:
    new = NewOperator(
        email=asked.email,
        name=asked.name,
        password=_ask_password(),
        organization_id=asked.organization_id,
        role=Role(asked.role),
    )
    with closing(Database(settings.database_url)) as database:
        return {"operator_id": create_operator(database, new, now=utc_now())}


def _ask_password() -> str:
    # Never an argument: the process list would show it (C14).
    password = getpass.getpass("Password: ") if sys.stdin.isatty() else sys.stdin.readline().rstrip("\n")
    if not password.isprintable():
        raise BadInputError("The password holds signs that cannot be typed.")
    return password


def _create_device(settings: Settings, asked: argparse.Namespace) -> dict[str, Any]:
    new = NewDevice(
        organization_id=asked.organization_id,
        name=asked.name,
        kind=DeviceKind(asked.kind),
        store=asked.store,
        server_url=asked.server_url,
        hub_device_id=asked.hub_device_id,
    )
    with closing(Database(settings.database_url)) as database:
        return {"device_id": create_device(database, new, now=utc_now())}


def _relay(settings: Settings, _asked: argparse.Namespace) -> dict[str, Any]:
    configure_logs()
    wired = wire_up(settings)
    move_keys_on = ScheduledRotation(wired.key_vault, settings.key_rotation_days, database=wired.database)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    _log.info("relay started")
    keys_at_round = 0
    for round_number in count():
        move_keys_on()
        try:
            relay_outbox(wired.database, wired.queue, wired.notify, now=utc_now())
            if round_number >= keys_at_round and not issue_first_keys(
                wired.registering, wired.first_keys, now=utc_now()
            ):
                keys_at_round = round_number + ROUNDS_OF_PATIENCE
            if round_number % ROUNDS_A_SWEEP == 0:
                sweep(wired.database, now=utc_now())
        except DatabaseError as fault:
            _log.warning("the database is away; the outbox waits", extra={"reason": str(fault)})
        except SigningKeyAwayError as fault:
            _log.warning("nothing can be signed; the outbox waits", extra={"reason": str(fault)})
        if stop.wait(RELAY_PAUSE_SECONDS):
            break
    return {}


if __name__ == "__main__":
    sys.exit(main())
