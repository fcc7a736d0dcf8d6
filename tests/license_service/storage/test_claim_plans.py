"""What auth_service asks at approvals and refreshes is searched for by keys: no statement reads what others have."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import event

from license_service.actions.claim_seat import claim_seat
from license_service.actions.list_license_keys import list_license_keys
from license_service.actions.read_entitlement import read_entitlement
from license_service.actions.read_license_key import read_license_key
from license_service.actions.release_seat import release_seat
from license_service.domain.page import PageWanted
from tests.license_service.conftest import NOW, new_id

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from database.engine import Database
    from license_service.domain.license_key import LicenseKey

ORGANIZATION = "0b8a3a52-5d5e-4c1c-8f0e-2f6f4f4f6a11"


@pytest.fixture
def asked(database: Database) -> Iterator[list[tuple[str, Any]]]:
    """Give what the database is asked from now on."""
    statements: list[tuple[str, Any]] = []

    def note(_connection: object, _cursor: object, statement: str, given: Any, *_: object) -> None:
        statements.append((statement, given))

    event.listen(database.engine, "before_cursor_execute", note)
    # A connection that is open already tells nobody.
    database.close()
    yield statements
    event.remove(database.engine, "before_cursor_execute", note)


def steps(database: Database, statements: list[tuple[str, Any]]) -> list[str]:
    planned = [each for each in statements if each[0].split()[0] in {"SELECT", "UPDATE", "DELETE"}]
    with database.reading() as connection:
        return [
            row[3]
            for statement, given in planned
            for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", given)
        ]


def test_no_step_of_a_claim_reads_the_keys_or_seats_of_everybody(
    database: Database, sell: Callable[..., LicenseKey], asked: list[tuple[str, Any]]
) -> None:
    """The index on the status alone would lead through every active key there is."""
    key, device_id = sell(database, ORGANIZATION), new_id()
    asked.clear()

    this = {"device_id": device_id, "organization_id": ORGANIZATION}
    claim_seat(database, **this, now=NOW)
    read_entitlement(database, **this, now=NOW)
    read_license_key(database, key.id)
    release_seat(database, **this)

    found = steps(database, list(asked))
    assert len(found) > 8
    # Endpoints of webhooks are few.
    assert [step for step in found if step.startswith("SCAN ") and "webhook_endpoints" not in step] == []
    assert [step for step in found if "(status=?" in step and "webhook_endpoints" not in step] == []


@pytest.mark.parametrize("narrowed", ["organization_id", "visible_to"])
def test_the_keys_of_a_status_in_an_organization_are_searched_for_in_the_organization(
    database: Database, asked: list[tuple[str, Any]], narrowed: str
) -> None:
    list_license_keys(database, PageWanted(50), **{narrowed: ORGANIZATION}, status="active")

    assert ["(organization_id=?" in step for step in steps(database, list(asked))] == [True]
