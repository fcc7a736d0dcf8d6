"""The commands for OAuth clients (RFC 6749 §2)."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

from auth_service.actions.register_client import NewClient, register_client
from auth_service.actions.replace_client_keys import replace_client_keys
from auth_service.actions.rotate_client_secret import rotate_client_secret
from auth_service.actions.switch_client import switch_client
from auth_service.domain.errors import BadInputError
from auth_service.storage.clients import list_clients
from auth_service.wiring import utc_now
from database.engine import Database

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable
    from datetime import datetime

    from auth_service.domain.client import Client
    from auth_service.settings import Settings

    AddCommand = Callable[
        [Any, str, Callable[[Settings, argparse.Namespace], dict[str, Any]], str], argparse.ArgumentParser
    ]


def add_client_commands(commands: Any, add: AddCommand) -> None:  # noqa: ANN401 - argparse keeps this type to itself
    """Add the commands for clients to those of the service."""
    client = add(commands, "register-client", _register_client, "register an OAuth client; its secret is shown once")
    client.add_argument("--client-id", required=True)
    client.add_argument("--name", required=True)
    client.add_argument("--grant-type", action="append", default=[], help="may be repeated")
    client.add_argument("--scope", action="append", default=[], help="may be repeated")
    shown_by = client.add_mutually_exclusive_group()
    shown_by.add_argument("--public", action="store_true", help="a client that cannot keep a secret, as a POS server")
    shown_by.add_argument("--public-keys", type=Path, metavar="FILE", help="its JWK Set, instead of a secret")
    client.add_argument(
        "--introspects", action="append", default=[], metavar="AUDIENCE", help="may introspect tokens for it; repeated"
    )

    add(commands, "list-clients", _list_clients, "show every client and what it may")

    secret = add(commands, "rotate-client-secret", _rotate_secret, "give a client a new secret, shown once")
    secret.add_argument("--client-id", required=True)

    keys = add(commands, "replace-client-keys", _replace_keys, "give a client other public keys")
    keys.add_argument("--client-id", required=True)
    keys.add_argument("--public-keys", type=Path, required=True, metavar="FILE", help="its new JWK Set, as a whole")

    for name, text in (
        ("disable-client", "let a client be known no more; within seconds nothing is issued to it"),
        ("enable-client", "let a disabled client be known again"),
    ):
        switch = add(commands, name, _switch, text)
        switch.add_argument("--client-id", required=True)
        switch.set_defaults(on=name == "enable-client")


def _register_client(settings: Settings, asked: argparse.Namespace) -> dict[str, Any]:
    new = NewClient(
        client_id=asked.client_id,
        name=asked.name,
        grant_types=tuple(asked.grant_type),
        scopes=tuple(asked.scope),
        is_public=asked.public,
        public_keys=None if asked.public_keys is None else _read(asked.public_keys),
        introspects=tuple(asked.introspects),
    )
    with closing(Database(settings.database_url)) as database:
        secret = register_client(database, new, now=utc_now())
    answer = {"client_id": asked.client_id}
    return answer if secret is None else {**answer, "client_secret": secret}


def _list_clients(settings: Settings, _asked: argparse.Namespace) -> dict[str, Any]:
    with closing(Database(settings.database_url)) as database, database.reading() as connection:
        return {"clients": [_row(client, disabled_at) for client, disabled_at in list_clients(connection)]}


def _row(client: Client, disabled_at: datetime | None) -> dict[str, Any]:
    return {
        "client_id": client.client_id,
        "name": client.name,
        "shows": "nothing" if client.is_public else "a secret" if client.secret_digest else "an assertion",
        "grant_types": " ".join(client.grant_types),
        "scopes": " ".join(client.scopes),
        "introspects": " ".join(client.introspects),
        "disabled_at": "" if disabled_at is None else disabled_at.isoformat(),
    }


def _rotate_secret(settings: Settings, asked: argparse.Namespace) -> dict[str, Any]:
    with closing(Database(settings.database_url)) as database:
        return {
            "client_id": asked.client_id,
            "client_secret": rotate_client_secret(database, asked.client_id, now=utc_now()),
        }


def _replace_keys(settings: Settings, asked: argparse.Namespace) -> dict[str, Any]:
    with closing(Database(settings.database_url)) as database:
        replace_client_keys(database, asked.client_id, _read(asked.public_keys), now=utc_now())
    return {"client_id": asked.client_id}


def _switch(settings: Settings, asked: argparse.Namespace) -> dict[str, Any]:
    with closing(Database(settings.database_url)) as database:
        switch_client(database, asked.client_id, on=asked.on, now=utc_now())
    return {"client_id": asked.client_id}


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except (OSError, UnicodeDecodeError) as fault:
        raise BadInputError(f"The file {path} cannot be read as text.") from fault
