"""What license_service costs in a full house: services of two sizes, measured side by side, each request at its API."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import cycle
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import insert

from database.engine import Database
from database.migrations import migrate
from license_service.endpoints.paging import cursor_of
from license_service.storage import tables
from tests.bench.load import Expected
from tests.bench.operations import Operation
from wire.scopes import ENTITLEMENTS, LICENSES_READ

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from tests.bench.servers import Server
    from tests.doubles.published_issuer import PublishedIssuer

KEYS: Final = (1_000, 100_000)
SEATS_OF_A_KEY: Final = 1_000
DEVICES_OF_A_KEY: Final = 3
KEYS_OF_AN_ORGANIZATION: Final = 10
ASKED_FOR: Final = 500
"""So many different records are asked for in turn, spread over the whole house."""

_AT_ONCE: Final = 5_000
_BEGAN: Final = datetime(2025, 1, 1, tzinfo=UTC)
_GOOD: Final = Expected(200)


@dataclass(frozen=True, slots=True)
class Sold:
    """A key of the house, the organization that has it and one of the devices that sit on it."""

    key_id: str
    organization_id: str
    id_number: str
    device_id: str
    issued_at: datetime


class LicenseHouse:
    """A license_service that is filled with keys, each with a few devices and many free seats."""

    def __init__(self, server: Server, issuer: PublishedIssuer, url: str) -> None:
        self._server, self._issuer, self._url = server, issuer, url

    def start(self, count: int) -> list[Sold]:
        """Fill the database and start the service; give keys from all over the house."""
        migrate("license_service", self._url)
        sold = fill(self._url, count)
        environment = {
            "LICENSE_DATABASE_URL": self._url,
            "LICENSE_PUBLIC_URL": f"http://{self._server.authority}",
            "LICENSE_ISSUER": self._issuer.url,
            "LICENSE_KEY_FOLDER": str(self._server.folder / "keys"),
        }
        self._server.start_web("license_service.wsgi:app", environment, "/healthz")
        return sold

    def operations(self, sold: Sequence[Sold]) -> list[Operation]:
        return [
            Operation("first page of keys", _GOOD, self._each(sold, lambda _: "/v1/license-keys")),
            Operation("later page of keys", _GOOD, self._each(sold, _later_page)),
            Operation("keys of an organization", _GOOD, self._each(sold, _of_organization)),
            Operation("search for an ID #", _GOOD, self._each(sold, _search)),
            Operation("agreements of an organization", _GOOD, self._each(sold, _agreements)),
            Operation("one key", _GOOD, self._each(sold, lambda one: f"/v1/license-keys/{one.key_id}")),
            Operation("seats of a key", _GOOD, self._each(sold, lambda one: f"/v1/license-keys/{one.key_id}/seats")),
            Operation("entitlement", _GOOD, self._each(sold, _entitlement)),
            Operation("claim by who sits", _GOOD, self._claims(sold, lambda one: one.device_id)),
            Operation("claim of a free seat", _GOOD, self._claims(sold, lambda _: str(uuid.uuid4()))),
        ]

    def _each(self, sold: Sequence[Sold], path: Callable[[Sold], str]) -> Callable[[int], Iterator[bytes]]:
        return lambda _count: cycle([self._request("GET", path(one)) for one in sold])

    def _claims(self, sold: Sequence[Sold], device: Callable[[Sold], str]) -> Callable[[int], Iterator[bytes]]:
        def requests(_count: int) -> Iterator[bytes]:
            for one in cycle(sold):
                body = {"organization_id": one.organization_id}
                yield self._request("PUT", f"/v1/devices/{device(one)}/seat", json.dumps(body))

        return requests

    def _request(self, method: str, path: str, body: str = "") -> bytes:
        content = f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n" if body else ""
        return (
            f"{method} {path} HTTP/1.1\r\nHost: {self._server.authority}\r\nAuthorization: Bearer {self._token()}\r\n"
            f"Accept: application/json\r\n{content}\r\n{body}"
        ).encode()

    @cache  # noqa: B019 - one for the run
    def _token(self) -> str:
        scope = f"{ENTITLEMENTS} {LICENSES_READ}"
        exp = int((datetime.now(UTC) + timedelta(hours=1)).timestamp())
        forge = self._issuer.forge
        return forge.access_token(sub="auth_service", client_id="auth_service", scope=scope, exp=exp)


def fill(url: str, count: int) -> list[Sold]:
    """Write so many keys past the actions; give at most ASKED_FOR of them, from all over the house."""
    database = Database(url)
    sold: list[Sold] = []
    for begin in range(0, count, _AT_ONCE):
        rows = _Rows()
        sold += [rows.add(number) for number in range(begin, min(count, begin + _AT_ONCE))]
        with database.transaction() as connection:
            connection.execute(insert(tables.agreements), rows.agreements)
            connection.execute(insert(tables.license_keys), rows.keys)
            connection.execute(insert(tables.key_components), rows.components)
            connection.execute(insert(tables.seats), rows.seats)
    if url.startswith("postgresql"):
        with database.reading() as connection:
            # As autovacuum does by itself in a database that is not a minute old.
            connection.exec_driver_sql("VACUUM ANALYZE")
    database.close()
    return sold[:: max(1, count // ASKED_FOR)]


class _Rows:
    """Rows of one batch."""

    def __init__(self) -> None:
        self.agreements: list[dict[str, Any]] = []
        self.keys: list[dict[str, Any]] = []
        self.components: list[dict[str, Any]] = []
        self.seats: list[dict[str, Any]] = []
        self._organization_id = self._agreement_id = ""

    def add(self, number: int) -> Sold:
        issued_at = _BEGAN + timedelta(minutes=number)
        if number % KEYS_OF_AN_ORGANIZATION == 0:
            self._organization_id, self._agreement_id = str(uuid.uuid4()), str(uuid.uuid4())
            self.agreements.append(
                {
                    "id": self._agreement_id,
                    "organization_id": self._organization_id,
                    "number": "2025-1",
                    "signed_on": issued_at.date(),
                    "created_at": issued_at,
                }
            )
        devices = [str(uuid.uuid4()) for _ in range(DEVICES_OF_A_KEY)]
        one = Sold(str(uuid.uuid4()), self._organization_id, f"Shop-{number}", devices[0], issued_at)
        self._add_key(one, devices)
        return one

    def _add_key(self, one: Sold, devices: Sequence[str]) -> None:
        self.keys.append(
            {
                "id": one.key_id,
                "agreement_id": self._agreement_id,
                "organization_id": one.organization_id,
                "id_number": one.id_number,
                "profile_code": "standard",
                "status": "active",
                "renewal_date": None,
                "renewal_window_days": 30,
                "over_count_percent": 0,
                "over_count_days": 0,
                "version": 1,
                "issued_at": one.issued_at,
            }
        )
        this = {"key_id": one.key_id, "component_code": "xms"}
        self.components.append({**this, "seats": SEATS_OF_A_KEY, "seats_claimed": len(devices)})
        held = {**this, "organization_id": one.organization_id, "claimed_at": one.issued_at}
        self.seats += [{**held, "device_id": each} for each in devices]


def _later_page(one: Sold) -> str:
    return f"/v1/license-keys?cursor={cursor_of((one.issued_at - timedelta(days=2), one.key_id))}"


def _of_organization(one: Sold) -> str:
    return f"/v1/license-keys?organization_id={one.organization_id}"


def _search(one: Sold) -> str:
    return f"{_of_organization(one)}&id_number={one.id_number}"


def _agreements(one: Sold) -> str:
    return f"/v1/agreements?organization_id={one.organization_id}"


def _entitlement(one: Sold) -> str:
    return f"/v1/devices/{one.device_id}/entitlement?organization_id={one.organization_id}"
