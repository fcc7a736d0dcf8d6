"""A backup that is taken while the service works, and what a site meets after it was restored: README, "Backup" (F32).

The commands are those of the README; somebody writes all the while.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import threading
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import make_url, text

from database.engine import Database
from database.migrations import migrate
from license_service.actions.activate_site import activate_site
from license_service.actions.claim_seat import claim_seat
from license_service.actions.create_signing_key import create_signing_key
from license_service.actions.edit_id_number import edit_id_number
from license_service.actions.list_license_keys import list_license_keys
from license_service.actions.read_entitlement import read_entitlement
from license_service.actions.synchronize import SynchronizationAsked, synchronize
from license_service.domain.errors import NoSeatError, RevisionChangedError
from license_service.domain.synchronization import Trigger
from license_service.signing.key_folder import KeyFolder
from license_service.storage.tables import metadata
from tests.doubles import postgresql as postgresql_double
from tests.license_service.conftest import NOW, new_id

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from license_service.actions.synchronize import Delivered
    from license_service.domain.license_key import LicenseKey
    from tests.doubles.postgresql import PostgresqlServer

    Sell = Callable[..., LicenseKey]

README = Path(__file__).parents[2] / "license_service" / "README.md"
ORGANIZATION = "0b8a3a52-5d5e-4c1c-8f0e-2f6f4f4f6a11"


class House:
    """A database that is worked on, and its copy."""

    def __init__(self, url: str, folder: Path, signing_keys: KeyFolder, server: PostgresqlServer | None) -> None:
        self.url, self._folder, self._server = url, folder, server
        self.database, self.signing_keys = Database(url), signing_keys
        self._copy = folder / "license.backup"

    def back_up(self) -> None:
        if self._server is None:
            self._run("sqlite3", {"/var/lib/tillpass/license.db": self._path, "/backup/license.db": self._copy})
        else:
            self._run("pg_dump", {"/backup/license.dump": self._copy, "license": self._name(self.url)})

    def restore(self) -> Database:
        """Give the copy, opened as the service opens it after its migrations."""
        if self._server is None:
            url = f"sqlite:///{shutil.copy(self._copy, self._folder / 'restored.db')}"
        else:
            url = self._server.new_database()
            self._run("pg_restore", {"/backup/license.dump": self._copy, "license": self._name(url)})
        migrate("license_service", url)
        return Database(url)

    @property
    def _path(self) -> str:
        return str(make_url(self.url).database)

    def _name(self, url: str) -> str:
        return str(make_url(url).database)

    def _run(self, program: str, places: dict[str, object]) -> None:
        """Run a command of the README, with places of ours."""
        [line] = re.findall(rf"^    ({program} .+)$", README.read_text(), re.MULTILINE)
        command = [word.strip('"') for word in re.findall(r'"[^"]*"|\S+', line)]
        for written, ours in places.items():
            command = [re.sub(rf"(?<![\w/.]){re.escape(written)}(?![\w.])", str(ours), word) for word in command]
        if self._server is None:
            subprocess.run(command, check=True)
        else:
            connect = ["--host", self._server.folder, "--username", "tillpass"]
            postgresql_double.run(str(self._folder), program, *connect, *command[1:])


@pytest.fixture(params=["sqlite", "postgresql"])
def house(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[House]:
    is_postgresql = request.param == "postgresql"
    if not is_postgresql and shutil.which("sqlite3") is None:
        pytest.skip("the command sqlite3 is not installed here; on Debian: apt-get install sqlite3")
    server = request.getfixturevalue("postgresql") if is_postgresql else None
    folder = tmp_path
    if is_postgresql:
        # PostgreSQL's programs run under an account of their own.
        folder = Path(server.folder) / tmp_path.name
        folder.mkdir(mode=0o777)
        folder.chmod(0o777)
    signing_keys = KeyFolder(tmp_path / "keys")
    create_signing_key(signing_keys, now=NOW)
    made = House(request.getfixturevalue(f"{request.param}_url"), folder, signing_keys, server)
    yield made
    made.database.close()


def synchronized(house: House, database: Database, held: dict[str, int]) -> Delivered:
    asked = SynchronizationAsked(
        organization_id=ORGANIZATION, device_id=None, started_by="Ada", trigger=Trigger.MANUAL, held=held
    )
    return synchronize(database, house.signing_keys, asked, run_id=new_id(), clock=lambda: NOW)


def counts(database: Database) -> dict[str, Any]:
    with database.reading() as connection:
        query = "SELECT count(*) FROM {}"
        return {
            table.name: connection.execute(text(query.format(table.name))).scalar_one()
            for table in metadata.sorted_tables
        }


def test_a_copy_that_is_taken_while_devices_sit_down_is_whole(house: House, sell: Sell) -> None:
    """F32, F27: nobody is refused meanwhile, and in the copy each seat is counted that there is, and no other."""
    sell(house.database, ORGANIZATION, seats=100_000)
    enough, faults = threading.Event(), []
    first_sits = threading.Event()

    def sit_down() -> None:
        try:
            while not enough.is_set():
                claim_seat(house.database, device_id=new_id(), organization_id=ORGANIZATION, now=NOW)
                first_sits.set()
        except Exception as fault:  # noqa: BLE001 - it is what the test looks at
            faults.append(fault)

    threads = [threading.Thread(target=sit_down) for _ in range(2)]
    for thread in threads:
        thread.start()
    first_sits.wait(20)
    house.back_up()
    enough.set()
    for thread in threads:
        thread.join(20)

    with closing(house.restore()) as restored:
        [key] = list_license_keys(restored)
        found = counts(restored)
        assert key.components[0].seats_claimed == found["seats"] == found["contacts"] > 0
        claim_seat(restored, device_id=new_id(), organization_id=ORGANIZATION, now=NOW)
        [key] = list_license_keys(restored)
        assert key.components[0].seats_claimed == found["seats"] + 1
    assert faults == []


def test_after_a_restore_the_next_synchronization_and_approval_put_a_site_right(house: House, sell: Sell) -> None:
    """F32: nothing is locked out silently; what the copy does not know is told as missing, and made anew."""
    key = sell(house.database, ORGANIZATION, seats=5)
    early, late = new_id(), new_id()
    claim_seat(house.database, device_id=early, organization_id=ORGANIZATION, now=NOW)
    house.back_up()
    edit_id_number(house.database, key.id, "Renamed since")
    sell(house.database, ORGANIZATION, seats=1)
    claim_seat(house.database, device_id=late, organization_id=ORGANIZATION, now=NOW)
    newer = synchronized(house, house.database, {})
    activate_site(house.database, ORGANIZATION, revision=newer.revision, now=NOW)
    held = {each.key_id: each.version for each in newer.keys}

    with closing(house.restore()) as restored:
        # Who sat when the copy was taken goes on as before.
        assert read_entitlement(restored, device_id=early, organization_id=ORGANIZATION, now=NOW).seat.key_id == key.id
        # Who sat down later is told so, and sits again with the next approval.
        with pytest.raises(NoSeatError):
            read_entitlement(restored, device_id=late, organization_id=ORGANIZATION, now=NOW)
        claim_seat(restored, device_id=late, organization_id=ORGANIZATION, now=NOW)
        # The site has keys from the future: a version that is higher is changed too, a key that is gone is removed.
        with pytest.raises(RevisionChangedError):
            activate_site(restored, ORGANIZATION, revision=newer.revision, now=NOW)
        back = synchronized(house, restored, held)
        assert [each.key_id for each in back.run.changed] == [key.id]
        assert {each.key_id for each in back.run.removed} == held.keys() - {key.id}
        activate_site(restored, ORGANIZATION, revision=back.revision, now=NOW)
