"""One auth_service in one process: its own SQLite database, a private Redis, and a license_service double."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

import fakeredis
import pytest
from cryptography.fernet import Fernet

from auth_service.actions.create_device import NewDevice, create_device
from auth_service.actions.create_operator import NewOperator, create_operator
from auth_service.actions.create_organization import create_organization
from auth_service.actions.create_signing_key import create_signing_key
from auth_service.actions.register_client import NewClient, register_client
from auth_service.app import create_app
from auth_service.domain.connecting_group import KeyVerdict
from auth_service.domain.errors import LicenseServiceAwayError
from auth_service.domain.operator import Role
from auth_service.settings import Settings
from auth_service.storage.limiter import Limiter
from auth_service.storage.poll_pace import PollPace
from auth_service.wiring import key_vault, wire_up
from database.migrations import migrate
from wire.entitlement import Entitlement
from wire.grant_types import CLIENT_CREDENTIALS, CONNECT_TO_GROUP, DEVICE_CODE, REFRESH_TOKEN
from wire.scopes import LICENSE, LICENSES_READ, NOTIFICATIONS_READ
from wire.serving.replay_memory import ProcessReplayMemory, RedisReplayMemory

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import date
    from pathlib import Path

    from flask import Flask
    from flask.testing import FlaskClient
    from werkzeug.test import TestResponse

    from auth_service.wiring import Wired
    from tests.doubles.postgresql import PostgresqlServer

ISSUER = "http://127.0.0.1:8001"
PASSWORD = "correct horse battery"
POS_GRANT_TYPES = (DEVICE_CODE, REFRESH_TOKEN, CONNECT_TO_GROUP)


class Clock:
    """A clock that a test moves by hand."""

    def __init__(self) -> None:
        # Near the true time: Redis expires keys by its own clock.
        self.now = datetime.now(UTC).replace(microsecond=0)

    def __call__(self) -> datetime:
        return self.now

    def pass_seconds(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


class Licenses:
    """license_service as auth_service sees it: it grants, refuses with an error, or is away."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self.error: Exception | None = None
        self.asked: list[tuple[str, str]] = []
        self.features = ("xms",)
        self.renewal_date: date | None = None
        self.access_keys: dict[str, tuple[str, bool]] = {}
        """Each text with the organization that it is of, and whether it may be used."""

    def claim_seat(self, device_id: str, organization_id: str) -> Entitlement:
        return self._answer("claim_seat", device_id, organization_id)

    def read_entitlement(self, device_id: str, organization_id: str) -> Entitlement:
        return self._answer("read_entitlement", device_id, organization_id)

    def validate_access_key(self, access_key: str, organization_id: str) -> KeyVerdict:
        self.asked.append(("validate_access_key", organization_id))
        if isinstance(self.error, LicenseServiceAwayError):
            raise self.error
        owner, is_active = self.access_keys.get(access_key, ("", False))
        if owner != organization_id:
            return KeyVerdict("access_key_of_another_organization" if owner else "access_key_unreadable")
        return KeyVerdict(None, is_active=is_active)

    def _answer(self, asked: str, device_id: str, organization_id: str) -> Entitlement:
        self.asked.append((asked, device_id))
        if self.error is not None:
            raise self.error
        return Entitlement(
            device_id=device_id,
            organization_id=organization_id,
            license_id="license-1",
            features=self.features,
            renewal_window_days=30,
            stated_at=self._clock(),
            renewal_date=self.renewal_date,
        )


@dataclass
class House:
    """The service and what it was filled with."""

    app: Flask
    wired: Wired
    clock: Clock
    licenses: Licenses
    redis: fakeredis.FakeRedis
    redis_server: fakeredis.FakeServer
    organization_id: str
    operator_id: str
    device_id: str
    hub_id: str
    client_secret: str

    def web(self) -> FlaskClient:
        return self.app.test_client()

    def post(self, path: str, form: dict[str, Any] | None = None, **more: Any) -> TestResponse:
        return self.web().post(path, data=form, base_url=ISSUER, **more)

    def ask_codes(self, **form: str) -> dict[str, Any]:
        answer = self.post("/oauth/device_authorization", {"client_id": "tillpass-pos", **form})
        assert answer.status_code == 200, answer.text
        document: dict[str, Any] = answer.json
        return document

    def poll(self, device_code: str, client_id: str = "tillpass-pos") -> TestResponse:
        return self.post(
            "/oauth/token", {"grant_type": DEVICE_CODE, "device_code": device_code, "client_id": client_id}
        )

    def refresh(self, refresh_token: str, **form: str) -> TestResponse:
        return self.post(
            "/oauth/token",
            {"grant_type": REFRESH_TOKEN, "refresh_token": refresh_token, "client_id": "tillpass-pos", **form},
        )

    def sign_in(self, email: str = "owner@example.com") -> Visitor:
        visitor = Visitor(self.web())
        answer = visitor.submit("/sign-in", email=email, password=PASSWORD)
        assert answer.status_code == 303, answer.text
        visitor.submit("/organizations", organization_id=self.organization_id)
        return visitor

    def decide(self, user_code: str, decision: str = "authorize", *, visitor: Visitor | None = None) -> TestResponse:
        visitor = visitor or self.sign_in()
        return visitor.submit(
            "/activate/decision",
            token_from="/activate",
            device_id=self.device_id,
            user_code=user_code,
            decision=decision,
        )

    def tokens(self) -> dict[str, Any]:
        codes = self.ask_codes()
        assert self.decide(codes["user_code"]).status_code == 303
        answer = self.poll(codes["device_code"])
        assert answer.status_code == 200, answer.text
        document: dict[str, Any] = answer.json
        return document


class Visitor:
    """A browser without JavaScript: it keeps cookies and sends the form token back."""

    def __init__(self, web: FlaskClient) -> None:
        self.web = web

    def get(self, path: str) -> TestResponse:
        return self.web.get(path, base_url=ISSUER)

    def submit(self, path: str, *, token_from: str | None = None, **form: str) -> TestResponse:
        token = csrf_token(self.get(token_from or path).text)
        return self.web.post(path, data={**form, "csrf_token": token}, base_url=ISSUER)


class _TokenFinder(HTMLParser):
    token = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        if tag == "input" and found.get("name") == "csrf_token":
            self.token = found.get("value") or ""


def csrf_token(page: str) -> str:
    finder = _TokenFinder()
    finder.feed(page)
    return finder.token


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def licenses(clock: Clock) -> Licenses:
    return Licenses(clock)


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give an SQLite file at the newest revision, to be copied."""
    path = tmp_path_factory.mktemp("migrated") / "auth.sqlite3"
    migrate("auth_service", f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def migrated_postgresql(postgresql: PostgresqlServer) -> str:
    """Give the URL of a PostgreSQL database at the newest revision, to be copied."""
    url = postgresql.new_database()
    migrate("auth_service", url)
    return url


@pytest.fixture
def database_url(tmp_path: Path, migrated_file: Path) -> str:
    shutil.copy(migrated_file, tmp_path / "auth.sqlite3")
    return f"sqlite:///{tmp_path / 'auth.sqlite3'}"


@pytest.fixture
def settings(tmp_path: Path, database_url: str) -> Settings:
    return Settings(
        database_url=database_url,
        # Nothing listens there; each house has a Redis of its own.
        redis_url="redis://127.0.0.1:1/0",
        issuer=ISSUER,
        secret_key="s" * 40,
        key_folder=tmp_path / "keys",
        license_service_url="http://127.0.0.1:1",
        notify_service_url="http://127.0.0.1:1",
        notification_key=Fernet.generate_key().decode(),
    )


@pytest.fixture
def environment(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Set the variables that the commands read, as `settings` has them."""
    for name, value in {
        "AUTH_DATABASE_URL": settings.database_url,
        "AUTH_REDIS_URL": settings.redis_url,
        "AUTH_ISSUER": settings.issuer,
        "AUTH_SECRET_KEY": settings.secret_key,
        "AUTH_KEY_FOLDER": str(settings.key_folder),
        "AUTH_LICENSE_SERVICE_URL": settings.license_service_url,
        "AUTH_NOTIFY_SERVICE_URL": settings.notify_service_url,
        "AUTH_NOTIFICATION_KEY": settings.notification_key,
    }.items():
        monkeypatch.setenv(name, value)
    return settings


@pytest.fixture
def house(settings: Settings, clock: Clock, licenses: Licenses) -> Iterator[House]:
    create_signing_key(key_vault(settings), now=clock())
    redis_server = fakeredis.FakeServer()
    redis = fakeredis.FakeRedis(server=redis_server)
    wired = wire_up(settings)
    pace, limiter = PollPace(redis), Limiter(redis)
    proofs = replace(wired.protocol.proofs, memory=RedisReplayMemory(redis, ProcessReplayMemory()), now=clock)
    registering = replace(wired.registering, limiter=limiter)
    wired = replace(
        wired,
        redis=redis,
        registering=registering,
        protocol=replace(
            wired.protocol,
            pace=pace,
            quota=replace(wired.protocol.quota, limiter=limiter),
            licenses=licenses,
            assertions=RedisReplayMemory(redis, ProcessReplayMemory(), prefix="assertion"),
            proofs=proofs,
            now=clock,
        ),
        desk=replace(
            wired.desk,
            pace=pace,
            limiter=limiter,
            codes=replace(wired.desk.codes, limiter=limiter),
            registering=registering,
            licenses=licenses,
            now=clock,
        ),
    )
    database = wired.database
    organization_id = create_organization(database, "Bakery", now=clock())
    operator_id = create_operator(
        database,
        NewOperator("owner@example.com", "Olga Owner", PASSWORD, organization_id, Role.OWNER),
        now=clock(),
    )
    hub_id = create_device(
        database, NewDevice(organization_id, "Hub", server_url="https://hub.example.com"), now=clock()
    )
    device_id = create_device(database, NewDevice(organization_id, "Shop 1", hub_device_id=hub_id), now=clock())
    register_client(
        database,
        NewClient("tillpass-pos", "POS server", POS_GRANT_TYPES, (LICENSE,), is_public=True),
        now=clock(),
    )
    secret = register_client(
        database,
        NewClient("scripts", "Scripts", (CLIENT_CREDENTIALS,), (LICENSES_READ, NOTIFICATIONS_READ), is_public=False),
        now=clock(),
    )
    yield House(
        app=create_app(wired),
        wired=wired,
        clock=clock,
        licenses=licenses,
        redis=redis,
        redis_server=redis_server,
        organization_id=organization_id,
        operator_id=operator_id,
        device_id=device_id,
        hub_id=hub_id,
        client_secret=str(secret),
    )
    database.close()
