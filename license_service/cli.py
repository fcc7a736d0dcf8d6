"""The command `license-service`: migrate the database, record a license, list licenses."""

from __future__ import annotations

import argparse
import json
import os
import sys
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from marshmallow import ValidationError

from database.errors import DatabaseUnavailableError
from database.migrations import migrate
from license_service.actions.create_license import create_license
from license_service.actions.list_licenses import list_licenses
from license_service.domain.errors import LicenseServiceError
from license_service.domain.license import DEFAULT_RENEWAL_WINDOW_DAYS
from license_service.endpoints.licenses import LicenseSchema, LicensesQuerySchema, LicenseTermsSchema
from license_service.settings import load_settings
from license_service.wiring import wire_up

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from license_service.domain.license import License
    from license_service.settings import Settings


def main(argv: Sequence[str] | None = None, environ: Mapping[str, str] = os.environ) -> int:
    """Run one command. Exit code 0: done; 1: refused, with the reason on standard error; 2: wrong usage."""
    asked = _parser().parse_args(argv)
    try:
        asked.run(load_settings(environ), asked)
    except ValidationError as fault:
        for name, texts in fault.messages_dict.items():
            print(f"{_option(name)}: {_sentences(texts)}", file=sys.stderr)
        return 1
    except (LicenseServiceError, DatabaseUnavailableError) as fault:
        print(fault, file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="license-service", description="Keep the license records.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    commands.add_parser("migrate", help="bring the database to the newest revision").set_defaults(run=_migrate)
    licenses = commands.add_parser("license", help="record and list licenses")
    verbs = licenses.add_subparsers(required=True, metavar="VERB")
    _add_create(verbs.add_parser("create", help="record a license that was sold"))
    listing = verbs.add_parser("list", help="list licenses, the oldest first")
    listing.add_argument("--organization-id", metavar="UUID", help="only those of this organization")
    listing.add_argument("--json", action="store_true", help="answer in JSON")
    listing.set_defaults(run=_list)
    return parser


def _add_create(create: argparse.ArgumentParser) -> None:
    create.add_argument("--organization-id", metavar="UUID", required=True)
    create.add_argument("--feature", metavar="NAME", required=True, action="append", help="such as xms; repeatable")
    create.add_argument("--seats", metavar="COUNT", required=True, type=int)
    create.add_argument("--renewal-date", metavar="YYYY-MM-DD", help="the last day, in UTC; none for a perpetual one")
    create.add_argument("--renewal-window-days", metavar="DAYS", type=int, default=DEFAULT_RENEWAL_WINDOW_DAYS)
    create.add_argument("--json", action="store_true", help="answer in JSON")
    create.set_defaults(run=_create)


def _migrate(settings: Settings, _: argparse.Namespace) -> None:
    # Asked first, so that a database that is away is said in one sentence (and SQLite's folder is made).
    wire_up(settings).database.check()
    migrate("license_service", settings.database_url)
    print("The database is at the newest revision.")


def _create(settings: Settings, asked: argparse.Namespace) -> None:
    terms = LicenseTermsSchema().load(
        {
            "organization_id": asked.organization_id,
            "features": asked.feature,
            "seats": asked.seats,
            "renewal_date": asked.renewal_date,
            "renewal_window_days": asked.renewal_window_days,
        }
    )
    wired = wire_up(settings)
    record = create_license(wired.database, terms, license_id=str(uuid4()), now=wired.now())
    print(json.dumps(_document(record)) if asked.json else _line(record))


def _list(settings: Settings, asked: argparse.Namespace) -> None:
    organization_id = None
    if asked.organization_id is not None:
        organization_id = LicensesQuerySchema().load({"organization_id": asked.organization_id})["organization_id"]
    records = list_licenses(wire_up(settings).database, organization_id=organization_id)
    if asked.json:
        print(json.dumps({"licenses": [_document(record) for record in records]}))
        return
    for record in records:
        print(_line(record))


def _document(record: License) -> dict[str, Any]:
    document: dict[str, Any] = LicenseSchema().dump(record)
    return document


def _line(record: License) -> str:
    return (
        f"{record.id}  organization {record.organization_id}  {' '.join(record.features)}  "
        f"{record.seats_claimed} of {record.seats} seats taken  renewal date {record.renewal_date or 'none'}"
    )


def _option(field: str) -> str:
    return "--feature" if field == "features" else "--" + field.replace("_", "-")


def _sentences(texts: Any) -> str:  # noqa: ANN401 - marshmallow nests the messages of a list's items
    if isinstance(texts, dict):
        return " ".join(_sentences(inner) for inner in texts.values())
    return " ".join(texts)
