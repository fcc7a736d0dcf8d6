"""The commands for clients: registered, listed, changed, switched off and on."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from auth_service.cli import main
from auth_service.storage.clients import find_client
from database.engine import Database
from tests.doubles.auth_house import ISSUER
from tests.doubles.signing_client import SigningClient
from wire.scopes import LICENSE_AUDIENCE, NOTIFY_AUDIENCE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from auth_service.domain.client import Client
    from auth_service.settings import Settings

SCRIPTS = ("register-client", "--client-id", "scripts", "--name", "Scripts")
FOR_ITSELF = ("--grant-type", "client_credentials", "--scope", "licenses.read")


pytestmark = pytest.mark.usefixtures("environment")


@pytest.fixture
def database(settings: Settings) -> Iterator[Database]:
    opened = Database(settings.database_url)
    yield opened
    opened.close()


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    assert main(["--json", *arguments]) == 0
    answer: dict[str, Any] = json.loads(capsys.readouterr().out)
    return answer


def refusal(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(list(arguments)) == 1
    return capsys.readouterr().err


def found(database: Database, client_id: str) -> Client | None:
    with database.reading() as connection:
        return find_client(connection, client_id)


@pytest.fixture
def keys_file(tmp_path: Path) -> Path:
    path = tmp_path / "keys.json"
    path.write_text(SigningClient("billing", ISSUER).public_keys())
    return path


def test_a_client_with_keys_gets_no_secret(
    database: Database, keys_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """T09, T32: what it signs is all that it is known by."""
    arguments = ("register-client", "--client-id", "billing", "--name", "Billing", *FOR_ITSELF)
    answer = run(capsys, *arguments, "--public-keys", str(keys_file))

    client = found(database, "billing")
    assert answer == {"client_id": "billing"}
    assert client is not None
    assert (client.is_public, client.secret_digest) == (False, None)
    assert json.loads(str(client.public_keys))["keys"][0]["kid"] == "key-1"


def test_a_resource_server_needs_no_grant(database: Database, capsys: pytest.CaptureFixture[str]) -> None:
    """T18: it may ask about tokens, and gets none."""
    audiences = ("--introspects", LICENSE_AUDIENCE, "--introspects", NOTIFY_AUDIENCE)
    answer = run(capsys, *SCRIPTS, *audiences)

    client = found(database, "scripts")
    assert client is not None
    assert client.check_client_secret(answer["client_secret"])
    assert (client.grant_types, client.scopes, client.introspects) == ((), (), (LICENSE_AUDIENCE, NOTIFY_AUDIENCE))


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ((), "grant_types"),
        (("--grant-type", "client_credentials"), "scopes"),
        (("--introspects", "everything"), "introspects"),
        (("--introspects", LICENSE_AUDIENCE, "--public"), "public client"),
        (("--introspects", LICENSE_AUDIENCE, "--scope", "licenses.read"), "grant_types"),
        ((*FOR_ITSELF, "--public-keys", "/nowhere.json"), "cannot be read"),
        ((*FOR_ITSELF, "--public-keys", "/dev/null"), "JWK Set"),
    ],
    ids=str,
)
def test_what_cannot_be_registered_is_said(
    database: Database, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], says: str
) -> None:
    assert says in refusal(capsys, *SCRIPTS, *arguments)
    assert found(database, "scripts") is None


def test_a_new_secret_takes_the_place_of_the_old(database: Database, capsys: pytest.CaptureFixture[str]) -> None:
    old = run(capsys, *SCRIPTS, *FOR_ITSELF)["client_secret"]

    new = run(capsys, "rotate-client-secret", "--client-id", "scripts")["client_secret"]

    client = found(database, "scripts")
    assert client is not None
    assert (client.check_client_secret(old), client.check_client_secret(new)) == (False, True)


def test_who_has_no_secret_gets_none_by_rotation(
    database: Database, keys_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """T09: neither a client with keys nor a public one may come by a second way in."""
    run(capsys, *SCRIPTS, *FOR_ITSELF, "--public-keys", str(keys_file))

    assert "no client" in refusal(capsys, "rotate-client-secret", "--client-id", "scripts")
    assert "no client" in refusal(capsys, "rotate-client-secret", "--client-id", "nobody")


def test_new_keys_take_the_place_of_the_old(
    database: Database, keys_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(capsys, *SCRIPTS, *FOR_ITSELF, "--public-keys", str(keys_file))
    keys_file.write_text(SigningClient("scripts", ISSUER, kid="key-2").public_keys())

    run(capsys, "replace-client-keys", "--client-id", "scripts", "--public-keys", str(keys_file))

    client = found(database, "scripts")
    assert client is not None
    assert [key["kid"] for key in json.loads(str(client.public_keys))["keys"]] == ["key-2"]


def test_a_client_with_a_secret_gets_no_keys(keys_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """T09."""
    run(capsys, *SCRIPTS, *FOR_ITSELF)

    said = refusal(capsys, "replace-client-keys", "--client-id", "scripts", "--public-keys", str(keys_file))

    assert "no client" in said


def test_a_disabled_client_is_unknown_and_comes_back(database: Database, capsys: pytest.CaptureFixture[str]) -> None:
    secret = run(capsys, *SCRIPTS, *FOR_ITSELF)["client_secret"]

    run(capsys, "disable-client", "--client-id", "scripts")
    assert found(database, "scripts") is None
    assert "enabled" in refusal(capsys, "disable-client", "--client-id", "scripts")

    run(capsys, "enable-client", "--client-id", "scripts")
    client = found(database, "scripts")
    assert client is not None
    assert client.check_client_secret(secret)
    assert "disabled" in refusal(capsys, "enable-client", "--client-id", "scripts")


def test_the_name_of_a_disabled_client_stays_taken(capsys: pytest.CaptureFixture[str]) -> None:
    """Nobody else may come to be who it was."""
    run(capsys, *SCRIPTS, *FOR_ITSELF)
    run(capsys, "disable-client", "--client-id", "scripts")

    assert "taken" in refusal(capsys, *SCRIPTS, *FOR_ITSELF)


def test_clients_are_listed_without_what_they_are_known_by(
    database: Database, keys_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """T57: neither digest nor key."""
    run(capsys, *SCRIPTS, *FOR_ITSELF)
    run(capsys, "register-client", "--client-id", "b", "--name", "B", *FOR_ITSELF, "--public-keys", str(keys_file))
    device_flow = ("--grant-type", "refresh_token", "--scope", "license", "--public")
    run(capsys, "register-client", "--client-id", "a", "--name", "A", *device_flow)
    run(capsys, "disable-client", "--client-id", "a")

    listed = run(capsys, "list-clients")["clients"]

    assert [(row["client_id"], row["shows"], bool(row["disabled_at"])) for row in listed] == [
        ("a", "nothing", True),
        ("b", "an assertion", False),
        ("scripts", "a secret", False),
    ]
    assert set(listed[0]) == {"client_id", "name", "shows", "grant_types", "scopes", "introspects", "disabled_at"}
