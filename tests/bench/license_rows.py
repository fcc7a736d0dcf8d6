"""A license_service with great numbers in it, written past the actions: keys, devices, contacts, check-ins, runs."""

from __future__ import annotations

import random
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import insert

from database.engine import Database
from license_service.domain.check_in import KEPT
from license_service.storage import contact_tables, tables

if TYPE_CHECKING:
    from collections.abc import Sequence

SEATS_OF_A_KEY: Final = 1_000
DEVICES_OF_A_KEY: Final = 3
CHECK_INS_OF_A_KEY: Final = 10
KEYS_OF_AN_ORGANIZATION: Final = 10
ASKED_FOR: Final = 500
"""So many different records are asked for in turn, spread over the whole house."""

_AT_ONCE: Final = 5_000
_BEGAN: Final = datetime(2025, 1, 1, tzinfo=UTC)
_HISTORY: Final = KEPT - timedelta(hours=1)
_CONTACTS_GO_BACK: Final = timedelta(days=10)
"""So that some devices are warned and some are dark."""


@dataclass(frozen=True, slots=True)
class Sold:
    """A key of the house, the organization that has it and one of the devices that sit on it."""

    key_id: str
    organization_id: str
    id_number: str
    device_id: str
    issued_at: datetime
    last_contact_at: datetime


def fill(url: str, count: int) -> list[Sold]:
    """Write so many keys, with all that comes with them; give at most ASKED_FOR of them, from all over the house."""
    database = Database(url)
    now = datetime.now(UTC)
    sold: list[Sold] = []
    for begin in range(0, count, _AT_ONCE):
        rows = _Rows(now, count)
        sold += [rows.add(number) for number in range(begin, min(count, begin + _AT_ONCE))]
        with database.transaction() as connection:
            for table, content in rows.content.items():
                connection.execute(insert(table), content)
    # As a database that is not a minute old is: PostgreSQL does it by itself, SQLite reckons without.
    if url.startswith("postgresql"):
        with database.reading() as connection:
            connection.exec_driver_sql("VACUUM ANALYZE")
    database.close()
    chosen = sold[:: max(1, count // ASKED_FOR)]
    # Neighbours in the list are of one organization in a small house.
    random.Random(1).shuffle(chosen)
    return chosen


class _Rows:
    """Rows of one batch, by table; each after those that it refers to."""

    def __init__(self, now: datetime, count: int) -> None:
        self._now, self._count = now, count
        self.content: dict[Any, list[dict[str, Any]]] = {
            table: []
            for table in (
                tables.agreements,
                tables.license_keys,
                tables.key_components,
                tables.seats,
                contact_tables.contacts,
                contact_tables.check_ins,
                tables.synchronizations,
                tables.access_groups,
                tables.access_group_members,
            )
        }
        self._organization_id = self._agreement_id = ""

    def add(self, number: int) -> Sold:
        issued_at = _BEGAN + timedelta(minutes=number)
        if number % KEYS_OF_AN_ORGANIZATION == 0:
            self._organization_id, self._agreement_id = str(uuid.uuid4()), str(uuid.uuid4())
            self._add(
                tables.agreements,
                id=self._agreement_id,
                organization_id=self._organization_id,
                number="2025-1",
                signed_on=issued_at.date(),
                created_at=issued_at,
            )
        share = number / self._count
        devices = [str(uuid.uuid4()) for _ in range(DEVICES_OF_A_KEY)]
        one = Sold(
            str(uuid.uuid4()),
            self._organization_id,
            f"Shop-{number}",
            devices[0],
            issued_at,
            self._now - _CONTACTS_GO_BACK * share,
        )
        self._add_key(one, devices)
        self._add_contacts(one, devices, share)
        self._add_run_and_group(one)
        return one

    def _add(self, table: Any, **values: Any) -> None:
        self.content[table].append(values)

    def _add_key(self, one: Sold, devices: Sequence[str]) -> None:
        self._add(
            tables.license_keys,
            id=one.key_id,
            agreement_id=self._agreement_id,
            organization_id=one.organization_id,
            id_number=one.id_number,
            profile_code="standard",
            status="active",
            renewal_date=None,
            renewal_window_days=30,
            over_count_percent=0,
            over_count_days=0,
            version=1,
            issued_at=one.issued_at,
        )
        this = {"key_id": one.key_id, "component_code": "xms"}
        self._add(tables.key_components, **this, seats=SEATS_OF_A_KEY, seats_claimed=len(devices))
        held = {**this, "organization_id": one.organization_id, "claimed_at": one.issued_at}
        for device_id in devices:
            self._add(tables.seats, **held, device_id=device_id)

    def _add_contacts(self, one: Sold, devices: Sequence[str], share: float) -> None:
        said = {"software_version": "1.4.0", "clock_skew_seconds": 0, "seats_in_use": {"xms": 3}}
        for device_id in devices:
            self._add(
                contact_tables.contacts,
                device_id=device_id,
                organization_id=one.organization_id,
                last_contact_at=one.last_contact_at,
                dark_told=share > 0.8,
                checked_in_at=one.last_contact_at,
                registers=[{"id": "till-1", "name": "Till 1"}],
                **said,
            )
        for number in range(CHECK_INS_OF_A_KEY):
            self._add(
                contact_tables.check_ins,
                device_id=devices[number % DEVICES_OF_A_KEY],
                at=self._now - _HISTORY * ((share + number) / CHECK_INS_OF_A_KEY),
                organization_id=one.organization_id,
                registers=1,
                **said,
            )

    def _add_run_and_group(self, one: Sold) -> None:
        self._add(
            tables.synchronizations,
            id=str(uuid.uuid4()),
            organization_id=one.organization_id,
            device_id=one.device_id,
            started_by="Ada",
            trigger="manual" if int(one.issued_at.minute) % 2 else "automatic",
            started_at=one.issued_at,
            leased_until=one.issued_at + timedelta(minutes=1),
            finished_at=one.issued_at,
            status="succeeded",
            added=[[one.key_id, one.id_number]],
            changed=[],
            removed=[],
            receipt="x" * 600,
        )
        group_id = str(uuid.uuid4())
        this = {"key_id": one.key_id, "name": "Front tills"}
        self._add(
            tables.access_groups,
            **this,
            id=group_id,
            organization_id=one.organization_id,
            component_codes=["xms"],
            version=1,
            created_at=one.issued_at,
        )
        self._add(
            tables.access_group_members, **this, kind="register", member_id=f"R-{one.id_number}", group_id=group_id
        )
