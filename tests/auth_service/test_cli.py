"""The commands for the people who run the service."""

from __future__ import annotations

import io
import json
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest
from fakeredis import FakeRedis

from auth_service.actions.sign_in_operator import Credentials, sign_in_operator
from auth_service.cli import main
from auth_service.domain import registration
from auth_service.domain.audit_event import AuditEventName
from auth_service.storage.audit_trail import newest_event
from auth_service.storage.clients import find_client
from auth_service.storage.limiter import Limiter
from auth_service.storage.organizations import organization_locale
from auth_service.tokens.key_vault import KeyVault
from auth_service.tokens.signing_keys import SigningKeys
from database.engine import Database
from wire.notification_message import LOCALES

if TYPE_CHECKING:
    from auth_service.settings import Settings
    from tests.doubles.auth_house import Clock


A_CLIENT = ("register-client", "--client-id", "a", "--name", "x")


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    assert main(["--json", *arguments]) == 0
    answer: dict[str, Any] = json.loads(capsys.readouterr().out)
    return answer


def test_the_language_of_emails_is_chosen_anew(environment: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["migrate"]) == 0
    organization_id = run(capsys, "create-organization", "--name", "Bakery")["organization_id"]

    run(capsys, "choose-locale", "--organization-id", organization_id, "--locale", "es")
    missed = main(["choose-locale", "--organization-id", "nowhere", "--locale", "es"])

    assert missed == 1
    assert "No organization" in capsys.readouterr().err
    with closing(Database(environment.database_url)) as database, database.reading() as connection:
        assert organization_locale(connection, organization_id) == "es"
        chosen = newest_event(connection, AuditEventName.LOCALE_CHOSEN)
    assert chosen is not None
    assert (chosen.organization_id, chosen.details) == (organization_id, '{"locale":"es"}')


def test_the_service_is_filled_from_the_shell(
    environment: Settings, clock: Clock, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    database = Database(environment.database_url)
    assert main(["migrate"]) == 0
    kid = run(capsys, "create-key")["kid"]
    organization_id = run(capsys, "create-organization", "--name", "Bakery", "--locale", "es")["organization_id"]
    monkeypatch.setattr("sys.stdin", io.StringIO("a long password\n"))
    run(
        capsys,
        "create-operator",
        "--email",
        "Owner@example.com",
        "--name",
        "Olga",
        "--organization-id",
        organization_id,
    )
    hub = run(capsys, "create-device", "--organization-id", organization_id, "--name", "Hub")["device_id"]
    device = run(
        capsys, "create-device", "--organization-id", organization_id, "--name", "Shop", "--hub-device-id", hub
    )
    client = run(
        capsys,
        "register-client",
        "--client-id",
        "scripts",
        "--name",
        "Scripts",
        "--grant-type",
        "client_credentials",
        "--scope",
        "licenses.read",
    )

    assert SigningKeys(KeyVault(environment.key_folder)).current.kid == kid
    credentials = Credentials(email="owner@example.com", password="a long password", address="192.0.2.1")
    assert sign_in_operator(database, Limiter(FakeRedis()), credentials, now=clock())
    assert device["device_id"] != hub
    with database.reading() as connection:
        registered = find_client(connection, "scripts")
        assert organization_locale(connection, organization_id) == "es"
    database.close()
    assert registered is not None
    assert registered.check_client_secret(client["client_secret"])


def test_the_languages_of_emails_are_those_that_there_are_emails_in(capsys: pytest.CaptureFixture[str]) -> None:
    """Registrations have a list of their own: rules know no schema."""
    assert registration.LOCALES == LOCALES
    with pytest.raises(SystemExit, match="2"):
        main(["create-organization", "--name", "Bakery", "--locale", "de"])
    assert "choose from" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["create-organization", "--name", " "], "1 to 200 characters"),
        (["create-organization", "--name", "a\nb"], "cannot be printed"),
        (["create-organization", "--name", "a\udcffb"], "cannot be printed"),
        (["create-organization", "--name", "..."], "visible text"),
        (["create-device", "--organization-id", "none", "--name", "Shop"], "no organization of this id"),
        (
            ["create-device", "--organization-id", "none", "--name", "Shop", "--server-url", "ftp://x"],
            "https://hub.example.com",
        ),
        (["create-device", "--organization-id", "none", "--name", "Shop", "--hub-device-id", "x"], "no organization"),
        (
            [
                "register-client",
                "--client-id",
                "a b",
                "--name",
                "x",
                "--grant-type",
                "refresh_token",
                "--scope",
                "license",
            ],
            "client_id",
        ),
        (
            ["register-client", "--client-id", "a", "--name", "x", "--grant-type", "password", "--scope", "license"],
            "grant_types",
        ),
        (
            [
                "register-client",
                "--client-id",
                "a",
                "--name",
                "x",
                "--grant-type",
                "client_credentials",
                "--scope",
                "all",
            ],
            "scopes",
        ),
        (
            [
                "register-client",
                "--client-id",
                "a",
                "--name",
                "x",
                "--grant-type",
                "client_credentials",
                "--scope",
                "licenses.read",
                "--public",
            ],
            "public client",
        ),
    ],
)
def test_what_cannot_be_taken_is_said_and_nothing_is_done(
    environment: Settings, capsys: pytest.CaptureFixture[str], arguments: list[str], says: str
) -> None:
    assert main(arguments) == 1

    assert says in capsys.readouterr().err


def test_a_device_client_gets_no_service_scope(environment: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    """An operator approves a license for one device, never what a service may do."""
    command = [
        "register-client",
        "--client-id",
        "a",
        "--name",
        "x",
        "--grant-type",
        "urn:ietf:params:oauth:grant-type:device_code",
    ]

    assert main([*command, "--scope", "license", "--scope", "licenses.write"]) == 1
    assert "takes the scope 'license' and no other" in capsys.readouterr().err


def test_the_device_scope_is_not_for_services(environment: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*A_CLIENT, "--grant-type", "client_credentials", "--scope", "license"]) == 1
    assert "for devices" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("email", "password", "says"),
    [
        ("not an address", "a long password", "email"),
        ("a@b@c", "a long password", "email"),
        ("owner@example.com", "short", "password"),
        ("owner@example.com", "x" * 129, "password"),
        ("owner@example.com", "a long password", "no organization of this id"),
        ("a;b@x.example", "a long password", "email"),
        ('"x"@x.example', "a long password", "email"),
        ("a@", "a long password", "email"),
        ("a@x..y", "a long password", "email"),
        ("owner@example.com", "a long\x00password", "password"),
    ],
)
def test_an_operator_that_cannot_be_taken_is_said(
    environment: Settings,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    email: str,
    password: str,
    says: str,
) -> None:
    """T46: the password comes by standard input, never by an argument."""
    monkeypatch.setattr("sys.stdin", io.StringIO(password + "\n"))

    assert main(["create-operator", "--email", email, "--name", "Olga", "--organization-id", "none"]) == 1

    assert says in capsys.readouterr().err


def test_missing_settings_are_said(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AUTH_ISSUER", raising=False)

    assert main(["migrate"]) == 1
    assert "AUTH_ISSUER" in capsys.readouterr().err
