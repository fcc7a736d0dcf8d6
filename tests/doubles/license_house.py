"""A real license_service in the same process, that trusts one auth_service and is asked by its HTTP client."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from license_service.actions.create_signing_key import create_signing_key
from license_service.app import create_app
from license_service.settings import load_settings
from license_service.wiring import wire_up
from tests.doubles.auth_house import ISSUER
from wire.errors import UnreachableError
from wire.http_client import HttpAnswer, HttpClient

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from flask.testing import FlaskClient

    from license_service.wiring import Wired
    from tests.doubles.auth_house import House

LICENSES_URL = "https://licenses.example"


class InProcessHttp(HttpClient):
    """Hands each request to an app; the answer to the request of a chosen number is lost on its way back."""

    def __init__(self, web: FlaskClient) -> None:
        super().__init__()
        self._web = web
        self.asked: list[tuple[str, str]] = []
        self.lose_answer_of = 0

    def request(
        self, method: str, url: str, *, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> HttpAnswer:
        parts = urlsplit(url)
        self.asked.append((method, parts.path))
        path = f"{parts.path}?{parts.query}"
        answer = self._web.open(path, method=method, data=body, headers=headers, base_url=LICENSES_URL)
        if len(self.asked) == self.lose_answer_of:
            raise UnreachableError("The answer was lost.")
        return HttpAnswer(answer.status_code, dict(answer.headers), answer.data)


@dataclass
class LicenseHouse:
    """The service, its records, and the client that reaches it."""

    wired: Wired
    http: InProcessHttp

    def rows(self, table: str) -> list[Any]:
        with self.wired.database.reading() as connection:
            return list(connection.exec_driver_sql(f"SELECT * FROM {table}").all())

    def change(self, statement: str) -> None:
        with self.wired.database.transaction() as connection:
            connection.exec_driver_sql(statement)


def open_license_house(house: House, migrated: Path, folder: Path) -> LicenseHouse:
    """Open it on a copy of a migrated database."""
    database = folder / "license.db"
    database.write_bytes(migrated.read_bytes())
    settings = load_settings(
        {
            "LICENSE_DATABASE_URL": f"sqlite:///{database}",
            "LICENSE_PUBLIC_URL": LICENSES_URL,
            "LICENSE_ISSUER": ISSUER,
            "LICENSE_KEY_FOLDER": str(folder / "license-keys"),
        }
    )
    wired = wire_up(settings, keys=house.wired.keys)
    create_signing_key(wired.signing_keys, now=house.clock())
    return LicenseHouse(wired, InProcessHttp(create_app(settings, wired).test_client()))
