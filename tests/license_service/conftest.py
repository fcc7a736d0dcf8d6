"""A license service on a real database, with a clock that stands and an issuer whose key the tests hold."""

from __future__ import annotations

import shutil
import uuid
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import jwt
import pytest
from cryptography.fernet import Fernet
from cryptography.hazmat.primitives.asymmetric import ec

from database.engine import Database
from database.migrations import migrate
from license_service.actions.create_signing_key import create_signing_key
from license_service.actions.issue_key import issue_key
from license_service.actions.record_agreement import record_agreement
from license_service.app import create_app
from license_service.domain.agreement import Agreement
from license_service.domain.catalog import Component, Profile
from license_service.domain.license_key import KeyTerms
from license_service.settings import load_settings
from license_service.storage import catalog
from license_service.storage.tables import metadata
from license_service.wiring import wire_up
from wire.claims import AccessTokenClaims
from wire.errors import KeysUnavailableError
from wire.scopes import (
    ENTITLEMENTS,
    LICENSE,
    LICENSE_AUDIENCE,
    LICENSES_READ,
    LICENSES_WRITE,
    WEBHOOKS_READ,
    WEBHOOKS_WRITE,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from flask import Flask
    from flask.testing import FlaskClient

    from license_service.domain.license_key import LicenseKey
    from license_service.settings import Settings
    from license_service.signing.key_folder import KeyFolder
    from license_service.wiring import Wired
    from tests.doubles.postgresql import PostgresqlServer

ISSUER = "http://127.0.0.1:8001"
NOW = datetime(2026, 6, 1, 9, 0, tzinfo=UTC)
EVERY_SCOPE = f"{ENTITLEMENTS} {LICENSES_READ} {LICENSES_WRITE} {WEBHOOKS_READ} {WEBHOOKS_WRITE}"


# --- databases ---------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give an SQLite file at the newest revision, to be copied."""
    path = tmp_path_factory.mktemp("migrated") / "license.db"
    migrate("license_service", f"sqlite:///{path}")
    return path


@pytest.fixture
def sqlite_url(migrated_file: Path, tmp_path: Path) -> str:
    shutil.copy(migrated_file, tmp_path / "license.db")
    return f"sqlite:///{tmp_path / 'license.db'}"


@pytest.fixture(scope="session")
def migrated_postgresql(postgresql: PostgresqlServer) -> str:
    """Give the URL of a PostgreSQL database at the newest revision, to be copied."""
    url = postgresql.new_database()
    migrate("license_service", url)
    return url


@pytest.fixture
def postgresql_url(postgresql: PostgresqlServer, migrated_postgresql: str) -> str:
    """Give a database of the test's own."""
    return postgresql.new_database(migrated_postgresql)


@pytest.fixture(scope="session")
def one_sqlite(migrated_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    path = tmp_path_factory.mktemp("one") / "license.db"
    shutil.copy(migrated_file, path)
    yield from _opened(f"sqlite:///{path}")


@pytest.fixture(scope="session")
def one_postgresql(postgresql: PostgresqlServer, migrated_postgresql: str) -> Iterator[Database]:
    yield from _opened(postgresql.new_database(migrated_postgresql))


@pytest.fixture(params=["sqlite", "postgresql"])
def any_database(request: pytest.FixtureRequest) -> Database:
    """Give an empty database, once on SQLite and once on PostgreSQL."""
    found: Database = request.getfixturevalue(f"one_{request.param}")
    empty(found)
    return found


def empty(database: Database) -> None:
    with database.transaction() as connection:
        for table in reversed(metadata.sorted_tables):
            connection.execute(table.delete())
        # As the migrations leave it.
        catalog.add_component(connection, Component("xms", "XMS"))
        catalog.add_profile(connection, Profile("standard", "Standard", {"xms": ("xms",)}))


def _opened(url: str) -> Iterator[Database]:
    opened = Database(url)
    yield opened
    opened.close()


# --- the service -------------------------------------------------------------------------------------------------


@dataclass
class Issuer:
    """Signs access tokens as auth_service does, and is the source of the key that verifies them."""

    kid: str = "test-key"
    away: bool = False
    private_key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    def jwks(self) -> dict[str, Any]:
        member = jwt.algorithms.ECAlgorithm.to_jwk(self.private_key.public_key(), as_dict=True)
        return {"keys": [{**member, "kid": self.kid, "use": "sig", "alg": "ES256"}]}

    def key(self, kid: str) -> jwt.PyJWK | None:
        if self.away:
            raise KeysUnavailableError("The issuer's keys cannot be had at the moment.")
        return jwt.PyJWK(self.jwks()["keys"][0]) if kid == self.kid else None

    def token(self, scope: str = EVERY_SCOPE, *, aud: str = LICENSE_AUDIENCE, **changes: Any) -> str:
        """Sign a token of a service; `changes` are other claims."""
        now = datetime.now(UTC)
        good = AccessTokenClaims(
            iss=ISSUER,
            sub="auth_service",
            aud=(aud,),
            client_id="auth_service",
            scope=scope,
            iat=int(now.timestamp()),
            exp=int((now + timedelta(minutes=5)).timestamp()),
            jti=uuid.uuid4().hex,
        )
        claims = replace(good, **changes)
        headers = {"typ": "at+jwt", "kid": self.kid}
        return jwt.encode(claims.payload(), self.private_key, algorithm="ES256", headers=headers)

    def device_token(self, organization_id: str, device_id: str = "5d1c9f3e-8a52-4e0c-9a76-3c1f0c2b7d10") -> str:
        """Sign a device's token: it names its organization, and opens by the scope `license`."""
        return self.token(LICENSE, sub=device_id, client_id="tillpass-pos", organization_id=organization_id)


@dataclass
class Clock:
    """Stands still until it is set."""

    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture(scope="session")
def settings(migrated_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    path = tmp_path_factory.mktemp("service") / "license.db"
    shutil.copy(migrated_file, path)
    return load_settings(
        {
            "LICENSE_DATABASE_URL": f"sqlite:///{path}",
            "LICENSE_PUBLIC_URL": "https://licenses.example",
            "LICENSE_ISSUER": ISSUER,
            "LICENSE_KEY_FOLDER": str(path.with_name("keys")),
            "LICENSE_SECRET_KEY": Fernet.generate_key().decode(),
        }
    )


@pytest.fixture(scope="session")
def one_issuer() -> Issuer:
    return Issuer()


@pytest.fixture(scope="session")
def one_service(settings: Settings, one_issuer: Issuer) -> Iterator[Wired]:
    parts = replace(wire_up(settings, keys=one_issuer), now=Clock())
    yield parts
    parts.database.close()


@pytest.fixture(scope="session")
def one_app(settings: Settings, one_service: Wired) -> Flask:
    return create_app(settings, one_service)


# The service is built once, as building it takes longer than most tests; each test finds it as it was built.


@pytest.fixture
def issuer(one_issuer: Issuer) -> Issuer:
    one_issuer.away = False
    return one_issuer


@pytest.fixture
def wired(one_service: Wired) -> Wired:
    empty(one_service.database)
    return one_service


@pytest.fixture
def signing_keys(wired: Wired) -> KeyFolder:
    """Give the service's folder, with a key that signs."""
    if wired.signing_keys.read().current is None:
        create_signing_key(wired.signing_keys, now=NOW)
    return wired.signing_keys


@pytest.fixture
def clock(wired: Wired) -> Clock:
    wired.now.now = NOW
    return wired.now


@pytest.fixture
def database(wired: Wired) -> Database:
    return wired.database


@pytest.fixture
def app(one_app: Flask, wired: Wired, clock: Clock, issuer: Issuer) -> Flask:
    return one_app


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """Give a client that sends no token."""
    return app.test_client()


@pytest.fixture
def service(app: Flask, issuer: Issuer) -> FlaskClient:
    """Give a client that sends a token with every scope."""
    caller = app.test_client()
    caller.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {issuer.token()}"
    return caller


@pytest.fixture
def device(app: Flask, issuer: Issuer) -> FlaskClient:
    """Give a client that sends the token of a device."""
    caller = app.test_client()
    token = issuer.device_token("0b8a3a52-5d5e-4c1c-8f0e-2f6f4f4f6a11")
    caller.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token}"
    return caller


# --- what the tests say ------------------------------------------------------------------------------------------


def new_id() -> str:
    return str(uuid.uuid4())


@pytest.fixture
def sell() -> Callable[..., LicenseKey]:
    """Give a function that issues a key from an agreement of its own; one second apart so that their order is known.

    `seats` of a number are units of `xms`.
    """
    sold = 0

    def issue(database: Database, organization_id: str, *, seats: object = 1, **terms: Any) -> LicenseKey:
        nonlocal sold
        sold += 1
        now = NOW + timedelta(seconds=sold)
        agreement = Agreement(new_id(), organization_id, f"A-{sold}", signed_on=NOW.date(), created_at=now)
        record_agreement(database, agreement)
        wanted = {"id_number": f"Key {sold}", "profile_code": "standard", **terms}
        counts = {"xms": seats} if isinstance(seats, int) else seats
        return issue_key(
            database, KeyTerms(**wanted, seats=counts), agreement_id=agreement.id, key_id=new_id(), now=now
        )

    return issue
