"""The demonstration's records: made once, found again, never in production."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import pytest

from database.engine import Database
from deploy.local_stack.process_table import seeding
from deploy.local_stack.seed import seed
from deploy.local_stack.settings import Ports, StackSettings
from deploy.local_stack.stack_secrets import secrets_of
from license_service.actions.list_license_keys import list_license_keys
from license_service.domain.license_key import KeyComponent
from pos_client.trusted_keys import TrustedKeys
from pos_client.update_check import installed_version
from wire.update_manifest import read_update_manifest

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime(2028, 2, 29, 12, tzinfo=UTC)


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    _, environment = seeding(StackSettings(tmp_path, Ports()), secrets_of(tmp_path / "secrets.json"))
    return environment


def counts(folder: Path) -> dict[str, int]:
    tables = ("organizations", "operators", "memberships", "devices", "clients")
    with closing(sqlite3.connect(folder / "auth_service.sqlite3")) as database:
        return {table: database.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in tables}


def test_seeding_again_changes_nothing(environ: dict[str, str], tmp_path: Path) -> None:
    first = seed(environ, NOW)
    keys = sorted(tmp_path.glob("*-keys/*.pem"))

    assert seed(environ, NOW) == first
    assert counts(tmp_path) == {"organizations": 1, "operators": 1, "memberships": 1, "devices": 2, "clients": 3}
    assert sorted(tmp_path.glob("*-keys/*.pem")) == keys
    assert [key.parent.name for key in keys] == ["auth-keys", "license-keys"]


def test_the_pos_server_names_the_hub(environ: dict[str, str], tmp_path: Path) -> None:
    devices = seed(environ, NOW)["devices"]

    with closing(sqlite3.connect(tmp_path / "auth_service.sqlite3")) as database:
        rows = dict(database.execute("SELECT id, hub_device_id FROM devices"))
    assert rows == {devices["pos_server"]["id"]: devices["hub"]["id"], devices["hub"]["id"]: None}


def test_there_is_one_license_key_and_it_lasts_a_year_also_from_a_leap_day(environ: dict[str, str]) -> None:
    seed(environ, NOW)
    organization = seed(environ, NOW)["organization"]["id"]

    (key,) = list_license_keys(Database(environ["LICENSE_DATABASE_URL"]), organization_id=organization)
    assert (key.components, key.renewal_date) == ((KeyComponent("xms", 5),), date(2029, 2, 28))


def test_the_demo_pos_server_finds_itself_up_to_date_by_a_key_of_its_own_vendor(
    environ: dict[str, str], tmp_path: Path
) -> None:
    """S1-13, T62: the key that signs updates signs nothing else, and each start signs anew."""
    for sequence in (1, 2):
        seed(environ, NOW)
        keys = TrustedKeys(json.loads((tmp_path / "update-keys.json").read_text()))
        manifest = read_update_manifest((tmp_path / "update" / "update-manifest.jwt").read_text(), keys)
        assert (manifest.sequence, str(manifest.newest_version)) == (sequence, installed_version())
    update_key = (tmp_path / "update-signing-key.pem").read_bytes()

    assert update_key not in [path.read_bytes() for path in (tmp_path / "auth-keys").glob("*.pem")]
    assert [path for path in tmp_path.rglob("update*") if path.stat().st_mode & 0o077] == []


@pytest.mark.parametrize("variable", ["AUTH_DATABASE_URL", "LICENSE_DATABASE_URL", "NOTIFY_DATABASE_URL"])
def test_demonstration_records_are_refused_in_a_database_other_than_sqlite(
    environ: dict[str, str], variable: str
) -> None:
    """T64."""
    with pytest.raises(SystemExit, match=f"{variable} names another database than SQLite"):
        seed({**environ, variable: "postgresql+psycopg://db.example/tillpass"}, NOW)


def test_secrets_of_another_folder_are_told(environ: dict[str, str]) -> None:
    seed(environ, NOW)

    with pytest.raises(SystemExit, match=r"secrets\.json is not the one that these databases were made with"):
        seed({**environ, "TILLPASS_SCRIPTS_SECRET": "another"}, NOW)
