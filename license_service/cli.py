"""The command `license-service`: migrate the database, and keep the catalog, agreements and keys; publish updates."""

from __future__ import annotations

import argparse
import json
import os
import sys
from typing import TYPE_CHECKING, Any

from marshmallow import ValidationError

from database.errors import DatabaseUnavailableError
from license_service.access_group_commands import add_access_group_commands, add_access_migration_command
from license_service.catalog_commands import add_catalog_commands
from license_service.contact_commands import add_contacts_command
from license_service.domain.errors import LicenseServiceError
from license_service.export_commands import add_export_command
from license_service.key_change_commands import add_key_change_commands, add_seat_commands
from license_service.key_commands import add_agreement_commands, add_key_commands
from license_service.settings import load_settings
from license_service.signing_commands import add_show_command, add_signing_commands
from license_service.site_commands import add_site_commands, add_synchronization_commands
from license_service.update_commands import add_update_commands
from license_service.webhook_commands import add_webhook_commands
from license_service.webhook_process import keep_delivering
from license_service.wiring import wire_up

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from license_service.catalog_commands import AddVerb, Answer
    from license_service.settings import Settings
    from license_service.wiring import Wired


def main(argv: Sequence[str] | None = None, environ: Mapping[str, str] = os.environ) -> int:
    """Run one command. Exit code 0: done; 1: refused, with the reason on standard error; 2: wrong usage."""
    asked = _parser().parse_args(argv)
    try:
        if "act" in asked:
            # Signing and publishing updates needs no database, and may be done on a machine that has none.
            asked.act(environ, asked)
        else:
            _run(load_settings(environ), asked)
    except ValidationError as fault:
        for name, texts in fault.messages_dict.items():
            print(f"{asked.options.get(name) or _option(name)}: {_sentences(texts)}", file=sys.stderr)
        return 1
    except (LicenseServiceError, DatabaseUnavailableError) as fault:
        print(fault, file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="license-service", description="Keep the license records.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    commands.add_parser("migrate", help="bring the database to the newest revision").set_defaults(run=None)
    text = "send webhooks, and look which dates have come, until told to stop"
    commands.add_parser("deliver-webhooks", help=text).set_defaults(run=keep_delivering, options={})
    for name, add_verbs, text in (
        ("catalog", add_catalog_commands, "components and licensing profiles"),
        ("agreement", add_agreement_commands, "what was signed with an organization"),
        ("key", _add_every_key_command, "license keys"),
        ("seats", add_seat_commands, "which devices sit on license keys"),
        ("site", add_site_commands, "organizations' sites: their mode, and what is to be activated"),
        ("synchronizations", add_synchronization_commands, "the History of sites' license keys"),
        ("access-group", add_access_group_commands, "who has access to which components of a license key"),
        ("signing", add_signing_commands, "the keys that access keys are signed with"),
        ("webhook", add_webhook_commands, "where other systems are told what happens"),
    ):
        group = commands.add_parser(name, help=text)
        add_verbs(group.add_subparsers(required=True, metavar="VERB"), _add)
    add_contacts_command(commands, _add)
    add_export_command(commands, _add)
    add_update_commands(commands)
    return parser


def _add_every_key_command(verbs: Any, add: AddVerb) -> None:  # noqa: ANN401 - argparse keeps this type to itself
    add_key_commands(verbs, add)
    add_key_change_commands(verbs, add)
    add_access_migration_command(verbs, add)
    add_show_command(verbs, add)


def _add(
    verbs: Any,  # noqa: ANN401 - argparse keeps this type to itself
    name: str,
    run: Callable[[Wired, argparse.Namespace], Answer],
    text: str,
) -> argparse.ArgumentParser:
    verb: argparse.ArgumentParser = verbs.add_parser(name, help=text)
    verb.add_argument("--json", action="store_true", help="answer in JSON")
    verb.set_defaults(run=run, options={})
    return verb


def _run(settings: Settings, asked: argparse.Namespace) -> None:
    wired = wire_up(settings)
    if asked.run is None:
        # Asked first, so that a database that is away is said in one sentence (and SQLite's folder is made).
        wired.database.check()
        # Alembic takes 10 MiB, which the commands that go on running need not hold.
        from database.migrations import migrate  # noqa: PLC0415

        migrate("license_service", settings.database_url)
        print("The database is at the newest revision.")
        return
    answer = asked.run(wired, asked)
    if answer is not None:
        document, rows = answer
        print(json.dumps(document) if asked.json else _table(rows))


def _table(rows: Sequence[Sequence[str]]) -> str:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )


def _option(field: str) -> str:
    return "--" + field.replace("_", "-")


def _sentences(texts: Any) -> str:  # noqa: ANN401 - marshmallow nests the messages of a list's items
    if isinstance(texts, dict):
        return " ".join(_sentences(inner) for inner in texts.values())
    return " ".join(texts)


if __name__ == "__main__":
    sys.exit(main())
