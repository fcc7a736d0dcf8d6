"""What license_service costs in a full house: services of two sizes, measured side by side, each request at its API."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import cycle
from typing import TYPE_CHECKING, Final

from database.migrations import migrate
from license_service.actions.create_signing_key import create_signing_key
from license_service.endpoints.paging import cursor_of
from license_service.signing.key_folder import KeyFolder
from tests.bench.license_rows import fill
from tests.bench.load import Expected
from tests.bench.operations import Operation
from wire.check_in import CHECK_IN_PATH
from wire.scopes import ENTITLEMENTS, LICENSE, LICENSES_READ

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from tests.bench.license_rows import Sold
    from tests.bench.servers import Server
    from tests.doubles.published_issuer import PublishedIssuer

KEYS: Final = (1_000, 100_000)
_GOOD: Final = Expected(200)


class LicenseHouse:
    """A license_service that is filled with keys, each with a few devices and many free seats."""

    def __init__(self, server: Server, issuer: PublishedIssuer, url: str) -> None:
        self._server, self._issuer, self._url = server, issuer, url

    def start(self, count: int) -> list[Sold]:
        """Fill the database and start the service; give keys from all over the house."""
        migrate("license_service", self._url)
        sold = fill(self._url, count)
        keys = self._server.folder / "keys"
        create_signing_key(KeyFolder(keys), now=datetime.now(UTC))
        environment = {
            "LICENSE_DATABASE_URL": self._url,
            "LICENSE_PUBLIC_URL": f"http://{self._server.authority}",
            "LICENSE_ISSUER": self._issuer.url,
            "LICENSE_KEY_FOLDER": str(keys),
        }
        self._server.start_web("license_service.wsgi:app", environment, "/healthz")
        return sold

    def operations(self, sold: Sequence[Sold]) -> list[Operation]:
        reads = {
            "first page of keys": lambda _: "/v1/license-keys",
            "later page of keys": _later_page,
            "keys of an organization": _of_organization("/v1/license-keys"),
            "keys of a status, later page": lambda one: f"{_later_page(one)}&status=active",
            "search for an ID #": lambda one: f"{_of_organization('/v1/license-keys')(one)}&id_number={one.id_number}",
            "search for an ID # of anybody": lambda one: f"/v1/license-keys?id_number={one.id_number}",
            "agreements of an organization": _of_organization("/v1/agreements"),
            "one key": lambda one: f"/v1/license-keys/{one.key_id}",
            "seats of a key": lambda one: f"/v1/license-keys/{one.key_id}/seats",
            "access groups of a key": lambda one: f"/v1/access-groups?key_id={one.key_id}",
            "access groups of an organization": _of_organization("/v1/access-groups"),
            "first page of contacts": lambda _: "/v1/contacts",
            "later page of contacts": _later_contacts,
            "warned devices": lambda _: "/v1/contacts?state=warned",
            "contacts of an organization": _of_organization("/v1/contacts"),
            "one contact, with the use": lambda one: f"/v1/devices/{one.device_id}/contact",
            "History, first page": lambda _: "/v1/synchronizations",
            "History of an organization": _of_organization("/v1/synchronizations"),
            "site": lambda one: f"/v1/sites/{one.organization_id}",
            "entitlement": lambda one: f"{_of_organization(f'/v1/devices/{one.device_id}/entitlement')(one)}",
        }
        return [
            *(Operation(name, _GOOD, self._each(sold, path)) for name, path in reads.items()),
            Operation("claim by who sits", _GOOD, self._claims(sold, lambda one: one.device_id)),
            Operation("claim of a free seat", _GOOD, self._claims(sold, lambda _: str(uuid.uuid4()))),
            Operation("check-in", _GOOD, self._check_ins(sold)),
        ]

    def _each(self, sold: Sequence[Sold], path: Callable[[Sold], str]) -> Callable[[int], Iterator[bytes]]:
        return lambda _count: cycle([self._request("GET", path(one)) for one in sold])

    def _claims(self, sold: Sequence[Sold], device: Callable[[Sold], str]) -> Callable[[int], Iterator[bytes]]:
        def requests(_count: int) -> Iterator[bytes]:
            for one in cycle(sold):
                body = {"organization_id": one.organization_id}
                yield self._request("PUT", f"/v1/devices/{device(one)}/seat", json.dumps(body))

        return requests

    def _check_ins(self, sold: Sequence[Sold]) -> Callable[[int], Iterator[bytes]]:
        def requests(_count: int) -> Iterator[bytes]:
            report = {
                "software_version": "1.4.0",
                "device_time": datetime.now(UTC).isoformat(),
                "seats_in_use": [{"component_code": "xms", "seats": 3}],
                "registers": [{"id": "till-1", "name": "Till 1"}],
            }
            body = json.dumps(report)
            return cycle([self._request("POST", CHECK_IN_PATH, body, self._device_token(one)) for one in sold])

        return requests

    def _request(self, method: str, path: str, body: str = "", token: str | None = None) -> bytes:
        content = f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n" if body else ""
        return (
            f"{method} {path} HTTP/1.1\r\nHost: {self._server.authority}\r\n"
            f"Authorization: Bearer {token or self._token()}\r\nAccept: application/json\r\n{content}\r\n{body}"
        ).encode()

    @cache  # noqa: B019 - one for the run
    def _token(self) -> str:
        scope = f"{ENTITLEMENTS} {LICENSES_READ}"
        forge = self._issuer.forge
        return forge.access_token(sub="auth_service", client_id="auth_service", scope=scope, exp=_in_an_hour())

    @cache  # noqa: B019 - one of each device for the run
    def _device_token(self, one: Sold) -> str:
        who = {"sub": one.device_id, "organization_id": one.organization_id, "client_id": "tillpass-pos"}
        return self._issuer.forge.access_token(**who, scope=LICENSE, exp=_in_an_hour())


def _in_an_hour() -> int:
    return int((datetime.now(UTC) + timedelta(hours=1)).timestamp())


def _later_page(one: Sold) -> str:
    return f"/v1/license-keys?cursor={cursor_of((one.issued_at - timedelta(days=2), one.key_id))}"


def _later_contacts(one: Sold) -> str:
    return f"/v1/contacts?cursor={cursor_of((one.last_contact_at, one.device_id))}"


def _of_organization(path: str) -> Callable[[Sold], str]:
    return lambda one: f"{path}?organization_id={one.organization_id}"
