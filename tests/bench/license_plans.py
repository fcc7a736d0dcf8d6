"""`python -m tests.bench.license_plans`: how the database finds what license_service asks for, among 100,000 keys.

Each request is made by its action, what it asks of the database is noted, and the database is asked how it would do it.
"""

from __future__ import annotations

import argparse
import re
import sys
import uuid
from contextlib import ExitStack
from datetime import UTC, datetime
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import event

from database.engine import Database
from database.migrations import migrate
from license_service.actions.claim_seat import claim_seat
from license_service.actions.list_access_groups import list_access_groups
from license_service.actions.list_agreements import list_agreements
from license_service.actions.list_contacts import list_contacts
from license_service.actions.list_license_keys import list_license_keys
from license_service.actions.list_seats import list_seats
from license_service.actions.list_synchronizations import list_synchronizations
from license_service.actions.read_contact import read_contact
from license_service.actions.read_entitlement import read_entitlement
from license_service.actions.read_site import read_site
from license_service.domain.check_in import CheckIn
from license_service.domain.contact import ContactState
from license_service.domain.page import PageWanted
from license_service.domain.synchronization import Trigger
from license_service.storage import check_ins, contacts, over_counts
from tests.bench.license_rows import fill
from tests.doubles.postgresql import running_server
from wire.check_in import CheckInReport

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.bench.license_rows import Sold

_PAGE: Final = PageWanted(50)


def asked(database: Database, one: Sold) -> dict[str, Callable[[], object]]:
    """Give what is asked, by its name."""
    now, organization_id = datetime.now(UTC), one.organization_id
    later = PageWanted(50, (one.issued_at, one.key_id))
    later_contacts = PageWanted(50, (one.last_contact_at, one.device_id))
    of_one = {"organization_id": organization_id}

    def check_in() -> None:
        said = CheckIn(one.device_id, organization_id, now, CheckInReport("1.4.0", now, {"xms": 3}))
        with database.transaction() as connection:
            contacts.note_check_in(connection, said)
            check_ins.add(connection, said)
            check_ins.forget_old(connection, now)
            over_counts.sold(connection, organization_id)
            over_counts.known(connection, organization_id)
            contacts.seats_in_use(connection, organization_id)
            check_ins.recent(connection, now)

    return {
        "first page of keys": lambda: list_license_keys(database, _PAGE),
        "later page of keys": lambda: list_license_keys(database, later),
        "keys of an organization": lambda: list_license_keys(database, _PAGE, **of_one),
        "keys of a status, later page": lambda: list_license_keys(database, later, status="active"),
        "ID # in an organization": lambda: list_license_keys(database, _PAGE, **of_one, id_number=one.id_number),
        "ID # of anybody": lambda: list_license_keys(database, _PAGE, id_number=one.id_number),
        "agreements of an organization": lambda: list_agreements(database, _PAGE, **of_one),
        "seats of a key": lambda: list_seats(database, one.key_id, _PAGE),
        "access groups of a key": lambda: list_access_groups(database, _PAGE, key_id=one.key_id),
        "later page of contacts": lambda: list_contacts(database, later_contacts, now=now),
        "warned devices": lambda: list_contacts(database, _PAGE, now=now, state=ContactState.WARNED),
        "contacts of an organization": lambda: list_contacts(database, _PAGE, now=now, **of_one),
        "one contact, with the use": lambda: read_contact(database, one.device_id, now=now),
        "History, first page": lambda: list_synchronizations(database, _PAGE, now=now, trigger=Trigger.MANUAL),
        "History of an organization": lambda: list_synchronizations(
            database, _PAGE, now=now, **of_one, trigger=Trigger.MANUAL
        ),
        "site": lambda: read_site(database, organization_id, now=now),
        "entitlement": lambda: read_entitlement(database, device_id=one.device_id, **of_one, now=now),
        "claim of a free seat": lambda: claim_seat(database, device_id=str(uuid.uuid4()), **of_one, now=now),
        "check-in": check_in,
    }


def plans(database: Database, work: Callable[[], object]) -> Iterator[str]:
    """Give how each table is reached by the statements of some work."""
    statements: list[tuple[str, Any]] = []

    def note(_connection: object, _cursor: object, statement: str, given: Any, *_: object) -> None:
        statements.append((statement, given))

    event.listen(database.engine, "before_cursor_execute", note)
    # A connection that is open already tells nobody.
    database.close()
    work()
    event.remove(database.engine, "before_cursor_execute", note)
    for statement, given in statements:
        if statement.split()[0] in {"SELECT", "UPDATE", "DELETE"}:
            with database.reading() as connection:
                yield from _plan(connection, statement, given)


def _plan(connection: Any, statement: str, given: Any) -> Iterator[str]:
    if connection.dialect.name == "sqlite":
        for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", given):
            yield row[3]
        return
    lines = [row[0] for row in connection.exec_driver_sql(f"EXPLAIN {statement}", given)]
    for number, line in enumerate(lines):
        found = re.match(r"\s*(?:->\s+)?((?:\w+ )*(?:Scan|Sort)\b.*?)\s+\(cost", line)
        if found:
            beside = [each.strip() for each in lines[number + 1 : number + 3] if " Cond: " in each]
            # What was asked for stands in it: values, and their types.
            step = f"{found[1]} {''.join(beside[:1])}".strip()
            # Without the values that were asked for, and their types.
            yield re.sub(r"::[a-z]+( with time zone)?(\[\])?", "", re.sub(r"'[^']*'", "?", step))


def main() -> int:
    """Print a line for each step."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.license_plans", description=__doc__)
    parser.add_argument("--database", choices=["sqlite", "postgresql"], default="sqlite")
    parser.add_argument("--keys", type=int, default=100_000)
    wanted = parser.parse_args()
    with ExitStack() as undo:
        if wanted.database == "sqlite":
            url = f"sqlite:///{undo.enter_context(TemporaryDirectory(prefix='tillpass-plans-'))}/license.db"
        else:
            url = undo.enter_context(running_server()).new_database()
        migrate("license_service", url)
        one = fill(url, wanted.keys)[0]
        database = Database(url)
        undo.callback(database.close)
        for name, work in asked(database, one).items():
            for step in dict.fromkeys(plans(database, work)):
                print(f"{name}: {step}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
