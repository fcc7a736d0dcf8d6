from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from alembic import command
from sqlalchemy import MetaData, insert

from database.engine import Database
from database.migrations import configuration, migrate
from license_service.actions.list_license_keys import list_license_keys
from license_service.actions.read_entitlement import read_entitlement
from license_service.domain.license_key import KeyComponent
from license_service.storage.tables import metadata


@pytest.fixture(params=["sqlite_url", "postgresql_url"])
def url(request: pytest.FixtureRequest) -> str:
    found: str = request.getfixturevalue(request.param)
    return found


def test_the_migrations_make_the_tables_that_the_code_knows(url: str) -> None:
    command.check(configuration("license_service", url))


def test_migrating_again_changes_nothing(url: str) -> None:
    migrate("license_service", url)

    command.check(configuration("license_service", url))


def test_the_first_revision_can_be_undone(url: str) -> None:
    command.downgrade(configuration("license_service", url), "base")
    database = Database(url)

    with database.reading() as connection:
        assert not any(connection.dialect.has_table(connection, name) for name in metadata.tables)
    database.close()


def test_a_license_of_before_is_a_key_with_the_same_id_and_seats(url: str) -> None:
    """Nobody who holds a license loses it, nor what it gives."""
    command.downgrade(configuration("license_service", url), "0002")
    database = Database(url)
    old = MetaData()
    with database.transaction() as connection:
        old.reflect(connection)
        for number, features in enumerate((["xms"], ["xms", "kds"]), start=1):
            connection.execute(
                insert(old.tables["licenses"]).values(
                    id=f"license-{number}",
                    organization_id="o",
                    features=features,
                    seats=5,
                    seats_claimed=1,
                    renewal_date=date(2027, 1, 31),
                    renewal_window_days=14,
                    created_at=datetime(2026, 6, 1, number),  # noqa: DTZ001 - as reflected columns take it
                )
            )
            seat = {"device_id": f"d{number}", "license_id": f"license-{number}", "organization_id": "o"}
            connection.execute(insert(old.tables["seats"]).values(**seat, claimed_at=datetime(2026, 6, 2)))  # noqa: DTZ001 - as above

    migrate("license_service", url)

    keys = list_license_keys(database, organization_id="o")
    assert [key.id for key in keys] == ["license-1", "license-2"]
    assert [key.components for key in keys] == [(KeyComponent("xms", 5, 1),)] * 2
    assert {(key.renewal_date, key.renewal_window_days) for key in keys} == {(date(2027, 1, 31), 14)}
    now = datetime.now(UTC)
    held = [read_entitlement(database, device_id=device, organization_id="o", now=now) for device in ("d1", "d2")]
    assert [each.features for each in held] == [("xms",), ("xms", "kds")]
    database.close()
